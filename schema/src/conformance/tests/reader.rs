use super::assert_breaks;
use crate::conformance::raster_reader;
use crate::{
    ByteRanges, DataType, Encoding, Georeference, ImageHeader, ImageView, Parsed, RasterError, RasterHeader,
    RasterReader, TileRequest, TileTable,
};

/// A raster of bytes, pixel by pixel in square tiles: `RAW1`, then little-endian numbers of 32 bits:
/// width, height, tile size, samples, offset of a table of offsets and byte counts. The table is last.
#[derive(Debug)]
struct Raw(Fault);

/// What is wrong with the reader.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    PanicsOnShortInput,
    RecognizesAnything,
    NeedsMoreBytesToRecognize,
    ParsesWithoutMagic,
    NeedsForever,
    NeedsBeyondEnd,
    ForgetsTiles,
    NamesAnotherFormat,
    DependsOnParts,
    TrustsTheTable,
    IgnoresTheRectangle,
    IgnoresTheBuffer,
    LeavesBytes,
    AcceptsNothing,
    WrongError,
}

impl Raw {
    fn has(&self, fault: Fault) -> bool {
        self.0 == fault
    }

    fn header(&self, fields: [u32; 5], table: &[u8], parts: u64) -> Result<RasterHeader, RasterError> {
        let [width, height, tile, samples, _] = fields;
        let numbers: Vec<u64> =
            table.chunks_exact(4).map(|n| u32::from_le_bytes([n[0], n[1], n[2], n[3]]).into()).collect();
        let (offsets, counts): (Vec<u64>, Vec<u64>) =
            numbers.chunks_exact(2).map(|tile| (tile[0], tile[1])).unzip();
        let tiles = if self.has(Fault::ForgetsTiles) {
            TileTable::new(&offsets[1..], &counts[1..])
        } else {
            TileTable::new(&offsets, &counts)
        };
        let format = if self.has(Fault::NamesAnotherFormat) { "other" } else { "raw" };
        let encoding =
            Encoding { samples_per_pixel: samples as u16, ..Encoding::uncompressed(DataType::UInt8) };
        let image = ImageHeader::new([width, height], [tile, tile], tiles);
        Ok(RasterHeader {
            georeference: Georeference {
                ground_control_points: if self.has(Fault::DependsOnParts) { parts as u32 } else { 0 },
                ..Georeference::default()
            },
            ..RasterHeader::new(format, encoding, vec![image])
        })
    }
}

impl RasterReader for Raw {
    fn format(&self) -> &'static str {
        "raw"
    }

    fn recognizes(&self, start: &[u8]) -> bool {
        if self.has(Fault::PanicsOnShortInput) {
            return start[..4] == *b"RAW1";
        }
        let is_enough = !self.has(Fault::NeedsMoreBytesToRecognize) || start.len() > 20;
        self.has(Fault::RecognizesAnything) || (start.starts_with(b"RAW1") && is_enough)
    }

    fn parse(&self, bytes: &ByteRanges) -> Result<Parsed, RasterError> {
        let corrupt = |reason: &str| RasterError::CorruptHeader(reason.to_owned());
        let beyond = |end: u64| bytes.file_size().is_some_and(|size| end > size);
        let needs = |range: std::ops::Range<u64>| match beyond(range.end) {
            false => Ok(Parsed::Needs(vec![range])),
            true if self.has(Fault::NeedsBeyondEnd) => Ok(Parsed::Needs(vec![range])),
            true => Err(corrupt("it ends early")),
        };
        let Some(fixed) = bytes.get(0..24) else {
            return needs(0..24);
        };
        if !fixed.starts_with(b"RAW1") && !self.has(Fault::ParsesWithoutMagic) {
            return Err(RasterError::WrongFormat { format: "raw", reason: "no magic".to_owned() });
        }
        let field = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let [width, height, tile, samples, at] = [4, 8, 12, 16, 20].map(field);
        if width == 0 || height == 0 || !(1..=4096).contains(&tile) || !(1..=16).contains(&samples) {
            return match self.has(Fault::ParsesWithoutMagic) {
                true => Ok(Parsed::Header(Box::new(self.header([1, 1, 1, 1, 0], &[0; 8], 0)?))),
                false => Err(corrupt("sizes")),
            };
        }
        let tiles = u64::from(width.div_ceil(tile)) * u64::from(height.div_ceil(tile));
        let table = u64::from(at)..u64::from(at) + tiles.saturating_mul(8);
        if beyond(table.end) && !self.has(Fault::NeedsBeyondEnd) {
            return Err(corrupt("the table is beyond the end"));
        }
        let Some(found) = bytes.get(table.clone()) else {
            return needs(if self.has(Fault::NeedsForever) { 0..24 } else { table });
        };
        let parts = bytes.available(0).len() as u64;
        Ok(Parsed::Header(Box::new(self.header([width, height, tile, samples, at], found, parts)?)))
    }

    fn decode(
        &self,
        image: &ImageView<'_>,
        tile: u32,
        encoded: &[u8],
        request: &TileRequest<'_>,
        out: &mut [u8],
    ) -> Result<(), RasterError> {
        let corrupt = |reason: &str| RasterError::CorruptTile { tile, reason: reason.to_owned() };
        if self.has(Fault::AcceptsNothing) && encoded.is_empty() {
            return Ok(());
        }
        let (size, samples) = (image.tile_width as usize, usize::from(image.samples_per_pixel));
        if encoded.len() != size * size * samples && !self.has(Fault::TrustsTheTable) {
            return Err(match self.has(Fault::WrongError) {
                true => RasterError::CorruptHeader("length".to_owned()),
                false => corrupt("length"),
            });
        }
        let fits = request.rows.end as usize <= size
            && request.columns.end as usize <= size
            && request.samples.iter().all(|sample| usize::from(*sample) < samples);
        if !fits || (request.decoded_len(1) != Some(out.len()) && !self.has(Fault::IgnoresTheBuffer)) {
            return Err(corrupt("request"));
        }
        let (rows, columns) = match self.has(Fault::IgnoresTheRectangle) {
            true => (0..request.rows.len() as u32, 0..request.columns.len() as u32),
            false => (request.rows.clone(), request.columns.clone()),
        };
        let mut out = out.iter_mut();
        for sample in request.samples {
            for row in rows.clone() {
                for column in columns.clone() {
                    let at = (row as usize * size + column as usize) * samples + usize::from(*sample);
                    let skips = self.has(Fault::LeavesBytes) && at % 7 == 3;
                    if let Some(out) = out.next().filter(|_| !skips) {
                        *out = encoded[at];
                    }
                }
            }
        }
        Ok(())
    }
}

