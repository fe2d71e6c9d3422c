//! A file open for reading: mapped into memory, under a lock that it shares with other readers.
//!
//! redb opens a file for reading only by its path, and then refuses one whose last writer was killed.
//! This backend lets redb believe that it writes: it may lock, and mark the header as in use, but the
//! marked header stays in memory. Any other write is refused, so that the file is never touched.

use memmap2::Mmap;
use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::{OnceLock, PoisonError, RwLock};

/// redb's header lies in the first page, and nothing else does.
const HEADER_PAGE: usize = 4096;

#[derive(Debug)]
pub(super) struct MappedFile {
    file: File,
    locks: FileBackend,
    /// Made on first use: the file may be mapped only once it is locked.
    mapping: OnceLock<Mapping>,
}

#[derive(Debug)]
struct Mapping {
    bytes: Mmap,
    header: RwLock<Vec<u8>>,
}

impl MappedFile {
    pub(super) fn new(file: File) -> Result<Self, DatabaseError> {
        let locks = FileBackend::new(file.try_clone()?)?;
        Ok(MappedFile { file, locks, mapping: OnceLock::new() })
    }

    fn mapping(&self) -> io::Result<&Mapping> {
        if let Some(mapping) = self.mapping.get() {
            return Ok(mapping);
        }
        // SAFETY: the bytes of a map must not change while a slice of them is borrowed. redb asks for
        // the length or for bytes only after it has locked the file, the lock is held until the
        // backend is closed, and whoever writes a store needs that lock for itself. What is read is
        // copied out at once; no reference into the map leaves this module.
        let bytes = unsafe { Mmap::map(&self.file)? };
        let header = bytes.iter().copied().take(HEADER_PAGE).collect();
        Ok(self.mapping.get_or_init(|| Mapping { bytes, header: RwLock::new(header) }))
    }
}

impl StorageBackend for MappedFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.mapping()?.bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mapping = self.mapping()?;
        let start = usize::try_from(offset).map_err(|_| beyond_the_end())?;
        let end = start.checked_add(out.len()).ok_or_else(beyond_the_end)?;
        out.copy_from_slice(mapping.bytes.get(start..end).ok_or_else(beyond_the_end)?);
        if start < HEADER_PAGE {
            let header = mapping.header.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(marked) = header.get(start..end.min(header.len())) {
                out[..marked.len()].copy_from_slice(marked);
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut header = self.mapping()?.header.write().unwrap_or_else(PoisonError::into_inner);
        let start = usize::try_from(offset).map_err(|_| read_only())?;
        let end = start.checked_add(data.len()).ok_or_else(read_only)?;
        header.get_mut(start..end).ok_or_else(read_only)?.copy_from_slice(data);
        Ok(())
    }

    fn set_len(&self, _len: u64) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.locks.close()
    }

    // redb asks for locks that exclude everybody; readers exclude writers only.

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locks.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locks.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locks.lock_shared_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locks.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.locks.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.locks.query_lock_range(start, end)
    }
}

fn beyond_the_end() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "beyond the end of the file")
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the database is open for reading only")
}
