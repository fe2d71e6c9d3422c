//! Sample types, under the names that NumPy gives them.

use rkyv::{Archive, Deserialize, Portable, Serialize, bytecheck::CheckBytes};
use std::fmt;

/// The type of one sample of a raster, in native byte order once decoded.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Archive,
    Serialize,
    Deserialize,
    Portable,
    CheckBytes,
)]
#[rkyv(as = DataType)]
#[bytecheck(crate = rkyv::bytecheck)]
#[repr(u8)]
pub enum DataType {
    /// 8-bit unsigned integer.
    UInt8,
    /// 8-bit signed integer.
    Int8,
    /// 16-bit unsigned integer.
    UInt16,
    /// 16-bit signed integer.
    Int16,
    /// 32-bit unsigned integer.
    UInt32,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit unsigned integer.
    UInt64,
    /// 64-bit signed integer.
    Int64,
    /// IEEE 754 half precision.
    Float16,
    /// IEEE 754 single precision.
    Float32,
    /// IEEE 754 double precision.
    Float64,
}

impl DataType {
    /// Every data type, in the order of their codes.
    pub const ALL: [DataType; 11] = [
        DataType::UInt8,
        DataType::Int8,
        DataType::UInt16,
        DataType::Int16,
        DataType::UInt32,
        DataType::Int32,
        DataType::UInt64,
        DataType::Int64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
    ];

    /// Bytes of one sample.
    pub const fn size(self) -> usize {
        match self {
            DataType::UInt8 | DataType::Int8 => 1,
            DataType::UInt16 | DataType::Int16 | DataType::Float16 => 2,
            DataType::UInt32 | DataType::Int32 | DataType::Float32 => 4,
            DataType::UInt64 | DataType::Int64 | DataType::Float64 => 8,
        }
    }

    /// The NumPy name, such as `uint16`.
    pub const fn name(self) -> &'static str {
        match self {
            DataType::UInt8 => "uint8",
            DataType::Int8 => "int8",
            DataType::UInt16 => "uint16",
            DataType::Int16 => "int16",
            DataType::UInt32 => "uint32",
            DataType::Int32 => "int32",
            DataType::UInt64 => "uint64",
            DataType::Int64 => "int64",
            DataType::Float16 => "float16",
            DataType::Float32 => "float32",
            DataType::Float64 => "float64",
        }
    }

    /// The data type of a NumPy name, if it is one of [`DataType::ALL`].
    pub fn from_name(name: &str) -> Option<DataType> {
        DataType::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// Whether samples are floating point numbers.
    pub const fn is_float(self) -> bool {
        matches!(self, DataType::Float16 | DataType::Float32 | DataType::Float64)
    }

    /// Least and greatest value of an integer type, `None` for floating point types.
    pub const fn integer_range(self) -> Option<(i128, i128)> {
        Some(match self {
            DataType::UInt8 => (0, u8::MAX as i128),
            DataType::Int8 => (i8::MIN as i128, i8::MAX as i128),
            DataType::UInt16 => (0, u16::MAX as i128),
            DataType::Int16 => (i16::MIN as i128, i16::MAX as i128),
            DataType::UInt32 => (0, u32::MAX as i128),
            DataType::Int32 => (i32::MIN as i128, i32::MAX as i128),
            DataType::UInt64 => (0, u64::MAX as i128),
            DataType::Int64 => (i64::MIN as i128, i64::MAX as i128),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => return None,
        })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for dtype in DataType::ALL {
            assert_eq!(DataType::from_name(dtype.name()), Some(dtype));
        }
        assert_eq!(DataType::from_name("complex64"), None);
    }
}
