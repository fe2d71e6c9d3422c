//! The way of a batch: from the source through its headers to the store.

use super::batch::{keep, new_numbers, plain, split};
use super::enrich::enrich;
use super::headers::HeaderFetcher;
use super::place::{Placed, place};
use super::{Build, Failure};
use crate::cpu;
use crate::error::{Error, Result};
use crate::io::without_secrets;
use crate::store::{Collection, Description, HeaderFailure};
use arrow_array::BooleanArray;
use futures::{StreamExt, TryFutureExt, TryStreamExt, stream};
use rasteret_schema::record::{ASSETS, BBOX, CRS, DATETIME, EPSG, GEOMETRY, ID, RecordColumns};
use rasteret_schema::{Selection, SourceBatch, SourceHeader, UnusableHeader, header_column};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;

/// Batches whose headers are fetched at once, so that a slow file holds up its own batch only.
const BATCHES_AHEAD: usize = 2;

/// A build that runs.
pub struct Run {
    pub build: Build,
    pub name: String,
    /// `None` where headers are not asked for.
    pub headers: Option<HeaderFetcher>,
    /// What an earlier run of an import has stored, which comes as it was: it is passed over.
    pub imported: Option<Collection>,
}

/// What came from the source.
#[derive(Default)]
pub struct Added {
    pub failed: Vec<Failure>,
    /// Size in memory, about that in the file.
    pub bytes: u64,
}

/// A band of a row of a batch.
type RowBand = (usize, String);

/// A batch on its way.
struct Pending {
    batch: SourceBatch,
    /// Why rows that came with a footprint have none.
    problems: HashMap<usize, String>,
    /// Why headers are missing.
    missing: Vec<HeaderFailure>,
    /// Rows that an earlier run of the build has stored.
    stored: u64,
    /// Whether headers came with it that are of no version of their files.
    is_unconfirmed: bool,
}

impl Run {
    /// Stores what the source has, batch by batch.
    pub async fn add_records(self: &Arc<Self>) -> Result<Added> {
        let (start, end) = self.build.options.filter.span();
        let selection = Selection { bbox: self.build.options.filter.boxes().first().copied(), start, end };
        let mut added = Added::default();
        let batches = self.build.source.records(&selection).map_err(Error::from);
        let parts = batches.and_then(|batch| {
            cpu::run(move || split(batch)).map_ok(|parts| stream::iter(parts).map(Ok::<_, Error>))
        });
        let parts = parts.try_flatten().map(|part| async { self.with_headers(part?).await });
        let mut parts = pin!(parts.buffered(BATCHES_AHEAD));
        while let Some(pending) = parts.next().await {
            let pending = pending?;
            let run = Arc::clone(self);
            let (failed, bytes) = cpu::run(move || run.store(pending)).await?;
            added.failed.extend(failed);
            added.bytes += bytes;
        }
        Ok(added)
    }

    /// Fetches the headers that did not come with a batch, of the records that may match.
    async fn with_headers(self: &Arc<Self>, batch: SourceBatch) -> Result<Pending> {
        let run = Arc::clone(self);
        let (mut pending, known, rows) = cpu::run(move || {
            let Placed { records, problems } = place(&batch.records)?;
            let batch = SourceBatch { records, ..batch };
            let is_unconfirmed = !run.build.has_whole_headers && has_unversioned_headers(&batch)?;
            let pending = Pending { batch, problems, missing: Vec::new(), stored: 0, is_unconfirmed };
            let (pending, mut known) = match &run.imported {
                Some(stored) => (pending.without_stored(stored)?, HashSet::new()),
                None => {
                    let stored = run.stored_headers(&pending.batch)?;
                    pending.without(stored)?
                }
            };
            known.extend(pending.batch.headers.iter().map(|header| (header.row, header.band.clone())));
            let rows = run.rows_that_may_match(&pending.batch)?;
            Ok::<_, Error>((pending, known, rows))
        })
        .await?;
        if let Some(headers) = &self.headers {
            let records = RecordColumns::new(&pending.batch.records)?;
            let fetched = headers.fetch(&records, rows.into_iter(), &known).await;
            pending.batch.headers.extend(fetched.headers);
            pending.batch.unusable.clear();
            pending.missing = fetched.failures;
        }
        Ok(pending)
    }

    /// Rows and bands whose headers an earlier run of the build has stored.
    fn stored_headers(&self, batch: &SourceBatch) -> Result<HashSet<RowBand>> {
        let snapshot = self.build.database.store().read()?;
        let stored = snapshot.collection(&self.name)?;
        let mut known = HashSet::new();
        if stored.is_empty() {
            return Ok(known);
        }
        let plain = plain(batch.records.clone())?;
        let columns = RecordColumns::new(&plain)?;
        let numbers = stored.find_all((0..columns.len()).map(|row| columns.id(row)))?;
        let (rows, numbers): (Vec<usize>, Vec<u64>) =
            numbers.into_iter().enumerate().filter_map(|(row, number)| Some((row, number?))).unzip();
        let records = stored.rows(&numbers, &stored.projection(&[ID, DATETIME, ASSETS])?)?;
        let records = RecordColumns::new(&records)?;
        for (at, (row, number)) in rows.into_iter().zip(numbers).enumerate() {
            let assets = records.assets(at);
            for asset in columns.assets(row).into_iter().filter(|asset| assets.contains(asset)) {
                if stored.find_header(number, stored.band(&asset.band)?)?.is_some() {
                    known.insert((row, asset.band));
                }
            }
        }
        Ok(known)
    }

