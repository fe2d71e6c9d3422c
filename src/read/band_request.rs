//! What all requests for pixels have in common.

use super::confirm::Confirmation;
use super::limits::{ReadLimits, ReadProgress};
use super::pipeline::Pipeline;
use super::select::{BandChoice, MissingBands, Selection, select};
use crate::collection::Collection;
use crate::error::Result;
use crate::store::Snapshot;
use rasteret_schema::BoundingBox;
use std::sync::Arc;

/// Bands of a collection's records, and what they are read with.
#[derive(Debug, Clone)]
pub struct BandRequest {
    pub collection: Collection,
    pub bands: BandChoice,
    pub pipeline: Pipeline,
    /// Headers that an earlier try has fetched, because others were in doubt.
    pub found: Option<Arc<Confirmation>>,
}

impl BandRequest {
    pub fn new(collection: Collection) -> Self {
        let pipeline = collection.database().pipeline();
        BandRequest { collection, bands: BandChoice::default(), pipeline, found: None }
    }

    /// Names or aliases of the bands.
    pub fn set_bands(&mut self, bands: impl IntoIterator<Item = impl AsRef<str>>) {
        self.bands.names = bands.into_iter().map(|band| band.as_ref().to_owned()).collect();
    }

    /// What becomes of records that lack a band, if they are not an error.
    pub fn skip_missing(&mut self, skip: bool, how: MissingBands) {
        self.bands.missing = if skip { how } else { MissingBands::Refuse };
    }

    pub fn set_limits(&mut self, limits: ReadLimits) {
        self.pipeline.set_limits(limits);
    }

    pub fn on_progress(&mut self, on_progress: impl Fn(ReadProgress) + Send + Sync + 'static) {
        self.pipeline.on_progress = Some(Arc::new(on_progress));
    }

    /// The records; see [`select`].
    pub async fn select(
        &self,
        snapshot: &Snapshot,
        within: impl FnOnce() -> Result<Option<BoundingBox>> + Send + 'static,
    ) -> Result<Selection> {
        select(&self.collection, snapshot, &self.bands, self.found.clone(), within).await
    }
}
