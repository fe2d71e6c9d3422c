//! From a source to a collection in the store.
//!
//! In: batches of records from a source adapter, with or without geometries. Out: the same records in
//! the store, with footprints, CRSs and headers. No pixel is read here.
//!
//! | file | what it adds |
//! | --- | --- |
//! | `headers` | the headers that the source did not parse itself |
//! | `enrich` | footprints and CRSs, from the headers |
//! | `footprint` | the outline of a raster in longitudes and latitudes |
//!
//! Each batch is committed whole. A build that is killed leaves a collection that says that it is not
//! complete; the same build, run again, adds what is missing. If a good part of the file is new, it is
//! compacted when the last handle of the database is dropped.

mod enrich;
pub mod footprint;
mod headers;
mod place;

use crate::cpu;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::query::Filter;
use crate::store::{self, BuildState, Description, HeaderFailure, StoreError};
use futures::StreamExt;
use headers::HeaderFetcher;
use rasteret_schema::record::{ASSETS, BBOX, DATETIME, ID, RecordColumns};
use rasteret_schema::{Selection, SourceAdapter, SourceBatch, SourceFailure};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

/// Batches whose headers are fetched at once, so that a slow file holds up its own batch only.
const BATCHES_AHEAD: usize = 2;

/// Where a collection's metadata keeps what could not be turned into records.
const FAILURES: &str = "failures";

/// A build, as the user asks for it. Nothing is checked until it is run.
#[derive(Debug)]
#[must_use = "a build does nothing until it is run"]
pub struct Build {
    database: Database,
    source: Box<dyn SourceAdapter>,
    name: Option<String>,
    filter: Filter,
    force: bool,
    strict: bool,
}

/// What a build did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BuildSummary {
    /// Name of the collection.
    pub name: String,
    /// Records of the collection.
    pub records: u64,
    /// Headers of the collection, each band of each record counted.
    pub headers: u64,
    /// What could not be read.
    pub failed: Vec<Failure>,
    /// Requests that were made over a network.
    pub requests: u64,
    /// Bytes that came over a network.
    pub bytes: u64,
    /// How long it took.
    pub seconds: f64,
    /// Whether the collection was complete before, so that nothing had to be done.
    pub cached: bool,
}

/// A file or a record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The record, where it is one.
    pub id: Option<String>,
    /// The band, where it is one.
    pub band: Option<String>,
    /// The file.
    pub href: String,
    /// Short name of the kind of failure.
    pub kind: String,
    /// What is wrong.
    pub error: String,
}

impl From<SourceFailure> for Failure {
    fn from(failure: SourceFailure) -> Self {
        Failure { id: None, band: None, href: failure.href, kind: failure.kind, error: failure.message }
    }
}

impl Build {
    pub(crate) fn new(database: Database, source: Box<dyn SourceAdapter>) -> Self {
        Build { database, source, name: None, filter: Filter::new(), force: false, strict: false }
    }

    /// Name of the collection. Required.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Which records of the source to take.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Builds again even if nothing changed.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Makes a file or record that cannot be read an error. What was read before it stays.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Runs the build: reads the source, and the headers of files that it did not open itself.
    ///
    /// A file whose header cannot be had does not stop the build, unless it is
    /// [strict](Self::strict): its record stays, and [`BuildSummary::failed`] names it.
    ///
    /// ```no_run
    /// use rasteret::Database;
    /// use rasteret::blocking::Wait;
    /// # fn build(source: impl rasteret::schema::SourceAdapter + 'static) -> rasteret::Result<()> {
    /// let summary = Database::open_writable("field.rasteret")?.build(source).name("field").run().wait()?;
    /// println!("{} headers with {} requests", summary.headers, summary.requests);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the source or the store fails, a collection of this name was built from something else, or
    /// anything cannot be read and the build is strict.
    pub async fn run(self) -> Result<BuildSummary> {
        let started = Instant::now();
        let name =
            self.name.clone().ok_or_else(|| Error::InvalidArgument("a build needs a name".to_owned()))?;
        check_name(&name)?;
        let build = Arc::new(self);
        let begun = {
            let (build, name) = (Arc::clone(&build), name.clone());
            cpu::run(move || build.begin(&name, &build.fingerprint()?)).await?
        };
        if let Begun::Complete(summary) = begun {
            return build.checked(BuildSummary { seconds: started.elapsed().as_secs_f64(), ..summary });
        }
        let headers = HeaderFetcher::new(build.database.sources().clone(), build.database.readers().clone());
        let added = build.add_records(&name, &headers).await?;
        let (requests, bytes) = (headers.requests(), headers.bytes());
        cpu::run(move || {
            let failed = build.complete(&name, added)?;
            let snapshot = build.database.store().read()?;
            let collection = snapshot.collection(&name)?;
            build.checked(BuildSummary {
                name,
                records: collection.metadata().records,
                headers: collection.metadata().headers,
                failed,
                requests,
                bytes,
                seconds: started.elapsed().as_secs_f64(),
                cached: false,
            })
        })
        .await
    }

