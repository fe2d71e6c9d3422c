//! Collections from elsewhere.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod bucket;
#[path = "../area_reads/compare.rs"]
mod compare;
#[allow(dead_code)]
#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../servers/s3.rs"]
mod s3_service;
#[path = "../oracle/samples.rs"]
mod samples;
mod support;

mod confirmed;
mod hostile;
mod layouts;
mod rasteret_exports;
mod refresh;
mod relative;
mod requests;
