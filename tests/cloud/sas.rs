//! Shared access signatures of the emulator's account.
//!
//! Source: <https://learn.microsoft.com/rest/api/storageservices/create-service-sas> and `create-account-sas`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::{Duration, SystemTime};
use url::form_urlencoded::Serializer;

/// The account of every emulator, and its key
/// (<https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key>).
pub const ACCOUNT: &str = "devstoreaccount1";
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

const VERSION: &str = "2020-12-06";

/// Permits everything for some time.
pub fn of_account(time: Duration) -> String {
    let end = end(time);
    let text = format!("{ACCOUNT}\nrwdlac\nb\nsco\n\n{end}\n\n\n{VERSION}\n\n");
    query(&[("sv", VERSION), ("ss", "b"), ("srt", "sco"), ("sp", "rwdlac"), ("se", &end)], &text)
}

/// Permits some things, such as `rl` (read and list), in a container for some time.
pub fn of_container(container: &str, permissions: &str, time: Duration) -> String {
    let end = end(time);
    let resource = format!("/blob/{ACCOUNT}/{container}");
    let text = format!("{permissions}\n\n{end}\n{resource}\n\n\n\n{VERSION}\nc\n\n\n\n\n\n\n");
    query(&[("sv", VERSION), ("sr", "c"), ("sp", permissions), ("se", &end)], &text)
}

fn end(time: Duration) -> String {
    DateTime::<Utc>::from(SystemTime::now() + time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn query(parameters: &[(&str, &str)], text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    Serializer::new(String::new()).extend_pairs(parameters).append_pair("sig", &signature).finish()
}
