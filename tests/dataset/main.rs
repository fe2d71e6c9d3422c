//! Labelled datasets, through the library: from arrays to what rasterio merges and xarray opens.

#![allow(clippy::unwrap_used)]

mod grid_mappings;
mod labels;
mod merged;
#[allow(dead_code)]
#[path = "../oracle/mod.rs"]
mod oracle;
mod reads;
mod stores;
mod support;
