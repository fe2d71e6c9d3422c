//! The CRS of a file, from its GeoKeys.
//!
//! Registered CRSs are named by their code: `EPSG:32643`. User-defined ones are spelled out in
//! well-known text as GDAL spells them (version 1), since that is the form in which the most of these
//! definitions are around. Of a compound CRS the horizontal part is given; of its vertical part only
//! what it says about the values.

mod citation;
mod epsg;
mod geographic;
mod keys;
mod projection;
pub(super) mod vertical;
mod wkt;

pub(in crate::header) use keys::GeoKeys;

use citation::{Citation, ESRI_PE_STRING};
use epsg::Length;
use geographic::Geographic;
use keys::{USER_DEFINED, id};
use projection::Projection;
use rasteret_schema::{Crs, RasterError};
use wkt::{Authority, Quoted};

/// The CRS that the keys define; `None` if there are no keys, or these define none.
///
/// # Errors
///
/// [`RasterError::Unsupported`] if the keys give a registered CRS another linear unit than it has.
pub(in crate::header) fn read(keys: &GeoKeys) -> Result<Option<Crs>, RasterError> {
    const PROJECTED: u16 = 1;
    const GEOGRAPHIC: u16 = 2;
    const GEOCENTRIC: u16 = 3;
    if keys.is_empty() {
        return Ok(None);
    }
    let model = match keys.short(id::MODEL_TYPE) {
        // Some writers leave the model out.
        None | Some(USER_DEFINED) if keys.code(id::PROJECTED_CRS).is_some() => PROJECTED,
        model => model.unwrap_or(USER_DEFINED),
    };
    match model {
        PROJECTED => projected(keys),
        GEOGRAPHIC => Ok(geographic(keys)),
        GEOCENTRIC => Ok(keys.code(id::GEOGRAPHIC_CRS).map(|code| Crs::from_epsg(code.into()))),
        _ => Ok(esri(keys).or_else(|| local(keys))),
    }
}

fn geographic(keys: &GeoKeys) -> Option<Crs> {
    if let Some(code) = keys.code(id::GEOGRAPHIC_CRS) {
        return Some(Crs::from_epsg(code.into()));
    }
    Geographic::read(keys).filter(Geographic::is_finite).map(|crs| Crs::new(crs.to_string()))
}

fn projected(keys: &GeoKeys) -> Result<Option<Crs>, RasterError> {
    if let Some(code) = keys.code(id::PROJECTED_CRS) {
        check_unit(keys, code)?;
        return Ok(Some(Crs::from_epsg(code.into())));
    }
    let citation = projected_citation(keys);
    match citation.name.as_deref() {
        // As GDAL, of what it wrote itself.
        Some("WGS_1984_Web_Mercator") => return Ok(Some(Crs::new("ESRI:102113"))),
        Some("Google Maps Global Mercator") => return Ok(Some(Crs::from_epsg(3857))),
        _ => {}
    }
    let (Some(geographic), Some(unit)) = (Geographic::read(keys), linear_unit(keys, &citation)) else {
        return Ok(None);
    };
    let by_method = Projection::read(keys);
    if by_method.is_none()
        && let Some(code) = keys.code(id::PROJECTION)
        && Projection::utm(code, 1.0, 1.0).is_none()
    {
        return Ok(registered_projection(keys, code, &unit));
    }
    let by_code = || Projection::utm(keys.code(id::PROJECTION)?, geographic.unit.degrees, unit.metres);
    let Some(projection) = by_method.or_else(by_code) else {
        return Ok(esri(keys).or_else(|| local(keys)));
    };
    if !(geographic.is_finite() && projection.is_finite() && unit.metres.is_finite() && unit.metres > 0.0) {
        return Ok(None);
    }
    let name = citation.name.unwrap_or_else(|| "unnamed".to_owned());
    let wkt = format!(
        "PROJCS[{},{geographic},{projection},UNIT[{},{}{}],{}]",
        Quoted(&name),
        Quoted(&unit.name),
        unit.metres,
        Authority(unit.code),
        projection.axes()
    );
    Ok(Some(Crs::new(wkt)))
}

/// GDAL gives a registered CRS the linear unit of `ProjLinearUnitsGeoKey`. That is another CRS, and
/// most probably a mistake.
fn check_unit(keys: &GeoKeys, code: u16) -> Result<(), RasterError> {
    let (Some(unit), own) = (keys.code(id::LINEAR_UNIT), epsg::unit_of_projected(code)) else {
        return Ok(());
    };
    if unit == own {
        return Ok(());
    }
    // Some units are registered twice.
    let metres = |unit| epsg::length(unit).map(|unit| unit.metres);
    if let (Some(unit), Some(own)) = (metres(unit), metres(own))
        && ((unit - own) / own).abs() < 1e-12
    {
        return Ok(());
    }
    Err(RasterError::Unsupported {
        tag: "ProjLinearUnitsGeoKey",
        value: format!("{unit}, but the unit of EPSG:{code} is {own}"),
        hint: "assign the right CRS, for instance with `gdal_edit.py -a_srs`",
    })
}

