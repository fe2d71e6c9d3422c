//! What a build reports, while it runs and at its end.

use rasteret_schema::SourceFailure;
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// Requests for headers that were made over a network.
    pub requests: u64,
    /// Bytes of headers that came over a network.
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

/// How far a build is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BuildProgress {
    /// Records that this run has stored, or found stored.
    pub records: u64,
    /// How many there will be, where the source knows.
    pub total_records: Option<u64>,
    /// Files whose headers this run has read, or tried to.
    pub files: u64,
    /// Of these, files without a header that can be read.
    pub failed: u64,
    /// Since the build began.
    pub elapsed: Duration,
}

impl BuildProgress {
    /// Files a second, so far.
    pub fn files_per_second(&self) -> f64 {
        per_second(self.files, self.elapsed)
    }

    /// How long the rest will take, if it goes on as it did; `None` where the source does not know how much
    /// there is, and as long as nothing is done.
    ///
    /// ```
    /// use rasteret::build::BuildProgress;
    /// use std::time::Duration;
    /// let progress =
    ///     BuildProgress { records: 250, total_records: Some(1000), elapsed: Duration::from_secs(10), ..Default::default() };
    /// assert_eq!(progress.remaining(), Some(Duration::from_secs(30)));
    /// ```
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.total_records?.saturating_sub(self.records);
        let rate = per_second(self.records, self.elapsed);
        Duration::try_from_secs_f64(left as f64 / rate).ok()
    }
}

fn per_second(count: u64, elapsed: Duration) -> f64 {
    if elapsed.is_zero() { 0.0 } else { count as f64 / elapsed.as_secs_f64() }
}
