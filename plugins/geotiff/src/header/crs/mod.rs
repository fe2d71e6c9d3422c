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

use citation::Citation;
use epsg::Length;
use geographic::Geographic;
use keys::{USER_DEFINED, id};
use projection::Projection;
use rasteret_schema::{Crs, RasterError};
use wkt::{Authority, Quoted};

/// What ESRI's software writes before a definition in a citation.
const ESRI_PE_STRING: &str = "ESRI PE String = ";

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

/// The linear unit; `None` for codes that are not known.
fn linear_unit(keys: &GeoKeys, citation: &Citation) -> Option<Length> {
    let code = keys.short(id::LINEAR_UNIT).or(keys.short(id::GEOGRAPHIC_LINEAR_UNIT));
    match code {
        None | Some(0 | USER_DEFINED) => Some(Length {
            code: None,
            name: citation.linear_unit.clone().unwrap_or_else(|| "unknown".to_owned()),
            metres: keys.double(&[id::LINEAR_UNIT_SIZE]).unwrap_or(1.0),
        }),
        Some(code) => epsg::length(code),
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
