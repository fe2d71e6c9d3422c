//! The suite of raster readers.

use super::random::Random;
use super::{Violations, header, is_kebab_case};
use crate::{ByteRanges, HeaderArchive, ObjectVersion, Parsed, RasterError, RasterHeader, RasterReader};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

mod decode;

/// Sizes of the first read that headers are parsed from.
const FIRST_READS: [usize; 3] = [16, 1000, 16 << 10];
/// Rounds of a parse at most: each asks for something new, so a small file cannot need more.
const MOST_ROUNDS: usize = 10_000;
/// Damaged copies of each sample.
const DAMAGED: usize = 32;
/// Truncated copies of each sample.
const TRUNCATED: usize = 16;
/// Time of a call at most, on any machine: what takes longer hangs for all that a user can tell.
const MOST_TIME: Duration = Duration::from_secs(20);

/// What the suite saw of a reader.
#[derive(Debug, Clone, Default)]
pub struct ReaderReport {
    /// Number of samples with a header.
    pub headers: usize,
    /// Number of tiles that were decoded.
    pub tiles: usize,
    /// Samples, by their index, whose header the reader refuses, and why.
    pub refused: Vec<(usize, RasterError)>,
    /// Tiles that the reader refuses to decode: the sample's index, and why.
    pub refused_tiles: Vec<(usize, RasterError)>,
    /// What the reader breaks.
    pub violations: Violations,
}

/// Checks a raster reader over whole files.
///
/// Samples are files of the reader's format, of which it may refuse some: what the report says of
/// these is for the caller to judge. Each is parsed whole and in parts, truncated and damaged; tiles of
/// each image are decoded whole and by rectangles, truncated and damaged. What is random is the same in
/// every run. Panics are caught and reported. Several samples are checked at a time.
pub fn raster_reader(reader: &dyn RasterReader, samples: &[&[u8]]) -> ReaderReport {
    let mut suite = Suite::new(reader, 0);
    suite.check_foreign();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let check_next = || -> Option<()> {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let sample = Bytes::copy_from_slice(samples.get(index)?);
        let mut suite = Suite::new(reader, index);
        suite.check_sample(index, &sample);
        done.lock().unwrap_or_else(PoisonError::into_inner).insert(index, suite.report);
        Some(())
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| while check_next().is_some() {});
        }
    });
    for report in done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
        suite.report.add(report);
    }
    suite.report
}

impl ReaderReport {
    fn add(&mut self, other: ReaderReport) {
        self.headers += other.headers;
        self.tiles += other.tiles;
        self.refused.extend(other.refused);
        self.refused_tiles.extend(other.refused_tiles);
        self.violations.extend(other.violations);
    }
}

/// The suite on its way through a sample.
struct Suite<'a> {
    reader: &'a dyn RasterReader,
    report: ReaderReport,
    random: Random,
}

/// How a parse by parts ended.
enum Incremental {
    Header(Box<RasterHeader>),
    Error(RasterError),
    /// What was asked for is not in the file, whose size the reader did not know.
    BeyondEnd,
    /// A rule was broken.
    Broken,
}

impl<'a> Suite<'a> {
    /// A suite for the sample of an index, which chooses what is random.
    fn new(reader: &'a dyn RasterReader, index: usize) -> Self {
        Suite { reader, report: ReaderReport::default(), random: Random::new(index as u64) }
    }
}

