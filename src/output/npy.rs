//! NumPy's `.npy` format, version 1.0 (NEP 1). Written here because half precision is among the data
//! types, and the format is a line of text before the bytes.

use crate::read::PixelArray;
use rasteret_schema::DataType;
use std::io::{self, Write};

/// Writes the samples as a C-ordered array of shape `shape`, which has as many elements as `pixels`.
///
/// # Errors
///
/// If the writer fails, or the shape is of another size.
pub fn write_npy(pixels: &PixelArray, shape: &[usize], out: &mut impl Write) -> io::Result<()> {
    if shape.iter().product::<usize>() != pixels.shape().iter().product::<usize>() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{shape:?} is not {:?}", pixels.shape()),
        ));
    }
    let dims: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let mut header = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
        descriptor(pixels.dtype()),
        dims.join(" ")
    );
    // Magic, version and length take ten bytes; the samples start at a multiple of 64.
    header.push_str(&" ".repeat((64 - (10 + header.len() + 1) % 64) % 64));
    header.push('\n');
    let len = u16::try_from(header.len()).map_err(io::Error::other)?;
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    out.write_all(&pixels.to_bytes())
}

fn descriptor(dtype: DataType) -> String {
    let order = match dtype.size() {
        1 => '|',
        _ if cfg!(target_endian = "big") => '>',
        _ => '<',
    };
    let kind = match dtype {
        _ if dtype.is_float() => 'f',
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => 'u',
        _ => 'i',
    };
    format!("{order}{kind}{}", dtype.size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_what_numpy_writes() {
        let pixels = PixelArray::zeros(DataType::UInt16, [1, 1, 2, 3]);
        let mut out = Vec::new();
        write_npy(&pixels, &[2, 3], &mut out).unwrap();
        assert_eq!(out.len(), 128 + 12);
        assert_eq!(&out[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert!(out[10..].starts_with(b"{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3,), }"));
        assert_eq!(out[127], b'\n');
        assert!(write_npy(&pixels, &[3, 3], &mut out).is_err());
    }
}
