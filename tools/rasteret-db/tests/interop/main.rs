//! The built binary among others: NumPy and rasterio open what it writes, processes share its database, shells
//! and the environment tell it what to do, rasters go away.

#![allow(clippy::unwrap_used)]

mod absence;
mod demo;
mod environment;
#[cfg(unix)]
mod full_disk;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../../tests/oracle/mod.rs"]
mod oracle;
mod reads;
mod sharing;
mod support;
mod usage;
