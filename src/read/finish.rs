//! What happens to a plane once its tiles are there: validity, fill, and north up.

use super::files::ValidityPlane;
use super::layout::PlaneValues;
use super::mask::Mask;
use super::pixels;
use rasteret_schema::{DataType, Window};

/// A plane of the array, with all its tiles in place.
pub struct Finish<'a> {
    /// Type of the samples.
    pub dtype: DataType,
    /// Columns.
    pub width: usize,
    /// Values without data.
    pub values: PlaneValues,
    /// The samples.
    pub pixels: &'a mut [u8],
    /// Of each sample; all true so far.
    pub valid: &'a mut [bool],
}

impl Finish<'_> {
    /// Marks what is not valid by the raster's own account: its mask or alpha samples where there
    /// are any, else its nodata value.
    pub fn mark_valid(&mut self, validity: Option<&ValidityPlane>) {
        if let Some(validity) = validity {
            for (valid, sample) in
                self.valid.iter_mut().zip(validity.samples.chunks_exact(validity.sample_size))
            {
                *valid = sample.iter().any(|byte| *byte != 0);
            }
        } else if let Some(nodata) = self.values.nodata {
            pixels::mark_different(self.dtype, self.pixels, nodata, self.valid);
        }
    }

    /// Fills what no tile has written.
    pub fn fill_sparse(&mut self, windows: &[Window]) {
        let has_nodata = self.values.nodata.is_some();
        for window in windows {
            for row in window.row..window.row_end() {
                let start = row as usize * self.width + window.column as usize;
                self.fill(start, window.width as usize);
                if has_nodata {
                    self.valid[start..start + window.width as usize].fill(false);
                }
            }
        }
    }

    /// Fills what lies outside the area.
    pub fn fill_outside(&mut self, mask: &Mask) {
        for row in 0..mask.height() {
            let Some(inside) = mask.row(row) else { return };
            for (column, _) in inside.iter().enumerate().filter(|(_, inside)| !**inside) {
                let pixel = row as usize * self.width + column;
                self.fill(pixel, 1);
                self.valid[pixel] = false;
            }
        }
    }

    /// Turns a plane whose rows run from south to north.
    pub fn turn_over(&mut self) {
        reverse_rows(self.pixels, self.width * self.dtype.size());
        reverse_rows(self.valid, self.width);
    }

    fn fill(&mut self, start: usize, len: usize) {
        let size = self.dtype.size();
        // That the value fits was checked when the layout was made.
        if let Some(sample) = self.values.fill.to_sample(self.dtype) {
            sample.fill(&mut self.pixels[start * size..(start + len) * size]);
        }
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
    use rasteret_schema::PixelValue;

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
            let mut pixels = [1u8; 6];
            let mut valid = [true; 6];
            let values = PlaneValues { nodata, fill: PixelValue::Integer(fill) };
            let mut finish =
                Finish { dtype: DataType::UInt8, width: 3, values, pixels: &mut pixels, valid: &mut valid };
            finish.fill_sparse(&[Window::new(1, 0, 2, 2)]);
            assert_eq!(pixels, [1, fill as u8, fill as u8, 1, fill as u8, fill as u8]);
            assert_eq!(valid[1], nodata.is_none());
            assert!(valid[0]);
        }
    }
}
