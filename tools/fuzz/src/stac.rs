//! STAC of any bytes, at every URL.

use crate::source::{File, read};
use rasteret_stac::StacSource;
use std::sync::Arc;

/// Reads the bytes as whatever of STAC they are: an API, a catalogue, items.
pub fn check(bytes: &[u8]) {
    for (url, is_static) in
        [("https://h/catalog.json", true), ("https://h/", false), ("https://h/a.ndjson", true)]
    {
        read(&StacSource::new(url, Arc::new(File::new(bytes))).static_catalog(is_static));
    }
}