fn projected_citation(keys: &GeoKeys) -> Citation {
    let mut citation = Citation::of_projected(keys.text(id::PROJECTED_CITATION).unwrap_or_default());
    let general = || Citation::of_projected(keys.text(id::CITATION).unwrap_or_default()).name;
    citation.name = citation.name.or_else(general);
    citation
}

/// The linear unit; `None` for codes and names that are not known.
fn linear_unit(keys: &GeoKeys, citation: &Citation) -> Option<Length> {
    let code = keys.short(id::LINEAR_UNIT).or(keys.short(id::GEOGRAPHIC_LINEAR_UNIT));
    match (code, keys.double(&[id::LINEAR_UNIT_SIZE]), citation.linear_unit.as_deref()) {
        (Some(code @ 1..USER_DEFINED), _, _) => epsg::length(code),
        (_, None, Some(name)) => epsg::length(unit_named(name)?),
        (_, size, name) => {
            let name = name.unwrap_or("unknown").to_owned();
            Some(Length { code: None, name, metres: size.unwrap_or(1.0) })
        }
    }
}

/// The code of a unit that only a citation names.
fn unit_named(name: &str) -> Option<u16> {
    match name.trim().to_ascii_lowercase().as_str() {
        "meters" | "meter" | "metre" | "m" => Some(9001),
        "international_feet" | "international_foot" => Some(9002),
        "us_survey_feet" | "us_survey_foot" | "feet" | "foot" | "ft" => Some(9003),
        _ => None,
    }
}

/// A registered projection of a registered geographic CRS, as PROJ looks both up.
fn registered_projection(keys: &GeoKeys, projection: u16, unit: &Length) -> Option<Crs> {
    // Transverse Mercator (South Orientated), whose axes are others.
    if (17515..=17533).contains(&projection) || (17611..=17625).contains(&projection) {
        return None;
    }
    let geographic = keys.code(id::GEOGRAPHIC_CRS)?;
    // Coordinate systems with axes to the east and north, in this order.
    let axes = match unit.code {
        Some(9001) => 4400,
        None if unit.metres == 1.0 => 4400,
        Some(9002) => 4495,
        Some(9003) => 4497,
        _ => return None,
    };
    Some(Crs::new(format!(
        "urn:ogc:def:crs,crs:EPSG::{geographic},cs:EPSG::{axes},coordinateOperation:EPSG::{projection}"
    )))
}

/// A definition in the citation.
fn esri(keys: &GeoKeys) -> Option<Crs> {
    let citations = [id::PROJECTED_CITATION, id::CITATION];
    let wkt =
        citations.iter().find_map(|id| keys.text(*id)?.split_once(ESRI_PE_STRING)).map(|(_, wkt)| wkt)?;
    // GDAL gives this one the sphere that PROJ does not read out of it.
    if wkt.starts_with(r#"PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere""#) {
        return Some(Crs::from_epsg(3857));
    }
    Some(Crs::new(wkt))
}

