//! Memory that is kept from one tile to the next.

use super::CodecError;
use std::alloc::{Layout, alloc_zeroed};
use std::cell::Cell;

/// What a thread keeps: enough for tiles of 1024² pixels with four bands of `float32`, twice.
const KEPT: usize = 32 << 20;

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
    static CODEC_BUFFER: Cell<Buffer> = Cell::default();
}

/// Buffers for the steps of decoding.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Encoded bytes with their bits reversed.
    pub encoded: Buffer,
    /// Decompressed rows.
    pub tile: Buffer,
    /// A row of native samples.
    pub native: Buffer,
}

/// Gives the thread's buffers to `use_scratch`.
pub(super) fn with<T>(use_scratch: impl FnOnce(&mut Scratch) -> T) -> T {
    // Taken out meanwhile: a codec that decodes within a codec gets new ones.
    let mut scratch = SCRATCH.take();
    let result = use_scratch(&mut scratch);
    let Scratch { encoded, tile, native } = &mut scratch;
    [encoded, tile, native].into_iter().for_each(Buffer::shrink);
    SCRATCH.set(scratch);
    result
}

/// Gives a codec `len` bytes that hold anything.
pub(super) fn with_codec_buffer<T>(
    len: usize,
    use_buffer: impl FnOnce(&mut [u8]) -> Result<T, CodecError>,
) -> Result<T, CodecError> {
    let mut buffer = CODEC_BUFFER.take();
    let result = buffer.get(len).and_then(use_buffer);
    buffer.shrink();
    CODEC_BUFFER.set(buffer);
    result
}

/// Bytes that hold anything.
#[derive(Debug, Default)]
pub(super) struct Buffer(Vec<u8>);

impl Buffer {
    /// The first `len` bytes.
    ///
    /// # Errors
    ///
    /// If there is not so much memory.
    pub fn get(&mut self, len: usize) -> Result<&mut [u8], CodecError> {
        if self.0.len() < len {
            self.0 = Vec::new();
            self.0 = zeroed(len).ok_or_else(|| {
                CodecError::corrupt(format_args!("no memory for the {len} bytes it decodes to"))
            })?;
        }
        Ok(&mut self.0[..len])
    }

    fn shrink(&mut self) {
        if self.0.len() > KEPT {
            self.0 = Vec::new();
        }
    }
}

/// As `vec![0; len]`, but `None` where there is no memory. The system gives pages as they are
/// written, so that a tile that claims to be large takes memory only as it turns out to be.
fn zeroed(len: usize) -> Option<Vec<u8>> {
    let layout = Layout::array::<u8>(len).ok().filter(|layout| layout.size() > 0)?;
    // SAFETY: the layout has a size.
    let pointer = unsafe { alloc_zeroed(layout) };
    // SAFETY: the global allocator gave the pointer for `len` bytes of alignment 1; all are set.
    (!pointer.is_null()).then(|| unsafe { Vec::from_raw_parts(pointer, len, len) })
}
