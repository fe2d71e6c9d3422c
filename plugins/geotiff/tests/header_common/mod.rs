//! Where test rasters and the oracle are.

// Each test file uses its own part of this.
#![allow(dead_code)]

pub mod odd;
pub mod tiff;

use bytes::Bytes;
use rasteret_geotiff::header;
use rasteret_schema::{ByteRanges, Parsed, RasterError, RasterHeader};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says loudly that a test could not run.
pub fn skipped(test: &str, reason: &str) {
    let line = format!("SKIPPED: {test}: {reason}");
    println!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
        writeln!(file, "{line}").unwrap();
    }
}

fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The rasters of the test data; `None`, after saying so, where there are none.
pub fn cogs(test: &str) -> Option<Vec<PathBuf>> {
    let data = std::env::var_os("RASTERET_TEST_DATA")
        .map_or_else(|| workspace_root().join("../shared/data"), PathBuf::from);
    let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("cogs"))
        .into_iter()
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    if files.is_empty() {
        skipped(test, &format!("no rasters in {}/cogs (set RASTERET_TEST_DATA)", data.display()));
        return None;
    }
    Some(files)
}

/// Runs the oracle; `None`, after saying so, where there is no Python with rasterio.
pub fn oracle(test: &str, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let python = std::env::var_os("RASTERET_PYTHON")
        .map_or_else(|| workspace_root().join(".venv/bin/python"), PathBuf::from);
    let has_rasterio = Command::new(&python).args(["-c", "import rasterio, pyproj"]).output();
    if !has_rasterio.is_ok_and(|output| output.status.success()) {
        skipped(test, &format!("no Python with rasterio at {} (set RASTERET_PYTHON)", python.display()));
        return None;
    }
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/header_oracle.py"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    written.unwrap();
    Some(output.stdout)
}

/// Rasters of many CRSs and kinds, written by rasterio to a folder.
pub fn written(test: &str, folder: &Path) -> Option<Vec<PathBuf>> {
    let paths = oracle(test, &["write", folder.to_str().unwrap()], b"")?;
    Some(serde_json::from_slice(&paths).unwrap())
}

/// The header of bytes that are all at hand.
pub fn parse(bytes: impl Into<Bytes>) -> Result<RasterHeader, RasterError> {
    match header::parse(&ByteRanges::whole(bytes.into()))? {
        Parsed::Header(header) => Ok(*header),
        Parsed::Needs(ranges) => panic!("the whole file is there, but {ranges:?} are needed"),
    }
}
