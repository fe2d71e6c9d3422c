//! Pixels are warped as with rasterio, and grids are suggested as by it.

#![allow(clippy::unwrap_used)]

mod cases;
mod compare;
mod grids;
#[path = "../oracle/mod.rs"]
mod oracle;
mod warps;
