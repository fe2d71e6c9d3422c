//! STAC APIs and catalogues over HTTP: a real server, recorded pages, and servers with faults.

#![allow(clippy::unwrap_used)]

mod api;
mod catalogs;
mod data;
mod faults;
mod paging;
mod recorded;
#[path = "../byte_sources/scripted.rs"]
mod scripted;
mod server;
#[path = "../oracle/skip.rs"]
mod skip;
mod support;
mod throughput;
