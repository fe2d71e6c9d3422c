//! Collections as tables: streams of batches, columns that are joined, collections that are merged, splits.
#![allow(clippy::unwrap_used, missing_docs)]

#[allow(dead_code)]
#[path = "../oracle/mod.rs"]
mod oracle;

mod annotate;
mod batches;
#[allow(dead_code)]
#[path = "../store/support.rs"]
mod headers;
mod merge;
mod random;
mod splits;
mod support;
