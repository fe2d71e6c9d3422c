//! The nearest pixel with data, and the pixels around a point.

use super::grid::{PixelPoint, SampleGrid};

/// A pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pixel {
    pub value: f64,
    /// Whether it holds data.
    pub valid: bool,
}

/// The value of the valid pixel, not more than `radius` rows and columns from that of the point, whose
/// rectangle is nearest to the point in CRS units. Of those equally near it is the one of the inmost square ring
/// around the point's pixel, there of the ring's first row, its last row, its first column, its last column, in
/// this order. `None` where no pixel is valid; `pixel` gives `None` outside the raster.
pub(super) fn nearest_valid(
    grid: &SampleGrid,
    point: &PixelPoint,
    radius: u32,
    pixel: impl Fn(u32, u32) -> Option<Pixel>,
) -> Option<f64> {
    let (width, height) = grid.transform.pixel_size();
    let mut nearest: Option<(f64, f64)> = None;
    for ring in 1..=i64::from(radius) {
        // Whatever the pixel's side that is nearest, the ring lies `ring - 1` whole pixels behind it.
        let beyond = |position: f64, pixel: u32, size: f64| {
            let offset = position - f64::from(pixel);
            (offset.min(1.0 - offset).max(0.0) + (ring - 1) as f64) * size
        };
        let least = beyond(point.x, point.column, width).min(beyond(point.y, point.row, height));
        if nearest.is_some_and(|(distance, _)| distance <= least * least) {
            break;
        }
        for (column, row) in ring_pixels(ring) {
            let place = |centre: u32, offset: i64| u32::try_from(i64::from(centre) + offset).ok();
            let Some((column, row)) = place(point.column, column).zip(place(point.row, row)) else {
                continue;
            };
            let Some(candidate) = pixel(column, row).filter(|candidate| candidate.valid) else { continue };
            let distance = squared_distance(point, column, row, width, height);
            if nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, candidate.value));
            }
        }
    }
    nearest.map(|(_, value)| value)
}

/// Squared distance from a point to the rectangle of a pixel.
pub(super) fn squared_distance(point: &PixelPoint, column: u32, row: u32, width: f64, height: f64) -> f64 {
    let outside = |position: f64, pixel: u32| {
        let start = f64::from(pixel);
        (start - position).max(position - (start + 1.0)).max(0.0)
    };
    let (dx, dy) = (outside(point.x, column) * width, outside(point.y, row) * height);
    dx * dx + dy * dy
}

/// Columns and rows of a square ring, counted from its centre: first row, last row, first column, last column.
fn ring_pixels(ring: i64) -> impl Iterator<Item = (i64, i64)> {
    let rows = [-ring, ring].into_iter().flat_map(move |row| (-ring..=ring).map(move |column| (column, row)));
    let columns =
        [-ring, ring].into_iter().flat_map(move |column| (1 - ring..ring).map(move |row| (column, row)));
    rows.chain(columns)
}

/// Columns and rows, counted from the centre, of the `(2·radius + 1)²` pixels around it, row by row; from the
/// last row to the first of a raster whose last row is the northernmost.
pub(super) fn square(radius: u32, south_up: bool) -> impl Iterator<Item = (i64, i64)> {
    let radius = i64::from(radius);
    (-radius..=radius).flat_map(move |row| {
        (-radius..=radius).map(move |column| (column, if south_up { -row } else { row }))
    })
}
