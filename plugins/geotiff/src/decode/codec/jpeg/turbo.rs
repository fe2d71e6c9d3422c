//! The part of TurboJPEG's interface that decoding takes.

use crate::decode::CodecError;
use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;
use turbojpeg_sys as sys;

/// Most scans of a frame, and most megabytes of coefficients, which frames of several scans keep. Both
/// as in libtiff.
const MAX_SCANS: c_int = 100;
const MAX_MEGABYTES: c_int = 100;

/// The samples of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PixelFormat {
    Gray,
    Rgb,
    Cmyk,
}

impl PixelFormat {
    pub fn samples(self) -> usize {
        match self {
            PixelFormat::Gray => 1,
            PixelFormat::Rgb => 3,
            PixelFormat::Cmyk => 4,
        }
    }

    fn number(self) -> c_int {
        match self {
            PixelFormat::Gray => sys::TJPF_TJPF_GRAY,
            PixelFormat::Rgb => sys::TJPF_TJPF_RGB,
            PixelFormat::Cmyk => sys::TJPF_TJPF_CMYK,
        }
    }
}

/// A decompressor of one stream: another one's tables would still be there.
#[derive(Debug)]
pub(super) struct Decompressor<'a> {
    handle: NonNull<c_void>,
    stream: &'a [u8],
    rows: usize,
    columns: usize,
}

impl<'a> Decompressor<'a> {
    /// Reads the header.
    ///
    /// # Errors
    ///
    /// If it is not one of a JPEG stream, or there is no memory.
    pub fn new(stream: &'a [u8]) -> Result<Self, CodecError> {
        // SAFETY: the function takes any number.
        let handle = unsafe { sys::tj3Init(sys::TJINIT_TJINIT_DECOMPRESS as c_int) };
        let handle =
            NonNull::new(handle).ok_or_else(|| CodecError::corrupt("no memory for a JPEG decompressor"))?;
        let mut decompressor = Decompressor { handle, stream, rows: 0, columns: 0 };
        for (parameter, value) in [
            // What libjpeg warns of are pixels that it makes up.
            (sys::TJPARAM_TJPARAM_STOPONWARNING, 1),
            (sys::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS),
            (sys::TJPARAM_TJPARAM_MAXMEMORY, MAX_MEGABYTES),
        ] {
            // SAFETY: the handle is valid.
            decompressor.check(unsafe { sys::tj3Set(handle.as_ptr(), parameter as c_int, value) })?;
        }
        let len = stream.len() as sys::size_t;
        // SAFETY: the handle is valid, and so are the stream's bytes.
        decompressor.check(unsafe { sys::tj3DecompressHeader(handle.as_ptr(), stream.as_ptr(), len) })?;
        decompressor.rows = decompressor.dimension(sys::TJPARAM_TJPARAM_JPEGHEIGHT)?;
        decompressor.columns = decompressor.dimension(sys::TJPARAM_TJPARAM_JPEGWIDTH)?;
        Ok(decompressor)
    }

    /// Rows and columns.
    pub fn size(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Whether [`decompress`](Self::decompress) can give the first `rows` alone. It cannot with sampling
    /// factors that TurboJPEG has no name for.
    pub fn can_stop_at(&self, rows: usize) -> bool {
        rows == self.rows || self.get(sys::TJPARAM_TJPARAM_SUBSAMP) != sys::TJSAMP_TJSAMP_UNKNOWN
    }

    /// Decompresses the first `rows` to `out`, which has to have their size.
    ///
    /// # Errors
    ///
    /// If the stream is corrupt, also after these rows, or if there is no memory.
    ///
    /// # Panics
    ///
    /// If `out` has another size, or the image fewer rows.
    pub fn decompress(self, format: PixelFormat, rows: usize, out: &mut [u8]) -> Result<(), CodecError> {
        let row_len = self.columns * format.samples();
        assert!(rows <= self.rows && out.len() == rows * row_len, "a buffer of the rows' size");
        let pitch = c_int::try_from(row_len).map_err(CodecError::corrupt)?;
        if rows == 0 {
            return Ok(());
        }
        if rows < self.rows {
            let region = sys::tjregion { x: 0, y: 0, w: 0, h: rows as c_int };
            // SAFETY: the handle is valid.
            self.check(unsafe { sys::tj3SetCroppingRegion(self.handle.as_ptr(), region) })?;
        }
        // SAFETY: the handle is valid, and so are the stream's bytes. The header, which is read again, is of
        // `self.columns` and `self.rows`, of which the region lets through `rows`: `pitch` each, they fill
        // `out`, and a row of `format` fills its pitch.
        let result = unsafe {
            sys::tj3Decompress8(
                self.handle.as_ptr(),
                self.stream.as_ptr(),
                self.stream.len() as sys::size_t,
                out.as_mut_ptr(),
                pitch,
                format.number(),
            )
        };
        self.check(result)
    }

    fn get(&self, parameter: sys::TJPARAM) -> c_int {
        // SAFETY: the handle is valid.
        unsafe { sys::tj3Get(self.handle.as_ptr(), parameter as c_int) }
    }

    fn dimension(&self, parameter: sys::TJPARAM) -> Result<usize, CodecError> {
        usize::try_from(self.get(parameter)).map_err(|_| CodecError::corrupt("JPEG stream without a frame"))
    }

    fn check(&self, result: c_int) -> Result<(), CodecError> {
        if result == 0 {
            return Ok(());
        }
        // SAFETY: the handle is valid; the message lives until the handle is used again.
        let message = unsafe { CStr::from_ptr(sys::tj3GetErrorStr(self.handle.as_ptr())) };
        Err(CodecError::corrupt(message.to_string_lossy()))
    }
}

impl Drop for Decompressor<'_> {
    fn drop(&mut self) {
        // SAFETY: the handle is valid, and not used any more.
        unsafe { sys::tj3Destroy(self.handle.as_ptr()) }
    }
}
