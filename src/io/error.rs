//! Why bytes cannot be had.

use std::ops::Range;
use std::time::Duration;

/// Why bytes cannot be had. Nothing in it is secret; the file is named by whoever knows what it is for,
/// see [`Error::from_byte_source`](crate::Error::from_byte_source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ByteSourceError {
    /// The file does not exist.
    #[error("the file does not exist")]
    NotFound,
    /// The file may not be read.
    #[error("access is denied: {reason}")]
    AccessDenied {
        /// What the server said, and which credentials were looked for.
        reason: String,
    },
    /// It is a local file, and lies where a collection from elsewhere may not read.
    #[error(
        "this is a local file outside of the base directory, and the collection comes from elsewhere; if it may be \
         read, import the collection with --allow-local and the file or a folder that it is in"
    )]
    OutsideOfRoots,
    /// The file is another version than the one that was asked for.
    #[error("the file changed: {difference}")]
    Changed {
        /// How it differs.
        difference: String,
    },
    /// A range lies beyond the end of the file.
    #[error("bytes {}..{} lie beyond the end of the file, which has {size}", .range.start, .range.end)]
    BeyondEnd {
        /// The range that was asked for.
        range: Range<u64>,
        /// Size of the file.
        size: u64,
    },
    /// The server sends whole files only.
    #[error("the server sends whole files only: it does not support range requests")]
    RangesNotSupported,
    /// The server does not answer, or not as it should, however often it is asked.
    #[error("no answer after {attempts} attempts in {:.1} s: {cause}", .elapsed.as_secs_f64())]
    Unreachable {
        /// How often it was asked.
        attempts: u32,
        /// Time from the first attempt to the end of the last.
        elapsed: Duration,
        /// What went wrong the last time.
        cause: String,
    },
    /// The server sends what was not asked for.
    #[error("wrong response: {0}")]
    WrongResponse(String),
    /// A document is longer than it may be.
    #[error("it has more than the {max_bytes} bytes that it may have")]
    TooLarge {
        /// How many it may have.
        max_bytes: u64,
    },
    /// It cannot be written.
    #[error("it cannot be written: {0}")]
    NotWritten(String),
    /// Nothing here can read URLs of this scheme.
    #[error("{scheme} URLs cannot be read")]
    UnsupportedScheme {
        /// The URL's scheme.
        scheme: String,
    },
    /// The href, or an option, makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// A local file cannot be read.
    #[error(transparent)]
    Io(std::io::Error),
}

impl ByteSourceError {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            ByteSourceError::NotFound => "not-found",
            ByteSourceError::AccessDenied { .. } => "access-denied",
            ByteSourceError::OutsideOfRoots => "outside-base-dir",
            ByteSourceError::Changed { .. } => "stale-header",
            ByteSourceError::BeyondEnd { .. } => "truncated",
            ByteSourceError::RangesNotSupported => "ranges-not-supported",
            ByteSourceError::Unreachable { .. } => "unreachable",
            ByteSourceError::WrongResponse(_) => "wrong-response",
            ByteSourceError::TooLarge { .. } => "too-large",
            ByteSourceError::NotWritten(_) => "write",
            ByteSourceError::UnsupportedScheme { .. } => "unsupported-scheme",
            ByteSourceError::Invalid(_) => "invalid-argument",
            ByteSourceError::Io(_) => "io",
        }
    }
}

impl From<std::io::Error> for ByteSourceError {
    fn from(source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::NotFound => ByteSourceError::NotFound,
            std::io::ErrorKind::PermissionDenied => {
                ByteSourceError::AccessDenied { reason: "the file's permissions do not allow it".to_owned() }
            }
            _ => ByteSourceError::Io(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Location};

    #[test]
    fn kinds_are_those_of_the_library() {
        let errors = [
            ByteSourceError::NotFound,
            ByteSourceError::AccessDenied { reason: "no".to_owned() },
            ByteSourceError::OutsideOfRoots,
            ByteSourceError::Changed { difference: "it grew".to_owned() },
            ByteSourceError::BeyondEnd { range: 1..3, size: 2 },
            ByteSourceError::RangesNotSupported,
            ByteSourceError::Unreachable { attempts: 2, elapsed: Duration::ZERO, cause: "reset".to_owned() },
            ByteSourceError::WrongResponse("status 400".to_owned()),
            ByteSourceError::TooLarge { max_bytes: 10 },
            ByteSourceError::NotWritten("the bucket is full".to_owned()),
            ByteSourceError::UnsupportedScheme { scheme: "ftp".to_owned() },
            ByteSourceError::Invalid("no URL".to_owned()),
            ByteSourceError::Io(std::io::ErrorKind::Other.into()),
        ];
        let href = "https://user:secret@example.com/a.tif?sig=secret".to_owned();
        let location = Location { href, record: "r".to_owned(), band: "B04".to_owned() };
        for error in errors {
            let kind = error.kind();
            let error = Error::from_byte_source(&location, error);
            let text = format!("{error} {error:?}");
            assert_eq!(error.kind(), kind);
            assert!(text.contains("https://example.com/a.tif") && !text.contains("secret"), "{text}");
        }
    }
}
