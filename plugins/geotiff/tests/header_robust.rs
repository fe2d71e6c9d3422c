//! Headers that are cut off, damaged, or made to do harm: parsing them ends, soon, with little memory.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod header_common;

use bytes::Bytes;
use header_common::odd::odd_files;
use header_common::tiff::{Directory, Tiff};
use header_common::{cogs, parse};
use proptest::prelude::*;
use proptest::sample::Index;
use rasteret_geotiff::header;
use rasteret_schema::{ByteRanges, HeaderArchive, Parsed, RasterError};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Without optimisation, while other tests run: hundred times what is meant.
const SOON: Duration = Duration::from_secs(5);

/// Bytes that parsing a small file may take at a time, in all tests of this file together.
const LITTLE: usize = 256 << 20;

/// Counts the bytes that are allocated.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The first bytes of real files, where there are some, and of files of many kinds.
static HEADERS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let real =
        cogs("damaged_headers").unwrap_or_default().into_iter().map(|file| std::fs::read(file).unwrap());
    let mut headers: Vec<Vec<u8>> = real.collect();
    let small = Tiff { data: 1 << 12, ..Tiff::default() };
    headers.push(small.bytes(&[Directory::image(10, 10).above(Directory::image(5, 5).longs(254, &[1]))]));
    headers.extend(odd_files().into_iter().map(|(_, bytes)| bytes));
    headers.iter_mut().for_each(|bytes| bytes.truncate(80_000));
    headers
});

