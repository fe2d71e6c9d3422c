//! What is compared, and where things are: the Rust side of the constants in `peer.py`.

use serde::Deserialize;
use std::path::PathBuf;

/// Whatever went wrong: it becomes the answer of the row.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The bands of the scenes and of the records.
pub const BANDS: [&str; 2] = ["B04", "B08"];
/// UTM zone 43, of the scenes that are read.
pub const EPSG: u32 = 32643;
/// 5.1 km around a corner of four tiles: 510 × 510 pixels.
pub const AREA: [f64; 4] = [717_890.0, 1_476_970.0, 722_990.0, 1_482_070.0];
/// The collection of the STAC API.
pub const STAC_COLLECTION: &str = "sentinel-2-c1-l2a";
/// The bands of its items, and the assets that they are.
pub const STAC_BANDS: [(&str, &str); 13] = [
    ("B01", "coastal"),
    ("B02", "blue"),
    ("B03", "green"),
    ("B04", "red"),
    ("B05", "rededge1"),
    ("B06", "rededge2"),
    ("B07", "rededge3"),
    ("B08", "nir"),
    ("B8A", "nir08"),
    ("B09", "nir09"),
    ("B11", "swir16"),
    ("B12", "swir22"),
    ("SCL", "scl"),
];
/// What is looked for among the records.
pub const RECORDS_BOX: [f64; 4] = [78.02, 12.9, 78.07, 12.95];
/// The same, by cloud cover in per cent.
pub const RECORDS_CLOUD_COVER: f64 = 10.0;
/// The same, by id.
pub const RECORD: &str = "S2A_P0615_042_0_L2A";

/// Where things are.
#[derive(Clone, Deserialize)]
pub struct Context {
    /// URL of the folder of the scenes.
    pub base: String,
    /// The same folder.
    pub scenes: PathBuf,
    /// URL of the STAC API, in a run that needs one.
    pub stac: Option<String>,
    /// What is made of the scenes, for one run.
    pub work: PathBuf,
    /// What is made of the records that are searched and shared, kept.
    pub records: PathBuf,
}

impl Context {
    /// The context that the caller gave.
    pub fn from_arguments() -> Result<Self> {
        let argument =
            std::env::args().nth(1).ok_or("the context is missing: a JSON document, see peer.py")?;
        Ok(serde_json::from_str(&argument)?)
    }

    /// The database of the scenes.
    pub fn scenes_database(&self) -> PathBuf {
        self.work.join("scenes.rasteret")
    }

    /// The database of the scenes with hrefs of local files.
    pub fn local_database(&self) -> PathBuf {
        self.work.join("local.rasteret")
    }

    /// The database of the 100,000 records.
    pub fn records_database(&self) -> PathBuf {
        self.records.join("records.rasteret")
    }

    /// The database of the million records.
    pub fn million_database(&self) -> PathBuf {
        self.records.join("million-finished.rasteret")
    }

    /// The same records as this project exports them.
    pub fn million_exported(&self) -> PathBuf {
        self.records.join("million-exported")
    }
}
