//! Tables of many kinds as records.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod conformance;
mod formats;
#[allow(dead_code)]
#[path = "../../../../tests/oracle/mod.rs"]
mod oracle;
mod support;
