//! Arrays of pixels in the file's own data type.

use half::f16;
use ndarray::{Array4, ArrayView4};
use rasteret_schema::{DataType, PixelValue};
use std::borrow::Cow;

/// A four-dimensional array `[N, C, H, W]` of samples: N reads, C bands, H rows from north to south,
/// W columns from west to east.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "variants are named after the data types")]
pub enum PixelArray {
    UInt8(Array4<u8>),
    Int8(Array4<i8>),
    UInt16(Array4<u16>),
    Int16(Array4<i16>),
    UInt32(Array4<u32>),
    Int32(Array4<i32>),
    UInt64(Array4<u64>),
    Int64(Array4<i64>),
    Float16(Array4<f16>),
    Float32(Array4<f32>),
    Float64(Array4<f64>),
}

/// Calls a generic expression on the typed array of any variant.
macro_rules! with_array {
    ($pixels:expr, $array:ident => $body:expr) => {
        match $pixels {
            PixelArray::UInt8($array) => $body,
            PixelArray::Int8($array) => $body,
            PixelArray::UInt16($array) => $body,
            PixelArray::Int16($array) => $body,
            PixelArray::UInt32($array) => $body,
            PixelArray::Int32($array) => $body,
            PixelArray::UInt64($array) => $body,
            PixelArray::Int64($array) => $body,
            PixelArray::Float16($array) => $body,
            PixelArray::Float32($array) => $body,
            PixelArray::Float64($array) => $body,
        }
    };
}

impl PixelArray {
    /// An array of zeros.
    pub fn zeros(dtype: DataType, shape: [usize; 4]) -> Self {
        match dtype {
            DataType::UInt8 => PixelArray::UInt8(Array4::zeros(shape)),
            DataType::Int8 => PixelArray::Int8(Array4::zeros(shape)),
            DataType::UInt16 => PixelArray::UInt16(Array4::zeros(shape)),
            DataType::Int16 => PixelArray::Int16(Array4::zeros(shape)),
            DataType::UInt32 => PixelArray::UInt32(Array4::zeros(shape)),
            DataType::Int32 => PixelArray::Int32(Array4::zeros(shape)),
            DataType::UInt64 => PixelArray::UInt64(Array4::zeros(shape)),
            DataType::Int64 => PixelArray::Int64(Array4::zeros(shape)),
            DataType::Float16 => PixelArray::Float16(Array4::from_elem(shape, f16::ZERO)),
            DataType::Float32 => PixelArray::Float32(Array4::zeros(shape)),
            DataType::Float64 => PixelArray::Float64(Array4::zeros(shape)),
        }
    }

    /// The data type of the samples.
    pub fn dtype(&self) -> DataType {
        match self {
            PixelArray::UInt8(_) => DataType::UInt8,
            PixelArray::Int8(_) => DataType::Int8,
            PixelArray::UInt16(_) => DataType::UInt16,
            PixelArray::Int16(_) => DataType::Int16,
            PixelArray::UInt32(_) => DataType::UInt32,
            PixelArray::Int32(_) => DataType::Int32,
            PixelArray::UInt64(_) => DataType::UInt64,
            PixelArray::Int64(_) => DataType::Int64,
            PixelArray::Float16(_) => DataType::Float16,
            PixelArray::Float32(_) => DataType::Float32,
            PixelArray::Float64(_) => DataType::Float64,
        }
    }

    /// `[N, C, H, W]`.
    pub fn shape(&self) -> [usize; 4] {
        with_array!(self, array => array.dim().into())
    }

