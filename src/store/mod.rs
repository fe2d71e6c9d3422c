//! The store: one file with the collections, their records, and the headers of their rasters.
//!
//! Record batches and header archives go in; record batches, zone maps and references to headers come
//! out, in place where the page of the file has them. Nothing here knows about networks, pixels or
//! filters, or how a source becomes records.
//!
//! ```
//! use rasteret::store::{Description, Store};
//! # use rasteret_schema::record;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("field.rasteret");
//! # let batch = record::to_batch(&[])?;
//! let mut store = Store::create(&path)?;
//! let mut transaction = store.write()?;
//! transaction.create_collection("bangalore", Description::default())?;
//! transaction.append("bangalore", &batch, &[], &[])?;
//! transaction.commit()?;
//! store.compact()?;
//! drop(store);
//!
//! let snapshot = Store::open(&path)?.read()?;
//! let collection = snapshot.collection("bangalore")?;
//! for batch in collection.scan(&collection.all_columns(), |_| true)? {
//!     println!("{} records", batch?.records.len());
//! }
//! # Ok(()) }
//! ```
//!
//! | module | what it does |
//! | --- | --- |
//! | `tables`, `metadata`, `schema`, `column`, `zone`, `headers`, `datasets` | the layout of the file, which `schema/store.md` describes to the byte |
//! | `backend`, `holder`, `guarded` | opening a file, and reading it even if it is damaged |
//! | `transaction`, `append`, `edit`, `alter`, `copy` | writing |
//! | `snapshot`, `scan` | reading |
//! | `stats`, `verify` | maintenance |

mod alter;
mod append;
mod backend;
mod column;
mod copy;
mod datasets;
mod edit;
mod error;
mod guarded;
mod headers;
mod holder;
mod metadata;
mod scan;
mod schema;
mod snapshot;
mod stats;

mod tables;
mod transaction;
mod verify;

mod zone;

pub use append::{Appended, HeaderFailure};
pub use error::StoreError;
pub use headers::StoredHeader;
pub use metadata::{BuildState, Description, Failure, Metadata};
pub use scan::{Chunk, Projection, Scan, ScanBatch};
pub use snapshot::{Collection, Snapshot};
pub use stats::{Stats, TableStats};

pub use tables::FORMAT_VERSION;
pub(crate) use tables::HeaderKey;
pub use transaction::Transaction;
use transaction::Writing;
pub use verify::{Damage, Depth, verify};

pub use zone::{ColumnZone, Scalar, ScalarRange, ZoneMap};

use crate::unwinding::unwinding;
use backend::DatabaseFile;
use guarded::guarded;
use redb::{Builder, Database, DatabaseError, ReadableDatabase};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Number of a band: its place in the list of the collection's bands.
pub type BandNumber = u16;

/// Memory for pages of a store that is open for reading. The operating system caches the file too.
const READ_CACHE: usize = 64 << 20;
/// Memory for pages of a store that is open for writing.
const WRITE_CACHE: usize = 256 << 20;
/// A store that grew by one part in so many is compacted when it is closed: all compaction together
/// moves at most so many bytes for each that is added, however many small builds there are.
const COMPACTED_SHARE: u64 = 8;

/// An open database.
///
/// Any number of processes can have a file open for reading; a process that has it open for writing
/// excludes all others.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None` only while it is dropped.
    database: Option<Database>,
    path: PathBuf,
    writable: bool,
    /// Bytes that were added since it was opened.
    added: AtomicU64,
    /// Transactions that are going on, or that wait for the end of one.
    writing: AtomicUsize,
}

impl Shared {
    fn database(&self) -> &Database {
        self.database.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let mut database = self.database.take();
        let grown = self.added.get_mut().saturating_mul(COMPACTED_SHARE);
        let worth_it = grown > 0
            && !std::thread::panicking()
            && std::fs::metadata(&self.path).is_ok_and(|file| grown >= file.len());
        // Closing writes what makes the next opening fast, and reads pages of the file for it.
        let closed = unwinding(move || {
            if let Some(database) = database.as_mut().filter(|_| worth_it) {
                // Before closing, which leaves what compaction does not: that the file opens at once.
                database.compact()?;
            }
            Ok::<_, redb::CompactionError>(())
        });
        if let Ok(Err(error)) = closed {
            tracing::warn!("{} could not be compacted: {}", self.path.display(), StoreError::from(error));
        }
    }
}

