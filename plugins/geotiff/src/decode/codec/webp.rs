use crate::decode::{Codec, CodecError, Decompressed, EncodedTile};
use image_webp::WebPDecoder;
use rasteret_schema::DataType;
use std::io::Cursor;

/// WebP, lossy and lossless, with three samples or four (`Compression` 50001).
#[derive(Debug, Clone, Copy)]
pub struct WebP;

impl Codec for WebP {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Plain
    }

    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        encoded: &[u8],
        _: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        if !matches!(tile.samples, 3 | 4)
            || tile.image.dtype != DataType::UInt8
            || tile.image.bits_per_sample != 8
        {
            return Err(CodecError::Unsupported {
                tag: "SamplesPerPixel",
                value: format!("{} of {} for WebP", tile.samples, tile.image.dtype),
                hint: "",
            });
        }
        check_lossy_frame(tile, encoded)?;
        let mut decoder = WebPDecoder::new(Cursor::new(encoded)).map_err(CodecError::corrupt)?;
        let (columns, rows) = decoder.dimensions();
        let samples: u16 = if decoder.has_alpha() { 4 } else { 3 };
        if (columns, rows) != (tile.columns, tile.rows) || samples > tile.samples || decoder.is_animated() {
            return Err(CodecError::corrupt(format_args!(
                "WebP image of {columns} × {rows} pixels of {samples} samples for a tile of {} × {} of {}",
                tile.columns, tile.rows, tile.samples
            )));
        }
        if samples == tile.samples {
            return decoder.read_image(out).map_err(CodecError::corrupt);
        }
        // Writers leave out an alpha channel that is opaque all over.
        let colors_len = out.len() / 4 * 3;
        decoder.read_image(&mut out[..colors_len]).map_err(CodecError::corrupt)?;
        for pixel in (0..out.len() / 4).rev() {
            let [red, green, blue] = [out[3 * pixel], out[3 * pixel + 1], out[3 * pixel + 2]];
            out[4 * pixel..4 * pixel + 4].copy_from_slice(&[red, green, blue, 0xFF]);
        }
        Ok(())
    }
}

/// Checks the size of the lossy frame within an extended image before the decoder makes room for it.
fn check_lossy_frame(tile: &EncodedTile<'_>, encoded: &[u8]) -> Result<(), CodecError> {
    let mut rest = encoded.get(12..).unwrap_or_default();
    while let Some((header, chunk)) = rest.split_first_chunk::<8>() {
        let [kind @ .., l0, l1, l2, l3] = *header;
        let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if kind == *b"VP8 "
            && let Some(&[w0, w1, h0, h1]) = chunk.get(6..10)
        {
            // 14 bits of size, 2 of scale.
            let size = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
            if (size(w0, w1), size(h0, h1)) != (tile.columns, tile.rows) {
                return Err(CodecError::corrupt("WebP frame of another size than the tile"));
            }
        }
        rest = chunk.get(len.saturating_add(len % 2)..).unwrap_or_default();
    }
    Ok(())
}
