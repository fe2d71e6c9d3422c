//! Areas of interest.

use crate::crs::vertices::for_each_vertex;
use crate::crs::{self, CrsError, Kind, Transformer};
use geo_types::{Geometry, MultiPolygon, Polygon, Rect};
use geojson::{GeometryValue, Position};
use rasteret_schema::{BoundingBox, Crs};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// One or several areas of interest in one CRS, longitude and latitude on WGS 84 unless told
/// otherwise; x comes first, whatever the CRS says of axis order.
///
/// An area that is made from numbers is checked when it is used, by [`Area::geometries`] or
/// [`Area::to_crs`].
///
/// ```
/// use rasteret::read::area::Area;
/// use rasteret_schema::Crs;
///
/// let bbox = Area::bbox([77.55, 13.01, 77.58, 13.08]);
/// let polygon = &bbox.to_crs(&Crs::from_epsg(32643))?[0];
///
/// assert!(Area::parse("77.55,13.01,77.58,13.08").is_ok());
/// assert!(Area::parse("POLYGON ((77.5 13, 77.6 13, 77.6 13.1, 77.5 13))").is_ok());
/// assert!(Area::parse("77.55,93.01,77.58,93.08").is_err());
/// # Ok::<(), rasteret::read::area::AreaError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    aois: Vec<Aoi>,
    crs: Crs,
}

/// One area of interest.
#[derive(Debug, Clone, PartialEq)]
pub struct Aoi {
    shape: Shape,
    /// What else is known of it: the properties of a GeoJSON feature, the columns of a table.
    pub properties: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Bbox(BoundingBox),
    Geometry(Geometry<f64>),
}

/// What is wrong with an area. Areas are counted from 0.
#[derive(Debug, thiserror::Error)]
pub enum AreaError {
    /// There is no area.
    #[error("there is no area of interest: the collection is empty")]
    NoArea,
    /// An area has no coordinates.
    #[error("area {index} is empty: it has no coordinates")]
    Empty {
        /// Which.
        index: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("area {index} has a vertex ({x}, {y}) that is not finite")]
    NotFinite {
        /// Which.
        index: usize,
        /// Easting or longitude.
        x: f64,
        /// Northing or latitude.
        y: f64,
    },
    /// A latitude lies beyond a pole.
    #[error("area {index} has a vertex ({x}, {y}) whose latitude is not within -90..=90; is x before y?")]
    Latitude {
        /// Which.
        index: usize,
        /// Longitude.
        x: f64,
        /// Latitude.
        y: f64,
    },
    /// A bounding box is inverted, or has no extent.
    #[error("area {index}: the bbox {west},{south},{east},{north} {reason}", west = .bbox.xmin, south = .bbox.ymin,
            east = .bbox.xmax, north = .bbox.ymax)]
    Bbox {
        /// Which.
        index: usize,
        /// The box.
        bbox: BoundingBox,
        /// What does not fit.
        reason: &'static str,
    },
    /// The CRS is unknown, or an area cannot be transformed to where it is needed.
    #[error("area {index}: {source}")]
    Crs {
        /// Which.
        index: usize,
        /// Why.
        source: CrsError,
    },
    /// Well-known text that is none.
    #[error("invalid WKT: {0}")]
    Wkt(String),
    /// GeoJSON that is none.
    #[error("invalid GeoJSON: {0}")]
    GeoJson(String),
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Text of another kind.
    #[error(
        "`{0}` is no area: give a bbox as west,south,east,north, WKT, GeoJSON, or the path of a .geojson, .json \
         or .wkt file"
    )]
    Unrecognised(String),
}

impl Aoi {
    /// An area of interest without properties.
    pub fn new(geometry: impl Into<Geometry<f64>>) -> Aoi {
        Aoi { shape: Shape::Geometry(geometry.into()), properties: Map::new() }
    }

    /// What is known of it besides.
    pub fn with_properties(self, properties: Map<String, Value>) -> Aoi {
        Aoi { properties, ..self }
    }
}

impl Area {
    /// A box from west, south, east, north. West may be greater than east where the CRS is
    /// geographic: the box then crosses the antimeridian, and is two polygons.
    pub fn bbox([west, south, east, north]: [f64; 4]) -> Area {
        let shape = Shape::Bbox(BoundingBox::new(west, south, east, north));
        Area::new(vec![Aoi { shape, properties: Map::new() }])
    }

    /// A single geometry.
    pub fn geometry(geometry: impl Into<Geometry<f64>>) -> Area {
        Area::new(vec![Aoi::new(geometry)])
    }

    /// Several areas of interest.
    pub fn new(aois: Vec<Aoi>) -> Area {
        Area { aois, crs: Crs::from_epsg(4326) }
    }

    /// The same numbers in another CRS.
    pub fn with_crs(self, crs: Crs) -> Area {
        Area { crs, ..self }
    }

