//! Headers of a collection, parsed again.

use super::headers::{HeaderError, HeaderFetcher};
use super::options::RunOptions;
use super::{BuildProgress, BuildSummary, Failure, failures};
use crate::collection::Collection;
use crate::cpu;
use crate::error::{Error, Result};
use crate::query;
use crate::store::{self, BandNumber, Collection as StoredCollection, HeaderFailure, StoreError};
use arrow_array::RecordBatch;
use futures::StreamExt;
use futures::stream;
use rasteret_schema::record::{ASSETS, DATETIME, ID, RecordColumns};
use rasteret_schema::{ObjectVersion, SourceHeader};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// Files whose headers are stored together. A refresh that is killed reads as many again.
const FILES: usize = 4096;

/// Parses headers of a view's records again, as the user asks for it. Nothing is done until it is run.
///
/// The headers of a collection that was imported lack what tables cannot carry: overviews, masks, which version of a
/// file they are of. And files change.
#[must_use = "a refresh does nothing until it is run"]
pub struct Refresh {
    collection: Collection,
    stale_only: bool,
    options: RunOptions,
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refresh")
            .field("collection", &self.collection)
            .field("stale_only", &self.stale_only)
            .finish_non_exhaustive()
    }
}

/// A band of a row.
type RowBand = (usize, String);

/// Some records of the view, and what is to be done about their headers.
struct Part {
    records: RecordBatch,
    numbers: Vec<u64>,
    /// Bands whose headers are not parsed again.
    known: HashSet<RowBand>,
    /// Files whose headers are parsed again only if they changed: the version that is known, and their bands.
    unsure: HashMap<String, (ObjectVersion, Vec<RowBand>)>,
}

/// What was found of a part.
#[derive(Default)]
struct Found {
    headers: Vec<SourceHeader>,
    failures: Vec<HeaderFailure>,
}

impl Refresh {
    pub(crate) fn new(collection: Collection) -> Self {
        Refresh { collection, stale_only: false, options: RunOptions::default() }
    }

    /// Parses only the headers that may not be what a file has now: of files that changed since (a request for a byte
    /// of each tells), headers that came with a table, and those that were never parsed, or could not be had for a
    /// reason that may have passed.
    pub fn stale_only(mut self, stale_only: bool) -> Self {
        self.stale_only = stale_only;
        self
    }

    /// Makes a file that cannot be read an error. What was read before it stays.
    pub fn strict(mut self, strict: bool) -> Self {
        self.options.strict = strict;
        self
    }

    /// How many files are asked for their headers at once. The default is 256; each host also has a
    /// [limit of its own](crate::io::SourceOptions::max_requests_per_host).
    pub fn max_concurrent(mut self, files: usize) -> Self {
        self.options.max_concurrent = files;
        self
    }

    /// Calls back with each header that is read and each batch that is stored, from the thread that did it; never
    /// twice at a time.
    pub fn on_progress(mut self, callback: impl FnMut(BuildProgress) + Send + 'static) -> Self {
        self.options.on_progress(callback);
        self
    }

