//! What could not be read, as a collection keeps it.

use super::summary::Failure;
use crate::error::{Error, Result};
use crate::store::{self, Collection, Description};

/// Where a collection's metadata keeps what could not be turned into records.
pub(crate) const FAILURES: &str = "failures";

/// What a collection says of an earlier run.
pub fn kept(description: &Description) -> Vec<Failure> {
    let failures = description.properties.get(FAILURES).cloned().unwrap_or_default();
    serde_json::from_value(failures).unwrap_or_default()
}

/// The properties of a collection that keep failures.
pub fn property(failed: &[Failure]) -> Result<(String, serde_json::Value)> {
    let failures = serde_json::to_value(failed)
        .map_err(|error| Error::InvalidArgument(format!("failures cannot be kept: {error}")))?;
    Ok((FAILURES.to_owned(), failures))
}

/// The headers that the store says why it has not.
pub fn missing_headers(stored: &Collection) -> Result<Vec<Failure>> {
    let mut failed = Vec::new();
    for failure in stored.failures()? {
        let (record, band, failure) = failure?;
        let store::Failure { kind, href, message } = failure;
        let band = stored.metadata().bands.get(usize::from(band)).cloned();
        failed.push(Failure { id: Some(stored.record_id(record)?), band, href, kind, error: message });
    }
    Ok(failed)
}
