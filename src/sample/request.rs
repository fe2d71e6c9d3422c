//! Values of a collection's rasters at points.

use super::values::values_of;
use super::{Latest, Neighbourhood, PixelPoint, SampleGrid, SampleOptions, SampleTable, project};
use crate::collection::Collection;
use crate::cpu;
use crate::crs::Transformer;
use crate::error::{Error, Result};
use crate::geometry::{PointBatch, Points};
use crate::read::band::SceneBand;
use crate::read::band_request::BandRequest;
use crate::read::confirm::Confirmation;
use crate::read::select::{MissingBands, SceneRecord, Selection};
use crate::read::{ReadLimits, ReadProgress};
use crate::store::HeaderKey;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use futures::stream::{self, Stream};
use rasteret_schema::{BoundingBox, Crs};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Points that are looked up at once: each pass decodes the tiles that it needs, so few passes are better,
/// and their coordinates and attributes have to be held.
const POINTS_AT_ONCE: usize = 1 << 20;

/// Values that are looked up before the next rows are handed over.
const VALUES_AT_ONCE: usize = 4 << 20;

/// Which records a point takes its values from, where it lies on several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Match {
    /// All.
    #[default]
    All,
    /// The latest that has a pixel there, band by band, whether there is data or not.
    Latest,
}

/// What to look up at points. Nothing is checked until it is run.
///
/// ```no_run
/// use rasteret::Database;
/// use rasteret::blocking::WaitEach;
/// use rasteret::geometry::Points;
///
/// let db = Database::open("field.rasteret")?;
/// let points = Points::new(vec![77.55, 77.56], vec![13.01, 13.02]);
/// for batch in db.collection("bangalore")?.sample(points).bands(["B04"]).stream()?.wait_each() {
///     println!("{} rows", batch?.num_rows());
/// }
/// # Ok::<(), rasteret::Error>(())
/// ```
pub struct SampleRequest {
    request: BandRequest,
    points: Points,
    matching: Match,
    options: SampleOptions,
}

impl SampleRequest {
    pub(crate) fn new(collection: Collection, points: Points) -> Self {
        SampleRequest {
            request: BandRequest::new(collection),
            points,
            matching: Match::default(),
            options: SampleOptions::default(),
        }
    }

    /// The bands; those of the first record if not given. They may be
    /// [aliases](Collection::with_band_aliases); rows have the names that were asked for.
    pub fn bands(mut self, bands: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.request.set_bands(bands);
        self
    }

    /// Leaves out the rows of bands that a record lacks, which otherwise are an error. That no record has any of
    /// the bands stays one.
    pub fn skip_missing_bands(mut self, skip: bool) -> Self {
        self.request.skip_missing(skip, MissingBands::SkipBand);
        self
    }

    /// Which records a point takes its values from; all unless given.
    pub fn matching(mut self, matching: Match) -> Self {
        self.matching = matching;
        self
    }

    /// Where the pixel that contains a point has no data: how many rows and columns away the nearest one
    /// with data may be.
    pub fn max_distance_pixels(mut self, distance: u32) -> Self {
        self.options.max_distance_pixels = distance;
        self
    }

    /// Which points also get the pixels around them.
    pub fn neighbourhood(mut self, neighbourhood: Neighbourhood) -> Self {
        self.options.neighbourhood = neighbourhood;
        self
    }

    /// What may be used besides the memory of the result.
    pub fn limits(mut self, limits: ReadLimits) -> Self {
        self.request.set_limits(limits);
        self
    }

    /// Is called after each tile, from threads of the pool.
    pub fn on_progress(mut self, on_progress: impl Fn(ReadProgress) + Send + Sync + 'static) -> Self {
        self.request.on_progress(on_progress);
        self
    }

    /// The columns of the result: those of [`SampleTable`].
    ///
    /// # Errors
    ///
    /// If the CRS of the points is unknown.
    pub fn schema(&self) -> Result<SchemaRef> {
        let has_neighbourhood = self.options.neighbourhood != Neighbourhood::Off;
        Ok(SampleTable::new(self.points.schema(), self.points.crs(), has_neighbourhood)?.schema().clone())
    }

