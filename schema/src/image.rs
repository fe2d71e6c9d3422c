//! An image of an archived header, with its scalars at hand and its tables borrowed.

use crate::header::{ArchivedEncoding, ArchivedImageHeader};
use crate::tile_table::TileTableView;
use crate::{ArchivedRasterHeader, DataType};

/// One image of a header: all that is needed to find and decode its tiles.
#[derive(Debug, Clone, Copy)]
pub struct ImageView<'a> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Columns of a tile.
    pub tile_width: u32,
    /// Rows of a tile.
    pub tile_height: u32,
    /// Type of decoded samples.
    pub dtype: DataType,
    /// Bits of an encoded sample.
    pub bits_per_sample: u16,
    /// Samples of a pixel.
    pub samples_per_pixel: u16,
    /// Whether each sample has tiles of its own.
    pub planar: bool,
    /// Whether tiles are strips.
    pub striped: bool,
    /// Whether multi-byte samples are big-endian.
    pub big_endian: bool,
    /// Whether bits within a byte run from the least significant.
    pub reversed_bits: bool,
    /// `Compression`.
    pub compression: u16,
    /// `Predictor`.
    pub predictor: u16,
    /// `PhotometricInterpretation`.
    pub photometric: u16,
    /// `YCbCrSubSampling`.
    pub chroma_subsampling: [u8; 2],
    /// `JPEGTables`; empty where there are none.
    pub jpeg_tables: &'a [u8],
    /// Compression within LERC.
    pub lerc_compression: u8,
    /// Byte ranges of the tiles.
    pub tiles: TileTableView<'a>,
}

impl<'a> ImageView<'a> {
    /// `None` where the archive contradicts itself: an image without pixels, or tiles without.
    fn new(image: &'a ArchivedImageHeader, encoding: &'a ArchivedEncoding) -> Option<Self> {
        let sizes = [image.width, image.height, image.tile_width, image.tile_height];
        if sizes.iter().any(|size| size.to_native() == 0) {
            return None;
        }
        Some(ImageView {
            width: image.width.to_native(),
            height: image.height.to_native(),
            tile_width: image.tile_width.to_native(),
            tile_height: image.tile_height.to_native(),
            dtype: encoding.dtype,
            bits_per_sample: encoding.bits_per_sample.to_native(),
            samples_per_pixel: encoding.samples_per_pixel.to_native(),
            planar: encoding.planar,
            striped: encoding.striped,
            big_endian: encoding.big_endian,
            reversed_bits: encoding.reversed_bits,
            compression: encoding.compression.to_native(),
            predictor: encoding.predictor.to_native(),
            photometric: encoding.photometric.to_native(),
            chroma_subsampling: encoding.chroma_subsampling,
            jpeg_tables: encoding.jpeg_tables.as_slice(),
            lerc_compression: encoding.lerc_compression,
            tiles: image.tiles.view()?,
        })
    }

    /// Tiles side by side.
    pub fn tiles_across(&self) -> u32 {
        self.width.div_ceil(self.tile_width)
    }

    /// Tiles one below another.
    pub fn tiles_down(&self) -> u32 {
        self.height.div_ceil(self.tile_height)
    }

    /// Samples that are interleaved in one encoded tile.
    pub fn samples_per_tile(&self) -> u16 {
        if self.planar { 1 } else { self.samples_per_pixel }
    }

    /// Index in the tile table of the tile in a tile column and tile row that holds a sample.
    pub fn tile_index(&self, tile_column: u32, tile_row: u32, sample: u16) -> Option<u32> {
        let plane = if self.planar { u64::from(sample) } else { 0 };
        let (across, down) = (u64::from(self.tiles_across()), u64::from(self.tiles_down()));
        if u64::from(tile_column) >= across || u64::from(tile_row) >= down || sample >= self.samples_per_pixel
        {
            return None;
        }
        // Sizes in a damaged archive may be anything.
        let row = plane * down + u64::from(tile_row);
        let index = row.checked_mul(across)?.checked_add(u64::from(tile_column))?;
        u32::try_from(index).ok().filter(|index| *index < self.tiles.len())
    }

    /// The tile row of a tile, by its index in the tile table.
    pub fn tile_row(&self, tile: u32) -> u32 {
        let (across, down) = (self.tiles_across(), self.tiles_down());
        tile / across % down
    }

    /// Rows that an encoded tile holds: fewer than `tile_height` only in the last strip.
    pub fn encoded_rows(&self, tile: u32) -> u32 {
        if self.striped {
            let tile_row = self.tile_row(tile);
            self.tile_height.min(self.height.saturating_sub(tile_row.saturating_mul(self.tile_height)))
        } else {
            self.tile_height
        }
    }
}

impl ArchivedRasterHeader {
    /// The image at full resolution (level 0) or an overview; `None` beyond the coarsest.
    pub fn image(&self, level: usize) -> Option<ImageView<'_>> {
        self.view(self.images.get(level)?)
    }

    /// The validity mask of an image.
    pub fn mask(&self, level: usize) -> Option<ImageView<'_>> {
        let mask = self.images.get(level)?.mask.as_ref()?.to_native();
        self.view(self.masks.get(usize::from(mask))?)
    }

    fn view<'a>(&'a self, image: &'a ArchivedImageHeader) -> Option<ImageView<'a>> {
        ImageView::new(image, self.encodings.get(usize::from(image.encoding.to_native()))?)
    }
}
