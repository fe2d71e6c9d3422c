//! Headers parsed from byte ranges as they are asked for, and how many requests that takes.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod header_common;

use bytes::Bytes;
use header_common::tiff::{Directory, Tiff};
use header_common::{cogs, parse, written};
use rasteret_geotiff::header;
use rasteret_schema::{ByteRanges, Parsed, RasterHeader};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// First requests of several sizes.
const FIRST: [usize; 4] = [0, 4096, 16384, 65536];

/// No file here takes more requests: the start of the file, then what lies elsewhere.
const MOST_ROUNDS: usize = 2;

#[test]
fn test_data_needs_few_requests() {
    let test = "test_data_needs_few_requests";
    if let Some(files) = cogs(test) {
        check(&files);
    }
}

#[test]
fn written_files_need_few_requests() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(files) = written("written_files_need_few_requests", folder.path()) {
        check(&files);
    }
}

#[test]
fn what_lies_apart_is_asked_for_at_once() {
    // Arrays of each directory lie far from it, directories far from one another.
    let image = |width: u32, level: u32| {
        let tiles = width.div_ceil(64).pow(2) as usize;
        Directory::image(width, width)
            .longs(254, &[u32::from(level > 0)])
            .longs(322, &[64])
            .longs(323, &[64])
            .longs(324, &vec![64; tiles])
            .longs(325, &vec![4096; tiles])
    };
    let full = image(1000, 0).doubles(33550, &[10.0, 10.0, 0.0]).doubles(33922, &[0.0; 6]);
    for gap in [0, 100_000] {
        let tiff = Tiff { gap, ..Tiff::default() };
        let file = Bytes::from(tiff.bytes(&[full.clone(), image(500, 1), image(250, 2), image(125, 3)]));
        let (header, rounds) = fetch(&file, 16384, true);
        assert_eq!(header, parse(file).unwrap());
        // Without gaps all lies behind the pixels. With gaps there is one request for each directory,
        // with the arrays of the one before, and one for the arrays of the last.
        assert_eq!(rounds, if gap == 0 { 1 } else { 5 });
    }
}

fn check(files: &[PathBuf]) {
    let mut summary: BTreeMap<(usize, bool, usize), Vec<String>> = BTreeMap::new();
    for file in files {
        let bytes = Bytes::from(std::fs::read(file).unwrap());
        let expected = parse(bytes.clone()).unwrap();
        for first in FIRST {
            for size_is_known in [true, false] {
                let (header, rounds) = fetch(&bytes, first, size_is_known);
                // As text: nodata may be NaN.
                assert_eq!(
                    format!("{header:?}"),
                    format!("{expected:?}"),
                    "{} from {first} bytes",
                    file.display()
                );
                assert!(rounds <= MOST_ROUNDS, "{} takes {rounds} requests", file.display());
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                summary.entry((first, size_is_known, rounds)).or_default().push(name);
            }
        }
    }
    for ((first, size_is_known, rounds), names) in summary {
        let size = if size_is_known { "known" } else { "unknown" };
        let some: Vec<_> = names.iter().take(if rounds > 1 { 8 } else { 0 }).map(String::as_str).collect();
        println!(
            "{first:6} bytes first, size {size:7}: {rounds} more requests for {} files {}",
            names.len(),
            some.join(" ")
        );
    }
}

/// Parses a header from ranges fetched on demand; returns it and the number of requests after the first.
fn fetch(file: &Bytes, first: usize, size_is_known: bool) -> (RasterHeader, usize) {
    let mut ranges = ByteRanges::new(size_is_known.then_some(file.len() as u64));
    ranges.insert(0, file.slice(..first.min(file.len())));
    let mut rounds = 0;
    loop {
        let needs = match header::parse(&ranges).unwrap() {
            Parsed::Header(header) => return (*header, rounds),
            Parsed::Needs(needs) => needs,
        };
        assert!(!needs.is_empty());
        assert!(needs.windows(2).all(|pair| pair[0].end < pair[1].start), "{needs:?}");
        rounds += 1;
        for range in needs {
            assert!(range.start < range.end, "{range:?}");
            assert!(ranges.get(range.clone()).is_none(), "{range:?} has been fetched");
            assert!(!size_is_known || range.end <= file.len() as u64, "{range:?} leaves the file");
            let end = (range.end as usize).min(file.len());
            ranges.insert(range.start, file.slice(range.start as usize..end));
        }
    }
}
