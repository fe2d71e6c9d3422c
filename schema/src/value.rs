//! A single pixel value that is exact in every data type.

use crate::DataType;
use rkyv::{Archive, Deserialize, Serialize};
use std::fmt;

/// A pixel value: nodata, or fill. Integers keep all 64 bits, which a float would not.
#[derive(Debug, Clone, Copy, PartialEq, Archive, Serialize, Deserialize)]
pub enum PixelValue {
    /// An integer.
    Integer(i64),
    /// An integer beyond the range of `i64`.
    Unsigned(u64),
    /// A number that is not an integer, infinite, or NaN.
    Float(f64),
}

impl PixelValue {
    /// Reads a decimal number as GDAL's `GDAL_NODATA` tag holds it: `-9999`, `0.5`, `nan`, `-inf`, `1e20`.
    ///
    /// ```
    /// use rasteret_schema::PixelValue;
    /// assert_eq!(PixelValue::parse(" 18446744073709551615\0"), Some(PixelValue::Unsigned(u64::MAX)));
    /// assert_eq!(PixelValue::parse("none"), None);
    /// ```
    pub fn parse(text: &str) -> Option<PixelValue> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if let Ok(value) = text.parse::<i64>() {
            return Some(PixelValue::Integer(value));
        }
        if let Ok(value) = text.parse::<u64>() {
            return Some(PixelValue::Unsigned(value));
        }
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "nan" | "+nan" | "-nan" | "1.#qnan" | "-1.#ind" => Some(PixelValue::Float(f64::NAN)),
            "inf" | "+inf" | "infinity" | "1.#inf" => Some(PixelValue::Float(f64::INFINITY)),
            "-inf" | "-infinity" | "-1.#inf" => Some(PixelValue::Float(f64::NEG_INFINITY)),
            _ => lower.parse::<f64>().ok().map(PixelValue::from),
        }
    }

    /// The value as `f64`; beyond 2⁵³ the nearest one.
    pub fn as_f64(self) -> f64 {
        match self {
            PixelValue::Integer(value) => value as f64,
            PixelValue::Unsigned(value) => value as f64,
            PixelValue::Float(value) => value,
        }
    }

    fn as_integer(self) -> Option<i128> {
        match self {
            PixelValue::Integer(value) => Some(value.into()),
            PixelValue::Unsigned(value) => Some(value.into()),
            PixelValue::Float(_) => None,
        }
    }

    /// Whether the value is a value of `dtype`: within an integer type's range, or finite after
    /// rounding to a floating point type's precision.
    pub fn fits(self, dtype: DataType) -> bool {
        self.to_sample(dtype).is_some()
    }

    /// The bytes of the value as one sample of `dtype` in native byte order; `None` where it does not fit.
    ///
    /// Rounding to a narrower float is allowed (as GDAL does for nodata); overflow to infinity is not.
    pub fn to_sample(self, dtype: DataType) -> Option<Sample> {
        let mut bytes = [0; 8];
        let size = dtype.size();
        if let Some((least, greatest)) = dtype.integer_range() {
            let value = self.as_integer().filter(|value| (least..=greatest).contains(value))?;
            // Two's complement: the low bytes of the wide value are the narrow value.
            let wide = (value as u64).to_le_bytes();
            bytes[..size].copy_from_slice(&wide[..size]);
            if cfg!(target_endian = "big") {
                bytes[..size].reverse();
            }
        } else {
            let value = self.as_f64();
            let overflows = |narrow: f64| narrow.is_infinite() && value.is_finite();
            match dtype {
                DataType::Float16 => {
                    let narrow = half::f16::from_f64(value);
                    if overflows(narrow.to_f64()) {
                        return None;
                    }
                    bytes[..2].copy_from_slice(&narrow.to_ne_bytes());
                }
                DataType::Float32 => {
                    let narrow = value as f32;
                    if overflows(narrow.into()) {
                        return None;
                    }
                    bytes[..4].copy_from_slice(&narrow.to_ne_bytes());
                }
                _ => bytes.copy_from_slice(&value.to_ne_bytes()),
            }
        }
        Some(Sample { bytes, size: size as u8 })
    }
}

impl From<f64> for PixelValue {
    /// Integral numbers within `i64` become integers, so that they compare and fit exactly.
    fn from(value: f64) -> Self {
        if value.fract() == 0.0 && value >= i64::MIN as f64 && value < i64::MAX as f64 {
            PixelValue::Integer(value as i64)
        } else {
            PixelValue::Float(value)
        }
    }
}

impl fmt::Display for PixelValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PixelValue::Integer(value) => value.fmt(f),
            PixelValue::Unsigned(value) => value.fmt(f),
            PixelValue::Float(value) if value.is_nan() => f.write_str("nan"),
            PixelValue::Float(value) => value.fmt(f),
        }
    }
}

/// The bytes of one sample in native byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    bytes: [u8; 8],
    size: u8,
}

impl Sample {
    /// As many bytes as the data type has.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.size)]
    }

    /// Writes the sample to every sample of `out`, whose length is a multiple of the sample's size.
    pub fn fill(&self, out: &mut [u8]) {
        let sample = self.as_bytes();
        if sample.iter().all(|byte| *byte == sample[0]) {
            out.fill(sample[0]);
        } else {
            for chunk in out.chunks_exact_mut(sample.len()) {
                chunk.copy_from_slice(sample);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_fit_exactly_or_not_at_all() {
        assert_eq!(PixelValue::Integer(-1).to_sample(DataType::UInt16), None);
        assert_eq!(
            PixelValue::Integer(-2).to_sample(DataType::Int16).unwrap().as_bytes(),
            (-2i16).to_ne_bytes()
        );
        assert_eq!(
            PixelValue::Unsigned(u64::MAX).to_sample(DataType::UInt64).unwrap().as_bytes(),
            u64::MAX.to_ne_bytes()
        );
        assert_eq!(PixelValue::Float(0.5).to_sample(DataType::Int32), None);
        assert_eq!(PixelValue::from(-9999.0), PixelValue::Integer(-9999));
    }

    #[test]
    fn floats_round_but_do_not_overflow() {
        assert!(PixelValue::Float(1e39).to_sample(DataType::Float32).is_none());
        assert!(PixelValue::Float(f64::INFINITY).fits(DataType::Float16));
        assert!(PixelValue::parse("nan").unwrap().fits(DataType::Float32));
        assert!(!PixelValue::parse("nan").unwrap().fits(DataType::UInt8));
        assert_eq!(
            PixelValue::Float(-3.4028234663852886e38).to_sample(DataType::Float32).unwrap().as_bytes(),
            f32::MIN.to_ne_bytes()
        );
    }

    #[test]
    fn fill_repeats_the_sample() {
        let mut out = [0u8; 6];
        PixelValue::Integer(0x0102).to_sample(DataType::UInt16).unwrap().fill(&mut out);
        assert_eq!(out.as_chunks::<2>().0, [0x0102u16.to_ne_bytes(); 3]);
    }
}
