//! Object stores as datasets have them: who pays, who signs, whose credentials, and for how long. Against real
//! servers (S3: `s3s-fs`, Azure: Azurite), with what goes over the wire looked at.

#![allow(clippy::unwrap_used)]

mod azure;
mod azure_exports;
mod azurite;
mod identity;
#[path = "../servers/nobody.rs"]
mod nobody;
mod planetary_computer;
mod s3;
mod s3_server;
#[path = "../servers/s3.rs"]
mod s3_service;
mod sas;
#[path = "../byte_sources/scripted.rs"]
mod scripted;
mod signers;
mod support;
mod temporary;
mod wire;
