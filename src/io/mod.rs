//! Bytes of raster files.
//!
//! In: an href and byte ranges. Out: the bytes. This module never looks into them.

mod error;
mod href;
mod local;
mod options;
mod source;
mod sources;
mod version;

pub use error::ByteSourceError;
pub use href::{local_path, without_secrets};
pub use local::LocalFile;
pub use options::SourceOptions;
pub use source::{ByteSource, Fetched};
pub use sources::ByteSources;
