//! From decompressed rows to rows of native samples.

use super::vectorized::vectorized;
use super::word::swap_all;
use super::{CodecError, Decompressed, bits, predictor};
use rasteret_schema::{DataType, ImageView};

/// What a decompressed row has to go through. Every row is independent of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowTransform {
    /// The row holds native samples.
    Identity,
    /// Samples of `size` bytes in the other byte order.
    Swap { size: usize },
    /// Differences of samples of `size` bytes, in the other byte order if `swapped`.
    Horizontal { size: usize, stride: usize, swapped: bool },
    /// Differences of the bytes of floating point numbers of `size` bytes.
    FloatingPoint { size: usize, stride: usize },
    /// Samples of `bits` bits, to be widened to `size` bytes; `reversed` if they are of three bytes
    /// from the least significant on.
    Unpack { bits: u32, size: usize, reversed: bool },
}

impl RowTransform {
    /// # Errors
    ///
    /// For combinations of `BitsPerSample`, `SampleFormat`, and `Predictor` that libtiff and GDAL
    /// do not read either, and for floating point numbers of 24 bits.
    pub fn new(image: &ImageView<'_>, decompressed: Decompressed) -> Result<Self, CodecError> {
        let size = image.dtype.size();
        let bits = u32::from(image.bits_per_sample);
        let whole = bits as usize == 8 * size;
        let swapped = image.big_endian != cfg!(target_endian = "big") && size > 1;
        let stride = usize::from(image.samples_per_tile());
        let unsupported_bits = |hint| CodecError::Unsupported {
            tag: "BitsPerSample",
            value: format!("{bits} for {}", image.dtype),
            hint,
        };
        // libtiff has no predictor for the other schemes, and ignores the tag there.
        let predictor = if decompressed == Decompressed::Predicted { image.predictor } else { 1 };
        match (decompressed, predictor) {
            (Decompressed::Samples, _) if whole => Ok(RowTransform::Identity),
            (Decompressed::Samples, _) => Err(unsupported_bits("the codec decodes whole samples only")),
            (_, 1) if whole && swapped => Ok(RowTransform::Swap { size }),
            (_, 1) if whole => Ok(RowTransform::Identity),
            (_, 1) => match (image.dtype, bits) {
                (DataType::UInt8, 1..8) | (DataType::UInt16, 9..16) | (DataType::UInt32, 17..32) => {
                    // Byte order matters to samples of whole bytes, but the other way round: GDAL puts
                    // the most significant byte of 24 bits first in little-endian files.
                    Ok(RowTransform::Unpack { bits, size, reversed: bits == 24 && image.big_endian })
                }
                _ => Err(unsupported_bits(
                    "rewrite the file with whole samples, for instance with `gdal_translate`",
                )),
            },
            (_, 2) if whole => Ok(RowTransform::Horizontal { size, stride, swapped }),
            (_, 3) if whole && image.dtype.is_float() => Ok(RowTransform::FloatingPoint { size, stride }),
            (_, 2 | 3) => Err(CodecError::Unsupported {
                tag: "Predictor",
                value: format!("{predictor} for {bits} bits of {}", image.dtype),
                hint: "",
            }),
            (_, other) => {
                Err(CodecError::Unsupported { tag: "Predictor", value: other.to_string(), hint: "" })
            }
        }
    }

    /// Whether native samples can take the place of the row.
    pub fn is_in_place(self) -> bool {
        matches!(self, RowTransform::Identity | RowTransform::Swap { .. } | RowTransform::Horizontal { .. })
    }

    /// Makes native samples of a row, in the row or in `native`, and says where.
    #[inline(always)]
    pub fn apply<'a>(self, row: &'a mut [u8], native: &'a mut [u8]) -> &'a [u8] {
        match self {
            RowTransform::Identity => {}
            RowTransform::Swap { size } => swap(row, size),
            RowTransform::Horizontal { size, stride, swapped } => {
                if swapped {
                    swap(row, size);
                }
                match size {
                    1 => predictor::undo_horizontal::<u8, 1>(row, stride),
                    2 => predictor::undo_horizontal::<u16, 2>(row, stride),
                    4 => predictor::undo_horizontal::<u32, 4>(row, stride),
                    _ => predictor::undo_horizontal::<u64, 8>(row, stride),
                }
            }
            RowTransform::FloatingPoint { size, stride } => {
                match size {
                    2 => predictor::undo_floating_point::<2>(row, stride, native),
                    4 => predictor::undo_floating_point::<4>(row, stride, native),
                    _ => predictor::undo_floating_point::<8>(row, stride, native),
                }
                return native;
            }
            RowTransform::Unpack { bits, size, reversed } => {
                if reversed {
                    swap_all::<3>(row);
                }
                match size {
                    1 => bits::unpack::<u8, 1>(row, bits, native),
                    2 => bits::unpack::<u16, 2>(row, bits, native),
                    _ => bits::unpack::<u32, 4>(row, bits, native),
                }
                return native;
            }
        }
        row
    }
}

vectorized! {
    /// Makes native samples of all rows where they lie; of transforms that are
    /// [in place](RowTransform::is_in_place).
    fn apply_in_place(transform: RowTransform, rows: &mut [u8], row_len: usize) {
        for row in rows.chunks_exact_mut(row_len) {
            transform.apply(row, &mut []);
        }
    }
}

#[inline(always)]
fn swap(row: &mut [u8], size: usize) {
    match size {
        2 => swap_all::<2>(row),
        4 => swap_all::<4>(row),
        _ => swap_all::<8>(row),
    }
}
