//! Filters on records: what they keep is what other engines keep.
#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "../oracle/mod.rs"]
mod oracle;

mod builds;
mod duckdb;
mod errors;
mod expressions;
mod logic;
mod spatial;
mod standard;
mod table;
mod views;
