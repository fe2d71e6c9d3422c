//! How an image is cut into blocks.

use super::codec::Block;
use super::{Blocks, CogOptions, Image, Sample};

/// The blocks of one image: row by row, and where samples lie in planes, plane by plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    width: u32,
    height: u32,
    /// Columns of a block.
    pub block_width: u32,
    /// Rows of a block.
    pub block_height: u32,
    across: u32,
    down: u32,
    planes: u16,
    /// Samples of one pixel of a block.
    pub samples_per_pixel: u16,
    striped: bool,
}

impl Grid {
    pub fn new(options: &CogOptions, width: u32, height: u32, bands: u16) -> Self {
        let (block_width, block_height, striped) = match options.blocks {
            Blocks::Tiles { width, height } => (width, height, false),
            Blocks::Strips { rows } => (width, rows.min(height), true),
        };
        let samples_per_pixel = options.samples_per_block_pixel(bands);
        Grid {
            width,
            height,
            block_width,
            block_height,
            across: width.div_ceil(block_width),
            down: height.div_ceil(block_height),
            planes: bands / samples_per_pixel,
            samples_per_pixel,
            striped,
        }
    }

    /// Number of blocks.
    pub fn count(&self) -> usize {
        self.across as usize * self.down as usize * usize::from(self.planes)
    }

    /// Pixels of a block that isn't cut.
    pub fn block_pixels(&self) -> u64 {
        u64::from(self.block_width) * u64::from(self.block_height)
    }

    /// The samples of a block, by its index. Tiles are filled up with zeros, as by GDAL's COG driver.
    pub fn block<T: Sample>(&self, image: &Image<T>, index: usize) -> Block<T> {
        let stride = usize::from(self.samples_per_pixel);
        let row_length = self.block_width as usize * stride;
        let (_, top) = self.corner(index);
        let height = match self.striped {
            true => self.block_height.min(self.height - top),
            false => self.block_height,
        };
        let mut samples = vec![T::default(); row_length * height as usize];
        for (row, sample, pixels) in self.rows(image, index) {
            let out = &mut samples[row_length * row..][..row_length];
            let out = out.iter_mut().skip(sample).step_by(stride);
            out.zip(pixels).for_each(|(out, pixel)| *out = *pixel);
        }
        Block { width: self.block_width, height, samples_per_pixel: self.samples_per_pixel, samples }
    }

    /// Whether all of the image's samples in a block have one value.
    pub fn is_filled_with<T: Sample>(&self, image: &Image<T>, index: usize, value: T) -> bool {
        self.rows(image, index).all(|(_, _, pixels)| pixels.iter().all(|sample| sample.same(value)))
    }

    /// Column and row of a block's upper left pixel.
    fn corner(&self, index: usize) -> (u32, u32) {
        let (across, down) = (self.across as usize, self.down as usize);
        let column = (index % across) as u32 * self.block_width;
        (column, (index / across % down) as u32 * self.block_height)
    }

    /// The part of the image that a block covers: row and sample within the block, and the pixels.
    fn rows<'a, T: Sample>(
        &self,
        image: &'a Image<T>,
        index: usize,
    ) -> impl Iterator<Item = (usize, usize, &'a [T])> {
        let (left, top) = self.corner(index);
        let columns = left as usize..self.width.min(left + self.block_width) as usize;
        let bottom = self.height.min(top + self.block_height);
        let samples = self.samples_per_pixel;
        let first_band = (index / self.across as usize / self.down as usize) as u16 * samples;
        (top..bottom).flat_map(move |row| {
            let columns = columns.clone();
            (0..samples).map(move |sample| {
                let pixels = &image.row(first_band + sample, row)[columns.clone()];
                ((row - top) as usize, usize::from(sample), pixels)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image<u16> {
        Image::from_fn(20, 18, 2, |band, x, y| 1000 * band + 20 * (y as u16) + x as u16).unwrap()
    }

    #[test]
    fn tiles_are_filled_up_with_zeros() {
        let options = CogOptions { blocks: Blocks::Tiles { width: 16, height: 16 }, ..CogOptions::default() };
        let grid = Grid::new(&options, 20, 18, 2);
        assert_eq!(grid.count(), 4);
        let block = grid.block(&image(), 3);
        assert_eq!((block.width, block.height, block.samples_per_pixel), (16, 16, 2));
        assert_eq!(block.samples[..10], [336, 1336, 337, 1337, 338, 1338, 339, 1339, 0, 0]);
        assert!(block.samples[2 * 32..].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn strips_end_with_the_image() {
        let options =
            CogOptions { blocks: Blocks::Strips { rows: 5 }, planar: true, ..CogOptions::default() };
        let grid = Grid::new(&options, 20, 18, 2);
        assert_eq!(grid.count(), 8);
        let block = grid.block(&image(), 7);
        assert_eq!((block.width, block.height, block.samples_per_pixel), (20, 3, 1));
        assert_eq!(block.samples, image().samples()[360 + 300..]);
    }
}
