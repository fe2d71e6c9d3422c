//! Where the records of a source lie: footprints in any encoding and CRS become WKB in OGC:CRS84, and the
//! boxes around them are derived.

use super::footprint::{Ground, on_maps, unrolled};
use crate::crs::vertices::for_each_vertex;
use crate::crs::{CrsError, Transformer};
use crate::error::{Error, Result};
use crate::geometry::{ColumnGeometries, geometry_to_wkb};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Schema};
use geo_types::{Coord, Geometry, LineString, Polygon};
use rasteret_schema::record::{self, BBOX, GEOMETRY};
use rasteret_schema::{BoundingBox, Crs};
use std::collections::HashMap;
use std::sync::Arc;

/// Records whose footprints are WKB in OGC:CRS84.
pub struct Placed {
    pub records: RecordBatch,
    /// Why rows that a source gave a footprint have none.
    pub problems: HashMap<usize, String>,
}

/// Turns the footprints of a batch into WKB in OGC:CRS84, and derives the boxes that are null.
///
/// Footprints that are so already are not looked at, unless their boxes are missing.
///
/// # Errors
///
/// If the geometry column is none, or its CRS is unknown.
pub fn place(records: &RecordBatch) -> Result<Placed> {
    let mut problems = HashMap::new();
    let Some((index, field)) = records.schema_ref().column_with_name(GEOMETRY) else {
        return Ok(Placed { records: records.clone(), problems });
    };
    let boxes = boxes(records);
    let array = records.column(index);
    let geometries = ColumnGeometries::new(records, GEOMETRY)
        .map_err(|error| Error::InvalidArgument(format!("the source's footprints: {error}")))?;
    let is_wkb = *field.data_type() == DataType::Binary && geometries.is_wkb();
    let to_ground = match is_geographic(geometries.crs()) {
        true => None,
        false => Some(Transformer::new(geometries.crs(), &Crs::crs84())?),
    };
    let has_all_boxes = boxes.iter().enumerate().all(|(row, bbox)| bbox.is_some() || array.is_null(row));
    if is_wkb && to_ground.is_none() && has_all_boxes {
        return Ok(Placed { records: with(records, vec![(GEOMETRY, Arc::clone(array))])?, problems });
    }
    let mut places: Vec<Option<(Vec<u8>, BoundingBox)>> = Vec::with_capacity(records.num_rows());
    for (row, bbox) in boxes.iter().enumerate() {
        if array.is_null(row) {
            places.push(None);
            continue;
        }
        let placed = geometries.get(row).and_then(|geometry| {
            let geometry = match &to_ground {
                Some(to_ground) => on_ground(&geometry, to_ground).map_err(|error| error.to_string())?,
                None => geometry,
            };
            // A box in another CRS than OGC:CRS84 is none.
            let known = bbox.filter(|_| to_ground.is_none());
            check(&geometry)?;
            let bbox = known.or_else(|| bounding_box(&geometry)).ok_or("it is empty")?;
            Ok((geometry_to_wkb(&geometry)?, bbox))
        });
        places.push(placed.map_err(|problem| problems.insert(row, problem)).ok());
    }
    let wkb: BinaryArray = places.iter().map(|place| place.as_ref().map(|(wkb, _)| wkb.as_slice())).collect();
    let derived =
        places.iter().zip(boxes).map(|(place, bbox)| place.as_ref().map(|(_, bbox)| *bbox).or(bbox));
    let bbox: StructArray = record::bbox_array(derived)?;
    Ok(Placed { records: with(records, vec![(GEOMETRY, Arc::new(wkb)), (BBOX, Arc::new(bbox))])?, problems })
}

fn boxes(records: &RecordBatch) -> Vec<Option<BoundingBox>> {
    let column = records.column_by_name(BBOX).and_then(|column| column.as_struct_opt());
    let found = column.and_then(|column| {
        let value =
            |name: &str| column.column_by_name(name)?.as_primitive_opt::<arrow_array::types::Float64Type>();
        let (xmin, ymin, xmax, ymax) = (value("xmin")?, value("ymin")?, value("xmax")?, value("ymax")?);
        let all_there = |row| {
            column.is_valid(row) && [xmin, ymin, xmax, ymax].into_iter().all(|column| column.is_valid(row))
        };
        let bbox = |row| BoundingBox::new(xmin.value(row), ymin.value(row), xmax.value(row), ymax.value(row));
        Some((0..records.num_rows()).map(|row| all_there(row).then(|| bbox(row))).collect())
    });
    found.unwrap_or_else(|| vec![None; records.num_rows()])
}

/// The same records with other columns, as a record table has them.
fn with(records: &RecordBatch, columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch> {
    let schema = records.schema();
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    let mut arrays = records.columns().to_vec();
    for (name, array) in columns {
        let field = Arc::new(record::schema().field_with_name(name)?.clone());
        match schema.column_with_name(name) {
            Some((index, _)) => (fields[index], arrays[index]) = (field, array),
            None => {
                fields.push(field);
                arrays.push(array);
            }
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())), arrays)?)
}

