//! Tables of any bytes: reading them ends, with records that have the columns of a record table, or an error.

use crate::source::read;
use rasteret_schema::conformance::OneFile;
use rasteret_table::TableSource;
use std::sync::{Arc, Once};

/// Reads the bytes as a table: what it says of itself, all of it and some of it.
pub fn check(bytes: &[u8]) {
    // The adapter catches what its decoders assert; libFuzzer's hook would take it for a crash.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let table = TableSource::new("memory://table", Arc::new(OneFile::new(bytes.to_vec()))).href_column("href");
    let _ = futures::executor::block_on(table.footers());
    read(&table);
}
