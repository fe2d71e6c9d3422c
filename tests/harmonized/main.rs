//! Reads of collections of unlike sources: one name for the bands of all, several grids, headers that nobody has
//! parsed yet.

#![allow(clippy::unwrap_used)]

mod bands;
mod headers;
#[path = "../sources/listed.rs"]
mod listed;
#[path = "../oracle/mod.rs"]
#[allow(dead_code, reason = "each suite of tests needs some of it")]
mod oracle;
mod rasters;
mod support;
