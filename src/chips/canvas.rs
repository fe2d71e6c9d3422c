//! The pixels of a chip while it is read.

use crate::read::PixelArray;
use crate::read::pipeline::WindowPixels;
use rasteret_schema::DataType;

/// `[T, C, H, W]` samples, of which the first valid ones win.
pub(super) struct Canvas {
    pub pixels: PixelArray,
    /// As many, in row-major order.
    pub valid: Vec<bool>,
    /// Of each time, the records that gave pixels.
    pub records: Vec<Vec<usize>>,
    /// Of each plane, whether anything was painted on it.
    painted: Vec<bool>,
}

impl Canvas {
    pub fn new(dtype: DataType, shape: [usize; 4]) -> Canvas {
        let [times, bands, ..] = shape;
        Canvas {
            pixels: PixelArray::zeros(dtype, shape),
            valid: vec![false; shape.iter().product()],
            records: vec![Vec::new(); times],
            painted: vec![false; times * bands],
        }
    }

    /// Takes the first plane of a time and a band as it is, fill included; of others what is valid and was not.
    pub fn paint(&mut self, step: usize, band: usize, record: usize, from: &WindowPixels) {
        let [_, bands, ..] = self.pixels.shape();
        let (plane, size) = (step * bands + band, self.pixels.dtype().size());
        let first = plane * from.valid.len();
        let samples = from.pixels.to_bytes();
        let pixels = &mut self.pixels.as_bytes_mut()[first * size..][..samples.len()];
        let valid = &mut self.valid[first..][..from.valid.len()];
        let mut is_used = !self.painted[plane];
        if !std::mem::replace(&mut self.painted[plane], true) {
            pixels.copy_from_slice(&samples);
            valid.copy_from_slice(&from.valid);
        } else {
            for (index, (valid, found)) in valid.iter_mut().zip(&from.valid).enumerate() {
                if *found && !*valid {
                    let sample = index * size..(index + 1) * size;
                    pixels[sample.clone()].copy_from_slice(&samples[sample]);
                    *valid = true;
                    is_used = true;
                }
            }
        }
        if is_used && !self.records[step].contains(&record) {
            self.records[step].push(record);
        }
    }

    /// Whether all pixels of a time are valid.
    pub fn is_complete(&self, step: usize) -> bool {
        let of_step = self.valid.len() / self.records.len().max(1);
        self.valid[step * of_step..][..of_step].iter().all(|valid| *valid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array4;

    fn plane(values: [u8; 3], valid: [bool; 3]) -> WindowPixels {
        let pixels = Array4::from_shape_vec([1, 1, 1, 3], values.to_vec()).unwrap().into();
        WindowPixels { pixels, valid: valid.to_vec() }
    }

    #[test]
    fn the_first_valid_pixel_wins() {
        let mut canvas = Canvas::new(DataType::UInt8, [2, 1, 1, 3]);
        canvas.paint(1, 0, 7, &plane([1, 9, 9], [true, false, false]));
        canvas.paint(1, 0, 5, &plane([2, 2, 8], [true, true, false]));
        canvas.paint(1, 0, 4, &plane([3, 3, 3], [true, true, false]));
        assert!(!canvas.is_complete(1));
        canvas.paint(1, 0, 3, &plane([4, 4, 4], [false, false, true]));
        assert!(canvas.is_complete(1) && !canvas.is_complete(0));
        assert_eq!(*canvas.pixels.to_bytes(), [0, 0, 0, 1, 2, 4]);
        assert_eq!(canvas.records, [vec![], vec![7, 5, 3]]);
    }
}
