//! Compression of single blocks. Every block is compressed by itself, so blocks can be compressed
//! in parallel, and give the same bytes whatever the number of threads.

mod jpeg;
pub(super) mod lerc;
mod packbits;

pub(super) use jpeg::tables as jpeg_tables;

use super::{Codec, CogOptions, Sample, predictor};
use crate::write::WriteError;
use lzma_rust2::{CheckType, XzOptions, XzWriter};
use std::io::Write;

/// Samples of one block, all rows of the same length, samples of a pixel side by side.
pub(super) struct Block<T> {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Samples of a pixel.
    pub samples_per_pixel: u16,
    /// The samples.
    pub samples: Vec<T>,
}

impl<T: Sample> Block<T> {
    /// The block as it lies in the file.
    pub fn compress(&self, options: &CogOptions) -> Result<Vec<u8>, WriteError> {
        match options.codec {
            Codec::Lerc { max_error, inner } => return lerc::compress(self, max_error, inner),
            Codec::Jpeg { quality } => {
                return jpeg::compress(self.dimensions()?, &self.bytes(options), quality);
            }
            _ => {}
        }
        let bytes = self.bytes(options);
        let name = options.codec.name();
        let row = self.width as usize * usize::from(self.samples_per_pixel) * T::DTYPE.size();
        match options.codec {
            Codec::PackBits => Ok(bytes.chunks(row).flat_map(packbits::compress_row).collect()),
            Codec::Lzw => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
                .encode(&bytes)
                .map_err(|error| WriteError::codec(name, error)),
            Codec::Deflate { level } => deflate(&bytes, level),
            Codec::Zstd { level } => Ok(zstd::bulk::compress(&bytes, level.into())?),
            Codec::Lzma { preset } => {
                let mut options = XzOptions::with_preset(preset.into());
                options.set_check_sum_type(CheckType::None);
                let mut writer = XzWriter::new(Vec::new(), options)?;
                writer.write_all(&bytes)?;
                Ok(writer.finish()?)
            }
            Codec::WebP => {
                let color = match self.samples_per_pixel {
                    4 => image_webp::ColorType::Rgba8,
                    _ => image_webp::ColorType::Rgb8,
                };
                let mut out = Vec::new();
                image_webp::WebPEncoder::new(&mut out)
                    .encode(&bytes, self.width, self.height, color)
                    .map_err(|error| WriteError::codec(name, error))?;
                Ok(out)
            }
            Codec::None | Codec::Jpeg { .. } | Codec::Lerc { .. } => Ok(bytes),
        }
    }

    fn bytes(&self, options: &CogOptions) -> Vec<u8> {
        let stride = usize::from(self.samples_per_pixel);
        let row = self.width as usize * stride;
        predictor::to_bytes(&self.samples, row, stride, options.predictor, options.byte_order)
    }

    /// Width, height and samples of a pixel, in the 16 bits that JPEG has.
    fn dimensions(&self) -> Result<(u16, u16, u16), WriteError> {
        let narrow = |side: u32| u16::try_from(side).map_err(|error| WriteError::codec("JPEG", error));
        Ok((narrow(self.width)?, narrow(self.height)?, self.samples_per_pixel))
    }
}

/// GDAL compresses masks by Deflate at its default level, whatever the compression of pixels.
pub(super) const MASK_CODEC: Codec = Codec::Deflate { level: DEFAULT_LEVEL };

/// Deflate's default effort in GDAL: libtiff's 6 is 7 in libdeflate.
const DEFAULT_LEVEL: u8 = 7;

/// The block of a mask: eight pixels a byte, the leftmost in the most significant bit.
pub(super) fn compress_mask(block: &Block<u8>) -> Result<Vec<u8>, WriteError> {
    let bytes = block.samples.chunks(block.width as usize).flat_map(|row| {
        row.chunks(8).map(|pixels| {
            let bits = (0..8).rev().zip(pixels);
            bits.fold(0, |byte, (bit, valid)| byte | u8::from(*valid != 0) << bit)
        })
    });
    deflate(&bytes.collect::<Vec<u8>>(), DEFAULT_LEVEL)
}

/// Compresses by Deflate in zlib's frame.
fn deflate(bytes: &[u8], level: u8) -> Result<Vec<u8>, WriteError> {
    use libdeflater::{CompressionLvl, Compressor};
    let level = CompressionLvl::new(level.into())
        .map_err(|_| WriteError::InvalidOptions(format!("DEFLATE level {level}")))?;
    let mut compressor = Compressor::new(level);
    let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let length =
        compressor.zlib_compress(bytes, &mut out).map_err(|error| WriteError::codec("DEFLATE", error))?;
    out.truncate(length);
    Ok(out)
}
