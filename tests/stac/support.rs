//! What tests ask of a source.

use rasteret::blocking::Wait;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::schema::{Record, Selection, SourceError, SourceFailure};
use rasteret::stac::StacSource;
use rasteret_schema::conformance::read_all;
use std::sync::Arc;
use std::time::Duration;

/// A source over HTTP that does not wait for long.
pub fn source(url: &str) -> StacSource {
    let options =
        SourceOptions { retries: 3, backoff: Duration::from_millis(10), ..SourceOptions::default() };
    StacSource::new(url, Arc::new(ByteSources::new(options)))
}

/// All records and failures.
pub fn read(
    source: &StacSource,
    selection: &Selection,
) -> Result<(Vec<Record>, Vec<SourceFailure>), SourceError> {
    read_all(source, selection).wait()
}

/// Ids of all records of a source without failures, in their order.
pub fn ids(source: &StacSource, selection: &Selection) -> Vec<String> {
    let (records, failures) = read(source, selection).unwrap();
    assert_eq!(failures, []);
    records.into_iter().map(|record| record.id).collect()
}

/// The same, sorted.
pub fn sorted_ids(source: &StacSource, selection: &Selection) -> Vec<String> {
    let mut ids = ids(source, selection);
    ids.sort();
    ids
}
