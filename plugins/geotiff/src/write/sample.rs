//! The sample types, and what the writer needs to know of them.

use half::f16;
use rasteret_schema::{DataType, PixelValue};

/// A sample of a raster: one of the types that [`DataType`] names.
pub trait Sample: Copy + Default + PartialEq + Send + Sync + 'static {
    /// The type's name in the data contract.
    const DTYPE: DataType;

    /// The bit pattern, extended with zeros.
    fn to_bits(self) -> u64;

    /// From a bit pattern; bits beyond the type's size are ignored.
    fn from_bits(bits: u64) -> Self;

    /// The mean of some samples: of integers rounded to the nearest (halves up), of floats computed
    /// in `f64`. `None` without samples.
    fn mean(samples: impl Iterator<Item = Self>) -> Option<Self>;

    /// A pixel value as a sample, `None` where it does not fit.
    fn from_value(value: PixelValue) -> Option<Self> {
        let mut bytes = [0; 8];
        let sample = value.to_sample(Self::DTYPE)?;
        let size = sample.as_bytes().len();
        if cfg!(target_endian = "big") {
            bytes[8 - size..].copy_from_slice(sample.as_bytes());
        } else {
            bytes[..size].copy_from_slice(sample.as_bytes());
        }
        Some(Self::from_bits(u64::from_ne_bytes(bytes)))
    }

    /// Equality in which NaN equals NaN, as nodata is compared.
    #[expect(clippy::eq_op, reason = "only NaN differs from itself")]
    fn same(self, other: Self) -> bool {
        self == other || (self != self && other != other)
    }
}

macro_rules! integer_sample {
    ($($type:ty, $unsigned:ty => $dtype:ident;)*) => {$(
        impl Sample for $type {
            const DTYPE: DataType = DataType::$dtype;

            fn to_bits(self) -> u64 {
                u64::from(self as $unsigned)
            }

            fn from_bits(bits: u64) -> Self {
                bits as $type
            }

            fn mean(samples: impl Iterator<Item = Self>) -> Option<Self> {
                let (count, sum) = samples.fold((0, 0), |(n, sum), s| (n + 1, sum + i128::from(s)));
                (count > 0).then(|| (2 * sum + count).div_euclid(2 * count) as $type)
            }
        }
    )*};
}

integer_sample! {
    u8, u8 => UInt8;
    i8, u8 => Int8;
    u16, u16 => UInt16;
    i16, u16 => Int16;
    u32, u32 => UInt32;
    i32, u32 => Int32;
    u64, u64 => UInt64;
    i64, u64 => Int64;
}

macro_rules! float_sample {
    ($($type:ty, $bits:ty => $dtype:ident, $from_f64:expr;)*) => {$(
        impl Sample for $type {
            const DTYPE: DataType = DataType::$dtype;

            fn to_bits(self) -> u64 {
                u64::from(<$type>::to_bits(self))
            }

            fn from_bits(bits: u64) -> Self {
                <$type>::from_bits(bits as $bits)
            }

            fn mean(samples: impl Iterator<Item = Self>) -> Option<Self> {
                let (count, sum) = samples.fold((0.0, 0.0), |(n, sum), s| (n + 1.0, sum + f64::from(s)));
                (count > 0.0).then(|| $from_f64(sum / count))
            }
        }
    )*};
}

float_sample! {
    f16, u16 => Float16, f16::from_f64;
    f32, u32 => Float32, |value: f64| value as f32;
    f64, u64 => Float64, |value: f64| value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_round_trip() {
        assert_eq!(<i8 as Sample>::from_bits((-3i8).to_bits()), -3);
        assert_eq!((-3i8).to_bits(), 0xfd);
        assert_eq!(i64::MIN.to_bits(), 1 << 63);
        assert_eq!(Sample::to_bits(f16::from_f32(1.5)), 0x3e00);
        assert_eq!(<f32 as Sample>::from_bits(Sample::to_bits(-1.25f32)), -1.25);
    }

    #[test]
    fn integer_means_round_half_up() {
        assert_eq!(u16::mean([1, 2].into_iter()), Some(2));
        assert_eq!(i16::mean([-1, -2].into_iter()), Some(-1));
        assert_eq!(i16::mean([-1, -2, -2].into_iter()), Some(-2));
        assert_eq!(u64::mean([u64::MAX, u64::MAX - 2].into_iter()), Some(u64::MAX - 1));
        assert_eq!(u8::mean(std::iter::empty()), None);
    }

    #[test]
    fn nodata_values_become_samples() {
        assert_eq!(i16::from_value(PixelValue::Integer(-9999)), Some(-9999));
        assert_eq!(u8::from_value(PixelValue::Integer(-1)), None);
        assert!(f32::from_value(PixelValue::Float(f64::NAN)).is_some_and(|v| v.same(f32::NAN)));
        assert_eq!(u64::from_value(PixelValue::Unsigned(u64::MAX)), Some(u64::MAX));
    }
}
