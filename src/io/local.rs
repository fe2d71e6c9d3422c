//! Local files, memory-mapped.

use crate::error::{Error, Result};
use memmap2::Mmap;
use rasteret_schema::header::ArchivedObjectVersion;
use std::fs::{File, Metadata};
use std::ops::Range;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// A local file that is mapped into memory.
#[derive(Debug)]
pub struct LocalFile {
    map: Mmap,
    metadata: Metadata,
}

impl LocalFile {
    /// Maps a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::AccessDenied`], or [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |source: std::io::Error| Error::from_io(path.display().to_string(), source);
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        // SAFETY: the map is only read, as bytes, of which any value is valid. A process that
        // rewrites the file meanwhile changes what is read, which decoding treats as hostile
        // anyway; one that truncates it makes the read fault, as with every memory-mapped reader:
        // raster files are replaced, not cut, by the tools that write them.
        let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
        Ok(LocalFile { map, metadata })
    }

    /// The bytes of a range; `None` where the file ends before the range does.
    pub fn bytes(&self, range: Range<u64>) -> Option<&[u8]> {
        self.map.get(usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?)
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.map.len() as u64
    }

    /// How the file differs from the version that a header was parsed from; `None` where it does not.
    pub fn difference(&self, version: &ArchivedObjectVersion) -> Option<String> {
        let size = self.metadata.len();
        if let Some(indexed) = version.size.as_ref().map(|size| size.to_native())
            && indexed != size
        {
            return Some(format!("it had {indexed} bytes and has {size} now"));
        }
        let modified = self.metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_micros();
        let indexed = version.last_modified.as_ref()?.to_native();
        (u128::try_from(indexed) != Ok(modified)).then(|| "it was written to since".to_owned())
    }
}
