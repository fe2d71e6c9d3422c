//! Chips, as the user asks for them.

use super::extents::{self, Footprint, Pixels};
use super::labels;
use super::sampler::{Kind, Sampler};
use super::set::{ChipSet, Index, Shared};
use super::stream::{ChipIterator, ChipStream};
use crate::collection::Collection;
use crate::cpu;
use crate::error::{Error, Result};
use crate::read::ReadLimits;
use crate::read::area::Area;
use crate::read::band_request::BandRequest;
use crate::read::bounds::bounds;
use crate::read::layout::data_type;
use crate::read::request::ReadOptions;
use crate::read::select::{MissingBands, Selection};
use crate::read::target::may_use_overview_at;
use crate::store::Snapshot;
use crate::warp::{Grid, Method};
use rasteret_schema::{Crs, PixelValue};
use std::sync::Arc;

/// Chips that are read ahead, unless the caller says how many.
const DEFAULT_PREFETCH: usize = 8;

/// Which chips to read of a collection. Nothing is checked until it is [prepared](ChipRequest::prepare).
#[derive(Debug, Clone)]
pub struct ChipRequest {
    request: BandRequest,
    sampler: Sampler,
    crs: Option<Crs>,
    resolution: Option<(f64, f64)>,
    method: Method,
    time_series: bool,
    labels: Option<String>,
    roi: Option<Area>,
    prefetch: usize,
    options: ReadOptions,
}

impl ChipRequest {
    pub(crate) fn new(collection: Collection, sampler: Sampler) -> Self {
        ChipRequest {
            request: BandRequest::new(collection),
            sampler,
            crs: None,
            resolution: None,
            method: Method::default(),
            time_series: false,
            labels: None,
            roi: None,
            prefetch: DEFAULT_PREFETCH,
            options: ReadOptions::default(),
        }
    }

    /// The bands, in the order of the result; those of the first record if not given. They may be
    /// [aliases](Collection::with_band_aliases).
    pub fn bands(mut self, bands: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.request.set_bands(bands);
        self
    }

    /// Leaves out records that lack one of the bands, which otherwise are an error. That no record has all of them
    /// stays one.
    pub fn skip_missing_bands(mut self, skip: bool) -> Self {
        self.request.skip_missing(skip, MissingBands::SkipRecord);
        self
    }

    /// The CRS of the chips; that of most records unless given.
    pub fn target_crs(mut self, crs: Crs) -> Self {
        self.crs = Some(crs);
        self
    }

    /// Width and height of a pixel, in units of the CRS; the finest of the records in that CRS unless given.
    pub fn resolution(mut self, width: f64, height: f64) -> Self {
        self.resolution = Some((width, height));
        self
    }

    /// How values between the rasters' pixels are found; [`Method::Nearest`] unless given. Where the pixels of
    /// a chip are a raster's own, these are taken as they are.
    pub fn resampling(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// All times of a place instead of one: chips are `[T, C, H, W]`.
    pub fn time_series(mut self) -> Self {
        self.time_series = true;
        self
    }

    /// A column that gives each chip its label: of the record table, or of the geometries' own where the
    /// [sampler](Sampler::prechipped) has any.
    pub fn labels(mut self, column: impl Into<String>) -> Self {
        self.labels = Some(column.into());
        self
    }

    /// Value of pixels that no raster has and of sparse tiles, instead of the band's nodata.
    pub fn fill_value(mut self, value: PixelValue) -> Self {
        self.options.fill_value = Some(value);
        self
    }

    /// A region of interest: chips are taken from the bounds of what each extent has in common with it, as of
    /// TorchGeo's `roi`.
    pub fn roi(mut self, roi: Area) -> Self {
        self.roi = Some(roi);
        self
    }

    /// How many chips are read ahead of the one that is asked for, and held, at most; 8 unless given, and at
    /// least one.
    pub fn prefetch(mut self, chips: usize) -> Self {
        self.prefetch = chips.max(1);
        self
    }

    /// See [`Sampler::shard`].
    pub fn shard(mut self, index: u64, count: u64) -> Self {
        self.sampler = self.sampler.shard(index, count);
        self
    }

    /// See [`Sampler::seed`].
    pub fn seed(mut self, seed: u64) -> Self {
        self.sampler = self.sampler.seed(seed);
        self
    }

    /// See [`Sampler::epoch`].
    pub fn epoch(mut self, epoch: u64) -> Self {
        self.sampler = self.sampler.epoch(epoch);
        self
    }

    /// Bytes that one chip may take.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.options.memory_limit = bytes;
        self
    }

    /// What reads may use besides the memory of the chips.
    pub fn limits(mut self, limits: ReadLimits) -> Self {
        self.request.set_limits(limits);
        self
    }

    /// Finds the records and their headers, once, so that a chip needs nothing but its pixels.
    ///
    /// # Errors
    ///
    /// If nothing matches, bands are of several data types, or options make no sense.
    pub async fn prepare(self) -> Result<ChipSet> {
        let (snapshot, selection, pixels) = self.select().await?;
        cpu::run(move || self.prepared(&snapshot, selection, pixels)).await
    }

