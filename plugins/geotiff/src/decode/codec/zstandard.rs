use crate::decode::{Codec, CodecError, Decompressed, EncodedTile, scratch};
use std::cell::RefCell;
use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, get_error_name};

/// The window that RFC 8878 asks every decoder to support, 8 MiB. Frames with a larger one (levels 20
/// and above) are decompressed as a whole, where the output is the window.
const WINDOW_LOG_MAX: u32 = 23;

thread_local! {
    static CONTEXT: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// Zstandard (`Compression` 50000; RFC 8878).
#[derive(Debug, Clone, Copy)]
pub struct Zstandard;

impl Codec for Zstandard {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Predicted
    }

    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        let out = &mut out[..needed];
        if needed == tile.len()
            && let Ok(len) = decompress(encoded, out)
        {
            return CodecError::check_len(len, needed);
        }
        // A part of the tile; or more than a tile's bytes, or something after them.
        match decompress_start(encoded, out) {
            Err(error) if needed < tile.len() => scratch::with_codec_buffer(tile.len(), |whole| {
                decompress(encoded, whole).map_err(|_| error)?;
                out.copy_from_slice(&whole[..needed]);
                Ok(())
            }),
            result => result,
        }
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }
}

/// Decompresses whole frames, and says how many bytes they had.
pub(super) fn decompress(encoded: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    CONTEXT.with_borrow_mut(|context| context.decompress(out, encoded)).map_err(corrupt)
}

fn decompress_start(encoded: &[u8], out: &mut [u8]) -> Result<(), CodecError> {
    CONTEXT.with_borrow_mut(|context| {
        context.reset(ResetDirective::SessionOnly).map_err(corrupt)?;
        context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(corrupt)?;
        let expected = out.len();
        let (mut input, mut output) = (InBuffer::around(encoded), OutBuffer::around(out));
        loop {
            let (read, written) = (input.pos, output.pos());
            let hint = context.decompress_stream(&mut output, &mut input).map_err(corrupt)?;
            let advanced = input.pos > read || output.pos() > written;
            if output.pos() == expected {
                return Ok(());
            }
            if hint == 0 || !advanced {
                return CodecError::check_len(output.pos(), expected);
            }
        }
    })
}

fn corrupt(code: usize) -> CodecError {
    CodecError::corrupt(get_error_name(code))
}
