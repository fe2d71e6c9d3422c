//! A read, as the user asks for it.

use super::area::Area;
use super::array::{AreaArray, read_array};
use super::band_request::BandRequest;
use super::bounds::bounds;
use super::confirm::{Confirmation, confirmed};
use super::header::HeaderCost;
use super::limits::{ReadLimits, ReadProgress};
use super::scene::{BandRead, Scene, native_scenes};
use super::select::{MissingBands, SceneRecord, Selection};
use super::target::{Target, TargetPixels, may_use_overview, most_frequent_crs};
use crate::collection::Collection;
use crate::cpu;
use crate::error::{Error, Result};
use crate::warp::{Grid, Method};
use rasteret_schema::{Crs, PixelValue};
use std::collections::{BTreeSet, HashMap};
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
    pub(super) request: BandRequest,
    pub(super) area: Arc<Area>,
    pub(super) options: ReadOptions,
    pub(super) target: Target,
}

/// How pixels are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadOptions {
    pub all_touched: bool,
    pub fill_value: Option<PixelValue>,
    pub memory_limit: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { all_touched: false, fill_value: None, memory_limit: DEFAULT_MEMORY_LIMIT }
    }
}

impl ReadRequest {
    pub(crate) fn new(collection: Collection, area: Area) -> Self {
        ReadRequest {
            request: BandRequest::new(collection),
            area: Arc::new(area),
            options: ReadOptions::default(),
            target: Target::default(),
        }
    }

    /// What is read.
    pub fn area(&self) -> &Area {
        &self.area
    }

    /// The bands, in the order of the result; those of the first record if not given.
    ///
    /// They may be [aliases](Collection::with_band_aliases): each record then gives the band of its own that the
    /// alias stands for, under the name that was asked for.
    pub fn bands(mut self, bands: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.request.set_bands(bands);
        self
    }

