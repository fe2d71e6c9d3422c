//! Each built-in dataset is built from its descriptor alone, from a server that has items (or a table with rows) as
//! the dataset's have them; and those of which real items are recorded, from these.

#![allow(clippy::unwrap_used)]

mod built_in;
#[path = "../stac/data.rs"]
#[allow(dead_code)]
mod data;
mod recorded;
#[path = "../stac/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../oracle/skip.rs"]
#[allow(dead_code)]
mod skip;
