//! The headers of a read: those of the store, and those that it lacks, which are fetched.
//!
//! A header is missing where nobody has parsed it: in a collection that was built or imported without a look
//! at its files. One that came with a table lacks the overviews: a read that may use them needs it whole. (Whether it
//! is right besides, `confirm` finds out.)
//!
//! What is fetched is kept: in the database, if it is open for writing and no other thread writes, else in its
//! handle. A read does not fail because somebody else writes.

use crate::build::headers::{CONCURRENT, HeaderError, HeaderFetcher, check_sample};
use crate::build::progress::Progress;
use crate::collection::Collection;
use crate::cpu;
use crate::database::Database;
use crate::error::{Error, Location, Result};
use crate::store::{Collection as StoredCollection, HeaderKey, Store, StoredHeader};
use futures::StreamExt;
use rasteret_schema::{ArchivedRasterHeader, Georeference, HeaderArchive};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of fetched headers that a handle keeps at most: a few ten thousand of them.
const MOST_BYTES: usize = 256 << 20;

/// The header of a band of a record.
#[derive(Debug)]
pub enum BandHeader {
    /// In its page of the database.
    Stored(StoredHeader),
    /// Fetched for a read.
    Fetched(Arc<HeaderArchive>),
}

impl BandHeader {
    /// The header. Its bytes are checked on every call, so keep the reference rather than call again.
    ///
    /// # Errors
    ///
    /// If they are not a header archive.
    pub fn get(&self) -> Result<&ArchivedRasterHeader> {
        match self {
            BandHeader::Stored(header) => Ok(header.get()?),
            BandHeader::Fetched(header) => Ok(header.header()?),
        }
    }

    /// The header's archive.
    pub fn archive(&self) -> &[u8] {
        match self {
            BandHeader::Stored(header) => header.archive(),
            BandHeader::Fetched(header) => header.as_bytes(),
        }
    }
}

/// Headers that reads have fetched and could not store.
#[derive(Debug, Default)]
pub struct FetchedHeaders(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    headers: HashMap<HeaderKey, Arc<HeaderArchive>>,
    bytes: usize,
}

impl FetchedHeaders {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).headers.is_empty()
    }

    /// The header of a band of a record.
    pub fn get(&self, key: HeaderKey) -> Option<Arc<HeaderArchive>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).headers.get(&key).cloned()
    }

    fn keep(&self, headers: impl Iterator<Item = (HeaderKey, Arc<HeaderArchive>)>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, header) in headers {
            let bytes = header.as_bytes().len();
            if kept.bytes + bytes > MOST_BYTES {
                *kept = Kept::default();
            }
            kept.bytes += bytes;
            if let Some(before) = kept.headers.insert(key, header) {
                kept.bytes -= before.as_bytes().len();
            }
        }
    }
}

/// Where the header of a band of a record is to be had.
#[derive(Debug, Clone)]
pub struct BandPlace {
    /// What the band was asked for as.
    pub name: String,
    /// Where the header belongs in the store.
    pub key: HeaderKey,
    /// The file, with what may be secret in its href.
    pub href: String,
    /// File, record, band, as they may be shown.
    pub location: Location,
    /// Which sample of the file the band is.
    pub band_index: Option<i32>,
    /// Another band of the record that is in the same file.
    pub other: Option<String>,
    /// Where the pixels lie as far as is known, for files that do not say it themselves.
    pub georeference: Georeference,
}

impl BandPlace {
    /// Whether the band is one sample of a file, and which is known.
    ///
    /// # Errors
    ///
    /// If not.
    pub fn check(&self, header: &HeaderArchive) -> Result<(), HeaderError> {
        check_sample(&self.location.band, self.band_index, self.other.as_deref(), header)
    }
}

/// What it took to fetch headers.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderCost {
    /// Requests over a network.
    pub requests: u64,
    /// Bytes that came over a network.
    pub bytes: u64,
}

impl HeaderCost {
    /// Both.
    pub fn and(self, other: HeaderCost) -> HeaderCost {
        HeaderCost { requests: self.requests + other.requests, bytes: self.bytes + other.bytes }
    }
}

/// Fetches headers, each file once, all at the same time as far as the hosts' limits allow, and keeps them.
///
/// # Errors
///
/// If one of them cannot be had. The others are kept.
pub async fn fetch(
    collection: &Collection,
    stored: &StoredCollection,
    lacking: Vec<BandPlace>,
) -> Result<(Vec<Arc<HeaderArchive>>, HeaderCost)> {
    let database = collection.database();
    let progress = Progress::new(None);
    let (sources, readers) = (database.sources().clone(), database.readers().clone());
    let fetcher = HeaderFetcher::new(sources, readers, CONCURRENT, Arc::clone(&progress));
    let mut places: Vec<(String, Georeference)> =
        lacking.iter().map(|lacking| (lacking.href.clone(), lacking.georeference.clone())).collect();
    places.sort_by(|(a, _), (b, _)| a.cmp(b));
    places.dedup_by(|(a, _), (b, _)| a == b);
    let mut files: HashMap<String, Result<Arc<HeaderArchive>, HeaderError>> =
        fetcher.each(places).collect().await;
    let mut fetched: Vec<(BandPlace, Arc<HeaderArchive>)> = Vec::new();
    let mut failed: Option<Error> = None;
    for lacking in lacking {
        let header = match files.get(&lacking.href) {
            Some(Ok(header)) => lacking.check(header).map(|()| Arc::clone(header)),
            // Only the first failure is told of.
            Some(Err(_)) if failed.is_none() => match files.remove(&lacking.href) {
                Some(header) => header,
                None => continue,
            },
            _ => continue,
        };
        match header {
            Ok(header) => fetched.push((lacking, header)),
            Err(error) if failed.is_none() => failed = Some(error.located(lacking.location)),
            Err(_) => {}
        }
    }
    tracing::debug!(headers = fetched.len(), requests = progress.requests(), "fetched headers");
    keep(database, stored, fetched.clone()).await;
    match failed {
        Some(error) => Err(error),
        None => {
            let cost = HeaderCost { requests: progress.requests(), bytes: progress.bytes() };
            Ok((fetched.into_iter().map(|(_, header)| header).collect(), cost))
        }
    }
}

/// Keeps fetched headers: in the database if it can be written to, else in its handle.
pub async fn keep(
    database: &Database,
    stored: &StoredCollection,
    fetched: Vec<(BandPlace, Arc<HeaderArchive>)>,
) {
    if fetched.is_empty() {
        return;
    }
    let (database, stored) = (database.clone(), stored.clone());
    cpu::run(move || {
        if !is_stored(database.store(), &stored, &fetched) {
            let headers = fetched.into_iter().map(|(place, header)| (place.key, header));
            database.fetched_headers().keep(headers);
        }
    })
    .await;
}

/// Puts headers into the database, if it is open for writing and nobody else writes. A read goes on without: whether
/// they are there now is what is returned.
fn is_stored(store: &Store, stored: &StoredCollection, fetched: &[(BandPlace, Arc<HeaderArchive>)]) -> bool {
    let headers = fetched.iter().map(|(BandPlace { key, location, .. }, header)| {
        let (_, record, band) = *key;
        (record, location.record.as_str(), band, &**header)
    });
    let written = store.write_if_free().and_then(|write| match write {
        Some(mut write) => {
            write.put_headers_of(stored, headers)?;
            write.commit()?;
            Ok(true)
        }
        None => Ok(false),
    });
    written.unwrap_or_else(|error| {
        tracing::warn!("fetched headers are not stored: {error}");
        false
    })
}