    /// From well-known text, with `SRID=…;` before it or not.
    pub fn wkt(text: &str) -> Result<Area, AreaError> {
        /// The parser recurses into collections.
        const DEEPEST: usize = 64;
        let (srid, text) = match text.trim().split_once(';') {
            Some((start, rest)) if start.len() > 5 && start[..5].eq_ignore_ascii_case("SRID=") => {
                let code = start[5..].trim().parse();
                (Some(code.map_err(|_| AreaError::Wkt(format!("`{start}` has no number")))?), rest)
            }
            _ => (None, text.trim()),
        };
        let depth = text.bytes().try_fold((0_usize, 0_usize), |(depth, deepest), byte| match byte {
            b'(' => Some((depth + 1, deepest.max(depth + 1))),
            b')' => Some((depth.checked_sub(1)?, deepest)),
            _ => Some((depth, deepest)),
        });
        if depth.is_none_or(|(_, deepest)| deepest > DEEPEST) {
            return Err(AreaError::Wkt("parentheses do not match, or are nested too deeply".to_owned()));
        }
        let wkt: wkt::Wkt<f64> = text.parse().map_err(|reason: &str| AreaError::Wkt(reason.to_owned()))?;
        let geometry = Geometry::try_from(wkt)
            .map_err(|error: wkt::geo_types_from_wkt::Error| AreaError::Wkt(error.to_string()))?;
        let area = Area::geometry(geometry);
        Ok(match srid {
            Some(code) => area.with_crs(Crs::from_epsg(code)),
            None => area,
        })
    }

    /// From the text of a GeoJSON geometry, feature, or feature collection, which may hold several
    /// areas. A `crs` member, as GeoJSON had before RFC 7946 and as GDAL still writes it, is heeded.
    pub fn geojson(text: &str) -> Result<Area, AreaError> {
        fn invalid(error: impl ToString) -> AreaError {
            AreaError::GeoJson(error.to_string())
        }
        let geometry = |geometry: geojson::Geometry| {
            if !has_whole_positions(&geometry.value) {
                return Err(invalid("a position needs two numbers"));
            }
            Geometry::try_from(geometry).map_err(invalid)
        };
        let feature = |(index, feature): (usize, geojson::Feature)| {
            let part = feature.geometry.ok_or_else(|| invalid(format!("feature {index} has no geometry")))?;
            Ok(Aoi::new(geometry(part)?).with_properties(feature.properties.unwrap_or_default()))
        };
        let (aois, members) = match text.parse::<geojson::GeoJson>().map_err(invalid)? {
            geojson::GeoJson::Geometry(mut part) => {
                let members = part.foreign_members.take();
                (vec![Aoi::new(geometry(part)?)], members)
            }
            geojson::GeoJson::Feature(mut part) => {
                let members = part.foreign_members.take();
                (vec![feature((0, part))?], members)
            }
            geojson::GeoJson::FeatureCollection(parts) => {
                let aois = parts.features.into_iter().enumerate().map(feature);
                (aois.collect::<Result<_, AreaError>>()?, parts.foreign_members)
            }
        };
        let crs =
            members.as_ref().and_then(|members| members.get("crs")?.pointer("/properties/name")?.as_str());
        let crs = crs.map(Crs::new);
        let area = Area::new(aois);
        Ok(match crs {
            Some(crs) => area.with_crs(crs),
            None => area,
        })
    }

    /// From what a user types: `west,south,east,north`, WKT, GeoJSON, or the path of a file that
    /// ends in `.geojson`, `.json` or `.wkt`. The area is checked.
    pub fn parse(text: &str) -> Result<Area, AreaError> {
        Area::parse_in(text, None)
    }

    /// The same, of coordinates in a CRS other than the one that the text says or implies.
    ///
    /// ```
    /// use rasteret::read::area::Area;
    /// use rasteret_schema::Crs;
    /// assert!(Area::parse_in("700000,1499000,701000,1500000", Some(Crs::from_epsg(32643))).is_ok());
    /// ```
    pub fn parse_in(text: &str, crs: Option<Crs>) -> Result<Area, AreaError> {
        let area = Area::recognized(text.trim())?;
        let area = match crs {
            Some(crs) => area.with_crs(crs),
            None => area,
        };
        area.geometries()?;
        Ok(area)
    }

    fn recognized(text: &str) -> Result<Area, AreaError> {
        let numbers: Vec<f64> = text.split(',').map_while(|number| number.trim().parse().ok()).collect();
        Ok(
            if let Ok(bounds) = <[f64; 4]>::try_from(numbers)
                && text.split(',').count() == 4
            {
                Area::bbox(bounds)
            } else if text.starts_with('{') {
                Area::geojson(text)?
            } else if is_wkt(text) {
                Area::wkt(text)?
            } else {
                let path = Path::new(text);
                let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
                let read = || {
                    std::fs::read_to_string(path)
                        .map_err(|source| AreaError::Read { path: path.to_owned(), source })
                };
                match extension.as_ref().and_then(|extension| extension.to_str()) {
                    Some("geojson" | "json") => Area::geojson(&read()?)?,
                    Some("wkt") => Area::wkt(&read()?)?,
                    _ => return Err(AreaError::Unrecognised(text.to_owned())),
                }
            },
        )
    }

    /// The CRS of the coordinates.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// The areas of interest, as many as there are geometries.
    pub fn aois(&self) -> &[Aoi] {
        &self.aois
    }

