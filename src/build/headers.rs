//! Headers of the files that a source did not open itself.
//!
//! One request a file, as a rule: the start of a COG has all that there is to know, and how long it is is
//! learned from the files seen so far. A file that several bands or records of a batch share is read once.

use super::part_of_file::{LEAST_READ, PartOfFile};
use super::progress::Progress;
use crate::cpu;
use crate::error::{Error, Location};
use crate::io::{ByteSource, ByteSourceError, ByteSources, without_secrets};
use crate::readers::Readers;
use crate::store::{Failure, HeaderFailure};
use futures::future::try_join_all;
use futures::stream::{self, Stream, StreamExt};
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{
    ArchiveError, Asset, Georeference, HeaderArchive, ObjectVersion, Parsed, RasterError, RasterHeader,
    RasterReader, SourceHeader,
};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

/// Files that are asked for at once, unless a build says otherwise: hosts have limits of their own.
pub const CONCURRENT: usize = 256;
/// Bytes of the first request at first: the tile tables of 2000 tiles, and what else a header has.
const FIRST_READ: u64 = 32 << 10;
/// The first request is not longer, however long headers are.
const MOST_FIRST_READ: u64 = 1 << 20;
/// Headers that are larger than [`MOST_FIRST_READ`] and held at once.
const LARGE_AT_ONCE: usize = 4;
/// Rounds of requests for a header at most: one for each image of a file that is no COG.
const MOST_ROUNDS: usize = 256;

/// Reads headers, and counts what it takes.
#[derive(Debug)]
pub struct HeaderFetcher {
    sources: ByteSources,
    readers: Readers,
    progress: Arc<Progress>,
    first_read: AtomicU64,
    turns: Semaphore,
    large: Semaphore,
}

/// The headers that a batch lacked, and why some are missing still.
#[derive(Debug, Default)]
pub struct Fetched {
    pub headers: Vec<SourceHeader>,
    pub failures: Vec<HeaderFailure>,
}

impl HeaderFetcher {
    /// `concurrent` is how many files are asked for at once.
    pub fn new(sources: ByteSources, readers: Readers, concurrent: usize, progress: Arc<Progress>) -> Self {
        HeaderFetcher {
            sources,
            readers,
            progress,
            first_read: AtomicU64::new(FIRST_READ),
            turns: Semaphore::new(concurrent.clamp(1, Semaphore::MAX_PERMITS)),
            large: Semaphore::new(LARGE_AT_ONCE),
        }
    }

    /// The headers of the bands of some rows, but for those that are known.
    pub async fn fetch(
        &self,
        records: &RecordColumns<'_>,
        rows: impl Iterator<Item = usize>,
        known: &HashSet<(usize, String)>,
    ) -> Fetched {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut files: Vec<(String, Vec<Place>)> = Vec::new();
        for row in rows {
            let assets = records.assets(row);
            for (number, asset) in assets.iter().enumerate() {
                if known.contains(&(row, asset.band.clone())) {
                    continue;
                }
                let file = *numbers.entry(asset.href.clone()).or_insert_with_key(|href| {
                    files.push((href.clone(), Vec::new()));
                    files.len() - 1
                });
                let same = |other: &(usize, &Asset)| other.0 != number && other.1.href == asset.href;
                let other = assets.iter().enumerate().find(same).map(|(_, other)| other.band.clone());
                files[file].1.push(Place { row, band: asset.band.clone(), index: asset.band_index, other });
            }
        }
        let with_known = |(href, places): (String, Vec<Place>)| ((href, Georeference::default()), places);
        let (files, places): (Vec<_>, Vec<_>) = files.into_iter().map(with_known).unzip();
        let mut places = places.into_iter();
        let headers = self.each(files);
        headers
            .fold(Fetched::default(), |mut fetched, (href, header)| {
                for place in places.next().unwrap_or_default() {
                    let found = header.as_ref().map_err(|error| error.at(&href)).and_then(|header| {
                        place.check(header).map_err(|error| error.at(&href)).map(|()| Arc::clone(header))
                    });
                    let Place { row, band, .. } = place;
                    match found {
                        Ok(header) => fetched.headers.push(SourceHeader { row, band, header }),
                        Err(failure) => fetched.failures.push(HeaderFailure { row, band, failure }),
                    }
                }
                std::future::ready(fetched)
            })
            .await
    }

