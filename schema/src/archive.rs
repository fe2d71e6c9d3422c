//! The archive of a raster header: the bytes that the store keeps, readable in place.
//!
//! One byte of format version, then the rkyv archive of [`RasterHeader`] (rkyv 0.8, little-endian,
//! unaligned, 32-bit relative pointers). Reading validates the bytes and returns a reference into
//! them; nothing is deserialised.

use crate::{ArchivedRasterHeader, BandMetadata, Georeference, PixelValue, RasterHeader};
use rkyv::rancor::Error as RkyvError;

/// Version of the archive format that this crate writes.
pub const VERSION: u8 = 1;

/// Why bytes are not a header archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A later version wrote the archive.
    #[error("header archive has version {found}; this program reads up to {VERSION}: use a newer one")]
    NewerVersion {
        /// Version of the archive.
        found: u8,
    },
    /// The bytes are damaged.
    #[error("damaged header archive: {0}")]
    Damaged(String),
    /// The header does not fit an archive.
    #[error("header is too large to archive: {0}")]
    TooLarge(String),
}

/// A reference to the header in its archive's bytes.
///
/// # Errors
///
/// If a later version wrote the bytes, or they are not a header archive.
pub fn access(bytes: &[u8]) -> Result<&ArchivedRasterHeader, ArchiveError> {
    match bytes {
        [] => Err(ArchiveError::Damaged("no bytes".to_owned())),
        [VERSION, archive @ ..] => {
            let header = rkyv::access::<ArchivedRasterHeader, RkyvError>(archive).map_err(damaged)?;
            // A header without an image has nothing to read, and every reader would have to ask.
            if header.image(0).is_none() {
                return Err(ArchiveError::Damaged("it has no image".to_owned()));
            }
            Ok(header)
        }
        [found, ..] if *found > VERSION => Err(ArchiveError::NewerVersion { found: *found }),
        [found, ..] => Err(ArchiveError::Damaged(format!("unknown version {found}"))),
    }
}

/// A header archive that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderArchive {
    bytes: Vec<u8>,
}

impl HeaderArchive {
    /// Archives a header.
    ///
    /// # Errors
    ///
    /// [`ArchiveError::TooLarge`] beyond 2 GiB, [`ArchiveError::Damaged`] for a header without an image.
    pub fn new(header: &RasterHeader) -> Result<Self, ArchiveError> {
        let archive =
            rkyv::to_bytes::<RkyvError>(header).map_err(|error| ArchiveError::TooLarge(error.to_string()))?;
        let mut bytes = Vec::with_capacity(archive.len() + 1);
        bytes.push(VERSION);
        bytes.extend_from_slice(&archive);
        Self::from_bytes(bytes)
    }

    /// Takes bytes that are a header archive.
    ///
    /// # Errors
    ///
    /// As [`access`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ArchiveError> {
        access(&bytes)?;
        Ok(HeaderArchive { bytes })
    }

    /// The archive's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The header.
    ///
    /// # Errors
    ///
    /// None in practice: the bytes were validated when the archive was made.
    pub fn header(&self) -> Result<&ArchivedRasterHeader, ArchiveError> {
        access(&self.bytes)
    }
}

impl ArchivedRasterHeader {
    /// Where the pixels lie, as a value.
    ///
    /// # Errors
    ///
    /// If the archive is damaged.
    pub fn georeference(&self) -> Result<Georeference, ArchiveError> {
        rkyv::deserialize::<Georeference, RkyvError>(&self.georeference).map_err(damaged)
    }

    /// The value of pixels without data, as a value.
    ///
    /// # Errors
    ///
    /// If the archive is damaged.
    pub fn nodata(&self) -> Result<Option<PixelValue>, ArchiveError> {
        rkyv::deserialize::<Option<PixelValue>, RkyvError>(&self.nodata).map_err(damaged)
    }

    /// What is known of a band, as a value; the default for a sample that there is not.
    ///
    /// # Errors
    ///
    /// If the archive is damaged.
    pub fn band_metadata(&self, sample: u16) -> Result<BandMetadata, ArchiveError> {
        let Some(band) = self.bands.get(usize::from(sample)) else { return Ok(BandMetadata::default()) };
        rkyv::deserialize::<BandMetadata, RkyvError>(band).map_err(damaged)
    }

    /// The whole header as a value, for what is not done on the read path.
    ///
    /// # Errors
    ///
    /// If the archive is damaged.
    pub fn to_header(&self) -> Result<RasterHeader, ArchiveError> {
        rkyv::deserialize::<RasterHeader, RkyvError>(self).map_err(damaged)
    }
}

fn damaged(error: RkyvError) -> ArchiveError {
    ArchiveError::Damaged(error.to_string())
}
