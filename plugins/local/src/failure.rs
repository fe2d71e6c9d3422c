//! Why a file does not become a record.

use rasteret_schema::{ArchiveError, RasterError, SourceFailure};
use std::path::{Path, PathBuf};

/// What is wrong with one file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Raster(#[from] RasterError),
    #[error("{0}")]
    Archive(#[from] ArchiveError),
    #[error("no reader recognises the file (there are readers for: {formats})")]
    Unrecognized { formats: String },
    #[error("the path is not UTF-8, and an href has to be")]
    NotUtf8,
    #[error("{what} cannot be told from {text:?}: {reason}")]
    Unnamed { what: &'static str, text: String, reason: String },
    #[error("scene {id:?} has {} from {} already", bands.join(", "), first.display())]
    DuplicateBand { id: String, bands: Vec<String>, first: PathBuf },
}

impl FileError {
    fn kind(&self) -> &'static str {
        match self {
            FileError::Io(_) => "unreadable",
            FileError::Raster(error) => error.kind(),
            FileError::Archive(_) => "corrupt-header",
            FileError::Unrecognized { .. } => "wrong-format",
            FileError::NotUtf8 => "invalid-path",
            FileError::Unnamed { .. } => "unnamed",
            FileError::DuplicateBand { .. } => "duplicate-band",
        }
    }

    pub(crate) fn at(&self, path: &Path) -> SourceFailure {
        SourceFailure {
            href: path.to_string_lossy().into_owned(),
            kind: self.kind().to_owned(),
            message: self.to_string(),
        }
    }
}
