//! Bytes of raster files.
//!
//! In: an href and byte ranges. Out: the bytes. This module never looks into them.

mod cloud;
mod error;
mod fallback;
mod href;
mod http;
mod limit;
mod local;
mod options;
mod remote;
mod response;
mod route;
mod runtime;
mod source;
mod sources;
mod transport;
mod version;

pub use error::ByteSourceError;
pub use href::{local_path, without_secrets};
pub use local::LocalFile;
pub use options::SourceOptions;
pub use source::{ByteSource, Fetched};
pub use sources::ByteSources;
