//! Samples of every data type, to and from the `f64` that they are computed in.

use crate::read::Sample;
use half::f16;

/// What a kernel needs of a sample type. Rounding is that of `GWKRoundValueT` and `CLAMP` in GDAL's
/// `alg/gdalwarpkernel.cpp`: half up, after clamping to the type's range.
pub(super) trait Value: Sample + PartialOrd + Send + Sync {
    /// Whether GDAL has loops of its own for this type, which round in another order than its general one.
    const HAS_FAST_LOOPS: bool = false;
    /// Whether values are counted in an array with an element for each.
    const FEW_VALUES: bool = false;
    fn to_f64(self) -> f64;
    fn from_f64(value: f64) -> Self;
    /// Another value beside `nodata`, where `self` is it. Integers only, as in GDAL.
    fn avoiding(self, nodata: Self) -> Self;
    /// A number for each value of a type that [has few](Value::FEW_VALUES).
    fn index(self) -> usize;
    /// Bits that are equal where the values are.
    fn bits(self) -> u64;
}

macro_rules! integers {
    ($($type:ty, $fast:expr, $few:expr;)*) => {$(
        impl Value for $type {
            const HAS_FAST_LOOPS: bool = $fast;
            const FEW_VALUES: bool = $few;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            #[allow(unused_comparisons, reason = "of unsigned types")]
            fn from_f64(value: f64) -> Self {
                // The cast saturates and cuts towards zero.
                if <$type>::MIN < 0 { (value + 0.5).floor() as $type } else { (value + 0.5) as $type }
            }
            #[inline(always)]
            fn avoiding(self, nodata: Self) -> Self {
                match self {
                    value if value != nodata => value,
                    <$type>::MIN => <$type>::MIN + 1,
                    value => value - 1,
                }
            }
            #[inline(always)]
            fn index(self) -> usize {
                (self as i64 - <$type>::MIN as i64) as usize
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                self as u64
            }
        }
    )*};
}

integers! {
    u8, true, true;
    i8, false, true;
    u16, true, true;
    i16, true, true;
    u32, false, false;
    i32, false, false;
    u64, false, false;
    i64, false, false;
}

macro_rules! floats {
    ($($type:ty, $fast:expr, $to:expr, $from:expr;)*) => {$(
        impl Value for $type {
            const HAS_FAST_LOOPS: bool = $fast;
            #[inline(always)]
            fn to_f64(self) -> f64 {
                ($to)(self)
            }
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                ($from)(value)
            }
            #[inline(always)]
            fn avoiding(self, _: Self) -> Self {
                self
            }
            fn index(self) -> usize {
                0
            }
            #[inline(always)]
            fn bits(self) -> u64 {
                // Adding zero makes one zero of both.
                (self.to_f64() + 0.0).to_bits()
            }
        }
    )*};
}

floats! {
    f16, false, f16::to_f64, f16::from_f64;
    f32, true, f64::from, |value| value as f32;
    f64, false, |value| value, |value| value;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_round_half_up_and_clamp() {
        assert_eq!([-0.5, 2.5, -2.5, 40000.0, -4e9].map(i16::from_f64), [0, 3, -2, i16::MAX, i16::MIN]);
        assert_eq!([-0.7, 2.5, 254.5, 300.0].map(u8::from_f64), [0, 3, 255, 255]);
        assert_eq!([u64::MAX as f64, -1.0].map(u64::from_f64), [u64::MAX, 0]);
    }

    #[test]
    fn integers_avoid_nodata() {
        assert_eq!([0_u8, 1, 255].map(|value| value.avoiding(0)), [1, 1, 255]);
        assert_eq!([i16::MIN, 5, 6].map(|value| value.avoiding(5)), [i16::MIN, 4, 6]);
        assert_eq!(1.5_f32.avoiding(1.5), 1.5);
    }
}
