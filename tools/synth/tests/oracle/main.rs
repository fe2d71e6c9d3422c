//! What this crate writes, against rasterio (GDAL) and pyproj.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod archives;
mod cases;
mod features;
mod matrix;
mod same_as_gdal;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python interpreter with the oracles, `None` where there isn't one.
///
/// `$RASTERET_PYTHON`, else `.venv` at the workspace root. A missing interpreter is told loudly, and in
/// the file that `$RASTERET_SKIPPED_FILE` names.
fn python(test: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("RASTERET_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root.join(".venv/bin/python"));
    if python.exists() {
        return Some(python);
    }
    let line = format!("SKIPPED: {test}: no Python with rasterio and pyproj at {}", python.display());
    eprintln!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        // One write, for tests run side by side.
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    None
}

/// Runs a script of this folder, which fails by its exit code and says why.
fn run(python: &Path, script: &str, arguments: &[&Path]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle").join(script);
    let output = Command::new(python).arg("-B").arg(script).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
