use crate::decode::{Codec, CodecError, Decompressed, EncodedTile};
use lzma_rust2::XzReader;
use std::io::Read;

/// LZMA2 within xz, with the delta filter that libtiff puts before it (`Compression` 34925).
#[derive(Debug, Clone, Copy)]
pub struct Lzma;

impl Codec for Lzma {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Predicted
    }

    fn decompress(
        &self,
        _: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        // The dictionary grows with what is decompressed, whatever size the stream says.
        let mut reader = XzReader::new(encoded, false);
        let mut written = 0;
        while written < needed {
            match reader.read(&mut out[written..needed]).map_err(CodecError::corrupt)? {
                0 => return CodecError::check_len(written, needed),
                read => written += read,
            }
        }
        Ok(())
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }
}
