//! Runs a script of `tools/peers` in Python, where there is one with rasterio.

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The answers of `script` to `request`; `None`, and a line on stderr, where no Python is set up:
/// `$RASTERET_PYTHON`, else `.venv/bin/python` in the workspace.
pub fn ask(script: &str, request: &Value) -> Option<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("RASTERET_PYTHON").map_or(root.join(".venv/bin/python"), PathBuf::from);
    if !python.exists() {
        eprintln!("SKIPPED: no Python at {}; set RASTERET_PYTHON to one with rasterio", python.display());
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