    /// The chips, in the order of the sampler. They are read ahead in the background as soon as there is a
    /// stream, whether it is polled or not.
    ///
    /// # Errors
    ///
    /// As [`prepare`](ChipRequest::prepare). A chip that cannot be read is an error in its place.
    pub async fn stream(self) -> Result<ChipStream> {
        self.prepare().await?.stream()
    }

    /// The same for plain code.
    ///
    /// # Errors
    ///
    /// As [`stream`](ChipRequest::stream).
    pub fn iter(self) -> Result<ChipIterator> {
        use crate::blocking::Wait;
        self.prepare().wait()?.iter()
    }

    fn prepared(self, snapshot: &Snapshot, selection: Selection, pixels: Pixels) -> Result<ChipSet> {
        let Selection { records, bands, .. } = selection;
        let dtype = data_type(records.iter().flat_map(|record| &record.bands), &self.options)?;
        let footprints =
            records.iter().map(|record| Footprint::new(record, &pixels)).collect::<Result<Vec<_>>>()?;
        let index = Index::new(&footprints);
        let roi = self.roi.as_ref().map(|roi| roi.to_crs(&pixels.crs)).transpose()?;
        let sources = match &self.sampler.kind {
            Kind::Geometries { area, .. } => extents::of_geometries(
                &area.to_crs(&pixels.crs)?,
                &footprints,
                |bounds| index.touching(bounds),
                roi.as_deref(),
            ),
            _ => extents::of_records(&footprints, self.time_series, roi.as_deref()),
        };
        let labels = match (&self.labels, &self.sampler.kind) {
            (None, _) => None,
            (Some(column), Kind::Geometries { area, .. }) => {
                Some(labels::of_geometries(area, column, &sources)?)
            }
            (Some(column), _) => {
                let stored = snapshot.collection(self.request.collection.name())?;
                Some(labels::of_records(&stored, column, &records, &sources)?)
            }
        };
        let shared = Shared {
            records,
            bands,
            dtype,
            pixels,
            index,
            sources,
            labels,
            method: self.method,
            time_series: self.time_series,
            options: self.options,
            pipeline: self.request.pipeline,
            prefetch: self.prefetch,
        };
        ChipSet::new(Arc::new(shared), self.sampler)
    }

    /// The records that chips may have pixels of, and the pixels of all chips: those of the records where chips
    /// are taken from. Chips may reach beyond, onto other records.
    async fn select(&self) -> Result<(Snapshot, Selection, Pixels)> {
        let region = match (&self.roi, &self.sampler.kind) {
            (Some(roi), _) => Some(roi.clone()),
            (None, Kind::Geometries { area, .. }) => Some(area.clone()),
            _ => None,
        };
        let of_region = region.clone();
        let within = move || of_region.as_ref().map(bounds).transpose();
        let mut snapshot = self.request.collection.snapshot()?;
        let selection = self.request.select(&snapshot, within).await?;
        let (crs, resolution, reach) = (self.crs.clone(), self.resolution, self.sampler.kind.reach());
        let (mut selection, pixels, around) = cpu::run(move || {
            let pixels = Pixels::new(&selection.records, crs, resolution)?;
            let around = match (region, reach) {
                // Where the region with its surroundings has no bounds in degrees, as around a pole, all records
                // may be meant.
                (Some(region), Some(reach)) => Some(bounds(&pixels.around(&region, reach)?).ok()),
                _ => None,
            };
            Ok::<_, Error>((selection, pixels, around))
        })
        .await?;
        if let Some(within) = around {
            let mut request = self.request.clone();
            request.set_bands(selection.bands);
            request.found = selection.confirmation;
            // Headers that were fetched are in a later one.
            snapshot = self.request.collection.snapshot()?;
            selection = request.select(&snapshot, move || Ok(within)).await?;
        }
        let lacking = lacking_overviews(&selection, &pixels);
        if !lacking.is_empty() {
            selection = selection.with_whole_headers(&self.request.collection, &lacking).await?;
        }
        Ok((snapshot, selection, pixels))
    }
}

/// The bands, by record and band, whose headers came without overviews, of which chips may be made.
fn lacking_overviews(selection: &Selection, pixels: &Pixels) -> Vec<(usize, usize)> {
    let is_coarse = |grid: &Grid| {
        let (width, height) = grid.transform.pixel_size();
        let factor = f64::min(pixels.resolution.0 / width, pixels.resolution.1 / height);
        grid.crs != pixels.crs || may_use_overview_at(grid, factor)
    };
    let records = selection.records.iter().enumerate();
    let bands = records.flat_map(|(index, record)| {
        record.bands.iter().enumerate().map(move |(band, of)| ((index, band), of))
    });
    bands
        .filter(|(_, band)| band.may_lack_overviews && is_coarse(&band.grid))
        .map(|(place, _)| place)
        .collect()
}