    /// The checked geometries, one for each area of interest, in the area's own CRS. Boxes are
    /// polygons.
    pub fn geometries(&self) -> Result<Vec<Geometry<f64>>, AreaError> {
        if self.aois.is_empty() {
            return Err(AreaError::NoArea);
        }
        let kind = crs::describe(&self.crs).map_err(|source| AreaError::Crs { index: 0, source })?.kind;
        let geographic = kind == Kind::Geographic;
        self.aois
            .iter()
            .enumerate()
            .map(|(index, aoi)| {
                let geometry = match &aoi.shape {
                    Shape::Bbox(bbox) => corners(index, bbox, geographic)?,
                    Shape::Geometry(geometry) => geometry.clone(),
                };
                check(index, &geometry, geographic)?;
                Ok(geometry)
            })
            .collect()
    }

    /// The checked geometries, one for each area of interest, with their vertices transformed to
    /// another CRS. No vertices are added: what is straight in one CRS is straight in the other.
    pub fn to_crs(&self, target: &Crs) -> Result<Vec<Geometry<f64>>, AreaError> {
        let geometries = self.geometries()?;
        let transformer =
            Transformer::new(&self.crs, target).map_err(|source| AreaError::Crs { index: 0, source })?;
        geometries
            .iter()
            .enumerate()
            .map(|(index, geometry)| {
                transformer.geometry(geometry).map_err(|source| AreaError::Crs { index, source })
            })
            .collect()
    }
}

impl From<[f64; 4]> for Area {
    fn from(bounds: [f64; 4]) -> Area {
        Area::bbox(bounds)
    }
}

impl From<Geometry<f64>> for Area {
    fn from(geometry: Geometry<f64>) -> Area {
        Area::geometry(geometry)
    }
}

/// Whether a text starts like well-known text.
fn is_wkt(text: &str) -> bool {
    const TYPES: [&str; 8] = [
        "SRID=",
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
    ];
    let starts = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    TYPES.into_iter().any(starts) && (text.contains('(') || text.to_ascii_uppercase().ends_with("EMPTY"))
}

/// Whether every position has an x and a y, which the parser does not check.
fn has_whole_positions(value: &GeometryValue) -> bool {
    let point = |position: &Position| position.len() >= 2;
    let line = |positions: &Vec<Position>| positions.iter().all(point);
    let polygon = |rings: &Vec<Vec<Position>>| rings.iter().all(line);
    match value {
        GeometryValue::Point { coordinates } => point(coordinates),
        GeometryValue::MultiPoint { coordinates } | GeometryValue::LineString { coordinates } => {
            line(coordinates)
        }
        GeometryValue::MultiLineString { coordinates } | GeometryValue::Polygon { coordinates } => {
            polygon(coordinates)
        }
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().all(polygon),
        GeometryValue::GeometryCollection { geometries } => {
            geometries.iter().all(|geometry| has_whole_positions(&geometry.value))
        }
    }
}

/// The polygon of a box, or the two of one that crosses the antimeridian.
fn corners(index: usize, bbox: &BoundingBox, geographic: bool) -> Result<Geometry<f64>, AreaError> {
    let BoundingBox { xmin: west, ymin: south, xmax: east, ymax: north } = *bbox;
    let refuse = |reason| Err(AreaError::Bbox { index, bbox: *bbox, reason });
    if [west, south, east, north].iter().any(|bound| !bound.is_finite()) {
        return refuse("is not finite");
    }
    if south > north {
        return refuse("has its south above its north");
    }
    if south == north || west == east {
        return refuse("has no extent");
    }
    if west > east {
        if !geographic {
            return refuse("has its west beyond its east, which means something only for longitudes");
        }
        if west > 180.0 || east < -180.0 {
            return refuse("crosses the antimeridian, but has longitudes beyond -180..=180");
        }
    }
    let parts: Vec<Polygon<f64>> = bbox
        .parts()
        .filter(|part| part.xmin < part.xmax)
        .map(|part| Rect::new((part.xmin, part.ymin), (part.xmax, part.ymax)).to_polygon())
        .collect();
    Ok(match <[Polygon<f64>; 1]>::try_from(parts) {
        Ok([polygon]) => polygon.into(),
        Err(parts) => MultiPolygon(parts).into(),
    })
}

/// That there are coordinates, and that they mean something.
fn check(index: usize, geometry: &Geometry<f64>, geographic: bool) -> Result<(), AreaError> {
    let mut result = Err(AreaError::Empty { index });
    for_each_vertex(geometry, &mut |vertex| {
        let (x, y) = (vertex.x, vertex.y);
        if matches!(result, Err(AreaError::Empty { .. })) {
            result = Ok(());
        }
        if result.is_ok() && !(x.is_finite() && y.is_finite()) {
            result = Err(AreaError::NotFinite { index, x, y });
        }
        if result.is_ok() && geographic && !(-90.0..=90.0).contains(&y) {
            result = Err(AreaError::Latitude { index, x, y });
        }
    });
    result
}

#[cfg(test)]
mod tests;
