//! The geometries of filters.

use super::error::FilterError;
use crate::build::place::bounding_box;
use crate::geometry::geometry_from_wkt;
use geo::CoordsIter;
use geo_types::{Geometry, LineString, MultiPolygon, Point, Polygon, Rect, coord};
use rasteret_schema::BoundingBox;

/// A geometry in longitude and latitude, and the box around it, which may cross the antimeridian where
/// the geometry is cut in two.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) geometry: Geometry<f64>,
    pub(super) bbox: BoundingBox,
}

impl Region {
    /// The region of `west, south, east, north`, or of `west, south, least height, east, north, greatest
    /// height`; heights do not matter. A west greater than its east crosses the antimeridian.
    ///
    /// # Errors
    ///
    /// [`FilterError::Invalid`].
    pub(super) fn of_box(numbers: &[f64]) -> Result<Region, FilterError> {
        let [xmin, ymin, xmax, ymax] = match *numbers {
            [west, south, east, north] | [west, south, _, east, north, _] => [west, south, east, north],
            _ => {
                return Err(FilterError::Invalid("BBOX takes west, south, east, north".to_owned()));
            }
        };
        if ymin > ymax {
            return Err(FilterError::Invalid(format!(
                "the south of a BBOX, {ymin}, lies north of its north, {ymax}"
            )));
        }
        let bbox = BoundingBox { xmin, ymin, xmax, ymax };
        let mut parts: Vec<Geometry<f64>> = bbox.parts().map(|part| of_corners(&part)).collect();
        let geometry = if parts.len() == 1 {
            parts.swap_remove(0)
        } else {
            let polygons: Option<Vec<Polygon<f64>>> =
                parts.iter().map(|part| Polygon::try_from(part.clone()).ok()).collect();
            // Without an area they are points and lines.
            polygons.map_or_else(|| Geometry::GeometryCollection(parts.into()), |it| MultiPolygon(it).into())
        };
        Region { geometry, bbox }.checked()
    }

    /// The region of well-known text.
    ///
    /// # Errors
    ///
    /// [`FilterError::Invalid`].
    pub(super) fn of_wkt(text: &str) -> Result<Region, FilterError> {
        let geometry = geometry_from_wkt(text)
            .map_err(|reason| FilterError::Invalid(format!("a geometry is no well-known text: {reason}")))?;
        let Some(bbox) = bounding_box(&geometry) else {
            return Err(FilterError::Invalid("a geometry has no coordinates".to_owned()));
        };
        Region { geometry, bbox }.checked()
    }

    fn checked(self) -> Result<Region, FilterError> {
        let is_on_earth = |point: geo_types::Coord<f64>| point.x.abs() <= 180.0 && point.y.abs() <= 90.0;
        let beyond = self.geometry.coords_iter().find(|point| !is_on_earth(*point));
        match beyond {
            None => Ok(self),
            Some(point) => Err(FilterError::Invalid(format!(
                "the coordinates {} {} are no longitude and latitude; cut in two what crosses the antimeridian, or \
                 write a BBOX whose west is greater than its east",
                point.x, point.y
            ))),
        }
    }
}

/// A box, or what is left of it if it has no area.
fn of_corners(bbox: &BoundingBox) -> Geometry<f64> {
    let (min, max) = (coord! { x: bbox.xmin, y: bbox.ymin }, coord! { x: bbox.xmax, y: bbox.ymax });
    match (min.x == max.x, min.y == max.y) {
        (true, true) => Point(min).into(),
        (false, false) => Rect::new(min, max).to_polygon().into(),
        _ => LineString(vec![min, max]).into(),
    }
}