    /// Runs the refresh. Headers are stored some thousand at a time: what was killed is gone on with by a refresh of
    /// [what is stale](Self::stale_only).
    ///
    /// A header that is there is kept where its file cannot be reached; it is taken away where the file is not there
    /// any more, or has no header that can be read. [`BuildSummary::failed`] names both.
    ///
    /// ```no_run
    /// use rasteret::Database;
    /// use rasteret::blocking::Wait;
    /// let shared = Database::open_writable("field.rasteret")?.collection("bangalore")?;
    /// let summary = shared.refresh().stale_only(true).run().wait()?;
    /// println!("{} requests", summary.requests);
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the store fails, the filter needs a column that there is not, or a file cannot be read and the refresh is
    /// strict.
    pub async fn run(self) -> Result<BuildSummary> {
        self.options.progress.start();
        let run = Arc::new(self);
        let this = Arc::clone(&run);
        let (stored, numbers) = cpu::run(move || {
            let stored = this.collection.snapshot()?.collection(this.collection.name())?;
            let mut numbers: Vec<u64> = Vec::new();
            let filter = this.collection.filter().bind(stored.schema())?;
            for chunk in query::scan(&stored, &filter, &[ID])? {
                numbers.extend(query::kept(&filter, chunk?)?.records);
            }
            Ok::<_, Error>((stored, numbers))
        })
        .await?;
        let database = run.collection.database();
        let (sources, readers) = (database.sources().clone(), database.readers().clone());
        let RunOptions { max_concurrent, progress, .. } = &run.options;
        let fetcher = HeaderFetcher::new(sources, readers, *max_concurrent, Arc::clone(progress));
        let records = (FILES / stored.metadata().bands.len().max(1)).max(1);
        let total = numbers.len() as u64;
        let (mut failed, mut parsed) = (Vec::new(), 0);
        for numbers in numbers.chunks(records) {
            let (this, from, numbers) = (Arc::clone(&run), stored.clone(), numbers.to_vec());
            let part = cpu::run(move || this.part(&from, numbers)).await?;
            let done = part.numbers.len() as u64;
            let (part, found) = run.fetch(&fetcher, part).await?;
            parsed += found.headers.len() + found.failures.len();
            let (this, from) = (Arc::clone(&run), stored.clone());
            failed.extend(cpu::run(move || this.store(&from, &part, found)).await?);
            progress.step(|state| {
                state.records += done;
                state.total_records = Some(total);
            });
        }
        cpu::run(move || {
            let metadata = run.finish()?;
            run.options.report(run.collection.name(), &metadata, failed, parsed == 0)
        })
        .await
    }

    /// Some records, and which of their headers are to be parsed again.
    fn part(&self, stored: &StoredCollection, numbers: Vec<u64>) -> Result<Part> {
        let records = stored.rows(&numbers, &stored.projection(&[ID, DATETIME, ASSETS])?)?;
        let mut part = Part { records, numbers, known: HashSet::new(), unsure: HashMap::new() };
        if !self.stale_only {
            return Ok(part);
        }
        let columns = RecordColumns::new(&part.records)?;
        for (row, number) in part.numbers.iter().enumerate() {
            for asset in columns.assets(row) {
                let band = stored.band(&asset.band)?;
                let place = (row, asset.band);
                match state(stored, *number, band)? {
                    State::Stale => {}
                    State::Settled => drop(part.known.insert(place)),
                    State::Version(version) => {
                        let of_file =
                            part.unsure.entry(asset.href).or_insert_with(|| (version.clone(), Vec::new()));
                        // Bands of a file that are of several versions are not of one that is there.
                        if of_file.0 == version {
                            of_file.1.push(place);
                        }
                    }
                }
            }
        }
        Ok(part)
    }

