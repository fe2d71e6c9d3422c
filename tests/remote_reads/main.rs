//! Builds and reads of rasters on servers that work, and on servers that do not.

#![allow(clippy::unwrap_used)]

mod faults;
mod headers;
mod random_faults;
mod same;
mod support;
