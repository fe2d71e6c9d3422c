//! The file: errors that name it, and a way to have it open for reading under a lock that is shared with
//! other readers.
//!
//! redb opens a file for reading only if its last writer closed it, and otherwise wants to write. This
//! backend lets redb believe that it does: it may lock, and mark the header as in use, but the marked
//! header stays in memory. Any other write is refused, so that the file is never touched.
//!
//! Pages are read by position. redb copies each page that it reads, so that a memory map would only add
//! a page fault, which costs more than the system call that it saves; and a file that is cut off under
//! a reader is an error here, where the map would end the process.

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// redb's header lies in the first page, and nothing else does.
const HEADER_PAGE: usize = 4096;

/// What went wrong with which file: redb hands on what its backend says.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub(super) struct FileError {
    pub(super) path: PathBuf,
    pub(super) source: io::Error,
}

/// The file of a database.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    file: FileBackend,
    path: PathBuf,
    /// `None` where it is open for writing.
    read_only: Option<MarkedHeader>,
}

/// The first page as redb wants it to be, once it has marked it.
type MarkedHeader = RwLock<Option<Vec<u8>>>;

impl DatabaseFile {
    pub(super) fn writable(file: File, path: &Path) -> Result<Self, DatabaseError> {
        Ok(DatabaseFile { file: FileBackend::new(file)?, path: path.to_owned(), read_only: None })
    }

    pub(super) fn read_only(file: File, path: &Path) -> Result<Self, DatabaseError> {
        let header = Some(MarkedHeader::default());
        Ok(DatabaseFile { read_only: header, ..DatabaseFile::writable(file, path)? })
    }

    fn named<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|source| io::Error::new(source.kind(), FileError { path: self.path.clone(), source }))
    }

    fn mark(&self, header: &MarkedHeader, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut header = header.write().unwrap_or_else(PoisonError::into_inner);
        let start = usize::try_from(offset).map_err(|_| read_only())?;
        let end = start.checked_add(data.len()).filter(|end| *end <= HEADER_PAGE).ok_or_else(read_only)?;
        let page = match &mut *header {
            Some(page) => page,
            None => {
                let mut page = vec![0; HEADER_PAGE];
                self.named(self.file.read(0, &mut page))?;
                header.insert(page)
            }
        };
        page.get_mut(start..end).ok_or_else(read_only)?.copy_from_slice(data);
        Ok(())
    }
}

// redb asks for locks that exclude everybody; readers exclude writers only.
impl StorageBackend for DatabaseFile {
    fn len(&self) -> io::Result<u64> {
        self.named(self.file.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.named(self.file.read(offset, out))?;
        if let Some(header) = &self.read_only
            && offset < HEADER_PAGE as u64
        {
            let header = header.read().unwrap_or_else(PoisonError::into_inner);
            let marked = header.as_deref().and_then(|header| header.get(offset as usize..));
            for (byte, marked) in out.iter_mut().zip(marked.unwrap_or_default()) {
                *byte = *marked;
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &self.read_only {
            Some(header) => self.mark(header, offset, data),
            None => self.named(self.file.write(offset, data)),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        match self.read_only {
            Some(_) => Err(read_only()),
            None => self.named(self.file.set_len(len)),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        match self.read_only {
            Some(_) => Ok(()),
            None => self.named(self.file.sync_data()),
        }
    }

    fn close(&self) -> io::Result<()> {
        self.named(self.file.close())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        match self.read_only {
            Some(_) => self.file.try_lock_shared_range(start, end),
            None => self.file.try_lock_range(start, end),
        }
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        match self.read_only {
            Some(_) => self.file.lock_shared_range(start, end),
            None => self.file.lock_range(start, end),
        }
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the database is open for reading only")
}
