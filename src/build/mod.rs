//! From a source to a collection in the store.
//!
//! In: batches of records from a source adapter, with or without geometries. Out: the same records in
//! the store, with footprints, CRSs and headers. No pixel is read here.
//!
//! Each batch is committed whole. A build that is killed leaves a collection that says that it is not
//! complete; the same build, run again, adds what is missing. If a good part of the file is new, it is
//! compacted when the last handle of the database is dropped.

mod enrich;
pub mod footprint;

use crate::database::Database;
use crate::error::{Error, Result};
use crate::query::Filter;
use crate::store::{BuildState, Description, StoreError};
use futures::StreamExt;
use rasteret_schema::{Selection, SourceAdapter, SourceBatch, SourceFailure};
use serde::{Deserialize, Serialize};
use std::time::Instant;

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

    /// Runs the build.
    ///
    /// # Errors
    ///
    /// If the source or the store fails, a collection of this name was built from something else, or
    /// anything cannot be read and the build is strict.
    pub fn run(self) -> Result<BuildSummary> {
        let started = Instant::now();
        let name =
            self.name.clone().ok_or_else(|| Error::InvalidArgument("a build needs a name".to_owned()))?;
        check_name(&name)?;
        let fingerprint = self.fingerprint()?;
        match self.begin(&name, &fingerprint)? {
            Begun::Complete(summary) => {
                return self.checked(BuildSummary { seconds: started.elapsed().as_secs_f64(), ..summary });
            }
            Begun::Open => {}
        }
        let Added { failed, bytes } = self.add_records(&name)?;
        self.complete(&name, &failed)?;
        self.database.store().note_added(bytes);
        let snapshot = self.database.store().read()?;
        let collection = snapshot.collection(&name)?;
        self.checked(BuildSummary {
            name,
            records: collection.metadata().records,
            headers: collection.metadata().headers,
            failed,
            requests: 0,
            bytes: 0,
            seconds: started.elapsed().as_secs_f64(),
            cached: false,
        })
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

    fn add_records(&self, name: &str) -> Result<Added> {
        let (start, end) = self.filter.span();
        let selection = Selection { bbox: self.filter.boxes().first().copied(), start, end };
        let mut added = Added::default();
        let mut batches = self.source.records(&selection);
        while let Some(batch) = futures::executor::block_on(batches.next()) {
            let SourceBatch { records, headers, failures } = enrich::enrich(batch?, &self.filter)?;
            added.failed.extend(failures.into_iter().map(Failure::from));
            tracing::debug!(records = records.num_rows(), headers = headers.len(), "adding a batch");
            if records.num_rows() == 0 {
                continue;
            }
            let mut write = self.database.store().write()?;
            write.append(name, &records, &headers, &[])?;
            write.commit()?;
            let columns = records.columns().iter().filter_map(|it| it.to_data().get_slice_memory_size().ok());
            let headers = headers.iter().map(|header| header.header.as_bytes().len());
            added.bytes += columns.chain(headers).sum::<usize>() as u64;
        }
        Ok(added)
    }

    fn complete(&self, name: &str, failed: &[Failure]) -> Result<()> {
        let failures = serde_json::to_value(failed)
            .map_err(|error| Error::InvalidArgument(format!("failures cannot be kept: {error}")))?;
        let mut write = self.database.store().write()?;
        write.describe(name, |description| {
            description.state = BuildState::Complete;
            description.properties.insert(FAILURES.to_owned(), failures);
        })?;
        write.commit()?;
        Ok(())
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
