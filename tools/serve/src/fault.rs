//! What can go wrong.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a request runs into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A status, with an empty body.
    Status(u16),
    /// A status, and a request to come again after some seconds.
    RetryAfter(u16, u64),
    /// A redirection (302) to a URL.
    Redirect(String),
    /// The connection breaks after so many bytes of the body.
    Reset {
        /// Bytes of the body before it.
        after: u64,
    },
    /// The body ends after so many bytes, as if that were all.
    Truncate {
        /// Bytes of the body.
        after: u64,
    },
    /// The body ends after so many bytes, and its length was not said (`Transfer-Encoding: chunked`).
    TruncateChunked {
        /// Bytes of the body.
        after: u64,
    },
    /// Nothing more comes after so many bytes of the body, or after the request.
    Stall {
        /// Bytes of the body before it; `None` where not even the head comes.
        after: Option<u64>,
    },
    /// Another range than the one that was asked for.
    WrongRange,
    /// The whole file, whatever range was asked for.
    IgnoreRange,
    /// Another version of the file: its entity tag differs.
    OtherEtag,
    /// Another version of the file: its size differs, and it has no entity tag.
    OtherSize,
    /// A response that is right, but late.
    Delay(Duration),
}

impl Fault {
    /// Faults of servers and networks that pass when a client asks again; of those that come in the middle of a body,
    /// after so many bytes of it.
    pub fn transient(after: u64) -> Vec<Fault> {
        let statuses = [500, 502, 503, 504, 429, 408].map(Fault::Status);
        let others = [
            Fault::RetryAfter(503, 0),
            Fault::Reset { after: 0 },
            Fault::Reset { after },
            Fault::Truncate { after: 0 },
            Fault::Truncate { after },
            Fault::TruncateChunked { after },
            Fault::Stall { after: None },
            Fault::Stall { after: Some(0) },
            Fault::Stall { after: Some(after) },
        ];
        statuses.into_iter().chain(others).collect()
    }
}

/// What the next requests run into.
#[derive(Debug, Default)]
pub struct Schedule(Mutex<VecDeque<Option<Fault>>>);

impl Schedule {
    /// Replaces the schedule.
    pub fn set(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = faults.into_iter().collect();
    }

    /// What the next request runs into.
    pub fn next(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front().flatten()
    }
}
