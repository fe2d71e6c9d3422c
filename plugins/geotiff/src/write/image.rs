//! Pixels in memory.

use super::Sample;
use crate::write::WriteError;
use rayon::prelude::*;

/// Samples of an image: band by band, each row by row from the top.
#[derive(Debug, Clone, PartialEq)]
pub struct Image<T> {
    width: u32,
    height: u32,
    bands: u16,
    samples: Vec<T>,
}

impl<T: Sample> Image<T> {
    /// From samples, of which there must be `bands · height · width`.
    ///
    /// # Errors
    ///
    /// [`WriteError::InvalidOptions`] for another number of samples, or none at all.
    pub fn new(width: u32, height: u32, bands: u16, samples: Vec<T>) -> Result<Self, WriteError> {
        let expected = u128::from(width) * u128::from(height) * u128::from(bands);
        if expected == 0 || expected != samples.len() as u128 {
            return Err(WriteError::InvalidOptions(format!(
                "{} samples for {bands} bands of {width} × {height} pixels",
                samples.len()
            )));
        }
        Ok(Image { width, height, bands, samples })
    }

    /// From a function of band, column and row, called from many threads at once.
    ///
    /// # Errors
    ///
    /// [`WriteError::InvalidOptions`] for an image without pixels, or beyond the address space.
    pub fn from_fn(
        width: u32,
        height: u32,
        bands: u16,
        pixel: impl Fn(u16, u32, u32) -> T + Sync,
    ) -> Result<Self, WriteError> {
        Self::from_rows(width, height, bands, |band, row, out| {
            for (column, sample) in (0..width).zip(out) {
                *sample = pixel(band, column, row);
            }
        })
    }

    /// From a function that fills one row, given band and row, called from many threads at once.
    ///
    /// # Errors
    ///
    /// As [`Image::from_fn`].
    pub fn from_rows(
        width: u32,
        height: u32,
        bands: u16,
        fill: impl Fn(u16, u32, &mut [T]) + Sync,
    ) -> Result<Self, WriteError> {
        let count = [height as usize, usize::from(bands)]
            .into_iter()
            .try_fold(width as usize, usize::checked_mul)
            .filter(|count| *count > 0)
            .ok_or_else(|| {
                WriteError::InvalidOptions(format!("{bands} bands of {width} × {height} pixels"))
            })?;
        let mut samples = vec![T::default(); count];
        samples.par_chunks_mut(width as usize).enumerate().for_each(|(index, row)| {
            let band = index / height as usize;
            fill(band as u16, (index % height as usize) as u32, row);
        });
        Ok(Image { width, height, bands, samples })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Samples of a pixel.
    pub fn bands(&self) -> u16 {
        self.bands
    }

    /// All samples: band by band, each row by row from the top.
    pub fn samples(&self) -> &[T] {
        &self.samples
    }

    /// One row of one band.
    ///
    /// # Panics
    ///
    /// Where `band` or `row` lie outside the image.
    pub fn row(&self, band: u16, row: u32) -> &[T] {
        let width = self.width as usize;
        let start = (usize::from(band) * self.height as usize + row as usize) * width;
        &self.samples[start..start + width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_band_by_band() {
        let image = Image::from_fn(3, 2, 2, |band, x, y| u32::from(band) * 100 + y * 10 + x).unwrap();
        assert_eq!(image.row(1, 1), [110, 111, 112]);
        assert_eq!(Image::new(3, 2, 2, image.samples().to_vec()).unwrap(), image);
    }

    #[test]
    fn sizes_that_cannot_be_are_errors() {
        assert!(Image::<u8>::new(3, 2, 1, vec![0; 5]).is_err());
        assert!(Image::<u8>::new(0, 2, 1, vec![]).is_err());
        assert!(Image::<u8>::from_fn(u32::MAX, u32::MAX, u16::MAX, |_, _, _| 0).is_err());
    }
}
