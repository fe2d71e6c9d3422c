//! The error of this crate.

use rasteret_geotiff::write::WriteError;
use std::path::{Path, PathBuf};

/// Why an archive could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct ArchiveError {
    /// The file or folder.
    pub path: PathBuf,
    /// What went wrong with it.
    pub source: WriteError,
}

impl ArchiveError {
    pub(crate) fn at<E: Into<WriteError>>(path: &Path) -> impl FnOnce(E) -> Self {
        |error| ArchiveError { path: path.to_owned(), source: error.into() }
    }
}
