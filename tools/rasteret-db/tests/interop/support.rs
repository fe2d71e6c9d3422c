//! Runs the binary.

use crate::oracle;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder that the binary takes for home, with nothing of the machine's settings.
pub struct Home {
    pub folder: TempDir,
}

/// What a run gave.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with its database in this home.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rasteret-db"));
        command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        for name in ["RASTERET_DB", "RASTERET_WORKSPACE", "RASTERET_LOG", "RASTERET_LOCAL_DATASETS_PATH"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs with `--db areas.db`.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command().args(["--db", "areas.db"]).args(arguments))
    }

    /// Runs with `--json`; the document.
    #[track_caller]
    pub fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let run = self.run(&[&["--json"], arguments].concat());
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stderr, "", "{arguments:?}");
        serde_json::from_str(&run.stdout).expect("exactly one JSON document")
    }

    /// Runs with `--json`, to fail: the kind and the message.
    #[track_caller]
    pub fn error(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let run = self.run(&[&["--json"], arguments].concat());
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
        let document: Value = serde_json::from_str(&run.stderr).expect("exactly one JSON document");
        assert_eq!(keys(&document), ["error"]);
        assert_eq!(keys(&document["error"]), ["kind", "message"]);
        let text = |name: &str| document["error"][name].as_str().unwrap().to_owned();
        (text("kind"), text("message"))
    }

    /// A collection of small scenes, four records of four bands; its folder, which has a STAC catalogue too.
    pub fn scenes(&self, name: &str) -> PathBuf {
        let folder = self.path("scenes");
        let mut options = rasteret_synth::ArchiveOptions::demo();
        options.scenes.iter_mut().for_each(|scene| scene.size = (300, 300));
        options.write(&folder).unwrap().write_catalog(None).unwrap();
        let summary = self.json(0, &["collections", "build-local", "--name", name, "scenes"]);
        assert_eq!((&summary["records"], &summary["headers"]), (&json!(4), &json!(16)));
        folder
    }
}

impl Run {
    pub fn of(command: &mut Command) -> Run {
        let Output { status, stdout, stderr } = command.output().unwrap();
        Run {
            code: status.code().expect("the binary exits"),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }
}

/// The members of what `read --json` prints.
pub const READ_REPORT: [&str; 12] = [
    "bytes",
    "cached_tiles",
    "crs",
    "dims",
    "dtype",
    "out",
    "records",
    "requests",
    "seconds",
    "shape",
    "tiles",
    "transform",
];

/// The samples of a `.npy` file (NEP 1, version 1.0).
pub fn npy(path: &Path) -> Vec<u8> {
    let file = std::fs::read(path).unwrap();
    assert_eq!(file[..8], *b"\x93NUMPY\x01\x00");
    let header = usize::from(u16::from_le_bytes([file[8], file[9]]));
    file[10 + header..].to_vec()
}

/// The samples of a `.npy` file of `uint16`.
pub fn npy_u16(path: &Path) -> Vec<u16> {
    npy(path).chunks_exact(2).map(|bytes| u16::from_ne_bytes([bytes[0], bytes[1]])).collect()
}

/// The box of the middle of a collection that is called `scenes`.
pub fn area(home: &Home) -> String {
    bbox(middle(&home.json(0, &["collections", "info", "scenes"])["bounds"]))
}

/// The ids of a collection that is called `scenes`.
pub fn ids(home: &Home) -> Vec<String> {
    serde_json::from_value(home.json(0, &["query", "scenes"])["ids"].clone()).unwrap()
}

/// The names of a document's members, sorted.
pub fn keys(document: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// What rasterio or NumPy says of files, and their samples as bytes; `None` where there is no Python.
pub fn open<const N: usize>(home: &Home, files: [(&Path, &str); N]) -> Option<[(Value, Vec<u8>); N]> {
    let cases: Vec<Value> = files.iter().map(|(path, crs)| json!({"path": path, "crs": crs})).collect();
    let request = json!({"folder": home.folder.path(), "files": cases});
    let answer = oracle::ask("area_oracle.py", &request)?;
    Some(std::array::from_fn(|number| {
        let answer = answer["files"][number].clone();
        let samples = std::fs::read(answer["out"].as_str().unwrap()).unwrap();
        (answer, samples)
    }))
}

/// West, south, east, north of the middle of a box, half as wide and high.
pub fn middle(bounds: &Value) -> [f64; 4] {
    let [west, south, east, north]: [f64; 4] = serde_json::from_value(bounds.clone()).unwrap();
    let (width, height) = (east - west, north - south);
    [west + width / 4.0, south + height / 4.0, east - width / 4.0, north - height / 4.0]
}

/// A box as the command line takes it.
pub fn bbox(bounds: [f64; 4]) -> String {
    bounds.map(|bound| bound.to_string()).join(",")
}
