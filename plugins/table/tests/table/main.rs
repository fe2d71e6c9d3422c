//! Tables of many kinds as records.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod columns;
mod conformance;
mod formats;
mod hostile;
mod meaning;
#[allow(dead_code)]
#[path = "../../../../tests/oracle/mod.rs"]
mod oracle;
mod parity;
mod pruning;
mod support;
