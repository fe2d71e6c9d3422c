//! STAC of any bytes, at every URL.

use crate::source::read;
use rasteret_schema::conformance::OneFile;
use rasteret_stac::StacSource;
use std::sync::Arc;

/// Reads the bytes as whatever of STAC they are: an API, a catalogue, items.
pub fn check(bytes: &[u8]) {
    for (url, is_static) in
        [("https://h/catalog.json", true), ("https://h/", false), ("https://h/a.ndjson", true)]
    {
        read(&StacSource::new(url, Arc::new(OneFile::new(bytes.to_vec()))).static_catalog(is_static));
    }
}
