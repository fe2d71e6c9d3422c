//! What is known of some boxes: the least and the greatest of each of their sides.
//!
//! A box crosses the antimeridian if its west is greater than its east (RFC 7946, section 5.2). It may be wider than
//! half the world, so that the sides of a few narrow boxes side by side could as well be those of one that goes around
//! the Earth the other way: whether any box of them crosses has to be known from elsewhere.

use rasteret_schema::BoundingBox;

/// The least and the greatest west, south, east and north of some boxes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides {
    west: (f64, f64),
    south: (f64, f64),
    east: (f64, f64),
    north: (f64, f64),
}

impl Sides {
    pub fn new([west, south, east, north]: [(f64, f64); 4]) -> Sides {
        Sides { west, south, east, north }
    }

    /// Whether a box crosses, for all that is known.
    pub fn may_cross(&self) -> bool {
        self.east.0 < self.west.1
    }

    /// Whether a box crosses, by what is known.
    pub fn surely_cross(&self) -> bool {
        // The one with the least east, or with the greatest west.
        self.east.0 < self.west.0 || self.east.1 < self.west.1
    }

    /// Whether one of the boxes may intersect another. That some `cross` may be known not to be so.
    pub fn may_intersect(&self, wanted: &BoundingBox, cross: bool) -> bool {
        let Sides { west, south, east, north } = *self;
        // South is not beyond north.
        if south.0 > wanted.ymax || north.1 < wanted.ymin {
            return false;
        }
        let ordinary = |part: &BoundingBox| west.0 <= east.1 && west.0 <= part.xmax && part.xmin <= east.1;
        // The part is reached from the box's west, with the least east; or up to its east, with the greatest west.
        let crossing = |part: &BoundingBox| {
            let from_west = west.0 <= part.xmax && east.0 < part.xmax;
            let up_to_east = part.xmin <= east.1 && part.xmin < west.1;
            self.may_cross() && (from_west || up_to_east)
        };
        wanted.parts().any(|part| ordinary(&part) || cross && crossing(&part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sides(boxes: &[BoundingBox]) -> Sides {
        let side = |of: fn(&BoundingBox) -> f64| {
            boxes.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)))
        };
        Sides::new([side(|b| b.xmin), side(|b| b.ymin), side(|b| b.xmax), side(|b| b.ymax)])
    }

    fn span() -> impl Strategy<Value = (i8, i8)> {
        (-6..=6_i8, -6..=6_i8).prop_map(|(a, b)| (a.min(b), a.max(b)))
    }

    proptest! {
        #[test]
        fn nothing_that_intersects_is_left_out(
            boxes in proptest::collection::vec((-180.0..=180.0, -90.0..80.0, -180.0..=180.0), 1..6),
            x in -180.0..=180.0, y in -90.0..90.0, east in -180.0..=180.0,
        ) {
            let boxes: Vec<BoundingBox> =
                boxes.into_iter().map(|(x, y, east)| BoundingBox::new(x, y, east, y + 10.0)).collect();
            let wanted = BoundingBox::new(x, y, east, y + 1.0);
            let (cross, known) = (boxes.iter().any(BoundingBox::crosses_antimeridian), sides(&boxes));
            if boxes.iter().any(|bbox| bbox.intersects(&wanted)) {
                prop_assert!(known.may_intersect(&wanted, cross));
            }
            prop_assert!(known.may_cross() || !cross);
            prop_assert!(!known.surely_cross() || cross);
        }

        /// What is not left out, boxes with these sides intersect. (In steps of 30 degrees.)
        #[test]
        fn no_more_is_kept_than_could_be(west in span(), east in span(), wanted in (-6..=6_i8, -6..=6_i8), cross: bool) {
            let degrees = |step: i8| f64::from(step) * 30.0;
            let bbox = |west: i8, east: i8| BoundingBox::new(degrees(west), 0.0, degrees(east), 1.0);
            let wanted = bbox(wanted.0, wanted.1);
            let possible = (west.0..=west.1).any(|west| {
                (east.0..=east.1).any(|east| bbox(west, east).intersects(&wanted) && (cross || west <= east))
            });
            let range = |(least, greatest)| (degrees(least), degrees(greatest));
            let known = Sides::new([range(west), (0.0, 0.0), range(east), (1.0, 1.0)]);
            prop_assert_eq!(known.may_intersect(&wanted, cross), possible);
        }
    }

    #[test]
    fn what_lies_elsewhere_is_left_out() {
        let boxes = [BoundingBox::new(10.0, 0.0, 11.0, 1.0), BoundingBox::new(20.0, 5.0, 21.0, 6.0)];
        let intersects = |wanted, cross| sides(&boxes).may_intersect(&wanted, cross);
        assert!(!intersects(BoundingBox::new(30.0, 0.0, 31.0, 1.0), false));
        assert!(!intersects(BoundingBox::new(10.0, 7.0, 11.0, 8.0), true));
        assert!(intersects(BoundingBox::new(12.0, 3.0, 13.0, 4.0), false));
        assert!(!intersects(BoundingBox::new(170.0, 0.0, -170.0, 1.0), false));
        // Among them could be one from 20 degrees east, around the Earth, to 11 degrees.
        assert!(intersects(BoundingBox::new(30.0, 0.0, 31.0, 1.0), true));
    }
}