    /// Leaves out records that lack one of the bands, which otherwise are an error. Of a table, only the rows of
    /// the bands that a record lacks are left out. That no record has all the bands stays an error.
    pub fn skip_missing_bands(mut self, skip: bool) -> Self {
        self.request.skip_missing(skip, MissingBands::SkipRecord);
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

    /// The CRS of the result. Pixels are as large as GDAL's `gdalwarp` makes them, unless
    /// [`resolution`](Self::resolution), [`shape`](Self::shape) or [`grid`](Self::grid) say otherwise.
    pub fn target_crs(mut self, crs: Crs) -> Self {
        self.target.crs = Some(crs);
        self
    }

    /// Width and height of a pixel of the result, in units of its CRS. The coarsest overview that is as
    /// fine is read.
    pub fn resolution(mut self, width: f64, height: f64) -> Self {
        self.target.pixels = TargetPixels::Resolution(width, height);
        self
    }

    /// As [`resolution`](Self::resolution), with pixels whose corners lie whole numbers of pixels from
    /// a point: results of the same resolution and origin fit onto each other.
    pub fn aligned_resolution(mut self, width: f64, height: f64, origin: (f64, f64)) -> Self {
        self.target.pixels = TargetPixels::Aligned { resolution: (width, height), origin };
        self
    }

    /// Rows and columns of the result.
    pub fn shape(mut self, rows: u32, columns: u32) -> Self {
        self.target.pixels = TargetPixels::Shape(rows, columns);
        self
    }

    /// The pixels of the result.
    pub fn grid(mut self, grid: Grid) -> Self {
        self.target.pixels = TargetPixels::Grid(grid);
        self
    }

    /// How values between the rasters' pixels are found; [`Method::Nearest`] unless given.
    pub fn resampling(mut self, method: Method) -> Self {
        self.target.method = method;
        self
    }

    /// What the read may use besides the memory of its result.
    pub fn limits(mut self, limits: ReadLimits) -> Self {
        self.request.set_limits(limits);
        self
    }

    /// Is called after each tile, from threads of the pool.
    pub fn on_progress(mut self, on_progress: impl Fn(ReadProgress) + Send + Sync + 'static) -> Self {
        self.request.on_progress(on_progress);
        self
    }

    /// Reads the pixels: `[N, C, H, W]`, N by time, then id, then geometry of the area.
    ///
    /// Records of several CRSs are brought to that of most of them, unless a target is given.
    ///
    /// # Errors
    ///
    /// If nothing matches, the records do not give one shape and data type, the result is too large, or
    /// a raster cannot be read.
    pub async fn array(self) -> Result<AreaArray> {
        confirmed(|found| self.clone().found(found).try_array()).await
    }

    async fn try_array(self) -> Result<AreaArray> {
        let selection = self.select().await?;
        self.array_of(selection).await
    }

    /// The same, made again with what earlier tries have found.
    pub(super) fn found(mut self, found: Option<Arc<Confirmation>>) -> Self {
        self.request.found = found;
        self
    }

    /// Reads the array of some records.
    pub(super) async fn array_of(self, selection: Selection) -> Result<AreaArray> {
        let (pipeline, options, bands) =
            (self.request.pipeline.clone(), self.options, selection.bands.clone());
        let confirmation = selection.confirmation.clone();
        let (scenes, cost) = self.planned(selection, ReadRequest::scenes_on_one_grid).await?;
        // What this costs counts, also if it is in vain.
        if let Some(confirmation) = &confirmation {
            confirmation.count(cost);
        }
        let mut array = read_array(&pipeline, scenes, bands, options).await?;
        let cost = confirmation.map_or(cost, |confirmation| confirmation.cost());
        array.statistics.requests += cost.requests;
        array.statistics.bytes += cost.bytes;
        Ok(array)
    }

    fn scenes_on_one_grid(&self, selection: &Selection) -> Result<Vec<Scene>> {
        if self.target.is_native() && has_several_crs(selection) {
            let crs = crs_of_most(selection);
            return ReadRequest { target: Target { crs, ..self.target.clone() }, ..self.clone() }
                .scenes(selection);
        }
        self.scenes(selection)
    }

    /// The records of the read. Where an earlier try has found headers that are not those of their files, none is
    /// taken any more that is in doubt: there is no third try.
    pub(super) async fn select(&self) -> Result<Selection> {
        let snapshot = self.request.collection.snapshot()?;
        let area = Arc::clone(&self.area);
        let selection = self.request.select(&snapshot, move || Ok(Some(bounds(&area)?))).await?;
        match self.request.found {
            Some(_) => {
                let in_doubt = selection.in_doubt();
                selection.with_whole_headers(&self.request.collection, &in_doubt).await
            }
            None => Ok(selection),
        }
    }

    /// Plans the rows of the result. Where they would be made from overviews, but a header came without any, it is
    /// fetched, and they are planned anew.
    pub(super) async fn planned(
        self,
        selection: Selection,
        plan: fn(&ReadRequest, &Selection) -> Result<Vec<Scene>>,
    ) -> Result<(Vec<Scene>, HeaderCost)> {
        let request = self.clone();
        let (scenes, selection, lacking) = cpu::run(move || {
            let scenes = plan(&request, &selection)?;
            let lacking = lacking_overviews(&scenes, &selection)?;
            Ok::<_, Error>((scenes, selection, lacking))
        })
        .await?;
        if lacking.is_empty() {
            return Ok((scenes, selection.cost));
        }
        let selection = selection.with_whole_headers(&self.request.collection, &lacking).await?;
        cpu::run(move || Ok((plan(&self, &selection)?, selection.cost))).await
    }

    /// The rows of the result, by time, then id, then geometry.
    pub(super) fn scenes(&self, selection: &Selection) -> Result<Vec<Scene>> {
        let mut scenes = match self.target.is_native() {
            true => native_scenes(&selection.records, &self.area)?,
            false => self.target.scenes(&selection.records, &self.area)?,
        };
        if scenes.is_empty() {
            let n = selection.records.len();
            return Err(Error::NothingSelected(format!(
                "the footprints of {n} records touch the area, but none of their pixels do"
            )));
        }
        scenes.sort_by(|a, b| {
            (a.record.datetime, &a.record.id, a.geometry_index).cmp(&(
                b.record.datetime,
                &b.record.id,
                b.geometry_index,
            ))
        });
        Ok(scenes)
    }
}

/// The bands, by record and band, whose headers may lack overviews that the scenes would be made from.
fn lacking_overviews(scenes: &[Scene], selection: &Selection) -> Result<Vec<(usize, usize)>> {
    let may_lack =
        |(_, record): &(usize, &Arc<SceneRecord>)| record.bands.iter().any(|band| band.may_lack_overviews);
    let records = selection.records.iter().enumerate().filter(may_lack);
    let numbers: HashMap<*const SceneRecord, usize> =
        records.map(|(number, record)| (Arc::as_ptr(record), number)).collect();
    let mut lacking = BTreeSet::new();
    for scene in scenes {
        let Some(number) = numbers.get(&Arc::as_ptr(&scene.record)) else { continue };
        for (index, (band, reads)) in scene.record.bands.iter().zip(&scene.bands).enumerate() {
            let is_warped = || reads.iter().any(|read| matches!(read, BandRead::Warped { .. }));
            if band.may_lack_overviews && is_warped() && may_use_overview(&band.grid, &scene.grid)? {
                lacking.insert((*number, index));
            }
        }
    }
    Ok(lacking.into_iter().collect())
}

/// The CRS that most records are in, with a warning where not all are.
pub(super) fn crs_of_most(selection: &Selection) -> Option<Crs> {
    let crs = most_frequent_crs(&selection.records);
    if has_several_crs(selection) {
        tracing::warn!(
            "the records are in several coordinate reference systems: reading in {}, as most of them are",
            crs.as_ref().map_or("none", Crs::as_str)
        );
    }
    crs
}

fn has_several_crs(selection: &Selection) -> bool {
    let mut systems = selection.records.iter().flat_map(|record| &record.bands).map(|band| &band.grid.crs);
    let first = systems.next();
    systems.any(|crs| Some(crs) != first)
}
