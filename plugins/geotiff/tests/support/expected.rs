//! Runs `expected.py`.

use rasteret_schema::Window;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What rasterio reads from some files.
pub struct Expected {
    pub versions: Versions,
    pub rasters: Vec<Raster>,
}

/// Versions of what the files are compared with.
#[derive(Deserialize, PartialEq, Eq)]
pub struct Versions {
    pub rasterio: String,
    pub gdal: String,
    pub libjpeg_turbo: String,
}

/// A file, and what rasterio reads from it.
#[derive(Deserialize)]
pub struct Raster {
    pub name: String,
    pub file: PathBuf,
    /// Why there is no such file.
    pub skipped: Option<String>,
    /// Why GDAL does not open it.
    pub refused: Option<String>,
    /// File of the pixels of all reads that have not failed, one after another.
    #[serde(default)]
    pub pixels: PathBuf,
    /// The full resolution, then overviews from fine to coarse.
    #[serde(default)]
    pub levels: Vec<Level>,
}

/// One image of a file.
#[derive(Deserialize)]
pub struct Level {
    pub dtype: String,
    /// Bands, rows, columns.
    pub shape: [u32; 3],
    /// Whether there is a mask directory.
    pub mask: bool,
    /// File of the whole level in JPEG, as libtiff reads it with libjpeg-turbo.
    pub libjpeg_turbo: Option<PathBuf>,
    /// Reads that cover the image.
    pub whole: Vec<Read>,
    /// Reads of random windows.
    pub windows: Vec<Read>,
}

/// One window.
#[derive(Deserialize)]
pub struct Read {
    pub window: Window,
    /// Whether GDAL does not read it.
    #[serde(default)]
    pub failed: bool,
    /// Whether all samples are the same, and only one is kept.
    #[serde(default)]
    pub constant: bool,
    /// Whether all of the mask's are.
    #[serde(default)]
    pub constant_mask: bool,
}

/// Python with rasterio and Pillow.
pub struct Python(PathBuf);

impl Python {
    /// From `$RASTERET_PYTHON`, else from `.venv` at the workspace's root.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn find() -> Result<Python, String> {
        let python = std::env::var_os("RASTERET_PYTHON")
            .map_or_else(|| super::workspace_root().join(".venv/bin/python"), PathBuf::from);
        let output = Command::new(&python).args(["-c", "import numpy, PIL, rasterio"]).output();
        if output.is_ok_and(|output| output.status.success()) {
            return Ok(Python(python));
        }
        Err(format!("{} is not a Python with rasterio and Pillow; set RASTERET_PYTHON", python.display()))
    }

    /// Files of every encoding, written to a folder.
    pub fn generate(&self, folder: &Path) -> Expected {
        self.run("generate", folder, None)
    }

    /// The rasters below a folder.
    pub fn read(&self, folder: &Path, rasters: &Path) -> Expected {
        self.run("read", folder, Some(rasters))
    }

    fn run(&self, command: &str, folder: &Path, rasters: Option<&Path>) -> Expected {
        let output = Command::new(&self.0)
            // No compiled scripts beside the sources.
            .arg("-B")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/expected.py"))
            .arg(command)
            .arg(folder)
            .args(rasters)
            .output()
            .expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).expect("UTF-8");
        let (versions, rasters) = lines.split_once('\n').expect("versions");
        Expected {
            versions: serde_json::from_str(versions).expect("versions"),
            rasters: rasters.lines().map(|line| serde_json::from_str(line).expect("a raster")).collect(),
        }
    }
}
