//! Says that a test cannot run.

use std::io::Write;

/// Says on standard error and in the file `$RASTERET_SKIPPED_FILE` that the test that calls this cannot
/// run. libtest has no such outcome, and hides what a test that ends well prints.
pub fn skip(reason: &str) {
    // libtest names the thread after the test.
    let thread = std::thread::current();
    let line = format!("SKIPPED: {}::{}: {reason}\n", env!("CARGO_CRATE_NAME"), thread.name().unwrap_or("?"));
    eprint!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the file can be written");
    }
}
