//! The CRS of an asset, by the projection extension: <https://github.com/stac-extensions/projection>.

use rasteret_schema::Crs;
use serde_json::{Map, Value};

/// The CRS that an object says: an item's properties, an asset, or a band. Version 2 of the extension has
/// `proj:code`, version 1 `proj:epsg`; both have `proj:wkt2` and `proj:projjson`.
///
/// WKT and PROJJSON that say their own code are that code.
pub(super) fn read(object: &Map<String, Value>) -> Option<Crs> {
    let [mut code, mut epsg, mut wkt, mut projjson] = [None; 4];
    // Once through it: it is asked of all bands of all items.
    for (name, value) in object {
        match name.as_str() {
            "proj:code" => code = Some(value),
            "proj:epsg" => epsg = Some(value),
            "proj:wkt2" => wkt = Some(value),
            "proj:projjson" => projjson = Some(value),
            _ => {}
        }
    }
    let code = || named(code?.as_str()?);
    let epsg = || match epsg? {
        Value::Number(code) => of_number(code.as_f64()?),
        Value::String(text) => named(text),
        _ => None,
    };
    let wkt = || of_wkt(wkt?.as_str()?);
    let projjson = || match projjson? {
        Value::Object(crs) => Some(of_projjson(crs)),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(crs)) => Some(of_projjson(&crs)),
            _ => None,
        },
        _ => None,
    };
    code().or_else(epsg).or_else(wkt).or_else(projjson)
}

/// Codes are integers; some write 32643.0.
fn of_number(code: f64) -> Option<Crs> {
    let is_code = code.fract() == 0.0 && code > 0.0 && code <= f64::from(i32::MAX);
    is_code.then(|| Crs::from_epsg(code as u32))
}

fn named(text: &str) -> Option<Crs> {
    (!text.trim().is_empty()).then(|| Crs::new(text))
}

fn of_wkt(text: &str) -> Option<Crs> {
    let text = text.trim();
    // The code of the whole stands last in it: nothing but its own bracket follows.
    let code = || {
        let inner = text.strip_suffix(']')?.trim_end().strip_suffix(']')?;
        let (_, id) = inner
            .rsplit_once('[')
            .filter(|(before, _)| before.ends_with("ID") || before.ends_with("AUTHORITY"))?;
        let (authority, code) = id.split_once(',')?;
        let code = code.split(',').next()?.trim().trim_matches('"');
        (authority.trim().trim_matches('"') == "EPSG").then(|| code.parse().ok().map(Crs::from_epsg))?
    };
    code().or_else(|| named(text))
}

fn of_projjson(crs: &Map<String, Value>) -> Crs {
    let code = || {
        let id = crs.get("id")?;
        let code = match id.get("code")? {
            Value::Number(code) => of_number(code.as_f64()?)?,
            Value::String(text) => Crs::from_epsg(text.parse().ok()?),
            _ => return None,
        };
        (id.get("authority")?.as_str()? == "EPSG").then_some(code)
    };
    code().unwrap_or_else(|| Crs::new(Value::Object(crs.clone()).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: Value) -> Option<String> {
        read(value.as_object().unwrap()).map(|crs| crs.to_string())
    }

    #[test]
    fn codes() {
        assert_eq!(of(json!({"proj:epsg": 32643})).as_deref(), Some("EPSG:32643"));
        assert_eq!(of(json!({"proj:epsg": "32643"})).as_deref(), Some("EPSG:32643"));
        assert_eq!(of(json!({"proj:epsg": 32643.0})).as_deref(), Some("EPSG:32643"));
        assert_eq!(of(json!({"proj:epsg": 0.5})), None);
        assert_eq!(of(json!({"proj:epsg": null})), None);
        assert_eq!(of(json!({"proj:epsg": -1})), None);
        assert_eq!(of(json!({"proj:code": "epsg:32643", "proj:epsg": 4326})).as_deref(), Some("EPSG:32643"));
        assert_eq!(of(json!({"proj:code": "IAU_2015:30100"})).as_deref(), Some("IAU_2015:30100"));
        assert_eq!(of(json!({"proj:code": null, "proj:epsg": 4326})).as_deref(), Some("EPSG:4326"));
    }

    #[test]
    fn wkt_and_projjson() {
        let utm =
            r#"PROJCRS["UTM",BASEGEOGCRS["WGS 84",ID["EPSG",4326]],LENGTHUNIT["metre",1],ID["EPSG",32643]]"#;
        assert_eq!(of(json!({"proj:wkt2": utm})).as_deref(), Some("EPSG:32643"));
        let wkt1 = r#"PROJCS["UTM",UNIT["metre",1,AUTHORITY["EPSG","9001"]], AUTHORITY["EPSG","32643"]]"#;
        assert_eq!(of(json!({"proj:wkt2": wkt1})).as_deref(), Some("EPSG:32643"));
        // The code of a unit is not that of the CRS.
        let own = r#"PROJCRS["mine",CS[Cartesian,2],LENGTHUNIT["metre",1,ID["EPSG",9001]]]"#;
        assert_eq!(of(json!({"proj:wkt2": own})).as_deref(), Some(own));
        let projjson = json!({"type": "ProjectedCRS", "id": {"authority": "EPSG", "code": 32643}});
        assert_eq!(of(json!({"proj:projjson": projjson})).as_deref(), Some("EPSG:32643"));
        let own = json!({"type": "ProjectedCRS", "name": "mine"});
        assert_eq!(of(json!({"proj:projjson": own})), Some(own.to_string()));
    }
}
