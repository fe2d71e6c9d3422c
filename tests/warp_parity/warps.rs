//! Every method between every pair of CRSs, to every kind of target.

use crate::cases::{mask, pairs, pixels, targets};
use crate::compare::{Case, compare_all};
use crate::oracle::Random;
use rasteret::DataType;
use rasteret::schema::PixelValue;
use rasteret::warp::Method;

const DTYPES: [DataType; 5] =
    [DataType::UInt8, DataType::UInt16, DataType::Int16, DataType::Float32, DataType::Float64];

/// What is not valid, and how rasterio learns of it.
#[derive(Clone, Copy)]
enum Holes {
    /// Nothing, and targets are filled with zeros.
    None,
    /// Nothing, and targets are filled with another value.
    Filled,
    /// Samples of a value.
    Nodata,
    /// What a mask says.
    Mask,
}

fn cases(random: &mut Random, methods: &[Method]) -> Vec<Case> {
    let mut cases = Vec::new();
    for pair in pairs() {
        for (kind, target) in targets(&pair) {
            for &method in methods {
                for (number, holes) in
                    [Holes::None, Holes::Filled, Holes::Nodata, Holes::Mask].into_iter().enumerate()
                {
                    let dtype = DTYPES[random.below(DTYPES.len())];
                    let bands = 1 + usize::from(random.below(4) == 0);
                    let mut pixels = pixels(random, dtype, bands, &pair.source);
                    let mask = mask(random, &pair.source);
                    let (nodata, fill) = values(dtype);
                    let (nodata, fill, mask) = match holes {
                        Holes::None => (None, None, None),
                        Holes::Filled => (None, Some(fill), None),
                        Holes::Nodata => {
                            punch(&mut pixels, &mask, nodata);
                            (Some(nodata), (random.below(2) == 0).then_some(fill), None)
                        }
                        Holes::Mask => (None, Some(fill), Some(mask)),
                    };
                    let name = format!("{}, {kind}, {method}, {dtype} × {bands}, holes {number}", pair.name);
                    let (source, target) = (pair.source.clone(), target.clone());
                    let tolerance = pair.tolerance;
                    cases.push(Case { name, source, target, method, pixels, nodata, fill, mask, tolerance });
                }
            }
        }
    }
    cases
}

/// A nodata and a fill value.
fn values(dtype: DataType) -> (PixelValue, PixelValue) {
    match dtype {
        DataType::UInt8 => (PixelValue::Integer(77), PixelValue::Integer(255)),
        DataType::UInt16 => (PixelValue::Integer(0), PixelValue::Integer(65535)),
        DataType::Int16 => (PixelValue::Integer(-9999), PixelValue::Integer(-32768)),
        DataType::Float32 => (PixelValue::Float(f64::NAN), PixelValue::Integer(-9999)),
        _ => (PixelValue::Integer(-9999), PixelValue::Float(-1e30)),
    }
}

/// Sets the samples of all bands to a value where a mask has holes.
fn punch(pixels: &mut rasteret::PixelArray, mask: &ndarray::Array4<bool>, nodata: PixelValue) {
    use rasteret::PixelArray;
    macro_rules! punch {
        ($($variant:ident: $type:ty),*) => {
            match pixels {
                $(PixelArray::$variant(array) => {
                    let value = nodata.as_f64() as $type;
                    array.indexed_iter_mut().for_each(|((_, _, row, column), sample)| {
                        if !mask[[0, 0, row, column]] {
                            *sample = value;
                        }
                    });
                })*
                _ => unreachable!(),
            }
        };
    }
    punch!(UInt8: u8, UInt16: u16, Int16: i16, Float32: f32, Float64: f64);
}

fn compare(seed: u64, methods: &[Method]) {
    compare_all(&cases(&mut Random(seed), methods), |case| {
        format!("{:12} {}", case.method.name(), case.pixels.dtype())
    });
}

#[test]
fn nearest() {
    compare(1, &[Method::Nearest]);
}

#[test]
fn interpolation() {
    compare(2, &[Method::Bilinear, Method::Cubic]);
}

#[test]
fn wider_kernels() {
    compare(3, &[Method::CubicSpline, Method::Lanczos]);
}

#[test]
fn average_and_mode() {
    compare(4, &[Method::Average, Method::Mode]);
}

#[test]
fn extremes_and_quantiles() {
    compare(5, &[Method::Max, Method::Min, Method::Med, Method::Q1, Method::Q3]);
}