    /// All samples in row-major order, as bytes in native byte order. Copies only an array whose memory
    /// is laid out otherwise.
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        with_array!(self, array => match array.as_slice() {
            Some(samples) => Cow::Borrowed(bytemuck::cast_slice(samples)),
            None => Cow::Owned(array.iter().flat_map(|sample| bytemuck::bytes_of(sample).to_vec()).collect()),
        })
    }

    /// The same bytes of an array made by [`PixelArray::zeros`], to be written.
    pub(crate) fn as_bytes_mut(&mut self) -> &mut [u8] {
        with_array!(self, array => array.as_slice_mut().map_or(&mut [], bytemuck::cast_slice_mut))
    }

    /// A view of the samples as `T`; `None` where the data type is another.
    ///
    /// ```
    /// use rasteret::PixelArray;
    /// use rasteret::schema::DataType;
    /// let pixels = PixelArray::zeros(DataType::UInt16, [1, 2, 3, 4]);
    /// assert_eq!(pixels.view::<u16>().map(|view| view.len()), Some(24));
    /// assert!(pixels.view::<f32>().is_none());
    /// ```
    pub fn view<T: Sample>(&self) -> Option<ArrayView4<'_, T>> {
        T::view(self)
    }

    /// One sample as `f64`, by `[n, c, row, column]`; `None` beyond the array. 64-bit integers beyond
    /// 2⁵³ are rounded.
    pub fn value(&self, index: [usize; 4]) -> Option<f64> {
        with_array!(self, array => array.get(index).map(|value| value.to_value()))
    }
}

/// Sets each element of `different` to whether the sample differs from a nodata value, as
/// [`Sample::is_nodata`] has it. `bytes` are samples of `dtype`, aligned for it.
pub(super) fn mark_different(dtype: DataType, bytes: &[u8], value: PixelValue, different: &mut [bool]) {
    fn mark<T: Sample>(bytes: &[u8], value: &[u8], different: &mut [bool]) {
        let value: T = bytemuck::pod_read_unaligned(value);
        let samples: &[T] = bytemuck::cast_slice(bytes);
        for (different, sample) in different.iter_mut().zip(samples) {
            *different = !sample.is_nodata(value);
        }
    }
    let Some(value) = value.to_sample(dtype) else { return different.fill(true) };
    let mark = match dtype {
        DataType::UInt8 => mark::<u8>,
        DataType::Int8 => mark::<i8>,
        DataType::UInt16 => mark::<u16>,
        DataType::Int16 => mark::<i16>,
        DataType::UInt32 => mark::<u32>,
        DataType::Int32 => mark::<i32>,
        DataType::UInt64 => mark::<u64>,
        DataType::Int64 => mark::<i64>,
        DataType::Float16 => mark::<f16>,
        DataType::Float32 => mark::<f32>,
        DataType::Float64 => mark::<f64>,
    };
    mark(bytes, value.as_bytes(), different);
}

/// A Rust type of samples.
pub trait Sample: bytemuck::Pod + PartialEq + private::Sealed {
    /// Its data type.
    const DTYPE: DataType;
    #[doc(hidden)]
    fn view(pixels: &PixelArray) -> Option<ArrayView4<'_, Self>>;
    #[doc(hidden)]
    fn to_value(self) -> f64;
    /// Whether this is the nodata value. NaN is one value, and floating point numbers need not be equal to
    /// the last bits: they are compared as GDAL compares them (`ARE_REAL_EQUAL` in `gcore/gdal_priv.h`,
    /// with the epsilon of single precision for both).
    #[doc(hidden)]
    fn is_nodata(self, nodata: Self) -> bool;
}

mod private {
    pub trait Sealed {}
}

macro_rules! sample {
    ($($type:ty: $variant:ident, $to_value:expr, $is_nodata:expr;)*) => {$(
        impl private::Sealed for $type {}
        impl From<Array4<$type>> for PixelArray {
            fn from(array: Array4<$type>) -> Self {
                PixelArray::$variant(array)
            }
        }
        impl Sample for $type {
            const DTYPE: DataType = DataType::$variant;
            fn view(pixels: &PixelArray) -> Option<ArrayView4<'_, Self>> {
                match pixels {
                    PixelArray::$variant(array) => Some(array.view()),
                    _ => None,
                }
            }
            fn to_value(self) -> f64 {
                ($to_value)(self)
            }
            fn is_nodata(self, nodata: Self) -> bool {
                ($is_nodata)(self, nodata)
            }
        }
    )*};
}

