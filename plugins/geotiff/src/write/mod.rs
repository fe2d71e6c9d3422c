//! Cloud optimized GeoTIFFs in the layout of GDAL's COG driver.
//!
//! ```text
//! signature │ ghost area │ IFD, its values │ mask IFD │ overview IFDs │ overview mask IFDs
//!           │ block offsets and sizes of each IFD
//!           │ blocks of the coarsest overview │ … │ blocks at full resolution
//! ```
//!
//! Each block has its size in front and its last four bytes repeated behind, and the block of the
//! mask follows the block that it masks, so that a reader finds both with one request. The layout
//! is that of `frmts/gtiff/cogdriver.cpp` and `gtiffdataset_write.cpp` in GDAL 3.10, and is described
//! in GDAL's documentation of the COG driver; uncompressed files are the same to the byte.
//!
//! It is written here, and not by the `tiff` crate, because that one writes each image's blocks
//! before its IFD, one image after the other: it can neither put the directories first, nor order
//! blocks from coarse to fine, nor frame them.
//!
//! Layouts that GDAL's driver doesn't write (strips, planes, big-endian files) differ from it in
//! just that; all that the ghost area says holds for them too.

mod codec;
mod directory;
mod error;
mod geokeys;
mod grid;
mod ifd;
mod image;
mod layout;
mod metadata;
mod options;
mod overview;
mod predictor;
mod sample;

pub use error::WriteError;
pub use geokeys::{GeoKeyValue, GeoKeys, key};
pub use image::Image;
pub use options::{Blocks, ByteOrder, Codec, CogOptions, LercCompression, Predictor, Resampling};
pub use overview::{Level, overviews};
pub use sample::Sample;

use directory::{Kind, Span};
use grid::Grid;
use layout::Format;
use rasteret_schema::DataType;
use rayon::prelude::*;
use std::io::Write;

/// Writes an image, with its overviews and, if there is one, its validity mask (one band, zero where
/// a pixel is not valid).
///
/// Blocks are compressed in parallel on rayon's current thread pool; the bytes don't depend on it.
///
/// ```
/// use rasteret_geotiff::write::{Codec, CogOptions, GeoKeys, Image, Predictor, write_cog};
/// use rasteret_schema::Geotransform;
///
/// let image = Image::from_fn(600, 400, 1, |_band, column, row| (column + row) as u16)?;
/// let options = CogOptions {
///     codec: Codec::Deflate { level: 7 },
///     predictor: Predictor::Horizontal,
///     transform: Some(Geotransform::new(10.0, 0.0, 699960.0, 0.0, -10.0, 1500000.0)),
///     geo_keys: Some(GeoKeys::utm(43, true)),
///     ..CogOptions::default()
/// };
/// let mut file = Vec::new();
/// write_cog(&options, &image, None, &mut file)?;
/// assert!(file[8..].starts_with(b"GDAL_STRUCTURAL_METADATA_SIZE=000140 bytes\nLAYOUT=IFDS_BEFORE_DATA"));
/// # Ok::<(), rasteret_geotiff::write::WriteError>(())
/// ```
///
/// # Errors
///
/// [`WriteError::InvalidOptions`] and [`WriteError::UnsupportedPixels`] before anything is written,
/// [`WriteError::TooLarge`] where a classic TIFF can't hold the file, and what compression and `out`
/// return.
pub fn write_cog<T: Sample>(
    options: &CogOptions,
    image: &Image<T>,
    mask: Option<&Image<u8>>,
    out: &mut impl Write,
) -> Result<(), WriteError> {
    let overviews = overviews(options, image, mask)?;
    let layers = layers(image, mask, &overviews);
    let order = block_order(options, &layers);
    let blocks: Vec<Option<Vec<u8>>> = order
        .par_iter()
        .map(|(layer, block)| layers[*layer].compress(options, *block))
        .collect::<Result<_, _>>()?;

    let format = Format { big_tiff: options.big_tiff, byte_order: options.byte_order };
    let ghost = ghost_area(mask.is_some() && interleaves_masks(options, image.bands()));
    let head = |spans: &[Vec<Span>]| -> Result<Vec<u8>, WriteError> {
        let directories = layers.iter().zip(spans).map(|(layer, spans)| layer.directory(options, spans));
        Ok(layout::lay_out(format, &ghost, &directories.collect::<Result<Vec<_>, _>>()?))
    };
    // Offsets don't change the head's length, so a first one tells where blocks start.
    let mut spans: Vec<Vec<Span>> =
        layers.iter().map(|layer| vec![Span::default(); layer.grid(options).count()]).collect();
    let mut end = head(&spans)?.len() as u64;
    for ((layer, index), block) in order.iter().zip(&blocks) {
        if let Some(block) = block {
            spans[*layer][*index] = Span { offset: end + FRAME, size: block.len() as u64 };
            end += block.len() as u64 + 2 * FRAME;
        }
    }
    if !options.big_tiff && end > u64::from(u32::MAX) {
        return Err(WriteError::TooLarge { bytes: end });
    }

    out.write_all(&head(&spans)?)?;
    for block in blocks.iter().flatten() {
        out.write_all(&(block.len() as u32).to_le_bytes())?;
        out.write_all(block)?;
        out.write_all(&trailer(block))?;
    }
    Ok(())
}