    /// Rows that match the filter, and those of which only a header will tell.
    fn rows_that_may_match(&self, batch: &SourceBatch) -> Result<Vec<usize>> {
        let columns = RecordColumns::new(&batch.records)?;
        if batch.records.column_by_name(BBOX).is_none() {
            return Ok((0..columns.len()).collect());
        }
        let matches =
            self.build.options.filter.may_match_later(&batch.records, &[GEOMETRY, BBOX, EPSG, CRS])?;
        Ok((0..columns.len()).filter(|row| columns.bbox(*row).is_none() || matches.value(*row)).collect())
    }

    /// Stores a batch. Returns what of it could not be made records, and about how many bytes it added.
    fn store(&self, pending: Pending) -> Result<(Vec<Failure>, u64)> {
        let Pending { batch, problems, missing, stored, is_unconfirmed } = pending;
        let (batch, missing) = enrich(batch, missing, &problems, &self.build.options.filter)?;
        let SourceBatch { records, headers, unusable, failures, total } = batch;
        tracing::debug!(records = records.num_rows(), headers = headers.len(), "adding a batch");
        let mut failed: Vec<Failure> = failures.into_iter().map(Failure::from).collect();
        let columns = RecordColumns::new(&records)?;
        failed.extend(unusable.into_iter().map(|header| not_parsed(&columns, header)));
        let done = stored + records.num_rows() as u64;
        let mut bytes = 0;
        if records.num_rows() > 0 {
            let records = plain(records)?;
            let database = &self.build.database;
            let mut write = database.store().write()?;
            write.append(&self.name, &records, &headers, &missing)?;
            if is_unconfirmed {
                write.describe(&self.name, Description::set_unconfirmed_headers)?;
            }
            write.commit()?;
            let columns = records.columns().iter().filter_map(|it| it.to_data().get_slice_memory_size().ok());
            let headers = headers.iter().map(|header| header.header.as_bytes().len());
            bytes = columns.chain(headers).sum::<usize>() as u64;
        }
        self.build.options.run.progress.step(|progress| {
            progress.records += done;
            progress.total_records = total.or(progress.total_records);
        });
        Ok((failed, bytes))
    }
}

/// Whether headers come with a batch that are of no known version of their files.
fn has_unversioned_headers(batch: &SourceBatch) -> Result<bool> {
    for SourceHeader { header, .. } in &batch.headers {
        if header_column::is_of_no_version(header.header()?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says of a header that came with a record that it cannot be used.
fn not_parsed(columns: &RecordColumns<'_>, header: UnusableHeader) -> Failure {
    let UnusableHeader { row, band, reason } = header;
    let asset = columns.assets(row).into_iter().find(|asset| asset.band == band);
    Failure {
        id: Some(columns.id(row).to_owned()),
        band: Some(band),
        href: asset.map_or_else(String::new, |asset| without_secrets(&asset.href)),
        kind: "unusable-header".to_owned(),
        error: format!("{reason}; the file's own header is left to be parsed"),
    }
}

impl Pending {
    /// The same without the rows whose records are stored.
    fn without_stored(self, stored: &Collection) -> Result<Pending> {
        if stored.is_empty() {
            return Ok(self);
        }
        let columns = RecordColumns::new(&self.batch.records)?;
        let found = stored.find_all((0..columns.len()).map(|row| columns.id(row)))?;
        let kept: BooleanArray = found.iter().map(|number| Some(number.is_none())).collect();
        self.keep(&kept)
    }

    /// Some of the rows, where the others are stored.
    fn keep(self, kept: &BooleanArray) -> Result<Pending> {
        let numbers = new_numbers(kept);
        let number = |row: usize| numbers.get(row).copied().flatten();
        let problems = self.problems.into_iter().filter_map(|(row, why)| Some((number(row)?, why))).collect();
        let stored = (kept.len() - kept.true_count()) as u64;
        Ok(Pending { batch: keep(self.batch, kept)?, problems, stored, ..self })
    }

    /// The same without the rows that are stored with all their headers, and which headers of the others are.
    /// A row that comes with headers of its own stays: they may be newer.
    fn without(self, known: HashSet<RowBand>) -> Result<(Pending, HashSet<RowBand>)> {
        if known.is_empty() {
            return Ok((self, known));
        }
        let columns = RecordColumns::new(&self.batch.records)?;
        let come: HashSet<usize> = self.batch.headers.iter().map(|header| header.row).collect();
        let is_stored = |row: usize| {
            let assets = columns.assets(row);
            let all_known = || assets.iter().all(|asset| known.contains(&(row, asset.band.clone())));
            !assets.is_empty() && !come.contains(&row) && all_known()
        };
        let kept: BooleanArray = (0..columns.len()).map(|row| Some(!is_stored(row))).collect();
        let numbers = new_numbers(&kept);
        let number = |row: usize| numbers.get(row).copied().flatten();
        let known = known.into_iter().filter_map(|(row, band)| Some((number(row)?, band))).collect();
        Ok((self.keep(&kept)?, known))
    }
}
