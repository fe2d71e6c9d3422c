//! Builds and reads of rasters on servers that work, and on servers that do not.

#![allow(clippy::unwrap_used)]

mod faults;
mod headers;
#[path = "../sources/listed.rs"]
mod listed;
mod random_faults;
#[path = "../servers/s3.rs"]
mod s3_service;
mod same;
mod support;
