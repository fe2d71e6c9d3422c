//! Errors that name the table and what helps.

use rasteret_schema::SourceError;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What to do about a file whose content makes no sense.
const REMEDY: &str = "it is damaged, or was not written to its end: copy it again, or write it anew";

/// A file that cannot be what it says it is.
pub(crate) fn corrupt(table: &str, reason: impl std::fmt::Display) -> SourceError {
    SourceError::Read { what: table.to_owned(), source: format!("{reason}; {REMEDY}").into() }
}

pub(crate) fn invalid(table: &str, reason: impl std::fmt::Display) -> SourceError {
    SourceError::Invalid(format!("{table}: {reason}"))
}

/// Runs a decoder on bytes that came from outside. Some decoders panic on what no writer writes: that is an
/// error of the file too.
pub(crate) fn guarded<T, E: std::fmt::Display>(
    table: &str,
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, SourceError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(error)) => Err(corrupt(table, error)),
        Err(_) => Err(corrupt(table, "it cannot be decoded")),
    }
}