    /// The headers of files, in their order: footprints come from a record's first header. What a file does not say
    /// of where its pixels lie is as it is known.
    pub fn each(
        &self,
        files: Vec<(String, Georeference)>,
    ) -> impl Stream<Item = (String, Result<Arc<HeaderArchive>, HeaderError>)> {
        let concurrent = self.turns.available_permits().max(1);
        let headers = stream::iter(files).map(move |(href, known)| async move {
            let header = self.one(&href, &known).await;
            (href, header)
        });
        headers.buffered(concurrent)
    }

    /// The header of a file, of which this is known of where its pixels lie.
    pub async fn one(&self, href: &str, known: &Georeference) -> Result<Arc<HeaderArchive>, HeaderError> {
        // The semaphore is never closed.
        let turn = self.turns.acquire().await.ok();
        let header = self.header(href, known).await;
        drop(turn);
        self.progress.step(|progress| {
            progress.files += 1;
            progress.failed += u64::from(header.is_err());
        });
        header
    }

    async fn header(&self, href: &str, known: &Georeference) -> Result<Arc<HeaderArchive>, HeaderError> {
        let source = self.sources.open(href, None)?;
        let (start, version) = source.read_start(self.first_read.load(Ordering::Relaxed)).await?;
        self.count(&source, &start);
        let mut file = PartOfFile::new(version);
        file.insert(0, start.bytes);
        let reader = self.reader_of(file.bytes.available(0))?;
        let mut large = None;
        for _ in 0..MOST_ROUNDS {
            let ranges = match parse(&reader, &file, known).await? {
                Attempt::Done(header) => return Ok(header),
                Attempt::Needs(ranges) => file.missing(&ranges)?,
            };
            let more: u64 = ranges.iter().map(|range| range.end - range.start).sum();
            if file.total + more > MOST_FIRST_READ && large.is_none() {
                // The semaphore is never closed.
                large = self.large.acquire().await.ok();
            }
            let fetched = try_join_all(ranges.iter().map(|range| source.read(range.clone()))).await?;
            for (range, fetched) in ranges.into_iter().zip(fetched) {
                self.count(&source, &fetched);
                file.insert(range.start, fetched.bytes);
                self.learn(range.end);
            }
        }
        Err(RasterError::CorruptHeader(format!("it lies in more than {MOST_ROUNDS} places")).into())
    }