    /// The values: a row for each point, record and band. About a million points are looked up at a time;
    /// of these, rows come by record (by time, then id), then band, then point. Points that lie on no
    /// raster give no row.
    ///
    /// # Errors
    ///
    /// If options make no sense. The stream ends with an error if a point or a raster cannot be read.
    pub fn stream(self) -> Result<impl Stream<Item = Result<RecordBatch>> + Send + Unpin> {
        self.options.check()?;
        let has_neighbourhood = self.options.neighbourhood != Neighbourhood::Off;
        let table = SampleTable::new(self.points.schema(), self.points.crs(), has_neighbourhood)?;
        let SampleRequest { request, points, matching, options } = self;
        let crs = points.crs().clone();
        let look_up = LookUp { request, crs, matching, options, table };
        let state =
            State { look_up: Arc::new(look_up), points: Some(points), pass: None, ready: VecDeque::new() };
        Ok(Box::pin(stream::try_unfold(state, |mut state| async move {
            Ok(state.next().await?.map(|batch| (batch, state)))
        })))
    }
}

/// What does not change from pass to pass.
pub(super) struct LookUp {
    pub request: BandRequest,
    crs: Crs,
    matching: Match,
    pub options: SampleOptions,
    pub table: SampleTable,
}

/// How far a stream is.
struct State {
    look_up: Arc<LookUp>,
    /// `None` while they are being read.
    points: Option<Points>,
    pass: Option<Pass>,
    ready: VecDeque<RecordBatch>,
}

/// Some points, and the rasters that they lie on.
struct Pass {
    points: Arc<PointBatch>,
    /// Those that are still to be read.
    rasters: VecDeque<RasterPoints>,
    /// The bands that were.
    done: HashSet<(HeaderKey, String)>,
}

/// The points on one band of one record.
pub(super) struct RasterPoints {
    pub record: Arc<SceneRecord>,
    /// Which of the record's bands.
    pub band: usize,
    pub points: Vec<PixelPoint>,
}

impl RasterPoints {
    /// Which band it is, and what it was asked for as.
    fn key(&self) -> (HeaderKey, String) {
        let band = &self.record.bands[self.band];
        (band.key, band.name.clone())
    }
}

impl State {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            if let Some(pass) = &mut self.pass
                && !pass.rasters.is_empty()
            {
                let mut rasters = Vec::new();
                let mut values = 0;
                while values < VALUES_AT_ONCE
                    && let Some(raster) = pass.rasters.pop_front()
                {
                    values += raster.points.len();
                    rasters.push(raster);
                }
                let bands: Vec<_> = rasters.iter().map(RasterPoints::key).collect();
                let points = Arc::clone(&pass.points);
                match values_of(&self.look_up, points, rasters).await {
                    Err(Error::HeadersDiffer(found)) => {
                        // Points may lie on other pixels by the files' own headers.
                        let again = self.look_up.pass(Arc::clone(&pass.points), Some(found)).await?;
                        pass.rasters = again.rasters;
                        pass.rasters.retain(|raster| !pass.done.contains(&raster.key()));
                    }
                    ready => {
                        self.ready = ready?;
                        pass.done.extend(bands);
                    }
                }
                continue;
            }
            let Some(mut points) = self.points.take() else { return Ok(None) };
            let (points, batch) = cpu::run(move || {
                let batch = next_points(&mut points);
                (points, batch)
            })
            .await;
            let Some(batch) = batch? else { return Ok(None) };
            self.points = Some(points);
            self.pass = Some(self.look_up.pass(Arc::new(batch), None).await?);
        }
    }
}

/// The next points; `None` after the last.
fn next_points(points: &mut Points) -> Result<Option<PointBatch>> {
    let mut batches: Vec<PointBatch> = Vec::new();
    let mut count = 0;
    while count < POINTS_AT_ONCE
        && let Some(batch) = points.next()
    {
        let batch = batch?;
        count += batch.x.len();
        batches.push(batch);
    }
    let Some(first) = batches.first() else { return Ok(None) };
    let (first_index, schema) = (first.first_index, first.attributes.schema());
    let attributes = concat_batches(&schema, batches.iter().map(|batch| &batch.attributes))?;
    let (mut x, mut y) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for batch in &batches {
        x.extend_from_slice(&batch.x);
        y.extend_from_slice(&batch.y);
    }
    Ok(Some(PointBatch { first_index, x, y, attributes }))
}

