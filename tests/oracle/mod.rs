//! Runs a script of `tools/peers` in Python, where there is one with rasterio, and finds the test data.

mod skip;

use serde_json::Value;
pub use skip::skip;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the workspace, whichever of its crates the test belongs to.
fn root() -> &'static Path {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.filter(|folder| folder.join("Cargo.lock").exists()).last().expect("a workspace")
}

/// A file or folder of the test data: of `$RASTERET_TEST_DATA`, else of `../shared/data`. Where it is
/// missing, the test is [skipped](skip).
pub fn data(name: &str) -> Option<PathBuf> {
    let data =
        std::env::var_os("RASTERET_TEST_DATA").map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = data.join(name);
    if !path.exists() {
        skip(&format!("there is no {}; set RASTERET_TEST_DATA", path.display()));
        return None;
    }
    Some(path)
}

/// The answers of `script` to `request`. Where no Python is set up (`$RASTERET_PYTHON`, else
/// `.venv/bin/python` in the workspace), the test is [skipped](skip).
pub fn ask(script: &str, request: &Value) -> Option<Value> {
    let root = root();
    let python = std::env::var_os("RASTERET_PYTHON").map_or(root.join(".venv/bin/python"), PathBuf::from);
    if !python.exists() {
        skip(&format!("no Python at {}; set RASTERET_PYTHON to one with rasterio", python.display()));
        return None;
    }
    let mut child = Command::new(python)
        .arg(root.join("tools/peers").join(script))
        .env_remove("PROJ_DATA")
        .env_remove("PROJ_LIB")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let text = request.to_string();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("the oracle runs");
    writer.join().expect("the request is written").expect("the oracle reads its request");
    assert!(output.status.success(), "the oracle failed: {}", output.status);
    Some(serde_json::from_slice(&output.stdout).expect("the oracle answers in JSON"))
}

/// A small generator of reproducible numbers (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// In `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}
