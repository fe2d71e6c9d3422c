//! What is known of a CRS.

use super::{CrsError, cache};
use proj_sys as ffi;
use rasteret_schema::{BoundingBox, Crs};

/// What a CRS is.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Its name, such as `WGS 84 / UTM zone 43N`.
    pub name: String,
    /// What its coordinates mean.
    pub kind: Kind,
    /// What they are measured in.
    pub unit: Unit,
    /// Where it is meant to be used, in degrees; `xmin > xmax` where that crosses the antimeridian.
    pub area_of_use: Option<BoundingBox>,
}

/// What the horizontal coordinates of a CRS mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Longitude and latitude.
    Geographic,
    /// Easting and northing in a map projection.
    Projected,
    /// Anything else, such as a local grid that is tied to no place.
    Other,
}

/// A unit of measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// As `metre`, `US survey foot`, `degree`.
    pub name: String,
    /// Metres, or radians for an angle, in one of it.
    pub factor: f64,
}

/// The CRS that a user's text names: an EPSG code with or without `EPSG:`, the code of another
/// authority, WKT 1 or 2, a PROJ string, PROJJSON, or a CRS's name.
///
/// ```
/// let crs = rasteret::crs::parse("epsg:2056")?;
/// assert_eq!(crs.epsg(), Some(2056));
/// assert!(rasteret::crs::parse("EPSG:999999").is_err());
/// # Ok::<(), rasteret::crs::CrsError>(())
/// ```
pub fn parse(text: &str) -> Result<Crs, CrsError> {
    let crs = Crs::new(text);
    cache::crs(&crs)?;
    Ok(crs)
}

/// Name, kind, unit and extent of a CRS. A CRS with heights is described by its horizontal part.
pub fn describe(crs: &Crs) -> Result<Description, CrsError> {
    let object = cache::crs(crs)?;
    let horizontal = object.horizontal();
    let horizontal = horizontal.as_ref().unwrap_or(&object);
    let (name, factor) = horizontal.unit().unwrap_or_default();
    Ok(Description {
        name: object.name(),
        kind: match horizontal.kind() {
            ffi::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_2D_CRS | ffi::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_3D_CRS => {
                Kind::Geographic
            }
            ffi::PJ_TYPE_PJ_TYPE_PROJECTED_CRS | ffi::PJ_TYPE_PJ_TYPE_DERIVED_PROJECTED_CRS => {
                Kind::Projected
            }
            _ => Kind::Other,
        },
        unit: Unit { name, factor },
        area_of_use: object
            .area_of_use()
            .map(|[west, south, east, north]| BoundingBox::new(west, south, east, north)),
    })
}

/// The CRS as WKT 2 (ISO 19162:2019), on one line.
pub fn to_wkt2(crs: &Crs) -> Result<String, CrsError> {
    cache::crs(crs)?.wkt2().map_err(|reason| CrsError::Unknown { crs: crs.clone(), reason })
}

/// The CRS as WKT 1 in Esri's dialect, on one line: what GeoTIFF's citations hold where it has no code.
pub fn to_esri_wkt(crs: &Crs) -> Result<String, CrsError> {
    cache::crs(crs)?.esri_wkt().map_err(|reason| CrsError::Unknown { crs: crs.clone(), reason })
}

/// The CRS as PROJJSON, on one line: what GeoParquet and GeoArrow hold.
pub fn to_projjson(crs: &Crs) -> Result<String, CrsError> {
    cache::crs(crs)?.projjson().map_err(|reason| CrsError::Unknown { crs: crs.clone(), reason })
}

/// The EPSG code of a CRS: the one that it names, else the one whose definition it matches with a
/// confidence of at least 70 %, the threshold of `rasterio.crs.CRS.to_epsg`.
///
/// ```
/// use rasteret_schema::Crs;
/// assert_eq!(rasteret::crs::to_epsg(&Crs::new("+proj=utm +zone=43 +datum=WGS84"))?, Some(32643));
/// # Ok::<(), rasteret::crs::CrsError>(())
/// ```
pub fn to_epsg(crs: &Crs) -> Result<Option<u32>, CrsError> {
    const CONFIDENT: i32 = 70;
    if let Some(code) = crs.epsg() {
        return Ok(Some(code));
    }
    let code = |object: &super::proj::Object| match object.id() {
        Some((authority, code)) if authority == "EPSG" => code.parse().ok(),
        _ => None,
    };
    let object = cache::crs(crs)?;
    if let Some(code) = code(&object) {
        return Ok(Some(code));
    }
    let candidates = object.identify(c"EPSG");
    Ok(candidates
        .iter()
        .filter(|(_, confidence)| *confidence >= CONFIDENT)
        .find_map(|(object, _)| code(object)))
}
