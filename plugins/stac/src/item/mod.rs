//! STAC items become records.
//!
//! Items come as JSON, not as the types of a STAC library: much of what is published breaks the specification
//! somewhere, and one odd field is no reason to lose an item. What can be read of versions 0.9 to 1.1 is; what cannot
//! be a record is a failure that names the item, and the others go on. The crate documentation says for users what
//! becomes of what.
//!
//! | file | of an item |
//! | --- | --- |
//! | `convert` | its id, its times, its collection, and all that follows |
//! | `footprint` | `geometry` and `bbox` |
//! | `asset`, `offer` | the assets and their samples, with all their names |
//! | `select` | which of them become bands |
//! | `href` | where an asset is |
//! | `projection` | the CRS |
//! | `raster` | scale, offset, nodata of the bands, as a column |
//! | `properties`, `specified` | everything else, as columns |

mod asset;
mod convert;
mod footprint;
pub(crate) mod href;
mod offer;
mod projection;
mod properties;
mod raster;
mod select;
mod specified;
pub(crate) mod time;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};
use convert::{Converted, Failure};
use offer::Offer;
use properties::PropertyColumns;
use rasteret_schema::{BandMap, SourceBatch, SourceError, SourceFailure, record};
use rayon::prelude::*;
use select::BandSelector;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of text and geometry that one item may bring: real ones bring some thousands.
const MAX_ITEM_BYTES: usize = 16 << 20;

/// Bytes of text and geometry that a batch may bring. Columns of Arrow end at 2 GiB.
const MAX_BATCH_BYTES: usize = 1 << 30;

/// Converts the items of one stream, batch by batch.
#[derive(Debug)]
pub(crate) struct ItemConverter {
    bands: BandSelector,
    progress: Mutex<Progress>,
}

/// An item, and where it is from.
#[derive(Debug, Clone)]
pub(crate) struct LocatedItem {
    /// The item.
    pub item: Map<String, Value>,
    /// The document that it came from: relative hrefs are relative to the item's link to itself if that is absolute,
    /// else to this.
    pub href: String,
}

/// What the batches so far have shown.
#[derive(Debug, Default)]
struct Progress {
    columns: PropertyColumns,
    /// Which of the bands that were asked for some item has. Empty before the first item.
    found: Vec<bool>,
    /// Where the first item is and what it offers, if it lacks a band.
    first: Option<(String, String)>,
}

impl ItemConverter {
    /// `bands` is the user's map. Without one, the map of the dataset is taken if it is built in and fits, else the
    /// names that the items have. `wanted` are the only bands to take: bands of the map, keys of assets, names or
    /// common names of bands; none are all.
    ///
    /// # Errors
    ///
    /// If two bands of the map are the same pixels.
    pub(crate) fn new(bands: BandMap, wanted: Vec<String>) -> Result<Self, SourceError> {
        let bands = BandSelector::new(bands, wanted).map_err(SourceError::Invalid)?;
        Ok(ItemConverter { bands, progress: Mutex::default() })
    }

    /// Items become records. What is no record is in [`SourceBatch::failures`].
    ///
    /// # Errors
    ///
    /// If no item of the first batch has a certain band that was asked for by name, or any band of the map. The error
    /// lists what there is.
    pub(crate) fn batch(&self, items: Vec<LocatedItem>) -> Result<SourceBatch, SourceError> {
        let mut failures = Vec::new();
        let mut rows: Vec<(Converted, &Map<String, Value>)> = Vec::with_capacity(items.len());
        let mut found = vec![false; self.bands.asked().len()];
        let mut first_with_assets = None;
        let mut bytes = 0;
        let nothing = Map::new();
        let converted: Vec<_> =
            items.par_iter().map(|located| convert::convert(located, &self.bands)).collect();
        for (located, converted) in items.iter().zip(converted) {
            let properties = located.item.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
            let converted = converted.and_then(|item| {
                bytes += checked_size(&item, properties, bytes)?;
                Ok(item)
            });
            if first_with_assets.is_none() && converted.as_ref().map_or_else(Failure::is_of_bands, |_| true) {
                first_with_assets = Some(located);
            }
            match converted {
                Ok(item) => {
                    for asked in &item.asked {
                        if let Some(found) = found.get_mut(*asked) {
                            *found = true;
                        }
                    }
                    rows.push((item, properties));
                }
                Err(failure) => failures.push(failure.of(located)),
            }
        }
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = first_with_assets {
            self.check_found(&found, first, &failures, &mut progress)?;
        }
        let records = to_batch(rows, &mut progress.columns)
            .map_err(|error| SourceError::Read { what: "STAC items".to_owned(), source: error.into() })?;
        // To free what an item is made of takes as long as to parse it.
        items.into_par_iter().for_each(drop);
        Ok(SourceBatch { failures, ..SourceBatch::new(records) })
    }

