//! Deterministic scene archives for demonstrations, tests and benches.
//!
//! | module | what it makes |
//! | --- | --- |
//! | [`scene`] | pixels that look like Sentinel-2's |
//! | [`stac`] | STAC items, item collections and static catalogues |
//! | [`archive`] | folders of scenes with their catalogue: the demonstration's, and that of the benches |
//!
//! All of it is a function of its options: two runs give the same bytes.

pub mod archive;
mod error;
pub mod scene;
pub mod stac;

pub use archive::{Archive, ArchiveOptions};
pub use error::ArchiveError;
