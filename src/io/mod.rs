//! Bytes of raster files.
//!
//! In: an href and byte ranges. Out: the bytes, or an error that says why not. This module never looks
//! into them.
//!
//! ```no_run
//! # async fn read() -> Result<(), rasteret::io::ByteSourceError> {
//! use rasteret::io::ByteSources;
//! let sources = ByteSources::default();
//! let source = sources.open("s3://sentinel-cogs/sentinel-s2-l2a-cogs/43/P/GQ/B04.tif", None)?;
//! let (start, version) = source.read_start(16 << 10).await?;
//! # Ok(())
//! # }
//! ```
//!
//! An href leads to the map of a local file, or to a remote object, which is read through layers of
//! which each knows one thing:
//!
//! | layer | what it knows |
//! | --- | --- |
//! | `confine` | which local files may be opened |
//! | `access` | documents, files and lists, as source adapters ask for them |
//! | `remote` | ranges: receives bodies, of one version |
//! | `retry` | waits for a turn, repeats what may pass |
//! | `response` | whether a response is the one that was asked for |
//! | `reach` | which of the ways below leads to an href |
//! | `fallback` | a second way, where access is denied on the first |
//! | `cloud` | buckets: their regions, their credentials; `object_store` signs |
//! | `sign` | URLs that have to be signed, and how long a signature is good |
//! | `http` | sends a request |
//!
//! What is written to buckets goes through `uploads` alone: multipart uploads that are completed together.
//!
//! What is read is of one version: that which was expected, else that which the first response had. A
//! response that is of another, or of other bytes than were asked for, is an error.

mod access;
mod cloud;
mod confine;
mod error;
mod fallback;
mod href;
mod http;
mod limit;
mod local;
mod options;
mod reach;
mod remote;
mod renewal;
mod response;
mod retry;
mod route;
mod runtime;
mod sign;
mod source;
mod sources;
mod transport;
mod uploads;
mod version;

pub use error::ByteSourceError;
pub use href::{local_path, without_secrets};
pub use options::SourceOptions;
pub use sign::{PlanetaryComputer, Signature, UrlSigner};
pub use source::{ByteSource, Fetched};
pub use sources::ByteSources;
pub(crate) use uploads::Uploads;
