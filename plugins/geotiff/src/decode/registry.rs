//! Codecs by their TIFF compression number.

use super::codec;
use rasteret_schema::ImageView;
use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::sync::Arc;

/// Decompresses the tiles of one compression scheme.
///
/// # Implementing
///
/// A codec is a pure function of a tile's bytes. They come from anywhere: whatever they are, the
/// answer is a result, in memory that the size of the decoded tile bounds.
///
/// ```
/// use rasteret_geotiff::decode::{Codec, CodecError, CodecRegistry, Decompressed, EncodedTile};
///
/// /// Inverts all bits.
/// #[derive(Debug)]
/// struct Inverted;
///
/// impl Codec for Inverted {
///     fn decompressed(&self) -> Decompressed {
///         Decompressed::Plain
///     }
///
///     fn decompress(
///         &self,
///         _: &EncodedTile<'_>,
///         encoded: &[u8],
///         needed: usize,
///         out: &mut [u8],
///     ) -> Result<(), CodecError> {
///         if encoded.len() < needed {
///             return Err(CodecError::Short { got: encoded.len(), expected: needed });
///         }
///         for (out, byte) in out.iter_mut().zip(encoded) {
///             *out = !byte;
///         }
///         Ok(())
///     }
/// }
///
/// let codecs = CodecRegistry::default().with(65000, Inverted);
/// assert!(codecs.get(65000).is_some());
/// ```
pub trait Codec: Debug + Send + Sync {
    /// What the decompressed bytes are.
    fn decompressed(&self) -> Decompressed;

    /// Decompresses the first `needed` bytes of a tile, which are whole rows, to the start of `out`,
    /// which has the [room](Self::room) that the codec asks for.
    ///
    /// What follows in `encoded` does not matter. `out` may hold anything before; after those bytes,
    /// and after an error, too.
    ///
    /// # Errors
    ///
    /// If the bytes are corrupt, decompress to fewer bytes, or use what the codec does not support.
    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError>;

    /// How many bytes of room the codec has to have to decompress the first `needed` bytes: from
    /// `needed`, if it can stop there, to `tile.len()`.
    fn room(&self, tile: &EncodedTile<'_>, needed: usize) -> usize {
        let _ = needed;
        tile.len()
    }

    /// The tile's bytes where they lie, for a scheme that leaves them as they are.
    fn stored<'a>(&self, encoded: &'a [u8]) -> Option<&'a [u8]> {
        let _ = encoded;
        None
    }
}

/// What the bytes are that a codec decompresses to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decompressed {
    /// Rows as TIFF lays them out: samples of `BitsPerSample` bits in the file's byte order, rows
    /// padded to whole bytes.
    Plain,
    /// The same, after the differences of `Predictor`.
    Predicted,
    /// Interleaved samples of the image's data type in native byte order.
    Samples,
}

/// What a codec has to know of a tile.
#[derive(Debug, Clone, Copy)]
pub struct EncodedTile<'a> {
    /// The image that the tile is part of.
    pub image: &'a ImageView<'a>,
    /// Columns, those beyond the image's edge included.
    pub columns: u32,
    /// Rows: those of the image's tiles, or of its last strip.
    pub rows: u32,
    /// Interleaved samples.
    pub samples: u16,
    /// Bytes of a decompressed row.
    pub row_len: usize,
}

impl EncodedTile<'_> {
    /// Bytes of the decompressed tile. No more than [`super::MAX_TILE_LEN`].
    #[expect(clippy::len_without_is_empty, reason = "no tile is empty")]
    pub fn len(&self) -> usize {
        self.rows as usize * self.row_len
    }
}

/// Why a tile does not decompress.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes are not what the codec writes.
    #[error("{0}")]
    Corrupt(String),
    /// The bytes end too early.
    #[error("it decodes to {got} bytes instead of {expected}")]
    Short {
        /// Bytes that were decompressed.
        got: usize,
        /// Bytes that were wanted.
        expected: usize,
    },
    /// The bytes use what the codec does not support.
    #[error("{tag} is {value}")]
    Unsupported {
        /// The tag or property.
        tag: &'static str,
        /// Its value.
        value: String,
        /// What the user can do about it; may be empty.
        hint: &'static str,
    },
}

impl CodecError {
    /// The bytes are not what the codec writes, for a reason.
    pub fn corrupt(reason: impl fmt::Display) -> Self {
        CodecError::Corrupt(reason.to_string())
    }

    /// [`CodecError::Short`] if fewer bytes were decompressed than expected.
    pub(super) fn check_len(got: usize, expected: usize) -> Result<(), Self> {
        if got < expected { Err(CodecError::Short { got, expected }) } else { Ok(()) }
    }
}

/// The codecs that a reader decodes with, by the number in `Compression`.
///
/// [`CodecRegistry::default`] has those built in: none, LZW, Deflate, PackBits, Zstandard, LZMA, JPEG,
/// WebP, LERC.
#[derive(Debug, Clone)]
pub struct CodecRegistry {
    codecs: BTreeMap<u16, Arc<dyn Codec>>,
}

impl CodecRegistry {
    /// No codecs at all.
    pub fn empty() -> Self {
        CodecRegistry { codecs: BTreeMap::new() }
    }

    /// Adds a codec, in the place of the one that had its number.
    #[must_use]
    pub fn with(mut self, compression: u16, codec: impl Codec + 'static) -> Self {
        self.codecs.insert(compression, Arc::new(codec));
        self
    }

    /// The codec of a compression number.
    pub fn get(&self, compression: u16) -> Option<&dyn Codec> {
        self.codecs.get(&compression).map(Arc::as_ref)
    }

    /// The compression numbers that there are codecs for, in ascending order.
    pub fn compressions(&self) -> impl Iterator<Item = u16> {
        self.codecs.keys().copied()
    }
}

impl Default for CodecRegistry {
    fn default() -> Self {
        CodecRegistry::empty()
            .with(1, codec::Uncompressed)
            .with(5, codec::Lzw)
            .with(7, codec::Jpeg)
            .with(8, codec::Deflate)
            .with(32773, codec::PackBits)
            .with(32946, codec::Deflate)
            .with(34887, codec::Lerc)
            .with(34925, codec::Lzma)
            .with(50000, codec::Zstandard)
            .with(50001, codec::WebP)
    }
}
