//! The chips of a collection, each of which can be read.

use super::chip::Chip;
use super::extents::{Footprint, Pixels, Source};
use super::read::read_chip;
use super::sampler::{Extent, Place, Places, Sampler};
use super::stream::{ChipIterator, ChipStream};
use crate::error::{Error, Result};
use crate::read::confirm::by_known;
use crate::read::pipeline::Pipeline;
use crate::read::request::ReadOptions;
use crate::read::select::SceneRecord;
use crate::warp::{Grid, Method};
use arrow_array::ArrayRef;
use rasteret_schema::{BoundingBox, Crs, DataType};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::sync::Arc;

/// The chips of a collection: which they are, and all that is needed to read them. Clones are cheap, and share
/// the records and headers.
#[derive(Debug, Clone)]
pub struct ChipSet {
    pub(super) shared: Arc<Shared>,
    sampler: Sampler,
    places: Arc<Places>,
}

/// What the chips of all epochs have in common.
#[derive(Debug)]
pub(super) struct Shared {
    /// By time, then id.
    pub records: Vec<Arc<SceneRecord>>,
    pub bands: Vec<String>,
    pub dtype: DataType,
    pub pixels: Pixels,
    pub index: Index,
    pub sources: Vec<Source>,
    /// A row for each source.
    pub labels: Option<ArrayRef>,
    pub method: Method,
    pub time_series: bool,
    pub options: ReadOptions,
    pub pipeline: Pipeline,
    pub prefetch: usize,
}

impl ChipSet {
    pub(super) fn new(shared: Arc<Shared>, sampler: Sampler) -> Result<ChipSet> {
        let extents: Vec<Extent> = shared.sources.iter().map(|source| source.extent).collect();
        let places = Arc::new(sampler.places(&extents)?);
        Ok(ChipSet { shared, sampler, places })
    }

    /// How many chips there are in an epoch, or in the shard of one.
    pub fn len(&self) -> u64 {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Names of the bands.
    pub fn bands(&self) -> &[String] {
        &self.shared.bands
    }

    /// The data type of the samples.
    pub fn dtype(&self) -> DataType {
        self.shared.dtype
    }

    /// The CRS of the chips.
    pub fn crs(&self) -> &Crs {
        &self.shared.pixels.crs
    }

    /// Width and height of a pixel.
    pub fn resolution(&self) -> (f64, f64) {
        self.shared.pixels.resolution
    }

    /// The same chips in another epoch: see [`Sampler::epoch`].
    ///
    /// # Errors
    ///
    /// As [`Sampler::places`].
    pub fn epoch(&self, epoch: u64) -> Result<ChipSet> {
        ChipSet::new(Arc::clone(&self.shared), self.sampler.clone().epoch(epoch))
    }

    /// The pixels of a chip, by its position; `None` beyond the last.
    pub fn grid(&self, position: u64) -> Option<Grid> {
        Some(self.shared.grid(&self.places.get(position)?))
    }

    /// Reads a chip, by its position.
    ///
    /// # Errors
    ///
    /// If there is none, it is too large, or a raster cannot be read.
    pub async fn read(&self, position: u64) -> Result<Chip> {
        let place = self.places.get(position).ok_or_else(|| {
            Error::InvalidArgument(format!("there is no chip {position}: there are {}", self.len()))
        })?;
        read_chip(Arc::clone(&self.shared), place).await
    }

    /// The chips in order: see [`ChipRequest::stream`](super::ChipRequest::stream).
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn stream(&self) -> Result<ChipStream> {
        ChipStream::new(self.clone())
    }

    /// The same for plain code.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn iter(&self) -> Result<ChipIterator> {
        Ok(ChipIterator::new(self.stream()?))
    }
}

impl Shared {
    /// A record, by the own headers of its files where those that came with a table were in doubt. Chips stay where
    /// they are, whatever these say.
    ///
    /// # Errors
    ///
    /// If the pixels turn out to be of another data type than the chips.
    pub fn record(&self, number: usize) -> Result<Arc<SceneRecord>> {
        let record = by_known(&self.records[number])?;
        match record.bands.iter().find(|band| band.dtype != self.dtype) {
            Some(band) => Err(Error::StaleHeader {
                location: Box::new(band.location.clone()),
                difference: format!("its samples were {} and are {} now", self.dtype, band.dtype),
            }),
            None => Ok(record),
        }
    }

    /// The pixels of a chip.
    pub fn grid(&self, place: &Place) -> Grid {
        let transform = self.sources[place.extent].lattice.translated(place.column as f64, place.row as f64);
        Grid::new(transform, place.size.width, place.size.height, self.pixels.crs.clone())
    }
}

/// Finds the records at a place.
#[derive(Debug)]
pub(super) struct Index(RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>);

impl Index {
    pub fn new(footprints: &[Footprint]) -> Index {
        let entry = |(record, Footprint { bounds, .. }): (usize, &Footprint)| {
            let corners = ([bounds.xmin, bounds.ymin], [bounds.xmax, bounds.ymax]);
            GeomWithData::new(Rectangle::from_corners(corners.0, corners.1), record)
        };
        Index(RTree::bulk_load(footprints.iter().enumerate().map(entry).collect()))
    }

    /// The records that a box, which may be a point, has more in common with than an edge; in order.
    pub fn touching(&self, bounds: &BoundingBox) -> Vec<usize> {
        let corners = AABB::from_corners([bounds.xmin, bounds.ymin], [bounds.xmax, bounds.ymax]);
        let overlaps = |least: [f64; 2], greatest: [f64; 2]| {
            let inside = |low: f64, high: f64, min: f64, max: f64| low < max && min < high || low == high;
            inside(bounds.xmin, bounds.xmax, least[0], greatest[0])
                && inside(bounds.ymin, bounds.ymax, least[1], greatest[1])
        };
        let found = self.0.locate_in_envelope_intersecting(&corners);
        let mut records: Vec<usize> = found
            .filter(|entry| overlaps(entry.geom().lower(), entry.geom().upper()))
            .map(|entry| entry.data)
            .collect();
        records.sort_unstable();
        records
    }
}
