//! Headers from bytes.

use rasteret_schema::{ByteRanges, Parsed, RasterError};

/// Whether the bytes begin as a TIFF or BigTIFF file does.
pub fn recognizes(start: &[u8]) -> bool {
    matches!(start.get(..4), Some(b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+"))
}

/// Parses a header, or asks for the byte ranges that it still needs.
///
/// # Errors
///
/// If the bytes are not a TIFF file that can be read.
pub fn parse(bytes: &ByteRanges) -> Result<Parsed, RasterError> {
    if recognizes(bytes.available(0)) {
        return Err(RasterError::CorruptHeader("not implemented".to_owned()));
    }
    Ok(Parsed::Needs(vec![0..16]))
}
