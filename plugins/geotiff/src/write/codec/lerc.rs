//! LERC blocks: one Lerc2 blob each, with the samples of a pixel as its depth.

use super::{Block, DEFAULT_LEVEL, deflate};
use crate::write::WriteError;
use crate::write::{LercCompression, Sample};
use lerc_core::RasterView;
use lerc_writer::{EncodeOptions, EncoderProfile};
use rasteret_schema::DataType;

/// Whether LERC has a data type.
pub(in crate::write) fn holds(dtype: DataType) -> bool {
    !matches!(dtype, DataType::UInt64 | DataType::Int64 | DataType::Float16)
}

pub(super) fn compress<T: Sample>(
    block: &Block<T>,
    max_error: f64,
    inner: LercCompression,
) -> Result<Vec<u8>, WriteError> {
    #[expect(clippy::eq_op, reason = "only NaN differs from itself")]
    if block.samples.iter().any(|sample| sample != sample) {
        return Err(WriteError::codec("LERC", "NaN is not supported"));
    }
    let bits = block.samples.iter().map(|sample| sample.to_bits());
    let blob = match T::DTYPE {
        DataType::UInt8 => encode(block, max_error, bits.map(|bits| bits as u8)),
        DataType::Int8 => encode(block, max_error, bits.map(|bits| bits as i8)),
        DataType::UInt16 => encode(block, max_error, bits.map(|bits| bits as u16)),
        DataType::Int16 => encode(block, max_error, bits.map(|bits| bits as i16)),
        DataType::UInt32 => encode(block, max_error, bits.map(|bits| bits as u32)),
        DataType::Int32 => encode(block, max_error, bits.map(|bits| bits as i32)),
        DataType::Float32 => encode(block, max_error, bits.map(|bits| f32::from_bits(bits as u32))),
        DataType::Float64 => encode(block, max_error, bits.map(f64::from_bits)),
        dtype @ (DataType::UInt64 | DataType::Int64 | DataType::Float16) => {
            let samples = block.samples_per_pixel;
            Err(WriteError::UnsupportedPixels { codec: "LERC", dtype, samples })
        }
    }?;
    match inner {
        LercCompression::None => Ok(blob),
        LercCompression::Deflate => deflate(&blob, DEFAULT_LEVEL),
        LercCompression::Zstd => Ok(zstd::bulk::compress(&blob, 9)?),
    }
}

/// The blob that GDAL would write: of version 4, which is the newest that libtiff expects.
fn encode<T: Sample, L: lerc_core::Sample>(
    block: &Block<T>,
    max_error: f64,
    samples: impl Iterator<Item = L>,
) -> Result<Vec<u8>, WriteError> {
    let samples: Vec<L> = samples.collect();
    let options = EncodeOptions::new().with_max_z_error(max_error).with_profile(EncoderProfile::Gdal);
    RasterView::new(block.width, block.height, block.samples_per_pixel.into(), &samples)
        .and_then(|view| lerc_writer::encode(view, None, options))
        .map_err(|error| WriteError::codec("LERC", error))
}
