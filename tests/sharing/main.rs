//! Collections that are shared: others read what is exported here, and what others export is read here, alike.
//!
//! | file | what is compared |
//! | --- | --- |
//! | `peer` | a Python with rasteret 0.4.1 and what else reads tables, that answers questions |
//! | `material` | rasters of every kind, as a collection |
//! | `reads` | what is read of them, by us and by rasteret |
//! | `pixels` | pixels, points and tables: our export read by rasteret, and rasteret's by us |
//! | `tables` | exports as tables: types, rows, boxes |
//! | `items` | exports as STAC items |

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod items;
mod material;
#[allow(dead_code, reason = "other suites use the rest")]
#[path = "../oracle/mod.rs"]
mod oracle;
mod peer;
mod pixels;
mod reads;
#[path = "../oracle/samples.rs"]
mod samples;
mod tables;
