//! What can be wrong with datasets.

use rasteret_schema::dataset::DescriptorError;
use std::path::PathBuf;

/// An error of the catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// There is no dataset of this id.
    #[error("there is no dataset {id:?}; {}", meant(.near))]
    NoSuchDataset {
        /// The id.
        id: String,
        /// Ids that may have been meant.
        near: Vec<String>,
    },
    /// A descriptor makes no sense.
    #[error(transparent)]
    Descriptor(#[from] DescriptorError),
    /// A file of descriptors is broken. It is left as it is.
    #[error("{} holds no dataset descriptors: {reason}; mend or remove it", path.display())]
    BrokenFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A dataset was to be unregistered that never was registered.
    #[error("dataset {0:?} is built in, and cannot be unregistered")]
    BuiltIn(String),
    /// There is nowhere to register datasets.
    #[error("datasets are registered in a database: take its catalogue (`Database::catalog`)")]
    NoDatabase,
    /// There is no home directory to keep the list of local datasets in.
    #[error(
        "there is no home directory: say where the local datasets are with $RASTERET_LOCAL_DATASETS_PATH"
    )]
    NoHome,
    /// A descriptor does not say where the records are.
    #[error(
        "dataset {0:?} cannot be built from: its descriptor has neither a stac_api nor a record_table_uri nor a collection_uri"
    )]
    NoSource(String),
    /// What only a STAC API takes was asked of something else.
    #[error("dataset {0:?} is a table: a query, a CQL2 filter or ids are for STAC APIs")]
    NoSearch(String),
    /// This program does not have the adapter.
    #[error("dataset {id:?} cannot be built from: this program is built without the feature {feature:?}")]
    NoAdapter {
        /// The dataset.
        id: String,
        /// The feature.
        feature: &'static str,
    },
    /// What is at a path is no dataset.
    #[error("{path} is no dataset: {reason}")]
    NoDataset {
        /// The path.
        path: String,
        /// What is there.
        reason: String,
    },
}

impl CatalogError {
    /// A short name of the kind, stable across versions.
    pub fn kind(&self) -> &'static str {
        match self {
            CatalogError::NoSuchDataset { .. } => "no-such-dataset",
            CatalogError::Descriptor(_) => "descriptor",
            CatalogError::BrokenFile { .. } => "broken-dataset-file",
            CatalogError::BuiltIn(_) => "built-in",
            CatalogError::NoSource(_) => "no-source",
            CatalogError::NoAdapter { .. } => "unsupported",
            CatalogError::NoDatabase | CatalogError::NoHome | CatalogError::NoSearch(_) => "invalid-argument",
            CatalogError::NoDataset { .. } => "no-dataset",
        }
    }
}

fn meant(near: &[String]) -> String {
    if near.is_empty() {
        "`datasets list` shows those that there are".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    }
}
