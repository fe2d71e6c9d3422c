//! Samples as numbers that can be compared.

use rasteret_schema::DataType;

/// Samples in native byte order; 64-bit integers beyond 2⁵³ are rounded.
pub fn samples_as_f64(dtype: DataType, bytes: &[u8]) -> Vec<f64> {
    macro_rules! all {
        ($type:ty) => {
            bytes
                .chunks_exact(size_of::<$type>())
                .map(|sample| <$type>::from_ne_bytes(sample.try_into().unwrap()) as f64)
                .collect()
        };
    }
    match dtype {
        DataType::UInt8 => all!(u8),
        DataType::Int8 => all!(i8),
        DataType::UInt16 => all!(u16),
        DataType::Int16 => all!(i16),
        DataType::UInt32 => all!(u32),
        DataType::Int32 => all!(i32),
        DataType::UInt64 => all!(u64),
        DataType::Int64 => all!(i64),
        DataType::Float16 => bytes
            .chunks_exact(2)
            .map(|sample| half::f16::from_ne_bytes(sample.try_into().unwrap()).to_f64())
            .collect(),
        DataType::Float32 => all!(f32),
        DataType::Float64 => all!(f64),
    }
}
