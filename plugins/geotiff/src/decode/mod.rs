//! Pixels from tiles.
//!
//! A tile goes through up to three steps, each a module: a [codec](Codec) decompresses it, no further
//! than the last row that is wanted; `rows` makes native samples of each row (predictors, byte order,
//! narrow samples); `gather` takes the wanted columns and samples of the row into the output. What
//! needs no step is decompressed straight into the output.

mod bits;
pub mod codec;
mod compression;
mod gather;
mod layout;
mod predictor;
mod registry;
mod rows;
mod scratch;
mod vectorized;
mod word;

pub use compression::compression_name;
pub use layout::MAX_TILE_LEN;
pub use registry::{Codec, CodecError, CodecRegistry, Decompressed, EncodedTile};

use layout::Layout;
use rasteret_schema::{ImageView, RasterError, TileRequest};
use scratch::Scratch;

/// Decodes a rectangle of a tile.
///
/// `out` receives `[samples, rows, columns]` in native byte order.
///
/// # Errors
///
/// [`RasterError::Unsupported`] for an encoding that `codecs` or TIFF does not know;
/// [`RasterError::CorruptTile`] if the bytes do not decode to the rows that are wanted, or if the
/// request does not fit the tile or the output.
pub fn decode(
    codecs: &CodecRegistry,
    image: &ImageView<'_>,
    tile: u32,
    encoded: &[u8],
    request: &TileRequest<'_>,
    out: &mut [u8],
) -> Result<(), RasterError> {
    let codec = codecs.get(image.compression).ok_or_else(|| compression::unsupported(image.compression))?;
    decode_with(codec, image, tile, encoded, request, out).map_err(|error| match error {
        CodecError::Unsupported { tag, value, hint } => RasterError::Unsupported { tag, value, hint },
        error => RasterError::CorruptTile { tile, reason: error.to_string() },
    })
}

fn decode_with(
    codec: &dyn Codec,
    image: &ImageView<'_>,
    tile: u32,
    encoded: &[u8],
    request: &TileRequest<'_>,
    out: &mut [u8],
) -> Result<(), CodecError> {
    let layout = Layout::new(image, tile, codec)?;
    layout.check(request, out.len())?;
    if out.is_empty() {
        return Ok(());
    }
    scratch::with(|scratch| {
        let Scratch { encoded: reversed, tile, native } = scratch;
        let encoded = if image.reversed_bits && codec.decompressed() != Decompressed::Samples {
            bits::reverse(encoded, reversed.get(encoded.len())?)
        } else {
            encoded
        };
        let (row_len, transform) = (layout.tile.row_len, layout.transform);
        let (start, needed) = (request.rows.start as usize * row_len, request.rows.end as usize * row_len);
        let straight = layout.is_contiguous(request) && transform.is_in_place();

        let rows = match codec.stored(encoded) {
            Some(stored) => {
                CodecError::check_len(stored.len(), needed)?;
                let stored = &stored[start..needed];
                if straight {
                    out.copy_from_slice(stored);
                    rows::apply_in_place(transform, out, row_len);
                    return Ok(());
                }
                let rows = tile.get(stored.len())?;
                rows.copy_from_slice(stored);
                rows
            }
            None => {
                let room = codec.room(&layout.tile, needed).clamp(needed, layout.tile.len());
                if straight && start == 0 && room == needed {
                    codec.decompress(&layout.tile, encoded, needed, out)?;
                    rows::apply_in_place(transform, out, row_len);
                    return Ok(());
                }
                let decompressed = tile.get(room)?;
                codec.decompress(&layout.tile, encoded, needed, decompressed)?;
                &mut decompressed[start..needed]
            }
        };
        gather::rows(rows, native.get(layout.native_row_len)?, &layout, request, out);
        Ok(())
    })
}
