//! From samples to the bytes that are compressed: byte order and predictors.

use super::{ByteOrder, Predictor, Sample};

/// The bytes of a block whose rows hold `row` samples, `stride` of which make one pixel.
///
/// Predictors as the TIFF specification (section 14) and technical note 3 define them: differences
/// are taken between neighbouring pixels of a row, each sample of its own.
pub(super) fn to_bytes<T: Sample>(
    samples: &[T],
    row: usize,
    stride: usize,
    predictor: Predictor,
    order: ByteOrder,
) -> Vec<u8> {
    let size = const { T::DTYPE.size() };
    let mut out = Vec::with_capacity(samples.len() * size);
    match predictor {
        Predictor::None => {
            for sample in samples {
                order.put(&mut out, sample.to_bits(), size);
            }
        }
        Predictor::Horizontal => {
            for row in samples.chunks(row) {
                for (index, sample) in row.iter().enumerate() {
                    let left = if index < stride { 0 } else { row[index - stride].to_bits() };
                    order.put(&mut out, sample.to_bits().wrapping_sub(left), size);
                }
            }
        }
        Predictor::FloatingPoint => {
            for row in samples.chunks(row) {
                let start = out.len();
                // Most significant bytes first, whatever the byte order of the file.
                for byte in (0..size).rev() {
                    out.extend(row.iter().map(|sample| (sample.to_bits() >> (8 * byte)) as u8));
                }
                let bytes = &mut out[start..];
                for index in (stride..bytes.len()).rev() {
                    bytes[index] = bytes[index].wrapping_sub(bytes[index - stride]);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_start_anew_in_each_row_and_wrap() {
        let bytes = |order| to_bytes(&[1u16, 3, 2, 500, 500, 499], 3, 1, Predictor::Horizontal, order);
        assert_eq!(bytes(ByteOrder::Little), [1, 0, 2, 0, 255, 255, 244, 1, 0, 0, 255, 255]);
        assert_eq!(bytes(ByteOrder::Big), [0, 1, 0, 2, 255, 255, 1, 244, 0, 0, 255, 255]);
    }

    #[test]
    fn differences_are_of_the_same_sample() {
        let bytes = to_bytes(&[1i8, 10, 2, -20], 4, 2, Predictor::Horizontal, ByteOrder::Little);
        assert_eq!(bytes, [1, 10, 1, (-30i8) as u8]);
    }

    #[test]
    fn floating_point_bytes_lie_in_planes() {
        let samples = [f32::from_bits(0x01020304), f32::from_bits(0x11121314)];
        let bytes = to_bytes(&samples, 2, 1, Predictor::FloatingPoint, ByteOrder::Little);
        let planes = [0x01u8, 0x11, 0x02, 0x12, 0x03, 0x13, 0x04, 0x14];
        let sums = bytes.iter().scan(0u8, |sum, byte| {
            *sum = sum.wrapping_add(*byte);
            Some(*sum)
        });
        assert!(sums.eq(planes));
    }
}