/// Bytes of a block's leader, and of its trailer.
const FRAME: u64 = 4;

/// The last four bytes of a block; one that is shorter, filled up with zeros.
fn trailer(block: &[u8]) -> [u8; FRAME as usize] {
    let mut out = [0; FRAME as usize];
    let last = &block[block.len().saturating_sub(out.len())..];
    out[..last.len()].copy_from_slice(last);
    out
}

fn ghost_area(masks_interleaved: bool) -> String {
    let mut items = "LAYOUT=IFDS_BEFORE_DATA\n\
        BLOCK_ORDER=ROW_MAJOR\n\
        BLOCK_LEADER=SIZE_AS_UINT4\n\
        BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n\
        KNOWN_INCOMPATIBLE_EDITION=NO\n "
        .to_owned();
    if masks_interleaved {
        items.push_str("MASK_INTERLEAVED_WITH_IMAGERY=YES\n");
    }
    format!("GDAL_STRUCTURAL_METADATA_SIZE={:06} bytes\n{items}", items.len())
}

/// Whether each block of pixels has one block of the mask to follow it.
fn interleaves_masks(options: &CogOptions, bands: u16) -> bool {
    options.samples_per_block_pixel(bands) == bands
}

/// What one directory describes.
#[derive(Clone, Copy)]
struct Layer<'a, T> {
    pixels: Pixels<'a, T>,
    /// 0 at full resolution.
    level: usize,
}

#[derive(Clone, Copy)]
enum Pixels<'a, T> {
    Image(&'a Image<T>),
    Mask(&'a Image<u8>),
}

/// The layers in the order of their directories: the image and its mask, overviews, their masks.
fn layers<'a, T>(
    image: &'a Image<T>,
    mask: Option<&'a Image<u8>>,
    overviews: &'a [Level<T>],
) -> Vec<Layer<'a, T>> {
    let numbered = || (1..).zip(overviews);
    let full = Layer { pixels: Pixels::Image(image), level: 0 };
    let full_mask = mask.map(|mask| Layer { pixels: Pixels::Mask(mask), level: 0 });
    let images = numbered().map(|(level, of)| Layer { pixels: Pixels::Image(&of.image), level });
    let masks =
        numbered().filter_map(|(level, of)| Some(Layer { pixels: Pixels::Mask(of.mask.as_ref()?), level }));
    [full].into_iter().chain(full_mask).chain(images).chain(masks).collect()
}

/// The order of blocks in the file, as (layer, block): from the coarsest level to full resolution,
/// row by row, blocks of the mask right behind those that they mask.
fn block_order<T: Sample>(options: &CogOptions, layers: &[Layer<'_, T>]) -> Vec<(usize, usize)> {
    let coarsest = layers.iter().map(|layer| layer.level).max().unwrap_or(0);
    let mut order = Vec::new();
    for level in (0..=coarsest).rev() {
        let start = order.len();
        for (index, layer) in layers.iter().enumerate().filter(|(_, layer)| layer.level == level) {
            order.extend((0..layer.grid(options).count()).map(|block| (index, block)));
            if let (Pixels::Mask(_), true) = (layer.pixels, interleaves_masks(options, layers[0].bands())) {
                order[start..].sort_by_key(|(layer, block)| (*block, *layer));
            }
        }
    }
    order
}

impl<T: Sample> Layer<'_, T> {
    fn bands(&self) -> u16 {
        match self.pixels {
            Pixels::Image(image) => image.bands(),
            Pixels::Mask(_) => 1,
        }
    }

    fn size(&self) -> (u32, u32) {
        match self.pixels {
            Pixels::Image(image) => (image.width(), image.height()),
            Pixels::Mask(mask) => (mask.width(), mask.height()),
        }
    }

    fn grid(&self, options: &CogOptions) -> Grid {
        let (width, height) = self.size();
        Grid::new(options, width, height, self.bands())
    }

    fn directory(&self, options: &CogOptions, spans: &[Span]) -> Result<Vec<ifd::Field>, WriteError> {
        let (mask, dtype) = match self.pixels {
            Pixels::Image(_) => (false, T::DTYPE),
            Pixels::Mask(_) => (true, DataType::UInt8),
        };
        let kind = Kind { overview: self.level > 0, mask };
        let (width, height) = self.size();
        directory::fields(options, kind, dtype, (width, height, self.bands()), spans)
    }

    /// The bytes of a block, `None` where it is left out.
    fn compress(&self, options: &CogOptions, index: usize) -> Result<Option<Vec<u8>>, WriteError> {
        let grid = self.grid(options);
        match self.pixels {
            Pixels::Image(image) => {
                let empty = options.nodata.and_then(T::from_value).unwrap_or_default();
                if options.sparse && grid.is_filled_with(image, index, empty) {
                    return Ok(None);
                }
                grid.block(image, index).compress(options).map(Some)
            }
            Pixels::Mask(mask) => {
                if options.sparse && grid.is_filled_with(mask, index, 0) {
                    return Ok(None);
                }
                codec::compress_mask(&grid.block(mask, index)).map(Some)
            }
        }
    }
}
