//! From a description of an archive to its pixels: three stores that hold it, three ways to describe it, and the
//! same headers and reads by all of them.

#![allow(clippy::unwrap_used)]

mod archive;
#[path = "../cloud/azurite/mod.rs"]
#[allow(dead_code)]
mod azurite;
#[path = "../stac/data.rs"]
#[allow(dead_code)]
mod data;
#[path = "../servers/s3.rs"]
mod s3_service;
mod same;
#[path = "../cloud/sas.rs"]
#[allow(dead_code)]
mod sas;
#[path = "../stac/server.rs"]
#[allow(dead_code)]
mod server;
#[path = "../oracle/skip.rs"]
#[allow(dead_code)]
mod skip;
#[path = "../cloud/wire.rs"]
#[allow(dead_code)]
mod wire;