    fn checked(&self, summary: BuildSummary) -> Result<BuildSummary> {
        match summary.failed.first() {
            Some(first) if self.strict => Err(Error::BuildFailures {
                name: summary.name,
                count: summary.failed.len(),
                first: format!("{}: {}", first.href, first.error),
            }),
            _ => Ok(summary),
        }
    }

    /// Makes the collection, or finds how far an earlier run of the same build got.
    fn begin(&self, name: &str, fingerprint: &str) -> Result<Begun> {
        let existing = match self.database.store().read()?.collection(name) {
            Ok(collection) => Some(collection.metadata().clone()),
            Err(StoreError::NoSuchCollection { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mut write = self.database.store().write()?;
        if let Some(metadata) = existing {
            let known = &metadata.description;
            let same = known.fingerprint.as_deref() == Some(fingerprint);
            if same && !self.force {
                return Ok(match known.state {
                    BuildState::Building => Begun::Open,
                    BuildState::Complete => Begun::Complete(BuildSummary {
                        name: name.to_owned(),
                        records: metadata.records,
                        headers: metadata.headers,
                        failed: stored_failures(known),
                        requests: 0,
                        bytes: 0,
                        seconds: 0.0,
                        cached: true,
                    }),
                });
            }
            if !self.force && known.data_source != self.data_source() {
                return Err(Error::InvalidArgument(format!(
                    "there is a collection {name:?} already, built from {}; choose another name, or force the build",
                    known.data_source
                )));
            }
            write.delete_collection(name)?;
        }
        let description = Description {
            data_source: self.data_source(),
            fingerprint: Some(fingerprint.to_owned()),
            ..Description::default()
        };
        write.create_collection(name, description)?;
        write.commit()?;
        Ok(Begun::Open)
    }

    async fn add_records(self: &Arc<Self>, name: &str, headers: &HeaderFetcher) -> Result<Added> {
        let (start, end) = self.filter.span();
        let selection = Selection { bbox: self.filter.boxes().first().copied(), start, end };
        let mut added = Added::default();
        let mut batches = self
            .source
            .records(&selection)
            .map(|batch| async { self.with_headers(name, batch?, headers).await })
            .buffered(BATCHES_AHEAD);
        while let Some(batch) = batches.next().await {
            let (batch, failures) = batch?;
            let (build, name) = (Arc::clone(self), name.to_owned());
            let (failed, bytes) = cpu::run(move || build.add_batch(&name, batch, failures)).await?;
            added.failed.extend(failed);
            added.bytes += bytes;
        }
        Ok(added)
    }

    /// Fetches the headers that did not come with a batch, of the records that may match.
    async fn with_headers(
        self: &Arc<Self>,
        name: &str,
        batch: SourceBatch,
        headers: &HeaderFetcher,
    ) -> Result<(SourceBatch, Vec<HeaderFailure>)> {
        let (build, name) = (Arc::clone(self), name.to_owned());
        let (mut batch, known, rows) = cpu::run(move || {
            let mut known = build.stored_headers(&name, &batch)?;
            known.extend(batch.headers.iter().map(|header| (header.row, header.band.clone())));
            let rows = build.rows_that_may_match(&batch)?;
            Ok::<_, Error>((batch, known, rows))
        })
        .await?;
        let fetched = headers.fetch(&RecordColumns::new(&batch.records)?, rows.into_iter(), &known).await;
        batch.headers.extend(fetched.headers);
        Ok((batch, fetched.failures))
    }

    /// Rows and bands whose headers an earlier run of the build has stored.
    fn stored_headers(&self, name: &str, batch: &SourceBatch) -> Result<HashSet<(usize, String)>> {
        let snapshot = self.database.store().read()?;
        let stored = snapshot.collection(name)?;
        let mut known = HashSet::new();
        if stored.is_empty() {
            return Ok(known);
        }
        let columns = RecordColumns::new(&batch.records)?;
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
        let matches = self.filter.matches(&batch.records)?;
        Ok((0..columns.len()).filter(|row| columns.bbox(*row).is_none() || matches.value(*row)).collect())
    }

    /// Stores a batch. Returns what of it could not be made records, and about how many bytes it added.
    fn add_batch(
        &self,
        name: &str,
        batch: SourceBatch,
        failures: Vec<HeaderFailure>,
    ) -> Result<(Vec<Failure>, u64)> {
        let (SourceBatch { records, headers, failures: failed, .. }, failures) =
            enrich::enrich(batch, failures, &self.filter)?;
        tracing::debug!(records = records.num_rows(), headers = headers.len(), "adding a batch");
        let failed = failed.into_iter().map(Failure::from).collect();
        if records.num_rows() == 0 {
            return Ok((failed, 0));
        }
        let mut write = self.database.store().write()?;
        write.append(name, &records, &headers, &failures)?;
        write.commit()?;
        let columns = records.columns().iter().filter_map(|it| it.to_data().get_slice_memory_size().ok());
        let headers = headers.iter().map(|header| header.header.as_bytes().len());
        Ok((failed, columns.chain(headers).sum::<usize>() as u64))
    }

    /// Says that all is there. Returns what is not: of this run and of those before it.
    fn complete(&self, name: &str, added: Added) -> Result<Vec<Failure>> {
        let snapshot = self.database.store().read()?;
        let stored = snapshot.collection(name)?;
        let mut failed = added.failed;
        for failure in stored.failures()? {
            let (record, band, failure) = failure?;
            let store::Failure { kind, href, message } = failure;
            let band = stored.metadata().bands.get(usize::from(band)).cloned();
            failed.push(Failure { id: Some(stored.record_id(record)?), band, href, kind, error: message });
        }
        let failures = serde_json::to_value(&failed)
            .map_err(|error| Error::InvalidArgument(format!("failures cannot be kept: {error}")))?;
        let mut write = self.database.store().write()?;
        write.describe(name, |description| {
            description.state = BuildState::Complete;
            description.properties.insert(FAILURES.to_owned(), failures);
        })?;
        write.commit()?;
        self.database.store().note_added(added.bytes);
        Ok(failed)
    }

    fn data_source(&self) -> String {
        format!("{}: {}", self.source.kind(), self.source.description())
    }

    /// What makes two builds the same: the source, its content, and the selection.
    fn fingerprint(&self) -> Result<String> {
        Ok(format!("{} {} {:?}", self.source.kind(), self.source.fingerprint()?, self.filter))
    }
}

/// What came from the source.
#[derive(Default)]
struct Added {
    failed: Vec<Failure>,
    /// Size in memory, about that in the file.
    bytes: u64,
}

enum Begun {
    /// Records are to be added.
    Open,
    /// An earlier run added all of them.
    Complete(BuildSummary),
}

fn stored_failures(description: &Description) -> Vec<Failure> {
    let failures = description.properties.get(FAILURES).cloned().unwrap_or_default();
    serde_json::from_value(failures).unwrap_or_default()
}

/// Names are shown, typed and used in file names.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.len() > 200 || name.chars().any(|c| c.is_control() || c == '/' || c == '\\') {
        return Err(Error::InvalidArgument(format!(
            "{name:?} is not a name for a collection: it needs 1 to 200 bytes without slashes and control characters"
        )));
    }
    Ok(())
}
