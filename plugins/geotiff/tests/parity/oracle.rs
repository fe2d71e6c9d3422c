//! Runs `oracle.py`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCRIPT: &str = include_str!("oracle.py");

/// A file and the pixels that GDAL reads from it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Case {
    /// Unique name.
    pub name: String,
    /// The file.
    #[serde(default)]
    pub file: PathBuf,
    /// File of the expected pixels, `shape` of `dtype` in native byte order.
    #[serde(default)]
    pub expected: PathBuf,
    /// 0 for full resolution, else the overview's number.
    #[serde(default)]
    pub level: usize,
    /// NumPy name of the data type that rasterio gives.
    #[serde(default)]
    pub dtype: String,
    /// Bands, rows, columns.
    #[serde(default)]
    pub shape: [usize; 3],
    /// How far samples of a lossy codec may differ; 0 means bit for bit.
    #[serde(default)]
    pub tolerance: u8,
    /// Whether only the luma of RGB pixels can be compared: JPEG decoders interpolate chroma
    /// differently.
    #[serde(default)]
    pub luma: bool,
    /// File of the pixels of JPEG that libtiff reads with libjpeg-turbo, which have to be the same.
    pub libjpeg_turbo: Option<PathBuf>,
    /// How the file is encoded.
    #[serde(default)]
    pub properties: serde_json::Map<String, serde_json::Value>,
    /// Why there is no such file.
    pub skipped: Option<String>,
}

/// Python with rasterio and Pillow, and a folder for what it writes.
#[derive(Debug)]
pub struct Oracle {
    python: PathBuf,
    folder: tempfile::TempDir,
}

impl Oracle {
    /// Python from `$RASTERET_PYTHON`, else from `.venv` at the workspace's root. Without, or
    /// without either, the test is [skipped](skip).
    pub fn find(test: &str) -> Option<Oracle> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .filter(|folder| folder.join("Cargo.lock").exists())
            .last()?;
        let python =
            std::env::var_os("RASTERET_PYTHON").map_or_else(|| root.join(".venv/bin/python"), PathBuf::from);
        let has_rasterio = Command::new(&python)
            .args(["-c", "import numpy, PIL, rasterio"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !has_rasterio {
            skip(&format!(
                "{test}: {} is not a Python with rasterio and Pillow; set RASTERET_PYTHON",
                python.display()
            ));
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("oracle.py"), SCRIPT).expect("a writable folder");
        Some(Oracle { python, folder })
    }

    /// Files of every encoding that GDAL reads.
    pub fn generate(&self) -> Vec<Case> {
        self.run("generate", &[])
    }

    /// Existing files, each at full resolution and at every overview.
    pub fn read(&self, files: &[PathBuf]) -> Vec<Case> {
        self.run("read", files)
    }

    fn run(&self, command: &str, files: &[PathBuf]) -> Vec<Case> {
        let output = Command::new(&self.python)
            .arg(self.folder.path().join("oracle.py"))
            .arg(command)
            .arg(self.folder.path())
            .args(files)
            .output()
            .expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        lines.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
    }
}

/// Says loudly that something is not tested: on standard error, and in the file that
/// `$RASTERET_SKIPPED_FILE` names.
pub fn skip(what: &str) {
    let line = format!("SKIPPED: {what}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("a writable list of skipped tests");
    }
}