impl Store {
    /// Makes a new file, and opens it for writing. The file appears under its name only when it is
    /// whole.
    ///
    /// # Errors
    ///
    /// [`StoreError::AlreadyExists`], [`StoreError::Io`].
    pub fn create(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let path = path.as_ref();
        let exists = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => StoreError::AlreadyExists(path.to_owned()),
            _ => StoreError::io(format!("creating {}", path.display()))(error),
        };
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::AlreadyExists(path.to_owned()));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut new = tempfile::Builder::new();
        new.prefix(".rasteret-");
        #[cfg(unix)]
        new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let new = new.tempfile_in(folder).map_err(exists)?;
        let file = new.as_file().try_clone().map_err(exists)?;
        let database = writable(file, path)?;
        let transaction = database.begin_write()?;
        tables::initialize(&transaction)?;
        transaction::commit(transaction)?;
        new.persist_noclobber(path).map_err(|error| exists(error.error))?;
        // So that the name outlives a power failure as well.
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(exists)?;
        Ok(Store::new(database, path, true))
    }

    /// Opens a file for reading. Takes the same short time whatever the size of the file.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::NotADatabase`], [`StoreError::NewerVersion`],
    /// [`StoreError::Locked`] while it is open for writing, [`StoreError::NotClosed`],
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let path = path.as_ref();
        let database = open_read_only(path)?;
        Store::checked(database, path, false)
    }

    /// Opens a file for reading and writing. A file whose last writer was killed is put in order.
    ///
    /// # Errors
    ///
    /// As [`Store::open`]; [`StoreError::Locked`] while it is open elsewhere at all.
    pub fn open_writable(path: impl AsRef<Path>) -> Result<Store, StoreError> {
        let path = path.as_ref();
        let file = open_file(path, File::options().read(true).write(true))?;
        check_magic(&file, path)?;
        Store::checked(writable(file, path)?, path, true)
    }

    fn new(database: Database, path: &Path, writable: bool) -> Store {
        let shared = Shared {
            database: Some(database),
            path: path.to_owned(),
            writable,
            added: AtomicU64::new(0),
            writing: AtomicUsize::new(0),
        };
        Store { shared: Arc::new(shared) }
    }

    fn checked(database: Database, path: &Path, writable: bool) -> Result<Store, StoreError> {
        let store = Store::new(database, path, writable);
        guarded(|| tables::check(&store.shared.database().begin_read()?, path))?;
        Ok(store)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Whether the store is open for writing.
    pub fn is_writable(&self) -> bool {
        self.shared.writable
    }

    /// What is in the store now. Later transactions do not change it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn read(&self) -> Result<Snapshot, StoreError> {
        Snapshot::new(self.shared.clone())
    }

    /// Begins a transaction. Waits for the end of one that is going on in another thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::ReadOnly`], [`StoreError::Io`].
    pub fn write(&self) -> Result<Transaction<'_>, StoreError> {
        if !self.shared.writable {
            return Err(StoreError::ReadOnly(self.shared.path.clone()));
        }
        let writing = Writing::new(&self.shared.writing);
        Transaction::new(guarded(|| self.shared.database().begin_write())?, writing)
    }

    /// Begins a transaction, unless the store is open for reading only, or one is going on in another thread: then
    /// there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub(crate) fn write_if_free(&self) -> Result<Option<Transaction<'_>>, StoreError> {
        // One that begins meanwhile is waited for.
        let is_free = self.shared.writable && self.shared.writing.load(Ordering::Acquire) == 0;
        is_free.then(|| self.write()).transpose()
    }

    /// Says that about so many bytes were added. Copy-on-write leaves holes and the file grows by doubling:
    /// if a good part of it is new, it is compacted when it is closed.
    pub(crate) fn note_added(&self, bytes: u64) {
        self.shared.added.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Moves pages to the front of the file and cuts off the rest. Takes time in proportion to the
    /// size of the file; worth it once a build is finished.
    ///
    /// # Errors
    ///
    /// [`StoreError::ReadOnly`], [`StoreError::InUse`] while snapshots are open, [`StoreError::Io`].
    pub fn compact(&mut self) -> Result<(), StoreError> {
        if !self.shared.writable {
            return Err(StoreError::ReadOnly(self.shared.path.clone()));
        }
        let shared = Arc::get_mut(&mut self.shared).ok_or(StoreError::InUse)?;
        let database = shared.database.as_mut().ok_or(StoreError::InUse)?;
        guarded(|| database.compact())?;
        Ok(())
    }
}

/// A file as a redb database that can be written to; one that is empty becomes one.
fn writable(file: File, path: &Path) -> Result<Database, StoreError> {
    let failed = |error| open_error(error, path);
    let backend = DatabaseFile::writable(file, path).map_err(failed)?;
    guarded(|| Builder::new().set_cache_size(WRITE_CACHE).create_with_backend(backend).map_err(failed))
}

/// Opens a file as a redb database that cannot be written to.
fn open_read_only(path: &Path) -> Result<Database, StoreError> {
    let file = open_file(path, File::options().read(true))?;
    check_magic(&file, path)?;
    let backend = DatabaseFile::read_only(file, path).map_err(|error| open_error(error, path))?;
    guarded(|| {
        Builder::new()
            .set_cache_size(READ_CACHE)
            // Every commit leaves what opening needs; only compaction does not, and the repair reads
            // the whole file, for every reader anew.
            .set_repair_callback(|session| session.abort())
            .create_with_backend(backend)
            .map_err(|error| open_error(error, path))
    })
}

fn open_file(path: &Path, options: &OpenOptions) -> Result<File, StoreError> {
    options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::NotFound(path.to_owned()),
        _ => StoreError::io(format!("opening {}", path.display()))(error),
    })
}

/// redb would make a new database of an empty file, and reports others as I/O errors.
fn check_magic(file: &File, path: &Path) -> Result<(), StoreError> {
    use std::io::Read;
    const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
    let mut found = Vec::with_capacity(MAGIC.len());
    file.take(MAGIC.len() as u64)
        .read_to_end(&mut found)
        .map_err(StoreError::io(format!("reading {}", path.display())))?;
    if found == MAGIC {
        return Ok(());
    }
    let reason = if found.is_empty() { "it is empty" } else { "it is a file of another kind" };
    Err(StoreError::NotADatabase { path: path.to_owned(), reason: reason.to_owned() })
}

fn open_error(error: DatabaseError, path: &Path) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            let holder = holder::holder(path);
            StoreError::Locked {
                path: path.to_owned(),
                pid: holder.as_ref().map(|holder| holder.pid),
                command: holder.and_then(|holder| holder.command),
            }
        }
        DatabaseError::RepairAborted => StoreError::NotClosed(path.to_owned()),
        DatabaseError::UpgradeRequired(version) => StoreError::NotADatabase {
            path: path.to_owned(),
            reason: format!("it is a redb file of version {version}"),
        },
        DatabaseError::Storage(error) => error.into(),
        _ => StoreError::InUse,
    }
}
