//! Why a table from elsewhere is not taken.

/// Why a table from elsewhere is not taken. Nothing of it is stored then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Files of an export are missing, or are shorter than they were.
    #[error("the export is not complete: {missing}; copy it again, or export it again")]
    Incomplete {
        /// What is missing.
        missing: String,
    },
    /// Files belong to different exports, or to none.
    #[error("{first} and {second} are not of one export; give each export a folder of its own")]
    Mixed {
        /// A file.
        first: String,
        /// One that does not belong to it.
        second: String,
    },
    /// What a file says of the export that it belongs to makes no sense.
    #[error("{file}: its metadata {key:?} cannot be read: {reason}")]
    BadMetadata {
        /// The file.
        file: String,
        /// Key of the metadata.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// A later version of the program wrote a file.
    #[error(
        "{file} was exported by a newer version of the program (version {found} of {key:?}, {known} is known)"
    )]
    NewerVersion {
        /// The file.
        file: String,
        /// Key of the metadata.
        key: &'static str,
        /// Version in the file.
        found: u32,
        /// Version that this program knows.
        known: u32,
    },
}

impl ImportError {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            ImportError::Incomplete { .. } | ImportError::Mixed { .. } => "incomplete-export",
            ImportError::BadMetadata { .. } => "source",
            ImportError::NewerVersion { .. } => "newer-version",
        }
    }
}
