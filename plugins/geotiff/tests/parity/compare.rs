//! Decodes and compares.

use super::Case;
use bytes::Bytes;
use rasteret_geotiff::GeoTiffReader;
use rasteret_schema::{
    ByteRanges, DataType, HeaderArchive, ImageView, Parsed, RasterError, RasterHeader, RasterReader,
    TileRequest,
};
use std::ops::Range;

/// Random rectangles decoded of each tile.
const RECTANGLES: u32 = 3;

/// How a case came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every sample is what GDAL reads, bit for bit.
    Equal,
    /// Samples differ by this at most, which is within the case's tolerance.
    Within(u8),
    /// Luma differs by this at most, which is within the case's tolerance, and samples by less than
    /// eight on average.
    LumaWithin(u8),
}

/// Reads a case's file and compares it with what GDAL reads.
///
/// # Errors
///
/// What differs.
pub fn check(case: &Case) -> Result<Verdict, String> {
    let file = Bytes::from(std::fs::read(&case.file).map_err(|error| error.to_string())?);
    let reader = GeoTiffReader::new();
    let decoded = decode_level(&reader, &file, case.level).map_err(|error| error.to_string())?;
    if decoded.shape != case.shape {
        return Err(format!("shape {:?} instead of {:?}", decoded.shape, case.shape));
    }
    let dtype = DataType::from_name(&case.dtype).ok_or_else(|| format!("data type {}", case.dtype))?;
    let pixels = match (decoded.dtype, dtype) {
        // GDAL before 3.11 knows no half precision.
        (DataType::Float16, DataType::Float32) => {
            let halves = decoded.pixels.as_chunks::<2>().0;
            halves.iter().flat_map(|half| half::f16::from_ne_bytes(*half).to_f32().to_ne_bytes()).collect()
        }
        (decoded_dtype, _) if decoded_dtype != dtype => {
            return Err(format!("data type {decoded_dtype} instead of {dtype}"));
        }
        _ => decoded.pixels,
    };
    if let Some(path) = &case.libjpeg_turbo {
        let of_libjpeg_turbo = std::fs::read(path).map_err(|error| error.to_string())?;
        if pixels != of_libjpeg_turbo {
            return Err(format!("differs by {} from libjpeg-turbo", farthest(&pixels, &of_libjpeg_turbo)));
        }
    }
    let expected = std::fs::read(&case.expected).map_err(|error| error.to_string())?;
    if pixels == expected {
        return Ok(Verdict::Equal);
    }
    let farthest = farthest(&pixels, &expected);
    if case.luma {
        let sum: usize = pixels.iter().zip(&expected).map(|(a, b)| usize::from(a.abs_diff(*b))).sum();
        let mean = sum as f64 / pixels.len() as f64;
        let luma = farthest_luma(&pixels, &expected);
        return if luma <= case.tolerance && mean < 8.0 {
            Ok(Verdict::LumaWithin(luma))
        } else {
            Err(format!("luma differs by {luma} at most, samples by {farthest}, by {mean} on average"))
        };
    }
    if dtype == DataType::UInt8 && farthest <= case.tolerance {
        return Ok(Verdict::Within(farthest));
    }
    let first = pixels.iter().zip(&expected).position(|(a, b)| a != b).unwrap_or(0) / dtype.size();
    let [_, rows, columns] = case.shape;
    Err(format!(
        "band {}, row {}, column {} is the first that differs, bytes by {farthest} at most",
        first / (rows * columns),
        first / columns % rows,
        first % columns
    ))
}

fn farthest(a: &[u8], b: &[u8]) -> u8 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

/// The farthest that luma of RGB pixels lies apart, where no sample has been cut off.
fn farthest_luma(a: &[u8], b: &[u8]) -> u8 {
    let pixels = a.len() / 3;
    let luma = |samples: &[u8], pixel: usize| {
        let rgb = [samples[pixel], samples[pixel + pixels], samples[pixel + 2 * pixels]];
        let [red, green, blue] = rgb.map(f64::from);
        let inside = rgb.iter().all(|sample| (1..u8::MAX).contains(sample));
        inside.then_some((0.299 * red + 0.587 * green + 0.114 * blue).round() as u8)
    };
    (0..pixels).filter_map(|pixel| Some(luma(a, pixel)?.abs_diff(luma(b, pixel)?))).max().unwrap_or(0)
}

struct Level {
    dtype: DataType,
    shape: [usize; 3],
    /// `[bands, rows, columns]`.
    pixels: Vec<u8>,
}

