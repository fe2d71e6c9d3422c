//! The part of a box that lies in a region of interest.

use geo_types::{Coord, Geometry, LineString, Polygon};
use rasteret_schema::BoundingBox;

/// The bounds of what a box and polygons have in common, as of geopandas' `clip`; the box where there are no
/// polygons. `None` where they have no area in common, or a box without area lies beside.
pub(super) fn clipped(bounds: &BoundingBox, roi: Option<&[Geometry<f64>]>) -> Option<BoundingBox> {
    let Some(roi) = roi else { return Some(*bounds) };
    let mut clip = Clip { of: *bounds, found: None };
    roi.iter().for_each(|geometry| clip.add(geometry));
    let is_wide = bounds.xmin == bounds.xmax || clip.found.is_some_and(|found| found.xmin < found.xmax);
    let is_high = bounds.ymin == bounds.ymax || clip.found.is_some_and(|found| found.ymin < found.ymax);
    clip.found.filter(|_| is_wide && is_high)
}

/// The extremes of an intersection lie where edges of the polygon run through the box, or at corners of the
/// box that lie in the polygon.
struct Clip {
    of: BoundingBox,
    found: Option<BoundingBox>,
}

impl Clip {
    fn add(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Polygon(polygon) => self.add_polygon(polygon),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| self.add_polygon(polygon)),
            Geometry::Rect(rect) => self.add_polygon(&rect.to_polygon()),
            Geometry::Triangle(triangle) => self.add_polygon(&triangle.to_polygon()),
            Geometry::GeometryCollection(parts) => parts.iter().for_each(|part| self.add(part)),
            // Lines and points have no area.
            _ => {}
        }
    }

    fn add_polygon(&mut self, polygon: &Polygon<f64>) {
        let rings = || std::iter::once(polygon.exterior()).chain(polygon.interiors());
        for edge in rings().flat_map(LineString::lines) {
            if let Some(ends) = within(&self.of, edge.start, edge.end) {
                ends.into_iter().for_each(|point| self.add_point(point));
            }
        }
        let BoundingBox { xmin, ymin, xmax, ymax } = self.of;
        for (x, y) in [(xmin, ymin), (xmin, ymax), (xmax, ymin), (xmax, ymax)] {
            let crossings = rings().flat_map(LineString::lines).filter(|edge| {
                let (a, b) = (edge.start, edge.end);
                (a.y > y) != (b.y > y) && x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)
            });
            if crossings.count() % 2 == 1 {
                self.add_point(Coord { x, y });
            }
        }
    }

    fn add_point(&mut self, Coord { x, y }: Coord<f64>) {
        let found = self.found.get_or_insert(BoundingBox::new(x, y, x, y));
        *found = BoundingBox::new(found.xmin.min(x), found.ymin.min(y), found.xmax.max(x), found.ymax.max(y));
    }
}

/// The ends of the part of a line that lies in a box (Liang and Barsky, 1984).
fn within(bounds: &BoundingBox, a: Coord<f64>, b: Coord<f64>) -> Option<[Coord<f64>; 2]> {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    let sides = [
        (-dx, a.x - bounds.xmin),
        (dx, bounds.xmax - a.x),
        (-dy, a.y - bounds.ymin),
        (dy, bounds.ymax - a.y),
    ];
    for (along, inside) in sides {
        if along == 0.0 {
            if inside < 0.0 {
                return None;
            }
        } else if along < 0.0 {
            start = start.max(inside / along);
        } else {
            end = end.min(inside / along);
        }
    }
    // Rounding must not lead out of the box.
    let point = |t: f64| Coord {
        x: (a.x + t * dx).clamp(bounds.xmin, bounds.xmax),
        y: (a.y + t * dy).clamp(bounds.ymin, bounds.ymax),
    };
    (start <= end).then(|| [point(start), point(end)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo_types::{Rect, polygon};

    const BOX: BoundingBox = BoundingBox::new(0.0, 0.0, 10.0, 10.0);

    fn clip(geometry: impl Into<Geometry<f64>>) -> Option<[f64; 4]> {
        clipped(&BOX, Some(&[geometry.into()])).map(|b| [b.xmin, b.ymin, b.xmax, b.ymax])
    }

    #[test]
    fn boxes() {
        assert_eq!(clipped(&BOX, None), Some(BOX));
        assert_eq!(clip(Rect::new((2.0, 3.0), (4.0, 5.0))), Some([2.0, 3.0, 4.0, 5.0]));
        assert_eq!(clip(Rect::new((-2.0, 3.0), (4.0, 50.0))), Some([0.0, 3.0, 4.0, 10.0]));
        assert_eq!(clip(Rect::new((-2.0, -3.0), (40.0, 50.0))), Some([0.0, 0.0, 10.0, 10.0]));
        assert_eq!(clip(Rect::new((10.0, 0.0), (20.0, 10.0))), None);
        assert_eq!(clip(Rect::new((11.0, 0.0), (20.0, 10.0))), None);
    }

    #[test]
    fn points() {
        let roi = Geometry::from(Rect::new((2.0, 3.0), (4.0, 5.0)).to_polygon());
        let point = |x: f64, y: f64| clipped(&BoundingBox::new(x, y, x, y), Some(std::slice::from_ref(&roi)));
        assert_eq!(point(3.0, 4.0), Some(BoundingBox::new(3.0, 4.0, 3.0, 4.0)));
        assert_eq!(point(1.0, 4.0), None);
    }

    #[test]
    fn polygons_that_are_no_boxes() {
        // A U whose arms reach into the box at its corners only, and whose base lies below.
        let u = polygon![
            (x: -5.0, y: -5.0), (x: 15.0, y: -5.0), (x: 15.0, y: 4.0), (x: 8.0, y: 4.0),
            (x: 8.0, y: -1.0), (x: 2.0, y: -1.0), (x: 2.0, y: 3.0), (x: -5.0, y: 3.0), (x: -5.0, y: -5.0),
        ];
        assert_eq!(clip(u), Some([0.0, 0.0, 10.0, 4.0]));
        // A triangle across a corner: of the box only that corner.
        let triangle = polygon![(x: -4.0, y: 5.0), (x: 5.0, y: -4.0), (x: -4.0, y: -4.0), (x: -4.0, y: 5.0)];
        assert_eq!(clip(triangle), Some([0.0, 0.0, 1.0, 1.0]));
        // The box lies in a hole.
        let hole = polygon! {
            exterior: [(x: -9.0, y: -9.0), (x: 19.0, y: -9.0), (x: 19.0, y: 19.0), (x: -9.0, y: 19.0)],
            interiors: [[(x: -1.0, y: -1.0), (x: 11.0, y: -1.0), (x: 11.0, y: 11.0), (x: -1.0, y: 11.0)]],
        };
        assert_eq!(clip(hole), None);
    }
}
