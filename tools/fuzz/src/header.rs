//! Headers of any bytes: parsing them ends, asks for what makes sense, and what comes out holds together.

use crate::archive;
use bytes::Bytes;
use rasteret_geotiff::header;
use rasteret_schema::{ByteRanges, HeaderArchive, Parsed, RasterError, RasterHeader};

/// No header takes more requests.
const ROUNDS: usize = 128;

/// A file whose size is not known is not asked for more bytes than this at a time.
const REQUEST: u64 = 1 << 30;

/// Parses the bytes as a whole file, and as one that is fetched range by range.
pub fn check(bytes: &[u8]) {
    let file = Bytes::copy_from_slice(bytes);
    let whole = match header::parse(&ByteRanges::whole(file.clone())) {
        Ok(Parsed::Header(header)) => Some(consistent(&header)),
        Ok(Parsed::Needs(ranges)) => panic!("the whole file is there, but {ranges:?} are needed"),
        Err(_) => None,
    };
    // As little of the file as its reader may have at first, and the part that one request gives.
    for first in [0, 16, file.len() / 2] {
        let fetched = fetch(&file, first, Some(file.len() as u64)).ok().map(|header| consistent(&header));
        assert_eq!(fetched, whole, "{first} bytes first");
    }
    if let Ok(header) = fetch(&file, 16, None) {
        consistent(&header);
    }
}

/// The archive of a header that holds together.
fn consistent(header: &RasterHeader) -> HeaderArchive {
    let archive = HeaderArchive::new(header).expect("a parsed header can be archived");
    let archived = archive.header().expect("an archive can be accessed");
    for level in 0..header.images.len() {
        let image = archived.image(level).expect("every image has an encoding and a tile table");
        let planes = if image.planar { u64::from(image.samples_per_pixel) } else { 1 };
        let tiles = planes * u64::from(image.tiles_across()) * u64::from(image.tiles_down());
        assert_eq!(u64::from(image.tiles.len()), tiles, "tiles of level {level}");
        assert_eq!(image.dtype, archived.image(0).expect("level 0").dtype, "level {level}");
        assert_eq!(archived.mask(level).is_some(), header.images[level].mask.is_some());
    }
    archive::walk(archived);
    let again = archived.to_header().expect("an archive can be read back");
    // By their archives: nodata may be NaN.
    assert_eq!(HeaderArchive::new(&again).as_ref(), Ok(&archive));
    archive
}

/// Parses a header from ranges fetched as they are asked for, `first` bytes being there.
fn fetch(file: &Bytes, first: usize, mut size: Option<u64>) -> Result<RasterHeader, RasterError> {
    let len = file.len() as u64;
    let mut ranges = ByteRanges::new(size);
    ranges.insert(0, file.slice(..first.min(file.len())));
    for _ in 0..ROUNDS {
        let needs = match header::parse(&ranges)? {
            Parsed::Header(header) => return Ok(*header),
            Parsed::Needs(needs) => needs,
        };
        assert!(!needs.is_empty());
        assert!(needs.windows(2).all(|pair| pair[0].end < pair[1].start), "{needs:?}");
        assert!(needs.iter().map(|range| range.end - range.start).sum::<u64>() <= REQUEST, "{needs:?}");
        for range in &needs {
            assert!(range.start < range.end, "{range:?}");
            assert!(ranges.get(range.clone()).is_none(), "{range:?} has been fetched");
            assert!(size.is_none_or(|size| range.end <= size), "{range:?} leaves the file of {size:?} bytes");
        }
        // A short answer tells the size.
        if needs.iter().any(|range| range.end > len) && size.is_none() {
            size = Some(len);
            let mut known = ByteRanges::new(size);
            known.insert(0, Bytes::copy_from_slice(ranges.available(0)));
            ranges = known;
        }
        for range in needs {
            let range = range.start.min(len) as usize..range.end.min(len) as usize;
            ranges.insert(range.start as u64, file.slice(range));
        }
    }
    panic!("not done after {ROUNDS} requests");
}
