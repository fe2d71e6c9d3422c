//! Hilbert's curve, along which neighbours in space lie close together.

use rasteret_schema::BoundingBox;

/// Steps of each axis.
const SIDE: u32 = 1 << 16;

/// Where the centre of a box in degrees lies on the curve over the whole Earth. Records without a box come last.
pub fn key(bbox: Option<BoundingBox>) -> u32 {
    let Some(bbox) = bbox else { return u32::MAX };
    let east = if bbox.crosses_antimeridian() { bbox.xmax + 360.0 } else { bbox.xmax };
    let x = (bbox.xmin + east) / 2.0;
    let x = if x >= 180.0 { x - 360.0 } else { x };
    let y = (bbox.ymin + bbox.ymax) / 2.0;
    distance(step((x + 180.0) / 360.0), step((y + 90.0) / 180.0))
}

/// The step of a share of an axis; those beyond its ends, and no numbers, are at its ends.
fn step(share: f64) -> u32 {
    // The cast keeps to the range of the type.
    ((share * f64::from(SIDE)) as u32).min(SIDE - 1)
}

/// Distance along the curve to a cell (`xy2d` of <https://en.wikipedia.org/wiki/Hilbert_curve>).
fn distance(mut x: u32, mut y: u32) -> u32 {
    let mut distance = 0;
    let mut side = SIDE / 2;
    while side > 0 {
        let (right, upper) = (u32::from(x & side > 0), u32::from(y & side > 0));
        distance += side * side * ((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                (x, y) = (SIDE - 1 - x, SIDE - 1 - y);
            }
            (x, y) = (y, x);
        }
        side /= 2;
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_in_space() {
        // All cells of a square that the curve fills before it leaves it.
        let mut cells: Vec<(u32, u32, u32)> =
            (0..64).flat_map(|x| (0..64).map(move |y| (distance(x, y), x, y))).collect();
        cells.sort_unstable();
        for (place, pair) in cells.windows(2).enumerate() {
            let [(at, x, y), (next, next_x, next_y)] = pair else { unreachable!() };
            assert_eq!((*at, *next), (place as u32, place as u32 + 1));
            assert_eq!(x.abs_diff(*next_x) + y.abs_diff(*next_y), 1);
        }
        assert_eq!(distance(SIDE - 1, 0), u32::MAX);
    }

    #[test]
    fn boxes_have_places() {
        let of = |west, south, east, north| key(Some(BoundingBox::new(west, south, east, north)));
        assert_eq!(of(179.0, 0.0, -179.0, 1.0), of(-181.0, 0.0, -179.0, 1.0));
        assert_eq!(of(f64::NAN, f64::NAN, f64::NAN, f64::NAN), 0);
        assert_eq!(of(-1e300, -1e300, -1e300, -1e300), 0);
        assert_eq!(key(None), u32::MAX);
    }
}