fn sample(width: u32, height: u32, tile: u32, samples: u32) -> Vec<u8> {
    let tiles = width.div_ceil(tile) * height.div_ceil(tile);
    let tile_bytes = tile * tile * samples;
    let mut file = b"RAW1".to_vec();
    for field in [width, height, tile, samples, 24 + tiles * tile_bytes] {
        file.extend(field.to_le_bytes());
    }
    file.extend((0..tiles * tile_bytes).map(|i| (i * 31 + i / 97) as u8));
    for n in 0..tiles {
        // The last tile is sparse.
        let count = if n + 1 == tiles { 0 } else { tile_bytes };
        file.extend((24 + n * tile_bytes).to_le_bytes());
        file.extend(count.to_le_bytes());
    }
    file
}

fn samples() -> Vec<Vec<u8>> {
    vec![sample(40, 30, 16, 1), sample(33, 65, 32, 3), b"RAW1 but not really a raster".to_vec()]
}

#[test]
fn a_right_reader_passes() {
    let samples = samples();
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    let report = raster_reader(&Raw(Fault::None), &samples);
    report.violations.assert_none();
    assert_eq!(report.headers, 2);
    assert_eq!(report.refused.len(), 1);
    assert!(report.tiles >= 3, "{report:?}");
    assert_eq!(report.refused_tiles, []);
}

#[test]
fn each_fault_is_found() {
    let samples = samples();
    let samples: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    for (fault, rule) in [
        (Fault::PanicsOnShortInput, "a reader does not panic"),
        (Fault::TrustsTheTable, "a reader does not panic"),
        (Fault::RecognizesAnything, "a reader recognises its own format only"),
        (Fault::NeedsMoreBytesToRecognize, "16 bytes are enough to recognise a file"),
        (Fault::ParsesWithoutMagic, "a file that is not recognised is not parsed"),
        (Fault::NeedsForever, "a reader asks for what it does not have"),
        (Fault::NeedsBeyondEnd, "a reader that has the whole file needs no more of it"),
        (Fault::ForgetsTiles, "the tile table has each tile"),
        (Fault::NamesAnotherFormat, "a header names the format of its reader"),
        (Fault::DependsOnParts, "a file is the same whole and in parts"),
        (Fault::IgnoresTheRectangle, "a rectangle is a part of the whole tile"),
        (Fault::IgnoresTheBuffer, "a request that does not fit the tile or the buffer is an error"),
        (Fault::LeavesBytes, "decoding writes every byte, the same each time"),
        (Fault::AcceptsNothing, "no bytes are not a tile"),
        (Fault::WrongError, "decoding fails with CorruptTile of the tile, or Unsupported"),
    ] {
        let report = raster_reader(&Raw(fault), &samples);
        assert_breaks(&report.violations, rule);
        for violation in report.violations.iter() {
            assert!(!violation.found.is_empty(), "{violation:?}");
        }
    }
}
