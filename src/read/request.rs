//! A read, as the user asks for it.

use super::area::Area;
use super::array::{AreaArray, read_array};
use super::pipeline::{Pipeline, ReadLimits, ReadProgress};
use super::scene::{Scene, select_scenes};
use crate::collection::Collection;
use crate::cpu;
use crate::error::{Error, Result};
use rasteret_schema::PixelValue;
use std::sync::Arc;

/// Bytes that a result may take, unless the caller allows more.
pub const DEFAULT_MEMORY_LIMIT: u64 = 8 << 30;

/// What to read of a collection. Nothing is checked until the read is run.
///
/// ```no_run
/// use rasteret::blocking::Wait;
/// use rasteret::{Area, Database};
/// let db = Database::open("field.rasteret")?;
/// let area = Area::bbox([77.55, 13.01, 77.58, 13.08]);
/// let array = db.collection("bangalore")?.read(area).bands(["B04", "B08"]).array().wait()?;
/// let [records, bands, height, width] = array.pixels.shape();
/// # Ok::<(), rasteret::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReadRequest {
    collection: Collection,
    area: Area,
    bands: Vec<String>,
    options: ReadOptions,
    pipeline: Pipeline,
}

/// How pixels are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOptions {
    pub all_touched: bool,
    pub fill_value: Option<PixelValue>,
    pub memory_limit: u64,
}

impl ReadRequest {
    pub(crate) fn new(collection: Collection, area: Area) -> Self {
        let options =
            ReadOptions { all_touched: false, fill_value: None, memory_limit: DEFAULT_MEMORY_LIMIT };
        let pipeline = collection.database().pipeline();
        ReadRequest { collection, area, bands: Vec::new(), options, pipeline }
    }

    /// The bands, in the order of the result; those of the first record if not given.
    pub fn bands(mut self, bands: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.bands = bands.into_iter().map(|band| band.as_ref().to_owned()).collect();
        self
    }

    /// Keeps every pixel that the area touches, not just those whose centre it covers.
    pub fn all_touched(mut self, all_touched: bool) -> Self {
        self.options.all_touched = all_touched;
        self
    }

    /// Value of pixels outside the area and of sparse tiles, instead of the band's nodata.
    pub fn fill_value(mut self, value: PixelValue) -> Self {
        self.options.fill_value = Some(value);
        self
    }

    /// Bytes that the result may take; [`DEFAULT_MEMORY_LIMIT`] unless given.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.options.memory_limit = bytes;
        self
    }

    /// What the read may use besides the memory of its result.
    pub fn limits(mut self, limits: ReadLimits) -> Self {
        self.pipeline.limits = limits;
        self
    }

    /// Is called after each tile, from threads of the pool.
    pub fn on_progress(mut self, on_progress: impl Fn(ReadProgress) + Send + Sync + 'static) -> Self {
        self.pipeline.on_progress = Some(Arc::new(on_progress));
        self
    }

    /// Reads the pixels: `[N, C, H, W]`, N by time, then id, then geometry of the area.
    ///
    /// # Errors
    ///
    /// If nothing matches, the records do not give one shape, CRS and data type, the result is too
    /// large, or a raster cannot be read.
    pub async fn array(self) -> Result<AreaArray> {
        let (pipeline, options) = (self.pipeline.clone(), self.options);
        let (scenes, bands) = cpu::run(move || self.select()).await?;
        read_array(&pipeline, scenes, bands, options).await
    }

    fn select(&self) -> Result<(Vec<Scene>, Vec<String>)> {
        for (index, band) in self.bands.iter().enumerate() {
            if self.bands[..index].contains(band) {
                return Err(Error::InvalidArgument(format!("band {band:?} was asked for twice")));
            }
        }
        let snapshot = self.collection.snapshot()?;
        select_scenes(&self.collection, &snapshot, &self.area, &self.bands)
    }
}
