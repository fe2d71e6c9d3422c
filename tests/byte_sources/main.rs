//! Byte sources against servers that work, and against servers that do not.

#![allow(clippy::unwrap_used)]

mod clouds;
mod documents;
mod faults;
mod http;
#[path = "../servers/nobody.rs"]
mod nobody;
mod random_faults;
mod s3;
#[path = "../servers/s3.rs"]
mod s3_service;
mod scripted;
mod secrets;
mod support;
