//! Areas of interest.

use crate::crs::vertices::for_each_vertex;
use crate::crs::{self, CrsError, Kind, Transformer};
use crate::geometry::{GeometryError, GeometryTable, TableOptions, geometry_from_wkt};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema;
use geo_types::{Geometry, MultiPolygon, Polygon, Rect};
use rasteret_schema::{BoundingBox, Crs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    attributes: RecordBatch,
    crs: Crs,
}

/// One area of interest.
#[derive(Debug, Clone, PartialEq)]
pub struct Aoi(Shape);

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
    /// A table, or GeoJSON, that gives no areas.
    #[error(transparent)]
    Table(#[from] GeometryError),
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
        "`{0}` is no area: give a bbox as west,south,east,north, WKT, GeoJSON, or the path of a .geojson, .json, \
         .parquet, .geoparquet, .csv or .wkt file"
    )]
    Unrecognised(String),
}

impl Aoi {
    /// An area of interest.
    pub fn new(geometry: impl Into<Geometry<f64>>) -> Aoi {
        Aoi(Shape::Geometry(geometry.into()))
    }
}

impl Area {
    /// A box from west, south, east, north. West may be greater than east where the CRS is
    /// geographic: the box then crosses the antimeridian, and is two polygons.
    pub fn bbox([west, south, east, north]: [f64; 4]) -> Area {
        Area::new(vec![Aoi(Shape::Bbox(BoundingBox::new(west, south, east, north)))])
    }

    /// A single geometry.
    pub fn geometry(geometry: impl Into<Geometry<f64>>) -> Area {
        Area::new(vec![Aoi::new(geometry)])
    }

    /// Several areas of interest.
    pub fn new(aois: Vec<Aoi>) -> Area {
        let options = RecordBatchOptions::new().with_row_count(Some(aois.len()));
        let nothing = Arc::new(Schema::empty());
        let attributes = RecordBatch::try_new_with_options(nothing.clone(), Vec::new(), &options)
            .unwrap_or_else(|_| RecordBatch::new_empty(nothing));
        Area { aois, attributes, crs: Crs::from_epsg(4326) }
    }

    /// The geometries of a GeoParquet, Parquet, CSV or GeoJSON file, with its other columns as
    /// [`attributes`](Area::attributes).
    pub fn open(path: impl AsRef<Path>, options: &TableOptions) -> Result<Area, AreaError> {
        Ok(GeometryTable::open(path, options)?.into())
    }

    /// The same numbers in another CRS.
    pub fn with_crs(self, crs: Crs) -> Area {
        Area { crs, ..self }
    }

    /// From well-known text, with `SRID=…;` before it or not.
    pub fn wkt(text: &str) -> Result<Area, AreaError> {
        let (srid, text) = match text.trim().split_once(';') {
            Some((start, rest)) if start.len() > 5 && start[..5].eq_ignore_ascii_case("SRID=") => {
                let code = start[5..].trim().parse();
                (Some(code.map_err(|_| AreaError::Wkt(format!("`{start}` has no number")))?), rest)
            }
            _ => (None, text.trim()),
        };
        let area = Area::geometry(geometry_from_wkt(text).map_err(AreaError::Wkt)?);
        Ok(match srid {
            Some(code) => area.with_crs(Crs::from_epsg(code)),
            None => area,
        })
    }

    /// From the text of a GeoJSON geometry, feature, or feature collection, which may hold several
    /// areas. Properties are [`attributes`](Area::attributes).
    pub fn geojson(text: &str) -> Result<Area, AreaError> {
        Ok(GeometryTable::from_geojson(text, &TableOptions::new())?.into())
    }

    /// From what a user types: `west,south,east,north`, WKT, GeoJSON, or the path of a file that
    /// ends in `.wkt` or as [`Area::open`] has it. The area is checked.
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
        let mut options = TableOptions::new();
        if let Some(crs) = &crs {
            options = options.crs(crs.clone());
        }
        let area = Area::recognized(text.trim(), &options)?;
        let area = match crs {
            Some(crs) => area.with_crs(crs),
            None => area,
        };
        area.geometries()?;
        Ok(area)
    }

    fn recognized(text: &str, options: &TableOptions) -> Result<Area, AreaError> {
        let numbers: Vec<f64> = text.split(',').map_while(|number| number.trim().parse().ok()).collect();
        if let Ok(bounds) = <[f64; 4]>::try_from(numbers)
            && text.split(',').count() == 4
        {
            return Ok(Area::bbox(bounds));
        }
        if text.starts_with('{') {
            return Ok(GeometryTable::from_geojson(text, options)?.into());
        }
        if is_wkt(text) {
            return Area::wkt(text);
        }
        let path = Path::new(text);
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wkt")) {
            let text = std::fs::read_to_string(path)
                .map_err(|source| AreaError::Read { path: path.to_owned(), source })?;
            return Area::wkt(&text);
        }
        Area::open(path, options).map_err(|error| match error {
            AreaError::Table(GeometryError::Unrecognised { table }) => AreaError::Unrecognised(table),
            other => other,
        })
    }

    /// The CRS of the coordinates.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// The areas of interest, as many as there are geometries.
    pub fn aois(&self) -> &[Aoi] {
        &self.aois
    }

    /// What else is known of the areas: the other columns of their table, with a row for each area.
    pub fn attributes(&self) -> &RecordBatch {
        &self.attributes
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
                let geometry = match &aoi.0 {
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

impl From<GeometryTable> for Area {
    fn from(table: GeometryTable) -> Area {
        let aois = table.geometries.into_iter().map(Aoi::new).collect();
        Area { aois, attributes: table.attributes, crs: table.crs }
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
