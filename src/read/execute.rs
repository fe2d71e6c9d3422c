//! Carries out a plan: bytes → decoded tiles → output planes.
//!
//! Tiles are decoded in parallel, each into a buffer of its own, and copied from there to where they
//! are used. The copy is a few per cent of the decoding, and needs no pixel to be shared unsafely.

use super::plan::{TilePlan, TileUse};
use crate::error::{Error, Location, Result};
use crate::io::LocalFile;
use rasteret_schema::{ImageView, RasterReader, TileRequest};
use rayon::prelude::*;
use std::sync::Mutex;

/// A two-dimensional part of an output, row-major.
#[derive(Debug)]
pub struct Plane<'a> {
    /// Columns.
    pub width: u32,
    /// Rows times columns samples.
    pub bytes: &'a mut [u8],
}

/// The tiles that are read from one image of one file.
pub struct ImageRead<'a> {
    /// Decodes the tiles.
    pub reader: &'a dyn RasterReader,
    /// The image.
    pub image: ImageView<'a>,
    /// What to decode.
    pub tiles: Vec<TilePlan>,
    /// The file, record and band, for errors.
    pub location: Location,
    /// The file.
    pub file: &'a LocalFile,
}

/// Decodes all tiles of all images, and copies them to the planes.
///
/// # Errors
///
/// The first tile that cannot be decoded ends the read.
pub fn execute(reads: &[ImageRead<'_>], planes: &[Mutex<Plane<'_>>]) -> Result<()> {
    reads
        .par_iter()
        .flat_map(|read| read.tiles.par_iter().map(move |tile| (read, tile)))
        .try_for_each_init(Vec::new, |buffer, (read, tile)| decode_tile(read, tile, buffer, planes))
}

fn decode_tile(
    read: &ImageRead<'_>,
    tile: &TilePlan,
    buffer: &mut Vec<u8>,
    planes: &[Mutex<Plane<'_>>],
) -> Result<()> {
    let located = |source| Error::Raster { location: Box::new(read.location.clone()), source };
    let corrupt =
        |reason: String| located(rasteret_schema::RasterError::CorruptTile { tile: tile.tile, reason });
    let encoded = read.file.bytes(tile.bytes.clone()).ok_or_else(|| {
        corrupt(format!(
            "its bytes {}..{} lie beyond the end of the file: the file is truncated",
            tile.bytes.start, tile.bytes.end
        ))
    })?;
    let sample_size = read.image.dtype.size();
    let request =
        TileRequest { rows: tile.rows.clone(), columns: tile.columns.clone(), samples: &tile.samples };
    let len =
        request.decoded_len(sample_size).ok_or_else(|| corrupt("it is larger than memory".to_owned()))?;
    buffer.resize(len, 0);
    read.reader.decode(&read.image, tile.tile, encoded, &request, buffer).map_err(located)?;
    let (height, width) = (tile.rows.len(), tile.columns.len());
    for tile_use in &tile.uses {
        let samples =
            &buffer[tile_use.sample * height * width * sample_size..][..height * width * sample_size];
        let mut plane = planes[tile_use.to.plane].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        copy(tile_use, samples, width, &mut plane, sample_size);
    }
    Ok(())
}

fn copy(tile_use: &TileUse, samples: &[u8], stride: usize, plane: &mut Plane<'_>, sample_size: usize) {
    let (from, to) = (tile_use.from, tile_use.to.window);
    let len = from.width as usize * sample_size;
    for row in 0..from.height as usize {
        let source = ((from.row as usize + row) * stride + from.column as usize) * sample_size;
        let target = ((to.row as usize + row) * plane.width as usize + to.column as usize) * sample_size;
        plane.bytes[target..target + len].copy_from_slice(&samples[source..source + len]);
    }
}
