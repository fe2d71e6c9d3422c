//! JPEG, by libjpeg-turbo: most builds of GDAL decode with it, and the pixels are the same.

mod stream;
mod turbo;

use crate::decode::{Codec, CodecError, Decompressed, EncodedTile, scratch};
use stream::{Frame, Stream, Transform};
use turbo::{Decompressor, PixelFormat};

const YCBCR: u16 = 6;

/// JPEG of 8 bits, baseline and progressive (`Compression` 7; Adobe Photoshop TIFF Technical Note 2).
///
/// YCbCr becomes RGB, as GDAL reads it; any other photometric interpretation is left as it is.
#[derive(Debug, Clone, Copy)]
pub struct Jpeg;

impl Codec for Jpeg {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Samples
    }

    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        let convert = tile.image.photometric == YCBCR && !tile.image.planar;
        let format = match (tile.samples, convert) {
            (1, _) => PixelFormat::Gray,
            (2, false) | (3, _) => PixelFormat::Rgb,
            (4, false) => PixelFormat::Cmyk,
            _ => {
                return Err(CodecError::Unsupported {
                    tag: "PhotometricInterpretation",
                    value: format!("{} for JPEG of {} samples", tile.image.photometric, tile.samples),
                    hint: "",
                });
            }
        };
        let transform = if convert { Transform::YcbcrToRgb } else { Transform::None };
        let stream = Stream::new(tile.image.jpeg_tables, encoded, transform)?;
        check(&stream.frame, tile)?;
        let decompressor = Decompressor::new(stream.as_bytes())?;
        let (rows, columns) = decompressor.size();
        if (rows, columns) != (stream.frame.rows.into(), stream.frame.columns.into()) {
            return Err(CodecError::corrupt("JPEG stream with more than one frame"));
        }

        CodecError::check_len(rows * tile.row_len, needed)?;
        let wanted = needed / tile.row_len;
        let rows = if decompressor.can_stop_at(wanted) { wanted } else { rows };
        let out = &mut out[..needed];
        let len = rows * columns * format.samples();
        if len == needed {
            return decompressor.decompress(format, rows, out);
        }
        scratch::with_codec_buffer(len, |decoded| {
            decompressor.decompress(format, rows, decoded)?;
            if tile.samples == 2 {
                drop_third_samples(decoded, out);
            } else {
                out.copy_from_slice(&decoded[..needed]);
            }
            Ok(())
        })
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }
}

/// Leaves out what [`Stream`] has put in, since TurboJPEG has no pixels of two samples.
fn drop_third_samples(three: &[u8], two: &mut [u8]) {
    for (two, [first, second, _]) in two.as_chunks_mut().0.iter_mut().zip(three.as_chunks().0) {
        *two = [*first, *second];
    }
}

/// Refuses frames of processes that are not supported, and of other dimensions than the tile.
fn check(frame: &Frame, tile: &EncodedTile<'_>) -> Result<(), CodecError> {
    let unsupported = |tag, value| {
        Err(CodecError::Unsupported {
            tag,
            value,
            hint: "rewrite the file, for instance with `gdal_translate`",
        })
    };
    if !frame.is_huffman_coded_dct() {
        return unsupported("JPEG process", format!("SOF{}", frame.process()));
    }
    if frame.precision != 8 {
        return unsupported("BitsPerSample", format!("{} for JPEG", frame.precision));
    }
    if tile.image.bits_per_sample != 8 {
        return Err(CodecError::corrupt(format_args!(
            "JPEG frame of 8 bits a sample for a tile of {}",
            tile.image.bits_per_sample
        )));
    }
    // A last strip may have as many rows as the others, as libtiff allows.
    let most_rows = if tile.image.striped { tile.image.tile_height } else { tile.rows };
    if u16::from(frame.components) != tile.samples
        || u32::from(frame.columns) != tile.columns
        || u32::from(frame.rows) > most_rows
    {
        return Err(CodecError::corrupt(format_args!(
            "JPEG frame of {} × {} pixels of {} samples for a tile of {} × {} of {}",
            frame.columns, frame.rows, frame.components, tile.columns, tile.rows, tile.samples
        )));
    }
    Ok(())
}
