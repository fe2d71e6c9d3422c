//! Arrays to make datasets of.

use ndarray::Array4;
use rasteret::read::{ReadStatistics, Slice};
use rasteret::schema::Geotransform;
use rasteret::{AreaArray, Crs, DataType, PixelArray, PixelValue};

/// A pixel array of values of `dtype`, which `value` gives as integers; with NaN where it gives none and
/// `dtype` has it, else 0.
pub fn pixels(dtype: DataType, shape: [usize; 4], value: impl Fn([usize; 4]) -> Option<i64>) -> PixelArray {
    macro_rules! integers {
        ($type:ty) => {
            Array4::from_shape_fn(shape, |at| value(at.into()).unwrap_or(0) as $type).into()
        };
    }
    let float = |at: (usize, usize, usize, usize)| value(at.into()).map_or(f64::NAN, |value| value as f64);
    match dtype {
        DataType::UInt8 => integers!(u8),
        DataType::Int8 => integers!(i8),
        DataType::UInt16 => integers!(u16),
        DataType::Int16 => integers!(i16),
        DataType::UInt32 => integers!(u32),
        DataType::Int32 => integers!(i32),
        DataType::UInt64 => integers!(u64),
        DataType::Int64 => integers!(i64),
        DataType::Float16 => Array4::from_shape_fn(shape, |at| half::f16::from_f64(float(at))).into(),
        DataType::Float32 => Array4::from_shape_fn(shape, |at| float(at) as f32).into(),
        DataType::Float64 => Array4::from_shape_fn(shape, float).into(),
    }
}

/// An array in UTM zone 43 north of pixels of 10 m, without the times and places of its slices.
pub fn array(pixels: PixelArray, bands: &[&str], slices: Vec<Slice>) -> AreaArray {
    AreaArray {
        valid: Array4::from_elem(pixels.shape(), true),
        pixels,
        bands: bands.iter().map(|band| (*band).to_owned()).collect(),
        slices,
        crs: Crs::from_epsg(32643),
        nodata: None,
        statistics: ReadStatistics::default(),
    }
}

/// A slice whose upper left pixel lies some rows and columns from that of others.
pub fn slice(record: &str, datetime: i64, geometry_index: usize, row: i32, column: i32) -> Slice {
    let (x, y) = (700_000.0 + 10.0 * f64::from(column), 1_500_000.0 - 10.0 * f64::from(row));
    let transform = Geotransform::new(10.0, 0.0, x, 0.0, -10.0, y);
    Slice { record_id: record.to_owned(), datetime, geometry_index, transform }
}

/// Marks the samples that have the nodata value as not valid.
pub fn with_nodata(mut array: AreaArray, nodata: i64) -> AreaArray {
    for index in ndarray::indices(array.pixels.shape()) {
        array.valid[index] = array.pixels.value(index.into()).unwrap() != nodata as f64;
    }
    array.nodata = Some(PixelValue::Integer(nodata));
    array
}
