//! What happens to a window once its tiles are there: validity, fill, and north up.

use super::mask::Mask;
use super::pixels::{self, PixelArray};
use super::windows::WindowPlan;
use rasteret_schema::PixelValue;
use std::ops::Range;

/// Marks what is not valid by the raster's own account: its mask or alpha samples where there are any,
/// else its nodata value. All of `valid` is true so far, or there is nothing of it.
pub fn mark_valid(plan: &WindowPlan, pixels: &PixelArray, validity: &[u8], valid: &mut [bool]) {
    if let Some(dtype) = plan.validity {
        for (valid, sample) in valid.iter_mut().zip(validity.chunks_exact(dtype.size())) {
            *valid = sample.iter().any(|byte| *byte != 0);
        }
    } else if let Some(nodata) = plan.nodata {
        pixels::mark_different(plan.dtype, &pixels.to_bytes(), nodata, valid);
    }
}

/// Fills what no tile has written.
pub fn fill_sparse(plan: &WindowPlan, pixels: &mut PixelArray, valid: &mut [bool]) {
    for window in &plan.sparse {
        for row in window.row..window.row_end() {
            let start = row as usize * plan.width as usize + window.column as usize;
            let row = start..start + window.width as usize;
            fill(pixels, row.clone(), plan.fill);
            if plan.nodata.is_some()
                && let Some(valid) = valid.get_mut(row)
            {
                valid.fill(false);
            }
        }
    }
}

/// Fills what lies outside the area.
pub fn fill_outside(mask: &Mask, value: PixelValue, pixels: &mut PixelArray, valid: &mut [bool]) {
    let width = mask.width() as usize;
    for row in 0..mask.height() {
        let Some(inside) = mask.row(row) else { return };
        let mut start = row as usize * width;
        for run in inside.chunk_by(|a, b| a == b) {
            let range = start..start + run.len();
            start = range.end;
            if !run[0] {
                fill(pixels, range.clone(), value);
                valid[range].fill(false);
            }
        }
    }
}

/// Turns a window whose rows run from south to north.
pub fn turn_over(width: usize, pixels: &mut PixelArray, valid: &mut [bool]) {
    let row = width * pixels.dtype().size();
    reverse_rows(pixels.as_bytes_mut(), row);
    reverse_rows(valid, width);
}

/// Sets pixels, counted row by row, to a value.
pub fn fill(pixels: &mut PixelArray, range: Range<usize>, value: PixelValue) {
    let (dtype, size) = (pixels.dtype(), pixels.dtype().size());
    // That the value fits was checked when the read was laid out.
    if let Some(sample) = value.to_sample(dtype) {
        sample.fill(&mut pixels.as_bytes_mut()[range.start * size..range.end * size]);
    }
}

fn reverse_rows<T>(rows: &mut [T], width: usize) {
    let height = rows.len() / width.max(1);
    let (upper, lower) = rows.split_at_mut(height / 2 * width);
    for (a, b) in upper.chunks_exact_mut(width).zip(lower.chunks_exact_mut(width).rev()) {
        a.swap_with_slice(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::{DataType, Window};

    #[test]
    fn rows_turn_over() {
        for height in 0..6u8 {
            let mut rows: Vec<u8> = (0..height).flat_map(|row| [row; 3]).collect();
            let expected: Vec<u8> = (0..height).rev().flat_map(|row| [row; 3]).collect();
            // With an odd number of rows the middle one stays: it is the first of the lower half.
            reverse_rows(&mut rows, 3);
            assert_eq!(rows, expected, "{height} rows");
        }
    }

    #[test]
    fn sparse_tiles_are_fill_and_valid_only_without_nodata() {
        for (nodata, fill) in [(None, 0), (Some(PixelValue::Integer(7)), 9)] {
            let mut pixels = PixelArray::zeros(DataType::UInt8, [1, 1, 2, 3]);
            pixels.as_bytes_mut().fill(1);
            let mut valid = [true; 6];
            let plan = WindowPlan {
                dtype: DataType::UInt8,
                width: 3,
                height: 2,
                nodata,
                fill: PixelValue::Integer(fill),
                finds_nodata: true,
                validity: None,
                sparse: vec![Window::new(1, 0, 2, 2)],
                tiles: 0,
            };
            fill_sparse(&plan, &mut pixels, &mut valid);
            assert_eq!(*pixels.to_bytes(), [1, fill as u8, fill as u8, 1, fill as u8, fill as u8]);
            assert_eq!(valid[1], nodata.is_none());
            assert!(valid[0]);
        }
    }
}
