//! Pixels are warped as with rasterio, and grids are suggested as by it.

#![allow(clippy::unwrap_used)]

mod cases;
mod compare;
mod grids;
#[path = "../oracle/mod.rs"]
#[allow(dead_code)]
mod oracle;
#[path = "../oracle/samples.rs"]
mod samples;
mod warps;
