//! Chips, through the library: from files to small arrays.

#![allow(clippy::unwrap_used)]

mod background;
#[path = "../area_reads/compare.rs"]
mod compare;
#[allow(dead_code, reason = "the reads of areas use all of it")]
#[path = "../area_reads/fixture.rs"]
mod fixture;
#[allow(dead_code, reason = "the reads of areas use all of it")]
#[path = "../oracle/mod.rs"]
mod oracle;
mod parity;
mod places;
#[path = "../oracle/samples.rs"]
mod samples;
mod times;
