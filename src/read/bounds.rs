//! Boxes around areas.

use super::area::Area;
use crate::build::footprint::footprint;
use crate::crs::vertices::for_each_vertex;
use crate::error::{Error, Result};
use geo_types::Geometry;
use rasteret_schema::{BoundingBox, Crs, Geotransform};

/// A box in longitudes and latitudes around an area.
///
/// # Errors
///
/// If it is none, or lies where its CRS has no longitudes and latitudes.
pub fn bounds(area: &Area) -> Result<BoundingBox> {
    let is_wgs84 = area.crs().epsg() == Some(4326) || *area.crs() == Crs::crs84();
    let mut boxes = Vec::new();
    for geometry in area.geometries()? {
        // An area across the antimeridian is one polygon on each side of it.
        let parts = match geometry {
            Geometry::MultiPolygon(polygons) => polygons.into_iter().map(Geometry::Polygon).collect(),
            other => vec![other],
        };
        for part in parts {
            let bbox = vertex_box(&part);
            boxes.push(if is_wgs84 {
                bbox
            } else {
                // What is straight in the area's CRS may be curved in degrees: the box's edges say how far.
                // A point, or a line along an axis, gets a width that is too small to matter.
                let side = |from: f64, to: f64| (to - from).max(from.abs().max(1.0) * 1e-9);
                let (width, height) = (side(bbox.xmin, bbox.xmax), side(bbox.ymin, bbox.ymax));
                let transform = Geotransform::new(width, 0.0, bbox.xmin, 0.0, -height, bbox.ymax);
                footprint(&transform, 1, 1, area.crs())?.bbox
            });
        }
    }
    BoundingBox::around(&boxes).ok_or_else(|| Error::NothingSelected("the area is empty".to_owned()))
}

/// The box around the vertices of a geometry.
pub fn vertex_box(geometry: &Geometry<f64>) -> BoundingBox {
    const EMPTY: BoundingBox =
        BoundingBox::new(f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let mut bbox = EMPTY;
    for_each_vertex(geometry, &mut |vertex| {
        bbox.xmin = bbox.xmin.min(vertex.x);
        bbox.ymin = bbox.ymin.min(vertex.y);
        bbox.xmax = bbox.xmax.max(vertex.x);
        bbox.ymax = bbox.ymax.max(vertex.y);
    });
    bbox
}