impl Suite<'_> {
    fn check(&mut self, kept: bool, rule: &'static str, found: impl FnOnce() -> String) {
        self.report.violations.check(kept, rule, found);
    }

    /// Calls the reader; `None` if it panics.
    fn call<T>(&mut self, what: &str, call: impl FnOnce(&dyn RasterReader) -> T) -> Option<T> {
        let started = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| call(self.reader)));
        let took = started.elapsed();
        self.check(took < MOST_TIME, "the size of the input bounds the time", || format!("{what}: {took:?}"));
        result
            .map_err(|panic| {
                let message = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or(panic.downcast_ref::<&str>().copied())
                    .unwrap_or("of some kind");
                self.check(false, "a reader does not panic", || format!("{what}: {message}"));
            })
            .ok()
    }

    /// Parses a whole file.
    fn parse(&mut self, what: &str, file: Bytes) -> Option<Result<RasterHeader, RasterError>> {
        let parsed = self.call(what, |reader| reader.parse(&ByteRanges::whole(file)))?;
        match parsed {
            Ok(Parsed::Header(header)) => Some(Ok(*header)),
            Ok(Parsed::Needs(ranges)) => {
                self.check(false, "a reader that has the whole file needs no more of it", || {
                    format!("{what}: {ranges:?}")
                });
                None
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// Bytes of no format.
    fn check_foreign(&mut self) {
        let format = self.reader.format();
        self.check(is_kebab_case(format), "the format is a name in lower case", || format!("{format:?}"));
        let html = b"<!DOCTYPE html><html><body>404 Not Found</body></html>";
        for (what, bytes) in
            [("no bytes", &b""[..]), ("zeros", &[0; 64]), ("ones", &[0xff; 64]), ("HTML", html)]
        {
            let recognized = self.call(what, |reader| reader.recognizes(bytes));
            self.check(recognized != Some(true), "a reader recognises its own format only", || {
                what.to_owned()
            });
            let parsed = self.parse(what, Bytes::from_static(bytes));
            self.check(!matches!(parsed, Some(Ok(_))), "a file that is not recognised is not parsed", || {
                what.to_owned()
            });
        }
        let nothing = self.call("no bytes yet", |reader| reader.parse(&ByteRanges::new(None)));
        self.check(
            matches!(nothing, Some(Ok(Parsed::Needs(_)))),
            "a reader without a byte asks for the first ones",
            || format!("{nothing:?}"),
        );
    }

    fn check_sample(&mut self, index: usize, sample: &Bytes) {
        let what = format!("sample {index}");
        let Some(parsed) = self.parse(&what, sample.clone()) else { return };
        self.check_recognition(&what, sample, parsed.is_ok());
        for first_read in FIRST_READS {
            for size_is_known in [true, false] {
                self.check_incremental(&what, sample, first_read, size_is_known, &parsed);
            }
        }
        match parsed {
            Ok(header) => {
                self.report.headers += 1;
                self.check_header(&what, &header);
                if let Ok(archive) = HeaderArchive::new(&header) {
                    self.check_decoding(index, sample, &archive);
                }
            }
            Err(error) => self.report.refused.push((index, error)),
        }
        self.check_truncated(&what, sample);
        self.check_damaged(&what, sample);
    }

    fn check_recognition(&mut self, what: &str, sample: &[u8], is_parsed: bool) {
        let lengths = [16, 17, 64, 1000].map(|length| length.min(sample.len()));
        let recognized = self.call(what, |reader| lengths.map(|length| reader.recognizes(&sample[..length])));
        let Some(recognized) = recognized else { return };
        self.check(!is_parsed || recognized[0], "a file that is parsed is recognised by 16 bytes", || {
            what.to_owned()
        });
        self.check(
            recognized.iter().all(|each| *each == recognized[0]),
            "16 bytes are enough to recognise a file",
            || format!("{what}: {recognized:?} by {lengths:?} bytes"),
        );
        // Less than that may not be enough, but must not be too little to look at.
        self.call(what, |reader| {
            (0..16.min(sample.len())).filter(|n| reader.recognizes(&sample[..*n])).count()
        });
    }

    /// Checks a header, and that it can be archived.
    fn check_header(&mut self, what: &str, header: &RasterHeader) {
        let format = self.reader.format();
        self.check(header.format == format, "a header names the format of its reader", || {
            format!("{what}: {:?}, not {format:?}", header.format)
        });
        let archive = HeaderArchive::new(header);
        match archive
            .as_ref()
            .map_err(ToString::to_string)
            .and_then(|archive| archive.header().map_err(|e| e.to_string()))
        {
            Ok(archived) => header::check(archived, what, &mut self.report.violations),
            Err(error) => self.check(false, "a header can be archived", || format!("{what}: {error}")),
        }
    }

    fn check_incremental(
        &mut self,
        what: &str,
        sample: &Bytes,
        first_read: usize,
        size_is_known: bool,
        whole: &Result<RasterHeader, RasterError>,
    ) {
        let what = format!("{what} from {first_read} bytes, size known: {size_is_known}");
        let parts = self.parse_in_parts(&what, sample, first_read, size_is_known);
        let is_same = match (&parts, whole) {
            (Incremental::Header(parts), Ok(whole)) => archived(parts) == archived(whole),
            (Incremental::Error(parts), Err(whole)) => parts.kind() == whole.kind(),
            (Incremental::BeyondEnd, Err(_)) | (Incremental::Broken, _) => true,
            _ => false,
        };
        self.check(is_same, "a file is the same whole and in parts", || {
            let parts = match &parts {
                Incremental::Header(_) => "a header".to_owned(),
                Incremental::Error(error) => error.to_string(),
                Incremental::BeyondEnd => "asks for more than the file".to_owned(),
                Incremental::Broken => String::new(),
            };
            let whole = whole.as_ref().map_or_else(ToString::to_string, |_| "a header".to_owned());
            format!("{what}: {parts} (whole: {whole})")
        });
    }

    /// Parses with what the reader asks for, and nothing else.
    fn parse_in_parts(
        &mut self,
        what: &str,
        sample: &Bytes,
        first_read: usize,
        size_is_known: bool,
    ) -> Incremental {
        let mut bytes = ByteRanges::new(size_is_known.then_some(sample.len() as u64));
        bytes.insert(0, sample.slice(..first_read.min(sample.len())));
        for _ in 0..MOST_ROUNDS {
            let ranges = match self.call(what, |reader| reader.parse(&bytes)) {
                None => return Incremental::Broken,
                Some(Err(error)) => return Incremental::Error(error),
                Some(Ok(Parsed::Header(header))) => return Incremental::Header(header),
                Some(Ok(Parsed::Needs(ranges))) => ranges,
            };
            let is_within = |range: &Range<u64>| range.start < range.end && range.start < sample.len() as u64;
            let is_new = |range: &&Range<u64>| bytes.get((*range).clone()).is_none();
            if size_is_known && (ranges.is_empty() || !ranges.iter().all(is_within)) {
                self.check(false, "a reader asks for ranges within the file", || {
                    format!("{what}: {ranges:?} of {}", sample.len())
                });
                return Incremental::Broken;
            }
            if ranges.iter().filter(is_new).count() == 0 {
                self.check(false, "a reader asks for what it does not have", || {
                    format!("{what}: {ranges:?}")
                });
                return Incremental::Broken;
            }
            let mut is_more = false;
            for range in ranges {
                let end = range.end.min(sample.len() as u64);
                let had = range.start + bytes.available(range.start).len() as u64;
                if range.start < end {
                    is_more |= had < end;
                    bytes.insert(range.start, sample.slice(range.start as usize..end as usize));
                }
            }
            if !is_more {
                self.check(!size_is_known, "a reader does not ask for what is beyond the end", || {
                    what.to_owned()
                });
                return Incremental::BeyondEnd;
            }
        }
        self.check(false, "the size of the input bounds the rounds of a parse", || what.to_owned());
        Incremental::Broken
    }

    fn check_truncated(&mut self, what: &str, sample: &Bytes) {
        for n in 0..TRUNCATED {
            // Half of them within the first kilobyte, where most of the header is.
            let most = if n % 2 == 0 { sample.len().min(1024) } else { sample.len() };
            let length = self.random.below(most);
            self.check_broken_file(&format!("{what} truncated to {length}"), sample.slice(..length));
        }
    }

    fn check_damaged(&mut self, what: &str, sample: &Bytes) {
        let mut copy = sample.to_vec();
        for n in 0..DAMAGED {
            // Most of them where headers are: at one of the ends.
            let part = match n % 4 {
                0 | 1 => 0..copy.len().min(512),
                2 => copy.len().saturating_sub(4096)..copy.len(),
                _ => 0..copy.len(),
            };
            let Some(undamaged) = copy.get(part.clone()).map(<[u8]>::to_vec) else { continue };
            self.random.damage(&mut copy[part.clone()]);
            self.check_broken_file(&format!("{what} damaged, variant {n}"), Bytes::copy_from_slice(&copy));
            copy[part].copy_from_slice(&undamaged);
        }
    }

    /// Checks that a broken file gives an error, or a header that does not contradict itself.
    fn check_broken_file(&mut self, what: &str, file: Bytes) {
        if let Some(Ok(header)) = self.parse(what, file.clone()) {
            self.check_header(what, &header);
            if let Ok(archive) = HeaderArchive::new(&header) {
                self.check_no_panic(what, &file, &archive);
            }
        }
    }
}

/// The archive's bytes, which are equal for equal headers, NaN included. Which version of the file it
/// was is not for the reader to say.
fn archived(header: &RasterHeader) -> Option<Vec<u8>> {
    let header = RasterHeader { object: ObjectVersion::default(), ..header.clone() };
    HeaderArchive::new(&header).ok().map(|archive| archive.as_bytes().to_vec())
}