/// Parses bytes as a whole file, and as the start of one of unknown size.
fn survives(bytes: Vec<u8>) {
    let start = Instant::now();
    let bytes = Bytes::from(bytes);
    if let Ok(header) = parse(bytes.clone()) {
        // What comes out holds together.
        assert!(header.images.iter().all(|image| usize::from(image.encoding) < header.encodings.len()));
        let archive = HeaderArchive::new(&header).unwrap();
        assert!(archive.header().unwrap().images.len() == header.images.len());
    }
    let mut ranges = ByteRanges::new(None);
    ranges.insert(0, bytes);
    if let Ok(Parsed::Needs(needs)) = header::parse(&ranges) {
        assert!(needs.iter().all(|range| range.start < range.end));
        assert!(needs.windows(2).all(|pair| pair[0].end < pair[1].start));
    }
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    assert!(MOST.load(Ordering::Relaxed) < LITTLE, "{} bytes", MOST.load(Ordering::Relaxed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_headers(
        file in any::<Index>(),
        length in any::<Option<Index>>(),
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 0..20),
        // Most damage hits where the header is: its start and, in these files, its end.
        near in prop::collection::vec((any::<bool>(), 0usize..600, any::<u8>()), 0..20),
    ) {
        let mut bytes = HEADERS[file.index(HEADERS.len())].clone();
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        if !bytes.is_empty() {
            for (at, value) in damage {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            for (is_end, distance, value) in near {
                let distance = distance.min(bytes.len() - 1);
                let at = if is_end { bytes.len() - 1 - distance } else { distance };
                bytes[at] = value;
            }
        }
        survives(bytes);
    }

    #[test]
    fn directories_of_any_values(
        tags in prop::collection::vec((any_tag(), 0u16..20, any_number(), any_number()), 0..40),
        big in any::<bool>(),
        tail in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut bytes = if big { b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0".to_vec() } else { b"II*\0\x08\0\0\0".to_vec() };
        let count = (tags.len() as u64).to_le_bytes();
        bytes.extend(&count[..if big { 8 } else { 2 }]);
        for (tag, kind, count, value) in tags {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            let word = if big { 8 } else { 4 };
            bytes.extend(&count.to_le_bytes()[..word]);
            bytes.extend(&value.to_le_bytes()[..word]);
        }
        bytes.extend(tail);
        survives(bytes);
    }
}

fn any_tag() -> impl Strategy<Value = u16> {
    prop_oneof![
        prop::sample::select(vec![
            254u16, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330,
            332, 338, 339, 347, 530, 33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113, 50674,
        ]),
        any::<u16>(),
    ]
}

fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![0u64..10, 0u64..5000, any::<u32>().prop_map(u64::from), any::<u64>(), Just(u64::MAX)]
}

#[test]
fn images_larger_than_any_file_are_refused() {
    let huge = Directory::image(i32::MAX as u32, i32::MAX as u32);
    let file = |directory: Directory| Tiff { data: 4096, ..Tiff::default() }.bytes(&[directory]);
    for directory in [
        huge.clone(),
        huge.clone().shorts(259, &[5]),
        huge.clone().longs(278, &[1]),
        huge.clone().longs(322, &[1]).longs(323, &[1]),
        huge.clone().longs(322, &[16]).longs(323, &[16]).shorts(284, &[2]).shorts(277, &[60000]),
        huge.clone().longs(322, &[1 << 31]).longs(323, &[1 << 31]),
        huge.clone().longs(322, &[u32::MAX]).longs(323, &[u32::MAX]),
        Directory::image(9000, 16 << 20),
        Directory::image(u32::MAX, 1),
    ] {
        let error = parse(file(directory)).unwrap_err();
        let is_typed = matches!(error, RasterError::CorruptHeader(_) | RasterError::Unsupported { .. });
        assert!(is_typed, "{error}");
        println!("{error}");
    }
    assert!(MOST.load(Ordering::Relaxed) < LITTLE, "{} bytes", MOST.load(Ordering::Relaxed));
}

#[test]
fn directories_that_overlap_end_soon() {
    // Each byte pair starts a directory of 4096 entries; each leads to the one behind it.
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for at in (8..120_000u32).step_by(4) {
        bytes.extend([0, 16]);
        bytes.extend(((at + 4) as u16).to_le_bytes());
    }
    survives(bytes);
    // A directory of SubIFDs that are all the same large directory.
    let offsets = vec![8u32; 4096];
    survives(Tiff::default().bytes(&[Directory::image(9, 9).longs(330, &offsets)]));
}

#[test]
fn every_truncation_of_a_file_ends() {
    let overview = Directory::image(5, 5).longs(254, &[1]);
    let keys = Directory::image(10, 10).keys(0, &[(1024, 1), (3072, 32633)], &[], &[(1026, "name")]);
    let file = Tiff { data: 100, ..Tiff::default() }.bytes(&[keys.above(overview.clone()), overview]);
    for length in 0..file.len() {
        survives(file[..length].to_vec());
    }
}

#[test]
fn errors_name_the_tag_and_its_value() {
    let image = Directory::image(10, 10);
    let cases = [
        (image.clone().without(256), "corrupt header: ImageWidth is missing or zero"),
        (image.clone().without(273), "corrupt header: StripOffsets is missing"),
        (image.clone().longs(278, &[0]), "corrupt header: RowsPerStrip is 0"),
        (image.clone().shorts(284, &[3]), "corrupt header: PlanarConfiguration is 3"),
        (image.clone().shorts(277, &[0]), "corrupt header: SamplesPerPixel is 0"),
        (image.clone().shorts(339, &[6]), "unsupported encoding: SampleFormat is 6 (complex numbers)"),
        (
            image.clone().shorts(258, &[24]).shorts(339, &[3]),
            "unsupported encoding: BitsPerSample is 24 for floating",
        ),
        (image.clone().shorts(258, &[48]), "unsupported encoding: BitsPerSample is 48 for integer samples"),
        (image.clone().shorts(259, &[5]).shorts(317, &[9]), "unsupported encoding: Predictor is 9"),
        (
            image.clone().shorts(262, &[5]).shorts(277, &[4]).shorts(258, &[8; 4]),
            "unsupported encoding: PhotometricInterpretation is 5 (CMYK)",
        ),
        (image.clone().longs(322, &[16]), "corrupt header: TileLength is missing or zero"),
        (
            image.clone().longs(322, &[1 << 16]).longs(323, &[1 << 16]),
            "unsupported encoding: TileLength is 65536: a tile of 65536 × 65536 pixels takes 4294967296 bytes",
        ),
        (
            image.clone().keys(0, &[(1024, 1), (3072, 2225), (3076, 9001)], &[], &[]),
            "unsupported encoding: ProjLinearUnitsGeoKey is 9001, but the unit of EPSG:2225 is 9003",
        ),
    ];
    for (directory, expected) in cases {
        let error = parse(Tiff::default().bytes(&[directory])).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error:?} instead of {expected:?}");
    }
    let error = parse(&b"\x89PNG\r\n\x1a\n00000000"[..]).unwrap_err().to_string();
    assert_eq!(error, "not a TIFF file: it starts with [89, 50, 4e, 47]");
}
