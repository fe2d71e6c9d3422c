use crate::decode::{Codec, CodecError, Decompressed, EncodedTile, scratch};
use libdeflater::{DecompressionError, Decompressor};
use std::cell::RefCell;

/// The most that libdeflate leaves unwritten where the room ends: it writes in order, and what does
/// not fit as a whole is at most a stored block of 64 KiB. What it could have made up from beyond the
/// end of truncated bytes is less than that, too.
const UNWRITTEN: usize = 1 << 16;

thread_local! {
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// Deflate within zlib (`Compression` 8, and 32946 in older files).
#[derive(Debug, Clone, Copy)]
pub struct Deflate;

impl Codec for Deflate {
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
        if inflate_start(encoded, needed, out)? {
            return Ok(());
        }
        // Last strips of some writers hold as many rows as the others; libtiff allows it, too.
        scratch::with_codec_buffer(needed + UNWRITTEN, |longer| {
            inflate_start(encoded, needed, longer)?;
            out[..needed].copy_from_slice(&longer[..needed]);
            Ok(())
        })
    }

    fn room(&self, tile: &EncodedTile<'_>, needed: usize) -> usize {
        tile.len().min(needed + UNWRITTEN)
    }
}

/// Decompresses the start of a zlib stream, and says whether the first `needed` bytes are there: they
/// may not be where the stream goes on beyond the end of `out`.
fn inflate_start(encoded: &[u8], needed: usize, out: &mut [u8]) -> Result<bool, CodecError> {
    match inflate(encoded, out) {
        Ok(len) => CodecError::check_len(len, needed).map(|()| true),
        Err(DecompressionError::InsufficientSpace) => Ok(out.len() - needed >= UNWRITTEN),
        Err(DecompressionError::BadData) => Err(CodecError::corrupt("not a valid zlib stream")),
    }
}

/// Decompresses a zlib stream, and says how many bytes it had.
pub(super) fn inflate(encoded: &[u8], out: &mut [u8]) -> Result<usize, DecompressionError> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| decompressor.zlib_decompress(encoded, out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use libdeflater::{CompressionLvl, Compressor};

    fn deflate(bytes: &[u8], level: i32) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
        let mut encoded = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let len = compressor.zlib_compress(bytes, &mut encoded).unwrap();
        encoded.truncate(len);
        encoded
    }

    /// Bytes that compress well, hardly, and not at all, in turns.
    fn bytes(len: u32) -> Vec<u8> {
        (0..len)
            .map(|index| match index >> 15 & 3 {
                0 => 7,
                1 => (index.wrapping_mul(index) >> 9) as u8,
                2 => (index % 251) as u8,
                _ => (index.wrapping_mul(0x9E37_79B9) >> 13) as u8,
            })
            .collect()
    }

    #[test]
    fn what_is_needed_is_there_wherever_the_room_ends() {
        let bytes = bytes(700_000);
        for level in [0, 1, 6, 12] {
            let encoded = deflate(&bytes, level);
            for needed in (1..bytes.len() - UNWRITTEN).step_by(20_011) {
                let mut out = vec![0xA5; needed + UNWRITTEN];
                assert_eq!(
                    inflate_start(&encoded, needed, &mut out),
                    Ok(true),
                    "level {level}, {needed} bytes"
                );
                assert!(out[..needed] == bytes[..needed], "level {level}, {needed} bytes");
            }
        }
    }

    #[test]
    fn truncated_bytes_are_never_made_up() {
        let bytes = bytes(300_000);
        for level in [0, 1, 6, 12] {
            let encoded = deflate(&bytes, level);
            for len in (0..encoded.len()).step_by(encoded.len() / 97) {
                let needed = bytes.len() - UNWRITTEN - 1000;
                let mut out = vec![0xA5; needed + UNWRITTEN];
                if inflate_start(&encoded[..len], needed, &mut out) == Ok(true) {
                    assert!(out[..needed] == bytes[..needed], "level {level}, {len} bytes");
                }
            }
        }
    }
}
