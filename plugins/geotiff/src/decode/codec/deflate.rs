use crate::decode::{Codec, CodecError, Decompressed, EncodedTile};
use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{DecompressionError, Decompressor};
use std::cell::RefCell;

thread_local! {
    static WHOLE: RefCell<Decompressor> = RefCell::new(Decompressor::new());
    static START: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

/// Deflate within zlib (`Compression` 8, and 32946 in older files).
#[derive(Debug, Clone, Copy)]
pub struct Deflate;

impl Codec for Deflate {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Predicted
    }

    fn decompress(&self, tile: &EncodedTile<'_>, encoded: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
        if out.len() < tile.len() {
            return inflate_start(encoded, out);
        }
        match inflate(encoded, out) {
            Ok(len) => CodecError::check_len(len, out.len()),
            // Last strips of some writers hold as many rows as the others.
            Err(DecompressionError::InsufficientSpace) => inflate_start(encoded, out),
            Err(error) => Err(CodecError::corrupt(error)),
        }
    }

    fn worthwhile_len(&self, tile: &EncodedTile<'_>, needed: usize) -> usize {
        // zlib-rs can stop early, libdeflate decompresses the whole tile in two thirds of the time.
        if needed / 2 < tile.len() / 3 { needed } else { tile.len() }
    }
}

/// Decompresses a whole zlib stream, and says how many bytes it had.
pub(super) fn inflate(encoded: &[u8], out: &mut [u8]) -> Result<usize, DecompressionError> {
    WHOLE.with_borrow_mut(|decompressor| decompressor.zlib_decompress(encoded, out))
}

/// Decompresses the start of a zlib stream.
fn inflate_start(encoded: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
    START.with_borrow_mut(|decompress| {
        decompress.reset(true);
        loop {
            let (read, written) = (decompress.total_in() as usize, decompress.total_out() as usize);
            if written == out.len() {
                return Ok(());
            }
            let status = decompress
                .decompress(&encoded[read..], &mut out[written..], FlushDecompress::None)
                .map_err(CodecError::corrupt)?;
            let advanced = decompress.total_out() as usize > written || decompress.total_in() as usize > read;
            if status == Status::StreamEnd || !advanced {
                return CodecError::check_len(decompress.total_out() as usize, out.len());
            }
        }
    })
}