impl LookUp {
    /// The rasters that points lie on. `found` knows headers that an earlier try has fetched.
    async fn pass(
        self: &Arc<Self>,
        points: Arc<PointBatch>,
        found: Option<Arc<Confirmation>>,
    ) -> Result<Pass> {
        let done = HashSet::new();
        let (look_up, of) = (Arc::clone(self), Arc::clone(&points));
        let snapshot = self.request.collection.snapshot()?;
        let within = move || match look_up.bounds(&of)? {
            Some(within) => Ok(Some(within)),
            None => Err(Error::NothingSelected("no point has a longitude and a latitude".to_owned())),
        };
        let request = BandRequest { found, ..self.request.clone() };
        let selection = match request.select(&snapshot, within).await {
            Err(Error::NothingSelected(_)) => return Ok(Pass { points, rasters: VecDeque::new(), done }),
            selection => selection?,
        };
        let (look_up, of) = (Arc::clone(self), Arc::clone(&points));
        let rasters = cpu::run(move || look_up.rasters(&of, &selection)).await?;
        Ok(Pass { points, rasters: rasters.into(), done })
    }

    /// The rasters that points lie on, by record, then band.
    fn rasters(&self, points: &PointBatch, selection: &Selection) -> Result<Vec<RasterPoints>> {
        let mut projected: HashMap<&Crs, (Vec<f64>, Vec<f64>)> = HashMap::new();
        let mut latest: HashMap<&str, Latest> = HashMap::new();
        let mut rasters = Vec::new();
        // The latest record has the first claim.
        for record in selection.records.iter().rev() {
            for (index, band) in record.bands.iter().enumerate().rev() {
                let crs = &band.grid.crs;
                if !projected.contains_key(crs) {
                    let transformer = Transformer::new(&self.crs, crs)?;
                    projected.insert(crs, project(&transformer, &points.x, &points.y)?);
                }
                let Some((x, y)) = projected.get(crs) else { continue };
                let mut located = grid_of(band)?.locate(x, y)?;
                if self.matching == Match::Latest {
                    let of_band = latest.entry(&band.name).or_insert_with(|| Latest::new(points.x.len()));
                    located = of_band.claim(located);
                }
                if !located.is_empty() {
                    rasters.push(RasterPoints { record: Arc::clone(record), band: index, points: located });
                }
            }
        }
        rasters.reverse();
        Ok(rasters)
    }

    /// A box in longitudes and latitudes around points; `None` where none of them has any.
    fn bounds(&self, points: &PointBatch) -> Result<Option<BoundingBox>> {
        let (x, y) = project(&Transformer::new(&self.crs, &Crs::from_epsg(4326))?, &points.x, &points.y)?;
        let boxes = x.iter().zip(&y).filter(|(x, y)| x.is_finite() && y.is_finite());
        Ok(boxes.fold(None, |bounds: Option<BoundingBox>, (&x, &y)| {
            let bounds = bounds.unwrap_or(BoundingBox::new(x, y, x, y));
            Some(BoundingBox::new(
                bounds.xmin.min(x),
                bounds.ymin.min(y),
                bounds.xmax.max(x),
                bounds.ymax.max(y),
            ))
        }))
    }
}

/// Where the pixels of a band lie.
pub(super) fn grid_of(band: &SceneBand) -> Result<SampleGrid> {
    let header = band.header.get()?;
    let (tile_width, tile_height) =
        header.image(0).map_or((1, 1), |image| (image.tile_width, image.tile_height));
    let grid = &band.grid;
    Ok(SampleGrid {
        transform: grid.transform,
        width: grid.width,
        height: grid.height,
        tile_width,
        tile_height,
    })
}
