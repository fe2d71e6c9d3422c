//! Pixels from tiles.

use rasteret_schema::{ImageView, RasterError, TileRequest};

/// The codecs that a reader decodes with.
#[derive(Debug, Clone, Default)]
pub struct CodecRegistry {}

/// Decodes a rectangle of a tile.
///
/// # Errors
///
/// As `RasterReader::decode`.
pub fn decode(
    _codecs: &CodecRegistry,
    image: &ImageView<'_>,
    _tile: u32,
    _encoded: &[u8],
    _request: &TileRequest<'_>,
    _out: &mut [u8],
) -> Result<(), RasterError> {
    Err(RasterError::Unsupported { tag: "Compression", value: image.compression.to_string(), hint: "" })
}