fn decode_level(reader: &GeoTiffReader, file: &Bytes, level: usize) -> Result<Level, RasterError> {
    let header = parse(reader, file)?;
    let archive = HeaderArchive::new(&header).expect("a header that can be archived");
    let view = archive.header().expect("a valid archive");
    let image = view.image(level).expect("as many levels as GDAL finds");
    let mut random = Random(0x9E37_79B9_7F4A_7C15);

    let size = image.dtype.size();
    let shape = [image.samples_per_pixel.into(), image.height as usize, image.width as usize];
    let mut pixels = vec![0; shape.iter().product::<usize>() * size];
    header.nodata.and_then(|nodata| nodata.to_sample(image.dtype)).inspect(|nodata| nodata.fill(&mut pixels));
    for tile in 0..image.tiles.len() {
        let Some(range) = image.tiles.get(tile) else { continue };
        let encoded = file.slice(range.start as usize..(range.end as usize).min(file.len()));
        let whole = whole_tile(reader, &image, tile, &encoded)?;
        for _ in 0..RECTANGLES {
            let request = random.request(&image, tile);
            assert_rectangle(reader, &image, tile, &encoded, &request, &whole);
        }
        place(&image, tile, &whole, &mut pixels);
    }
    Ok(Level { dtype: image.dtype, shape, pixels })
}

fn parse(reader: &GeoTiffReader, file: &Bytes) -> Result<RasterHeader, RasterError> {
    match reader.parse(&ByteRanges::whole(file.clone()))? {
        Parsed::Header(header) => Ok(*header),
        Parsed::Needs(ranges) => panic!("the whole file is there, but {ranges:?} are asked for"),
    }
}

fn whole_tile(
    reader: &GeoTiffReader,
    image: &ImageView<'_>,
    tile: u32,
    encoded: &[u8],
) -> Result<Vec<u8>, RasterError> {
    let samples: Vec<u16> = (0..image.samples_per_tile()).collect();
    let request =
        TileRequest { rows: 0..image.encoded_rows(tile), columns: 0..image.tile_width, samples: &samples };
    // What a buffer held before must not matter.
    let mut pixels = vec![0xA5; request.decoded_len(image.dtype.size()).expect("a small tile")];
    reader.decode(image, tile, encoded, &request, &mut pixels)?;
    Ok(pixels)
}

fn assert_rectangle(
    reader: &GeoTiffReader,
    image: &ImageView<'_>,
    tile: u32,
    encoded: &[u8],
    (rows, columns, samples): &(Range<u32>, Range<u32>, Vec<u16>),
    whole: &[u8],
) {
    let request = TileRequest { rows: rows.clone(), columns: columns.clone(), samples };
    let size = image.dtype.size();
    let mut pixels = vec![0x5A; request.decoded_len(size).expect("a small tile")];
    let decoded = reader.decode(image, tile, encoded, &request, &mut pixels);
    assert_eq!(decoded, Ok(()), "tile {tile}: {request:?} does not decode, but the whole tile does");
    let (width, height) = (image.tile_width as usize, image.encoded_rows(tile) as usize);
    let mut expected = Vec::with_capacity(pixels.len());
    for sample in samples {
        for row in rows.clone() {
            let start = (usize::from(*sample) * height + row as usize) * width;
            let pixels = start + columns.start as usize..start + columns.end as usize;
            expected.extend_from_slice(&whole[pixels.start * size..pixels.end * size]);
        }
    }
    assert!(pixels == expected, "tile {tile}: {request:?} differs from the whole tile");
}

/// Copies the part of a tile that lies within the image.
fn place(image: &ImageView<'_>, tile: u32, whole: &[u8], pixels: &mut [u8]) {
    let size = image.dtype.size();
    let (width, height) = (image.width as usize, image.height as usize);
    let (tile_width, tile_rows) = (image.tile_width as usize, image.encoded_rows(tile) as usize);
    let top = image.tile_row(tile) as usize * image.tile_height as usize;
    let left = (tile % image.tiles_across()) as usize * tile_width;
    let plane = if image.planar { tile / (image.tiles_across() * image.tiles_down()) } else { 0 } as usize;
    for sample in 0..usize::from(image.samples_per_tile()) {
        for row in 0..tile_rows.min(height - top) {
            let from = (sample * tile_rows + row) * tile_width * size;
            let to = (((plane + sample) * height + top + row) * width + left) * size;
            let len = tile_width.min(width - left) * size;
            pixels[to..to + len].copy_from_slice(&whole[from..from + len]);
        }
    }
}

/// Numbers that look random, the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % u64::from(end)) as u32
    }

    fn range(&mut self, end: u32) -> Range<u32> {
        let (a, b) = (self.below(end), self.below(end));
        a.min(b)..a.max(b) + 1
    }

    /// Rows, columns, and samples of a tile, some of them wholly.
    fn request(&mut self, image: &ImageView<'_>, tile: u32) -> (Range<u32>, Range<u32>, Vec<u16>) {
        let rows = self.range(image.encoded_rows(tile));
        let columns = if self.below(3) == 0 { 0..image.tile_width } else { self.range(image.tile_width) };
        let samples = u32::from(image.samples_per_tile());
        let samples = (0..=self.below(samples)).map(|_| self.below(samples) as u16).collect();
        (rows, columns, samples)
    }
}
