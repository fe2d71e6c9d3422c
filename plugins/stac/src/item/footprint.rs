//! The footprint of an item: GeoJSON (RFC 7946) becomes WKB, and the bounding box that of a record.

use geo_types::{Geometry, MultiPolygon, Rect, coord};
use geojson::{GeometryValue, Position};
use rasteret_schema::BoundingBox;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Degrees by which coordinates may lie beyond the Earth's: half a pixel of a map of the world.
const TOLERANCE: f64 = 1.0;

/// The footprint of a record.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Footprint {
    /// WKB in OGC:CRS84.
    pub geometry: Option<Vec<u8>>,
    pub bbox: Option<BoundingBox>,
}

/// Why there is none.
#[derive(Debug, PartialEq)]
pub(super) struct Invalid {
    /// Short name of the kind of failure.
    pub kind: &'static str,
    pub message: String,
}

/// Reads `geometry` and `bbox`. Without a geometry it is the box, in two parts across the antimeridian; without
/// either the header has to say where the raster is. A box that is none does no harm beside a geometry: it is left
/// to be derived.
pub(super) fn read(item: &Map<String, Value>) -> Result<Footprint, Invalid> {
    let bbox = match item.get("bbox") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => bounding_box(value).map(Some),
    };
    let geometry = match item.get("geometry") {
        None | Some(Value::Null) => {
            let bbox = bbox.map_err(|message| Invalid { kind: "invalid-bbox", message })?;
            let geometry = bbox.map(|bbox| encode(&rectangles(bbox))).transpose();
            return geometry.map(|geometry| Footprint { geometry, bbox }).map_err(invalid_geometry);
        }
        Some(geometry) => {
            geojson::Geometry::deserialize(geometry).map_err(|error| invalid_geometry(error.to_string()))?
        }
    };
    check(&geometry.value).map_err(|reason| invalid_geometry(reason.to_owned()))?;
    let geometry = Geometry::try_from(geometry).map_err(|error| invalid_geometry(error.to_string()))?;
    let geometry = encode(&geometry).map_err(invalid_geometry)?;
    Ok(Footprint { geometry: Some(geometry), bbox: bbox.ok().flatten() })
}

fn invalid_geometry(reason: String) -> Invalid {
    Invalid { kind: "invalid-geometry", message: format!("its geometry is not valid: {reason}") }
}

fn encode(geometry: &Geometry<f64>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    wkb::writer::write_geometry(&mut bytes, geometry, &wkb::writer::WriteOptions::default())
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn rectangles(bbox: BoundingBox) -> Geometry<f64> {
    let mut polygons = bbox.parts().map(|part| {
        Rect::new(coord! { x: part.xmin, y: part.ymin }, coord! { x: part.xmax, y: part.ymax }).to_polygon()
    });
    match (polygons.next(), polygons.next()) {
        (Some(polygon), None) => polygon.into(),
        (first, second) => MultiPolygon::from_iter(first.into_iter().chain(second)).into(),
    }
}

/// West, south, east, north; with heights between them where there are six numbers.
fn bounding_box(value: &Value) -> Result<BoundingBox, String> {
    let numbers: Option<Vec<f64>> = value
        .as_array()
        .filter(|list| list.len() <= 6)
        .and_then(|list| list.iter().map(Value::as_f64).collect());
    let (xmin, ymin, xmax, ymax) = match numbers.as_deref() {
        Some(&[xmin, ymin, xmax, ymax] | &[xmin, ymin, _, xmax, ymax, _]) => (xmin, ymin, xmax, ymax),
        _ => return Err("its bbox is not a list of four or six numbers".to_owned()),
    };
    if !([ymin, ymax].into_iter().all(is_latitude) && [xmin, xmax].into_iter().all(is_longitude)) {
        return Err(format!("its bbox {value} is not in degrees"));
    }
    if ymin > ymax {
        return Err(format!("the south of its bbox {value} lies north of its north"));
    }
    let (west, east) = if xmax - xmin >= 360.0 { (-180.0, 180.0) } else { (on_map(xmin), on_map(xmax)) };
    Ok(BoundingBox::new(west, ymin.max(-90.0), east, ymax.min(90.0)))
}

fn is_latitude(degrees: f64) -> bool {
    degrees.abs() <= 90.0 + TOLERANCE
}

/// Longitudes beyond 180 degrees are how some say that they cross the antimeridian.
fn is_longitude(degrees: f64) -> bool {
    degrees.abs() <= 360.0 + TOLERANCE
}

fn on_map(longitude: f64) -> f64 {
    match longitude {
        east if east > 180.0 => east - 360.0,
        west if west < -180.0 => west + 360.0,
        longitude => longitude,
    }
}

/// What the parser does not check: numbers enough for each position, positions enough for each part.
fn check(value: &GeometryValue) -> Result<(), &'static str> {
    match value {
        GeometryValue::Point { coordinates } => position(coordinates),
        GeometryValue::MultiPoint { coordinates } => at_least(1, coordinates, position),
        GeometryValue::LineString { coordinates } => line(coordinates),
        GeometryValue::MultiLineString { coordinates } => at_least(1, coordinates, |part| line(part)),
        GeometryValue::Polygon { coordinates } => polygon(coordinates),
        GeometryValue::MultiPolygon { coordinates } => at_least(1, coordinates, |part| polygon(part)),
        GeometryValue::GeometryCollection { geometries } => {
            at_least(1, geometries, |geometry| check(&geometry.value))
        }
    }
}

fn at_least<T>(
    least: usize,
    parts: &[T],
    check: impl Fn(&T) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    match parts.len() {
        0 => Err("it is empty"),
        len if len < least => Err("a line or a ring of it has too few positions"),
        _ => parts.iter().try_for_each(check),
    }
}

fn line(positions: &[Position]) -> Result<(), &'static str> {
    at_least(2, positions, position)
}

/// A ring whose last position is not its first is closed.
fn polygon(rings: &[Vec<Position>]) -> Result<(), &'static str> {
    at_least(1, rings, |ring| at_least(3, ring, position))
}

fn position(position: &Position) -> Result<(), &'static str> {
    match position.as_slice() {
        [x, y, ..] if is_longitude(*x) && is_latitude(*y) => Ok(()),
        [_, _, ..] => Err("its coordinates are not longitudes and latitudes"),
        _ => Err("a position needs two numbers"),
    }
}
