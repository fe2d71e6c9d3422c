//! The grid that slices have in common.

use super::DatasetError;
use crate::read::Slice;
use rasteret_schema::Geotransform;

/// How far pixels may lie apart and still be the same, in pixels: more than what geotransforms round.
const TOLERANCE: f64 = 1e-3;

/// Rows and columns that cover all slices.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// From pixel to CRS coordinates; not rotated, north up.
    pub transform: Geotransform,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Grid {
    /// The least grid that covers slices of `height` × `width` pixels, and the row and column of it where
    /// each slice begins.
    pub fn of(
        slices: &[Slice],
        height: usize,
        width: usize,
    ) -> Result<(Grid, Vec<(usize, usize)>), DatasetError> {
        let Some(first) = slices.first() else {
            return Err(DatasetError::Empty { shape: [0, 0, height, width] });
        };
        let offsets: Vec<(i64, i64)> =
            slices.iter().map(|slice| offset(first, slice, height, width)).collect::<Result<_, _>>()?;
        let top = offsets.iter().map(|(row, _)| *row).min().unwrap_or(0);
        let left = offsets.iter().map(|(_, column)| *column).min().unwrap_or(0);
        let placed: Vec<(usize, usize)> = offsets
            .iter()
            .map(|(row, column)| (row.abs_diff(top) as usize, column.abs_diff(left) as usize))
            .collect();
        let rows = placed.iter().map(|(row, _)| row + height).max().unwrap_or(height);
        let columns = placed.iter().map(|(_, column)| column + width).max().unwrap_or(width);
        // The edges of slices as they are, rather than computed from another's.
        let edge = |at: &dyn Fn(&(usize, usize)) -> bool| {
            placed.iter().position(at).and_then(|slice| slices.get(slice)).unwrap_or(first).transform
        };
        let transform =
            Geotransform { c: edge(&|at| at.1 == 0).c, f: edge(&|at| at.0 == 0).f, ..first.transform };
        Ok((Grid { transform, height: rows, width: columns }, placed))
    }
}

/// By how many rows and columns a slice lies from the first.
fn offset(first: &Slice, slice: &Slice, height: usize, width: usize) -> Result<(i64, i64), DatasetError> {
    let (from, to) = (&first.transform, &slice.transform);
    if !to.is_axis_aligned() || to.e >= 0.0 || to.inverse().is_none() {
        return Err(DatasetError::NotNorthUp { slice: Box::new(slice.clone()) });
    }
    let row = whole_pixels((from.f, from.e), (to.f, to.e), height);
    let column = whole_pixels((from.c, from.a), (to.c, to.a), width);
    row.zip(column).ok_or_else(|| DatasetError::DifferentGrids {
        first: Box::new(first.clone()),
        second: Box::new(slice.clone()),
    })
}

/// How many pixels lie between two origins, where the pixels fall together over all of `length`. An origin
/// goes with the size of its pixels.
fn whole_pixels(from: (f64, f64), to: (f64, f64), length: usize) -> Option<i64> {
    let length = length as f64;
    let start = (to.0 - from.0) / from.1;
    let end = (to.0 + length * to.1 - from.0) / from.1 - length;
    let whole = start.round();
    // Farther apart than this, no slices fit into memory.
    let near = whole.abs() < f64::from(i32::MAX)
        && (start - whole).abs() < TOLERANCE
        && (end - whole).abs() < TOLERANCE;
    near.then_some(whole as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(record: &str, transform: [f64; 6]) -> Slice {
        let [a, b, c, d, e, f] = transform;
        Slice {
            record_id: record.to_owned(),
            datetime: 0,
            geometry_index: 0,
            transform: Geotransform::new(a, b, c, d, e, f),
        }
    }

    #[test]
    fn slices_are_placed_on_the_grid_around_all() {
        let slices = [
            slice("a", [10.0, 0.0, 500.0, 0.0, -10.0, 900.0]),
            slice("b", [10.0, 0.0, 470.0, 0.0, -10.0, 880.0]),
            slice("c", [10.0, 0.0, 520.004, 0.0, -10.0, 930.0]),
        ];
        let (grid, placed) = Grid::of(&slices, 4, 5).unwrap();
        assert_eq!(grid.transform.to_array(), [10.0, 0.0, 470.0, 0.0, -10.0, 930.0]);
        assert_eq!((grid.height, grid.width), (9, 10));
        assert_eq!(placed, [(3, 3), (5, 0), (0, 5)]);
    }

    #[test]
    fn pixels_that_do_not_fall_together_are_refused() {
        let first = slice("a", [10.0, 0.0, 500.0, 0.0, -10.0, 900.0]);
        for other in [
            [10.0, 0.0, 505.0, 0.0, -10.0, 900.0],
            [10.0, 0.0, 500.0, 0.0, -10.0, 900.1],
            [20.0, 0.0, 500.0, 0.0, -20.0, 900.0],
            [10.001, 0.0, 500.0, 0.0, -10.0, 900.0],
            [10.0, 0.0, 1e30, 0.0, -10.0, 900.0],
            [10.0, 0.0, f64::NAN, 0.0, -10.0, 900.0],
        ] {
            let error = Grid::of(&[first.clone(), slice("b", other)], 64, 64).unwrap_err();
            assert!(
                matches!(error, DatasetError::DifferentGrids { .. } | DatasetError::NotNorthUp { .. }),
                "{other:?}"
            );
        }
        for transform in [
            [10.0, 1.0, 0.0, 0.0, -10.0, 0.0],
            [10.0, 0.0, 0.0, 0.0, 10.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, -1.0, 0.0],
        ] {
            let error = Grid::of(&[slice("a", transform)], 2, 2).unwrap_err();
            assert!(matches!(error, DatasetError::NotNorthUp { .. }), "{transform:?}");
        }
        assert!(matches!(Grid::of(&[], 2, 2), Err(DatasetError::Empty { .. })));
    }
}
