//! Pixels of a grid that are a raster's own.

use super::scene::BandRead;
use crate::warp::Grid;
use rasteret_schema::Window;

/// How far, in pixels, a corner may lie from where it would be on the raster's grid, by rounding.
const EPSILON: f64 = 1e-6;

/// What to read of a raster where the pixels of the target are its own at full resolution, or lie beyond its
/// edges. `None` where they are others.
pub fn aligned(raster: &Grid, target: &Grid) -> Option<Vec<BandRead>> {
    let (own, to) = (&raster.transform, &target.transform);
    let is_straight = |of: &Grid| of.transform.is_axis_aligned() && !of.transform.is_south_up();
    if raster.crs != target.crs || !is_straight(raster) || !is_straight(target) {
        return None;
    }
    let as_large = |a: f64, b: f64, n: u32| (a / b - 1.0).abs() * f64::from(n) < EPSILON;
    if !as_large(to.a, own.a, target.width) || !as_large(to.e, own.e, target.height) {
        return None;
    }
    let column = offset((to.c - own.c) / own.a)?;
    let row = offset((to.f - own.f) / own.e)?;
    let (Some((column, to_column, width)), Some((row, to_row, height))) =
        (overlap(column, target.width, raster.width), overlap(row, target.height, raster.height))
    else {
        return Some(Vec::new());
    };
    let window = Window::new(column, row, width, height);
    let part = Window::new(to_column, to_row, width, height);
    Some(vec![match part == Window::new(0, 0, target.width, target.height) {
        true => BandRead::Native { window },
        false => BandRead::Part { part, window },
    }])
}

fn offset(pixels: f64) -> Option<i64> {
    let whole = pixels.round();
    // Beyond, there is no raster: counts of pixels have 32 bits.
    let whole = whole.clamp(-(u32::MAX as f64), u32::MAX as f64);
    ((pixels - whole).abs() < EPSILON || whole.abs() == u32::MAX as f64).then_some(whole as i64)
}

/// Where the pixels of a raster begin that lie within `size` pixels from `offset`, where among these, and how
/// many they are.
fn overlap(offset: i64, size: u32, raster: u32) -> Option<(u32, u32, u32)> {
    let start = offset.clamp(0, raster.into());
    let end = (offset + i64::from(size)).clamp(0, raster.into());
    let fits = |value: i64| u32::try_from(value).ok();
    (start < end).then_some(())?;
    Some((fits(start)?, fits(start - offset)?, fits(end - start)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::{Crs, Geotransform};

    fn grid(column: f64, row: f64, width: u32, height: u32) -> Grid {
        let transform = Geotransform::new(10.0, 0.0, 700_000.0, 0.0, -10.0, 1_500_000.0);
        Grid::new(transform.translated(column, row), width, height, Crs::from_epsg(32643))
    }

    fn windows(target: &Grid) -> Option<Vec<(Window, Window)>> {
        let reads = aligned(&grid(0.0, 0.0, 100, 50), target)?;
        let whole = Window::new(0, 0, target.width, target.height);
        let windows = reads.into_iter().map(|read| match read {
            BandRead::Native { window } => (whole, window),
            BandRead::Part { part, window } => (part, window),
            BandRead::Warped { .. } => unreachable!("nothing is resampled"),
        });
        Some(windows.collect())
    }

    #[test]
    fn windows_within_across_and_beyond() {
        let found = |column: f64, row: f64| windows(&grid(column, row, 16, 8));
        let at = Window::new;
        assert_eq!(found(0.0, 0.0), Some(vec![(at(0, 0, 16, 8), at(0, 0, 16, 8))]));
        assert_eq!(found(84.0, 42.0), Some(vec![(at(0, 0, 16, 8), at(84, 42, 16, 8))]));
        assert_eq!(found(90.0, -3.0), Some(vec![(at(0, 3, 10, 5), at(90, 0, 10, 5))]));
        assert_eq!(found(-15.0, 49.0), Some(vec![(at(15, 0, 1, 1), at(0, 49, 1, 1))]));
        assert_eq!(found(-16.0, 0.0), Some(vec![]));
        assert_eq!(found(100.0, 0.0), Some(vec![]));
        assert_eq!(found(1e12, 0.0), Some(vec![]));
    }

    #[test]
    fn other_pixels_are_not_its_own() {
        assert_eq!(windows(&grid(0.5, 0.0, 16, 8)), None);
        assert_eq!(windows(&grid(0.0, 1e-3, 16, 8)), None);
        let other = Grid { crs: Crs::from_epsg(32644), ..grid(0.0, 0.0, 16, 8) };
        assert_eq!(windows(&other), None);
        assert_eq!(windows(&grid(0.0, 0.0, 16, 8).resized(8, 4)), None);
    }
}