sample! {
    u8: UInt8, f64::from, |a, b| a == b;
    i8: Int8, f64::from, |a, b| a == b;
    u16: UInt16, f64::from, |a, b| a == b;
    i16: Int16, f64::from, |a, b| a == b;
    u32: UInt32, f64::from, |a, b| a == b;
    i32: Int32, f64::from, |a, b| a == b;
    u64: UInt64, |value| value as f64, |a, b| a == b;
    i64: Int64, |value| value as f64, |a, b| a == b;
    f16: Float16, f16::to_f64, |a: f16, b: f16| a == b || a.is_nan() && b.is_nan();
    f32: Float32, f64::from, |a: f32, b: f32| {
        a == b || a.is_nan() && b.is_nan() || (a - b).abs() < f32::EPSILON * (a + b).abs() * 2.0
    };
    f64: Float64, |value| value, |a: f64, b: f64| {
        a == b || a.is_nan() && b.is_nan() || (a - b).abs() < f64::from(f32::EPSILON) * (a + b).abs() * 2.0
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_views_are_the_same_samples() {
        for dtype in DataType::ALL {
            let mut pixels = PixelArray::zeros(dtype, [1, 1, 2, 3]);
            assert_eq!(pixels.dtype(), dtype);
            assert_eq!(pixels.to_bytes().len(), 6 * dtype.size());
            let one = PixelValue::Integer(1).to_sample(dtype).unwrap();
            one.fill(&mut pixels.as_bytes_mut()[3 * dtype.size()..]);
            assert_eq!(pixels.value([0, 0, 0, 2]), Some(0.0));
            assert_eq!(pixels.value([0, 0, 1, 0]), Some(1.0));
            assert_eq!(pixels.value([0, 0, 2, 0]), None);
            let mut different = [false; 6];
            mark_different(dtype, &pixels.to_bytes(), PixelValue::Integer(1), &mut different);
            assert_eq!(different, [true, true, true, false, false, false]);
        }
    }

    #[test]
    fn nan_is_one_value() {
        let pixels = PixelArray::Float32(
            Array4::from_shape_vec([1, 1, 1, 3], vec![f32::NAN, 0.0, -f32::NAN]).unwrap(),
        );
        let mut different = [false; 3];
        mark_different(DataType::Float32, &pixels.to_bytes(), PixelValue::Float(f64::NAN), &mut different);
        assert_eq!(different, [false, true, false]);
        mark_different(DataType::Float32, &pixels.to_bytes(), PixelValue::Integer(0), &mut different);
        assert_eq!(different, [true, false, true]);
    }

    #[test]
    fn nodata_is_compared_as_in_gdal() {
        let after = |value: f32, steps: i32| f32::from_bits((value.to_bits() as i32 + steps) as u32);
        // What `GDALNoDataMaskBand` of GDAL 3.10 gives for these.
        for (nodata, near, far) in [(-9999.0, -4, -5), (0.1, -6, -7)] {
            assert!(after(nodata, near).is_nodata(nodata) && !after(nodata, far).is_nodata(nodata));
        }
        assert!((-3e38_f32).is_nodata(f32::MIN) && !3e38_f32.is_nodata(f32::MIN));
        assert!((-9999.004_f64).is_nodata(-9999.0) && !(-9999.005_f64).is_nodata(-9999.0));
        assert!(f64::INFINITY.is_nodata(f64::INFINITY) && !f64::NEG_INFINITY.is_nodata(f64::INFINITY));
        assert!(!1_f64.is_nodata(f64::INFINITY) && !0_f32.is_nodata(f32::NAN));
    }
}