/// Longitudes and latitudes of WGS 84: EPSG:4326 has them in this order in GeoParquet and GeoArrow.
fn is_geographic(crs: &Crs) -> bool {
    crs.epsg() == Some(4326) || *crs == Crs::crs84()
}

/// Refuses what is not in longitudes and latitudes, whatever its CRS is said to be.
fn check(geometry: &Geometry<f64>) -> std::result::Result<(), String> {
    let mut outside = None;
    for_each_vertex(geometry, &mut |Coord { x, y }| {
        if !(x.abs() <= 540.0 && y.abs() <= 90.0) {
            outside = Some((x, y));
        }
    });
    outside.map_or(Ok(()), |(x, y)| Err(format!("({x}, {y}) is no longitude and latitude")))
}

/// A geometry in OGC:CRS84: its vertices transformed, and none added. A polygon that then crosses the
/// antimeridian is cut there (RFC 7946, section 3.1.9), and loses its holes.
fn on_ground(geometry: &Geometry<f64>, to_ground: &Transformer) -> Result<Geometry<f64>, CrsError> {
    let geometry = to_ground.geometry(geometry)?;
    Ok(match geometry {
        Geometry::Polygon(polygon) => cut(polygon),
        Geometry::MultiPolygon(polygons) => {
            let cut = polygons.into_iter().map(cut).flat_map(|geometry| match geometry {
                Geometry::MultiPolygon(pieces) => pieces.0,
                Geometry::Polygon(polygon) => vec![polygon],
                _ => Vec::new(),
            });
            Geometry::MultiPolygon(cut.collect())
        }
        other => other,
    })
}

fn cut(polygon: Polygon<f64>) -> Geometry<f64> {
    let jumps = |ring: &LineString<f64>| ring.lines().any(|line| line.dx().abs() > 180.0);
    if !jumps(polygon.exterior()) {
        return polygon.into();
    }
    let mut vertices: Vec<Ground> = polygon.exterior().coords().map(|vertex| (vertex.x, vertex.y)).collect();
    vertices.pop();
    let mut outline: Vec<Ground> = Vec::with_capacity(vertices.len());
    for (longitude, latitude) in vertices {
        let longitude = outline.last().map_or(longitude, |last| unrolled(last.0, longitude));
        outline.push((longitude, latitude));
    }
    on_maps(&outline).geometry
}

/// The box around a geometry in longitudes and latitudes; `None` around nothing. It crosses the antimeridian
/// where the geometry goes on beyond 180 degrees, or has a part on each side that ends there.
pub fn bounding_box(geometry: &Geometry<f64>) -> Option<BoundingBox> {
    let mut boxes = Vec::new();
    part_boxes(geometry, &mut boxes);
    let mut turned: Vec<BoundingBox> = boxes.into_iter().map(turned).collect();
    let (east, west) = (|bbox: &BoundingBox| bbox.xmax == 180.0, |bbox: &BoundingBox| bbox.xmin == -180.0);
    let crossing = |bbox: &BoundingBox| bbox.crosses_antimeridian() || (east(bbox) && west(bbox));
    if !turned.iter().any(crossing)
        && let (Some(first), Some(second)) = (turned.iter().position(east), turned.iter().position(west))
    {
        turned[first].xmax = turned[second].xmax;
    }
    BoundingBox::around(&turned)
}

fn part_boxes(geometry: &Geometry<f64>, boxes: &mut Vec<BoundingBox>) {
    match geometry {
        Geometry::MultiPolygon(parts) => {
            boxes.extend(parts.iter().filter_map(|part| around(part.exterior().coords().copied())));
        }
        Geometry::GeometryCollection(parts) => parts.iter().for_each(|part| part_boxes(part, boxes)),
        part => {
            let mut vertices = Vec::new();
            for_each_vertex(part, &mut |vertex| vertices.push(vertex));
            boxes.extend(around(vertices.into_iter()));
        }
    }
}

fn around(vertices: impl Iterator<Item = Coord<f64>>) -> Option<BoundingBox> {
    let boxes = vertices.map(|vertex| BoundingBox::new(vertex.x, vertex.y, vertex.x, vertex.y));
    boxes.reduce(|a, b| {
        BoundingBox::new(a.xmin.min(b.xmin), a.ymin.min(b.ymin), a.xmax.max(b.xmax), a.ymax.max(b.ymax))
    })
}

/// A box with longitudes within -180..=180.
fn turned(bbox: BoundingBox) -> BoundingBox {
    if bbox.xmax - bbox.xmin >= 360.0 {
        return BoundingBox { xmin: -180.0, xmax: 180.0, ..bbox };
    }
    if bbox.xmin >= -180.0 && bbox.xmax <= 180.0 {
        return bbox;
    }
    let by = 360.0 * ((bbox.xmin + 180.0) / 360.0).floor();
    let (xmin, xmax) = (bbox.xmin - by, bbox.xmax - by);
    BoundingBox { xmin, xmax: if xmax > 180.0 { xmax - 360.0 } else { xmax }, ..bbox }
}

#[cfg(test)]
mod tests;
