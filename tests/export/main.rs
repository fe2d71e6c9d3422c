//! Exports of collections.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod content;
mod large;
mod local;
mod objects;
#[allow(dead_code)]
#[path = "../oracle/mod.rs"]
mod oracle;
#[path = "../processes/killed.rs"]
mod process;
mod property;
mod readers;
#[path = "../servers/s3.rs"]
mod s3_service;
#[allow(dead_code)]
#[path = "../store/support.rs"]
mod store_support;
mod support;
