//! Whether the reader gives what GDAL gives.
//!
//! `oracle.py` writes files of every encoding, or takes existing ones, and keeps the pixels that
//! rasterio reads from them. [`check`] reads each with the reader, tile by tile, and compares; then it
//! decodes random rectangles of random samples of each tile, and compares them with the tile.
//!
//! Any test can use this with `#[path = "…/plugins/geotiff/tests/parity/mod.rs"] mod parity;` if its
//! crate depends on `rasteret-geotiff`, `rasteret-schema`, `bytes`, `half`, `serde`, `serde_json`, and
//! `tempfile`.

// Every test uses a part.
#![allow(dead_code)]

mod compare;
mod oracle;

pub use compare::{Verdict, check};
pub use oracle::{Case, Oracle, skip};
