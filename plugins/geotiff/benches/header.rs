//! How long it takes to parse a header whose bytes are at hand.
//!
//! The file is what a writer of cloud-optimized files makes of a Sentinel-2 band: 10980 × 10980 pixels
//! of 16 bits, 121 tiles, four overviews, nodata, scale and offset.

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use rasteret_geotiff::header;
use rasteret_schema::{ByteRanges, Parsed};
use std::hint::black_box;

const WIDTH: u32 = 10980;
const TILE: u32 = 1024;

/// A directory entry: tag, type, values as bytes.
type Entry = (u16, u16, Vec<u8>);

fn shorts(tag: u16, values: &[u16]) -> Entry {
    (tag, 3, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn longs(tag: u16, values: &[u32]) -> Entry {
    (tag, 4, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn doubles(tag: u16, values: &[f64]) -> Entry {
    (tag, 12, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn text(tag: u16, value: &str) -> Entry {
    (tag, 2, [value.as_bytes(), b"\0"].concat())
}

/// The directory of an image that is `level` times halved.
fn image(level: u32, tiles_from: &mut u32, crs: &[Entry]) -> Vec<Entry> {
    let width = WIDTH.div_ceil(1 << level);
    let tiles = width.div_ceil(TILE).pow(2);
    let counts: Vec<u32> = (0..tiles).map(|tile| 1_400_000 + tile * 7919 % 300_000).collect();
    let offsets: Vec<u32> = counts
        .iter()
        .map(|count| {
            let offset = *tiles_from + 4;
            *tiles_from += count + 8;
            offset
        })
        .collect();
    let mut entries = vec![
        longs(254, &[u32::from(level > 0)]),
        longs(256, &[width]),
        longs(257, &[width]),
        shorts(258, &[16]),
        shorts(259, &[8]),
        shorts(262, &[1]),
        shorts(277, &[1]),
        shorts(284, &[1]),
        shorts(317, &[2]),
        longs(322, &[TILE]),
        longs(323, &[TILE]),
        longs(324, &offsets),
        longs(325, &counts),
        shorts(339, &[1]),
    ];
    if level == 0 {
        let items = "<GDALMetadata>\n  <Item name=\"OFFSET\" sample=\"0\" role=\"offset\">-0.1</Item>\n  \
                     <Item name=\"SCALE\" sample=\"0\" role=\"scale\">0.0001</Item>\n</GDALMetadata>\n";
        entries.extend([
            doubles(33550, &[10.0, 10.0, 0.0]),
            doubles(33922, &[0.0, 0.0, 0.0, 699960.0, 1500000.0, 0.0]),
        ]);
        entries.extend_from_slice(crs);
        entries.push(text(42112, items));
    }
    entries.push(text(42113, "0"));
    entries
}

/// The keys of a registered CRS.
fn registered() -> Vec<Entry> {
    let keys = [1, 1, 0, 4, 1024, 0, 1, 1, 1025, 0, 1, 1, 1026, 34737, 22, 0, 3072, 0, 1, 32643];
    vec![shorts(34735, &keys), text(34737, "WGS 84 / UTM zone 43N|")]
}

/// The keys of a CRS that has to be spelled out.
fn user_defined() -> Vec<Entry> {
    let entries = [
        [1, 1, 0, 9],
        [1024, 0, 1, 1],
        [1026, 34737, 8, 0],
        [2048, 0, 1, 4258],
        [3072, 0, 1, 32767],
        [3075, 0, 1, 10],
        [3076, 0, 1, 9001],
        [3082, 34736, 1, 0],
        [3088, 34736, 1, 1],
        [3089, 34736, 1, 2],
    ];
    let doubles = doubles(34736, &[4_321_000.0, 10.0, 52.0]);
    vec![shorts(34735, entries.as_flattened()), doubles, text(34737, "my grid|")]
}

/// Directories one after another, each with its arrays behind it.
fn file(crs: &[Entry]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let mut tiles_from = 16384;
    for level in 0..5 {
        let entries = image(level, &mut tiles_from, crs);
        let start = bytes.len();
        let values = start + 2 + 12 * entries.len() + 4;
        let mut arrays = Vec::new();
        bytes.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            let size = match kind {
                2 => 1,
                3 => 2,
                4 => 4,
                _ => 8,
            };
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend((value.len() as u32 / size).to_le_bytes());
            if value.len() <= 4 {
                bytes.extend(&value);
                bytes.resize(bytes.len() + 4 - value.len(), 0);
            } else {
                bytes.extend(((values + arrays.len()) as u32).to_le_bytes());
                arrays.extend(value);
                arrays.resize(arrays.len().next_multiple_of(2), 0);
            }
        }
        let next = if level < 4 { values + arrays.len() } else { 0 };
        bytes.extend((next as u32).to_le_bytes());
        bytes.extend(arrays);
    }
    bytes
}

fn parse(criterion: &mut Criterion) {
    for (name, crs) in [("registered", registered()), ("user-defined", user_defined())] {
        let mut whole = file(&crs);
        let size = whole.len();
        // Local files are handed over as a whole: what is behind the header must not matter.
        whole.resize(64 << 20, 0);
        let whole = ByteRanges::whole(Bytes::from(whole));
        let Ok(Parsed::Header(header)) = header::parse(&whole) else { panic!("the file is a COG") };
        assert_eq!((header.images.len(), header.images[0].tiles.view().len()), (5, 121));
        assert!(header.georeference.crs.is_some());
        let name = format!("parse a COG header of {size} bytes, 121 tiles, 4 overviews, {name} CRS");
        criterion.bench_function(&name, |bencher| bencher.iter(|| header::parse(black_box(&whole))));
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