    /// What no item of the whole stream had: a failure for each band of the map. To be called at its end.
    pub(crate) fn finish(&self) -> Vec<SourceFailure> {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((href, offered)) = &progress.first else { return Vec::new() };
        let missing = self.bands.asked().iter().zip(&progress.found).filter(|(_, found)| !**found);
        missing
            .map(|(band, _)| SourceFailure {
                href: href.clone(),
                kind: "no-such-band".to_owned(),
                message: format!("no item has band {}; the first has {offered}", self.bands.describe(band)),
            })
            .collect()
    }

    /// Notices what was asked for and is not there: in the first batch, where a mistake shows, what nothing has.
    fn check_found(
        &self,
        found: &[bool],
        first: &LocatedItem,
        failures: &[SourceFailure],
        progress: &mut Progress,
    ) -> Result<(), SourceError> {
        if !progress.found.is_empty() {
            progress.found.iter_mut().zip(found).for_each(|(known, found)| *known |= found);
            return Ok(());
        }
        progress.found = found.to_vec();
        let missing = self.bands.asked().iter().zip(found).filter(|(_, found)| !**found);
        let missing: Vec<String> = missing.map(|(band, _)| self.bands.describe(band)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // What is there may be ambiguous, and the failure says so better.
        if let Some(failure) = failures.iter().find(|failure| failure.kind == convert::AMBIGUOUS_BAND)
            && !found.contains(&true)
        {
            return Err(SourceError::Invalid(failure.message.clone()));
        }
        let (href, offered) = (convert::place(first), Offer::new(&first.item).describe());
        let message = format!("no item has band {}; {href} has {offered}", missing.join(" or "));
        if self.bands.is_named() || !found.contains(&true) {
            return Err(SourceError::Invalid(message));
        }
        tracing::warn!("so far {message}");
        progress.first = Some((href, offered));
        Ok(())
    }
}

/// The size of what an item brings, if a batch that has `before` already can hold it.
fn checked_size(item: &Converted, properties: &Map<String, Value>, before: usize) -> Result<usize, Failure> {
    let size = item.bytes() + properties::bytes(properties);
    if size > MAX_ITEM_BYTES || before.saturating_add(size) > MAX_BATCH_BYTES {
        return Err(Failure::new("too-large", format!("it has {size} bytes of text and geometry")));
    }
    Ok(size)
}

fn to_batch(
    rows: Vec<(Converted, &Map<String, Value>)>,
    columns: &mut PropertyColumns,
) -> Result<RecordBatch, ArrowError> {
    let mut records = Vec::with_capacity(rows.len());
    let mut raster_bands = Vec::with_capacity(rows.len());
    let mut properties = Vec::with_capacity(rows.len());
    for (item, of_item) in rows {
        records.push(item.record);
        raster_bands.push(item.raster_bands);
        properties.push(of_item);
    }
    let batch = record::to_batch(&records)?;
    let more = raster::column(&raster_bands).into_iter().chain(columns.build(&properties));
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = more.unzip();
    let fields =
        batch.schema().fields().iter().cloned().chain(fields.into_iter().map(Arc::new)).collect::<Vec<_>>();
    let arrays = batch.columns().iter().cloned().chain(arrays).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

#[cfg(test)]
mod tests;