    /// Whether a file is another version than the one that is known, in one request for a byte of it.
    pub async fn is_changed(&self, href: &str, known: &ObjectVersion) -> Result<bool, HeaderError> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.ok();
        let source = match self.sources.open(href, Some(known)) {
            Err(ByteSourceError::Changed { .. }) => return Ok(true),
            source => source?,
        };
        match source.read_start(1).await {
            Ok((start, _)) => {
                self.count(&source, &start);
                Ok(false)
            }
            Err(ByteSourceError::Changed { .. }) => {
                self.progress.count(1, 0);
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn reader_of(&self, start: &[u8]) -> Result<Arc<dyn RasterReader>, HeaderError> {
        self.readers.all().iter().find(|reader| reader.recognizes(start)).cloned().ok_or_else(|| {
            let formats: Vec<&str> = self.readers.all().iter().map(|reader| reader.format()).collect();
            HeaderError::Unrecognized { formats: formats.join(", ") }
        })
    }

    fn count(&self, source: &ByteSource, fetched: &crate::io::Fetched) {
        let bytes = if source.is_local() { 0 } else { fetched.bytes.len() as u64 };
        self.progress.count(fetched.requests, bytes);
    }

    /// A header that ended here needed a second request: the next ones will not.
    fn learn(&self, end: u64) {
        // What lies further away lies at the end of its file, and the next file ends elsewhere.
        if end <= MOST_FIRST_READ {
            self.first_read.fetch_max(end.next_multiple_of(LEAST_READ), Ordering::Relaxed);
        }
    }
}

/// Where a header belongs.
struct Place {
    row: usize,
    band: String,
    /// Which sample of the file the band is.
    index: Option<i32>,
    /// Another band of the record that is in the same file.
    other: Option<String>,
}

impl Place {
    fn check(&self, header: &HeaderArchive) -> Result<(), HeaderError> {
        check_sample(&self.band, self.index, self.other.as_deref(), header)
    }
}

/// Whether a band is one sample of its file, and which is known. `other` is another band of the record in this file.
pub fn check_sample(
    band: &str,
    index: Option<i32>,
    other: Option<&str>,
    header: &HeaderArchive,
) -> Result<(), HeaderError> {
    let samples = header.header()?.image(0).map_or(0, |image| i32::from(image.samples_per_pixel));
    let band = || band.to_owned();
    match (index, other) {
        (Some(index), _) if !(0..samples).contains(&index) => {
            Err(HeaderError::NoSuchSample { band: band(), index, samples })
        }
        (None, Some(other)) if samples > 1 => {
            Err(HeaderError::AmbiguousSample { band: band(), other: other.to_owned(), samples })
        }
        _ => Ok(()),
    }
}

enum Attempt {
    Done(Arc<HeaderArchive>),
    Needs(Vec<Range<u64>>),
}

async fn parse(
    reader: &Arc<dyn RasterReader>,
    file: &PartOfFile,
    known: &Georeference,
) -> Result<Attempt, HeaderError> {
    let (reader, bytes, version) = (Arc::clone(reader), file.bytes.clone(), file.version.clone());
    let Georeference { transform, crs, .. } = known.clone();
    cpu::run(move || {
        Ok(match reader.parse(&bytes)? {
            Parsed::Needs(ranges) => Attempt::Needs(ranges),
            Parsed::Header(header) => {
                let mut header = RasterHeader { object: version, ..*header };
                let georeference = &mut header.georeference;
                if georeference.ground_control_points == 0 {
                    georeference.transform = georeference.transform.or(transform);
                    georeference.crs = georeference.crs.take().or(crs);
                }
                // One that does not say where its pixels lie cannot be read.
                georeference.grid()?;
                Attempt::Done(Arc::new(HeaderArchive::new(&header)?))
            }
        })
    })
    .await
}

/// Why a file has no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    #[error(transparent)]
    Bytes(#[from] ByteSourceError),
    #[error(transparent)]
    Raster(#[from] RasterError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("no reader recognises the file (there are readers for: {formats})")]
    Unrecognized { formats: String },
    #[error("band {band:?} is said to be sample {index} of the file, which has {samples}, counted from 0")]
    NoSuchSample { band: String, index: i32, samples: i32 },
    #[error(
        "bands {band:?} and {other:?} are both in this file, which has {samples} samples; say which of them \
         each is, counted from 0, with a band index map: {band}=0,{other}=1"
    )]
    AmbiguousSample { band: String, other: String, samples: i32 },
}

impl HeaderError {
    /// Whether a failure of this kind may have passed when the file is asked for again.
    pub fn may_pass(kind: &str) -> bool {
        // Credentials may be there then, or a folder allowed; a file that changed while it was read is at rest.
        ["unreachable", "wrong-response", "io", "access-denied", "outside-base-dir", "stale-header"]
            .contains(&kind)
    }

    /// Why a file has no header.
    pub fn at(&self, href: &str) -> Failure {
        let kind = match self {
            HeaderError::Bytes(error) => error.kind(),
            HeaderError::Raster(error) => error.kind(),
            HeaderError::Archive(_) => "corrupt-header",
            HeaderError::Unrecognized { .. } => "wrong-format",
            HeaderError::NoSuchSample { .. } | HeaderError::AmbiguousSample { .. } => "no-such-sample",
        };
        Failure { kind: kind.to_owned(), href: without_secrets(href), message: self.to_string() }
    }

    /// For who needs the header now.
    pub fn located(self, location: Location) -> Error {
        let text = self.to_string();
        let location = Box::new(location);
        match self {
            HeaderError::Bytes(source) => Error::Bytes { location, source },
            HeaderError::Raster(source) => Error::Raster { location, source },
            HeaderError::Archive(error) => Error::Archive(error),
            HeaderError::Unrecognized { .. } => {
                let source = RasterError::WrongFormat { format: "raster", reason: text };
                Error::Raster { location, source }
            }
            HeaderError::NoSuchSample { .. } | HeaderError::AmbiguousSample { .. } => {
                Error::InvalidArgument(format!("{location}: {text}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_read_grows_within_bounds() {
        let fetcher =
            HeaderFetcher::new(ByteSources::default(), Readers::default(), CONCURRENT, Progress::new(None));
        let learned = |end: u64| {
            fetcher.learn(end);
            fetcher.first_read.load(Ordering::Relaxed)
        };
        assert_eq!(learned(10), FIRST_READ);
        assert_eq!(learned(100_000), 112 << 10);
        assert_eq!(learned(50_000_000), 112 << 10);
        assert_eq!(learned(u64::MAX), 112 << 10);
    }
}
