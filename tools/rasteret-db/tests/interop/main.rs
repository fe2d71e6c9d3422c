//! The built binary among others: NumPy, rasterio, xarray, GeoPandas and DuckDB open what it writes, processes share its database, shells
//! and the environment tell it what to do, rasters go away.

#![allow(clippy::unwrap_used)]

mod absence;
mod aliases;
mod datasets;
mod demo;
mod environment;
mod exports;
#[cfg(unix)]
mod full_disk;
mod imports;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../../tests/oracle/mod.rs"]
mod oracle;
mod reads;
mod samples;
mod sharing;
mod support;
mod tables;
mod targets;
mod usage;