    /// Parses the headers of a part.
    async fn fetch(&self, fetcher: &HeaderFetcher, mut part: Part) -> Result<(Part, Found)> {
        let mut found = Found::default();
        let unsure = stream::iter(std::mem::take(&mut part.unsure));
        let asked = unsure.map(|(href, (version, places))| async move {
            let changed = fetcher.is_changed(&href, &version).await;
            (href, changed, places)
        });
        let mut asked = asked.buffer_unordered(self.options.max_concurrent.max(1));
        while let Some((href, changed, places)) = asked.next().await {
            match changed {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    let failure = error.at(&href);
                    found.failures.extend(places.iter().map(|(row, band)| {
                        let (row, band, failure) = (*row, band.clone(), failure.clone());
                        HeaderFailure { row, band, failure }
                    }));
                }
            }
            part.known.extend(places);
        }
        let columns = RecordColumns::new(&part.records)?;
        let fetched = fetcher.fetch(&columns, 0..columns.len(), &part.known).await;
        found.headers = fetched.headers;
        found.failures.extend(fetched.failures);
        Ok((part, found))
    }

    /// Stores what was found, where it is new. Returns what could not be read.
    fn store(&self, stored: &StoredCollection, part: &Part, found: Found) -> Result<Vec<Failure>> {
        let columns = RecordColumns::new(&part.records)?;
        let name = self.collection.name();
        let mut write = None;
        let mut failed = Vec::new();
        let store = self.collection.database().store();
        let number = |row: usize| part.numbers.get(row).copied().unwrap_or(u64::MAX);
        for SourceHeader { row, band, header } in &found.headers {
            let known = stored.find_header(number(*row), stored.band(band)?)?;
            if known.is_some_and(|known| known.archive() == header.as_bytes()) {
                continue;
            }
            let write = opened(&mut write, store)?;
            passed_over(write.put_header(name, columns.id(*row), band, header))?;
        }
        for HeaderFailure { row, band, failure } in found.failures {
            let id = columns.id(row);
            let is_there = stored.find_header(number(row), stored.band(&band)?)?.is_some();
            if !is_there || !HeaderError::may_pass(&failure.kind) {
                let write = opened(&mut write, store)?;
                passed_over(write.put_failure(name, id, &band, failure.clone()))?;
            }
            let store::Failure { kind, href, message } = failure;
            failed.push(Failure { id: Some(id.to_owned()), band: Some(band), href, kind, error: message });
        }
        if let Some(write) = write {
            write.commit()?;
        }
        Ok(failed)
    }

    /// Says anew what is missing of the whole collection.
    fn finish(&self) -> Result<store::Metadata> {
        let name = self.collection.name();
        let stored = self.collection.snapshot()?.collection(name)?;
        let before = failures::kept(&stored.metadata().description);
        let mut failed = Vec::new();
        for failure in before.iter() {
            if !is_header(&stored, failure)? {
                failed.push(failure.clone());
            }
        }
        failed.extend(failures::missing_headers(&stored)?);
        if failed != before {
            let property = failures::property(&failed)?;
            let mut write = self.collection.database().store().write()?;
            write.describe(name, |it| it.properties.extend([property]))?;
            write.commit()?;
        }
        Ok(stored.metadata().clone())
    }
}

/// What is known of a header.
enum State {
    /// It is to be parsed, whatever the file is now.
    Stale,
    /// It is of this version of its file.
    Version(ObjectVersion),
    /// It cannot be parsed, and that will not pass.
    Settled,
}

fn state(stored: &StoredCollection, record: u64, band: BandNumber) -> Result<State> {
    if let Some(header) = stored.find_header(record, band)? {
        let version = ObjectVersion::from(&header.get()?.object);
        // What comes with a table is of no version, and lacks what the table cannot carry.
        return Ok(if version == ObjectVersion::default() { State::Stale } else { State::Version(version) });
    }
    Ok(match stored.failure(record, band)? {
        Some(failure) if !HeaderError::may_pass(&failure.kind) => State::Settled,
        _ => State::Stale,
    })
}

/// Whether a failure is about a header that is there now, or of which the store says itself why it is not.
fn is_header(stored: &StoredCollection, failure: &Failure) -> Result<bool> {
    let (Some(id), Some(band)) = (&failure.id, &failure.band) else { return Ok(false) };
    let Some(record) = stored.find(id)? else { return Ok(false) };
    let band = stored.band(band)?;
    Ok(stored.find_header(record, band)?.is_some() || stored.failure(record, band)?.is_some())
}

fn opened<'a, 's>(
    write: &'a mut Option<store::Transaction<'s>>,
    store: &'s store::Store,
) -> Result<&'a mut store::Transaction<'s>> {
    match write {
        Some(write) => Ok(write),
        None => Ok(write.insert(store.write()?)),
    }
}

/// A record may have been deleted meanwhile.
fn passed_over(result: Result<(), StoreError>) -> Result<()> {
    match result {
        Err(StoreError::NoSuchRecord { .. }) => Ok(()),
        result => Ok(result?),
    }
}
