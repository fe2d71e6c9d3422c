use crate::decode::{Codec, CodecError, Decompressed, EncodedTile};

/// No compression (`Compression` 1).
#[derive(Debug, Clone, Copy)]
pub struct Uncompressed;

impl Codec for Uncompressed {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Plain
    }

    fn decompress(
        &self,
        _: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        CodecError::check_len(encoded.len(), needed)?;
        out[..needed].copy_from_slice(&encoded[..needed]);
        Ok(())
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }

    fn stored<'a>(&self, encoded: &'a [u8]) -> Option<&'a [u8]> {
        Some(encoded)
    }
}
