//! Reads of areas, through the library: from files to arrays.

#![allow(clippy::unwrap_used)]

mod alpha;
mod compare;
mod errors;
mod executors;
mod fixture;
#[path = "../oracle/mod.rs"]
mod oracle;
mod parity;
mod resampled;
mod resampled_parity;
#[path = "../oracle/samples.rs"]
mod samples;
mod shapes;
mod stacks;
mod written;
