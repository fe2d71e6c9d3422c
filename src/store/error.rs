//! What can go wrong with a store.

use super::backend::FileError;
use std::path::PathBuf;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file.
    #[error("{0} does not exist")]
    NotFound(PathBuf),
    /// A store was to be created where there is a file.
    #[error("{0} exists already")]
    AlreadyExists(PathBuf),
    /// Another process, or another handle of this one, uses the file in a way that excludes this use.
    #[error("{path} is in use{}", holder(.pid, .command))]
    Locked {
        /// The file.
        path: PathBuf,
        /// The process that uses it, where the platform can tell.
        pid: Option<u32>,
        /// The command of that process.
        command: Option<String>,
    },
    /// The last writer was killed while it compacted the file.
    #[error(
        "{0} was not closed properly while it was being compacted; open it for writing once to put it in order"
    )]
    NotClosed(PathBuf),
    /// Snapshots are open, and the operation needs the file for itself.
    #[error("the store is still being read: drop its snapshots first")]
    InUse,
    /// A write was asked of a store that is open for reading.
    #[error("{0} is open for reading only")]
    ReadOnly(PathBuf),
    /// The file is something else.
    #[error("{path} is not a rasteret database: {reason}")]
    NotADatabase {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A later version of the program wrote the file.
    #[error("{path} has store format {found}; this program reads up to {supported}: use a newer one")]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Format version of the file.
        found: u32,
        /// The last format version that this program knows.
        supported: u32,
    },
    /// There is no collection of this name.
    #[error("there is no collection {name:?}; there is {}", list(.available, "none"))]
    NoSuchCollection {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        available: Vec<String>,
    },
    /// There is a collection of this name.
    #[error("there is a collection {0:?} already")]
    CollectionExists(String),
    /// The collection has no record of this id.
    #[error("collection {collection:?} has no record {record:?}")]
    NoSuchRecord {
        /// Name of the collection.
        collection: String,
        /// Id of the record, or its number with a `#` before it.
        record: String,
    },
    /// The collection has no band of this name.
    #[error("collection {collection:?} has no band {band:?}; it has {}", list(.available, "no bands"))]
    NoSuchBand {
        /// Name of the collection.
        collection: String,
        /// The name that was asked for.
        band: String,
        /// The bands there are.
        available: Vec<String>,
    },
    /// The collection has no column of this name.
    #[error("collection {collection:?} has no column {column:?}; it has {}", list(.available, "no columns"))]
    NoSuchColumn {
        /// Name of the collection.
        collection: String,
        /// The name that was asked for.
        column: String,
        /// The columns there are.
        available: Vec<String>,
    },
    /// The record is there, but not the header of this band.
    #[error(
        "record {record:?} of collection {collection:?} has no header for band {band:?}: {reason}; it has headers for {}",
        list(.available, "no band")
    )]
    HeaderMissing {
        /// Name of the collection.
        collection: String,
        /// Id of the record.
        record: String,
        /// Name of the band.
        band: String,
        /// Why there is none.
        reason: String,
        /// The bands of the record that have a header.
        available: Vec<String>,
    },
    /// A batch has a column of another type than the collection.
    #[error("column {column:?} is of type {found}, but collection {collection:?} has it as {expected}")]
    SchemaConflict {
        /// Name of the collection.
        collection: String,
        /// Name of the column.
        column: String,
        /// Type in the collection.
        expected: String,
        /// Type in the batch.
        found: String,
    },
    /// What was to be written makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The file contradicts itself.
    #[error("the database is damaged: {0}; `rasteret-db db verify` lists all that is")]
    Damaged(String),
    /// An earlier operation of the transaction failed, so that it cannot be committed.
    #[error("the transaction failed before and cannot be committed")]
    TransactionFailed,
    /// Reading or writing failed.
    #[error("{what}: {source}{}", room(.source))]
    Io {
        /// The file, or what was done with it.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl StoreError {
    /// A short name of the kind, stable across versions, for reports and JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            StoreError::NotFound(_) => "not-found",
            StoreError::AlreadyExists(_) => "already-exists",
            StoreError::Locked { .. } => "locked",
            StoreError::NotClosed(_) => "not-closed",
            StoreError::InUse => "in-use",
            StoreError::ReadOnly(_) => "read-only",
            StoreError::NotADatabase { .. } => "not-a-database",
            StoreError::NewerVersion { .. } => "newer-version",
            StoreError::NoSuchCollection { .. } => "no-such-collection",
            StoreError::CollectionExists(_) => "collection-exists",
            StoreError::NoSuchRecord { .. } => "no-such-record",
            StoreError::NoSuchBand { .. } => "no-such-band",
            StoreError::NoSuchColumn { .. } => "no-such-column",
            StoreError::HeaderMissing { .. } => "header-missing",
            StoreError::SchemaConflict { .. } => "schema-conflict",
            StoreError::Invalid(_) => "invalid",
            StoreError::Damaged(_) => "damaged",
            StoreError::TransactionFailed => "transaction-failed",
            StoreError::Io { .. } => "io",
        }
    }

    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> StoreError {
        let what = what.into();
        move |source| StoreError::Io { what, source }
    }
}

fn holder(pid: &Option<u32>, command: &Option<String>) -> String {
    match (pid, command) {
        (Some(pid), Some(command)) => format!(" by process {pid} ({command})"),
        (Some(pid), None) => format!(" by process {pid}"),
        (None, _) => " by another process".to_owned(),
    }
}

fn room(error: &std::io::Error) -> String {
    let remedy = crate::remedy::make_room(error);
    remedy.map(|remedy| format!("; {remedy}: what was committed is there")).unwrap_or_default()
}

fn list(names: &[String], none: &str) -> String {
    if names.is_empty() { none.to_owned() } else { names.join(", ") }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        match error {
            redb::StorageError::Io(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                StoreError::Damaged("a page lies beyond the end of the file".to_owned())
            }
            redb::StorageError::Io(error) => match error.downcast() {
                Ok(FileError { path, source }) => StoreError::Io { what: path.display().to_string(), source },
                Err(source) => StoreError::Io { what: "the database's file".to_owned(), source },
            },
            redb::StorageError::ValueTooLarge(bytes) => {
                StoreError::Invalid(format!("a value of {bytes} bytes is too large for the database"))
            }
            redb::StorageError::Corrupted(what) => StoreError::Damaged(what),
            other => StoreError::Io {
                what: "the database's file".to_owned(),
                source: std::io::Error::other(other.to_string()),
            },
        }
    }
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        match error {
            redb::TableError::Storage(error) => error.into(),
            other => StoreError::Damaged(other.to_string()),
        }
    }
}

impl From<redb::TransactionError> for StoreError {
    fn from(error: redb::TransactionError) -> Self {
        match error {
            redb::TransactionError::Storage(error) => error.into(),
            other => StoreError::Invalid(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for StoreError {
    fn from(error: redb::CommitError) -> Self {
        match error {
            redb::CommitError::Storage(error) => error.into(),
            _ => StoreError::TransactionFailed,
        }
    }
}

impl From<redb::CursorError> for StoreError {
    fn from(error: redb::CursorError) -> Self {
        match error {
            redb::CursorError::Storage(error) => error.into(),
            other => StoreError::Damaged(other.to_string()),
        }
    }
}

impl From<redb::CompactionError> for StoreError {
    fn from(error: redb::CompactionError) -> Self {
        match error {
            redb::CompactionError::Storage(error) => error.into(),
            _ => StoreError::InUse,
        }
    }
}