/// Coordinates without a place on earth.
fn local(keys: &GeoKeys) -> Option<Crs> {
    let name = keys.text(id::CITATION).or(keys.text(id::GEOGRAPHIC_CITATION)).unwrap_or("unnamed");
    let unit = linear_unit(keys, &Citation::default())?;
    if !unit.metres.is_finite() {
        return None;
    }
    Some(Crs::new(format!(
        r#"LOCAL_CS[{},UNIT[{},{}{}],AXIS["Easting",EAST],AXIS["Northing",NORTH]]"#,
        Quoted(name),
        Quoted(&unit.name),
        unit.metres,
        Authority(unit.code)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that hold short values, doubles and texts.
    fn keys(shorts: &[(u16, u16)], doubles: &[(u16, f64)], texts: &[(u16, &str)]) -> GeoKeys {
        let mut directory = vec![1, 1, 0, (shorts.len() + doubles.len() + texts.len()) as u64];
        let mut all = String::new();
        directory.extend(shorts.iter().flat_map(|(id, value)| [u64::from(*id), 0, 1, u64::from(*value)]));
        directory.extend(
            doubles.iter().enumerate().flat_map(|(at, (id, _))| [u64::from(*id), 34736, 1, at as u64]),
        );
        for (id, text) in texts {
            directory.extend([u64::from(*id), 34737, text.len() as u64 + 1, all.len() as u64]);
            all.push_str(text);
            all.push('|');
        }
        let doubles: Vec<f64> = doubles.iter().map(|(_, value)| *value).collect();
        GeoKeys::parse(&directory, &doubles, all.as_bytes()).unwrap()
    }

    fn crs(shorts: &[(u16, u16)], doubles: &[(u16, f64)], texts: &[(u16, &str)]) -> Option<String> {
        read(&keys(shorts, doubles, texts)).unwrap().map(|crs| crs.as_str().to_owned())
    }

    #[test]
    fn registered() {
        assert_eq!(crs(&[(1024, 1), (3072, 32643), (3076, 9001)], &[], &[]).as_deref(), Some("EPSG:32643"));
        assert_eq!(crs(&[(3072, 2225), (3076, 9003)], &[], &[]).as_deref(), Some("EPSG:2225"));
        assert_eq!(crs(&[(1024, 2), (2048, 4326)], &[], &[]).as_deref(), Some("EPSG:4326"));
        assert_eq!(read(&GeoKeys::default()), Ok(None));
        assert!(read(&keys(&[(1024, 1), (3072, 32643), (3076, 9002)], &[], &[])).is_err());
    }

    #[test]
    fn user_defined() {
        let laea = [(3088, 10.0), (3089, 52.0), (3082, 4321000.0), (3083, 3210000.0)];
        let shorts = [(1024, 1), (2048, 4258), (3072, 32767), (3075, 10), (3076, 9001)];
        let expected = concat!(
            r#"PROJCS["my \ grid",GEOGCS["ETRS89",DATUM["European_Terrestrial_Reference_System_1989","#,
            r#"SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]],AUTHORITY["EPSG","6258"]],"#,
            r#"PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],"#,
            r#"UNIT["degree",0.017453292519943295,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4258"]],"#,
            r#"PROJECTION["Lambert_Azimuthal_Equal_Area"],PARAMETER["latitude_of_center",52],"#,
            r#"PARAMETER["longitude_of_center",10],PARAMETER["false_easting",4321000],"#,
            r#"PARAMETER["false_northing",3210000],UNIT["metre",1,AUTHORITY["EPSG","9001"]],"#,
            r#"AXIS["Easting",EAST],AXIS["Northing",NORTH]]"#,
        );
        assert_eq!(crs(&shorts, &laea, &[(3073, r#"my "\" grid"#)]).as_deref(), Some(expected));
        // Numbers that are none, and codes that nobody knows, define nothing.
        assert_eq!(crs(&shorts, &[(3088, f64::NAN)], &[]), None);
        assert_eq!(crs(&[(1024, 1), (2048, 30000), (3075, 10)], &laea, &[]), None);
        assert_eq!(crs(&[(1024, 1), (2048, 4258), (3075, 10), (3076, 9999)], &laea, &[]), None);
    }

    #[test]
    fn parts_that_proj_puts_together() {
        let state_plane = [(1024, 1), (2048, 4267), (3072, 32767), (3074, 10406), (3076, 9003)];
        assert_eq!(
            crs(&state_plane, &[], &[]).as_deref(),
            Some("urn:ogc:def:crs,crs:EPSG::4267,cs:EPSG::4497,coordinateOperation:EPSG::10406")
        );
    }

    #[test]
    fn definitions_in_citations() {
        let esri = r#"ESRI PE String = PROJCS["World_Mollweide",GEOGCS["GCS_WGS_1984"]]"#;
        assert_eq!(crs(&[(1024, 32767)], &[], &[(3073, esri)]).as_deref(), esri.strip_prefix(ESRI_PE_STRING));
        let local = crs(&[(1024, 32767), (3076, 9002)], &[], &[(1026, "site")]).unwrap();
        assert!(local.starts_with(r#"LOCAL_CS["site",UNIT["foot",0.3048"#), "{local}");
    }

    #[test]
    fn units() {
        let metres = |shorts: &[(u16, u16)], doubles: &[(u16, f64)], citation: &str| {
            let citation = Citation::of_projected(citation);
            linear_unit(&keys(shorts, doubles, &[]), &citation).map(|unit| unit.metres)
        };
        assert_eq!(metres(&[], &[], ""), Some(1.0));
        assert_eq!(metres(&[(3076, 9002)], &[], "Units = meters"), Some(0.3048));
        assert_eq!(metres(&[(3076, 32767)], &[(3077, 0.5)], "LUnits = half"), Some(0.5));
        assert_eq!(metres(&[], &[], "IMAGINE GeoTIFF Support\nUnits = meters"), Some(1.0));
        assert_eq!(metres(&[], &[], "Units = furlongs"), None);
    }
}
