//! Compares what the reader gives with what rasterio gives.

use super::encoding::Encoding;
use super::expected::{Level, Raster, Read};
use super::pixels::GeoTiff;
use rasteret_schema::{DataType, ImageView, RasterError, Window};

/// How far decoders of lossy codecs may lie apart, in steps of 8-bit samples: the standards leave the
/// rounding of their transforms open. All else is equal bit for bit.
pub const LOSSY_TOLERANCE: f64 = 2.0;

/// How a file came out.
pub struct Outcome {
    pub name: String,
    /// `None` where the header is refused.
    pub encoding: Option<Encoding>,
    pub result: Result<Compared, RasterError>,
    /// What must not be, in words.
    pub failures: Vec<String>,
}

/// What has been compared of a file.
#[derive(Default)]
pub struct Compared {
    /// Reads that cover the images.
    pub whole: usize,
    /// Reads of random windows.
    pub windows: usize,
    /// How far samples lie apart at most. 0 means that they are equal bit for bit, but for the payload
    /// of NaN.
    pub farthest: f64,
    /// The same of the luma of RGB, where chroma is subsampled: it does not depend on how a decoder
    /// interpolates chroma.
    pub farthest_luma: Option<f64>,
    /// Levels that are equal to what libtiff reads with libjpeg-turbo.
    pub equal_to_libjpeg_turbo: usize,
    /// Whether there are masks; all of them are equal.
    pub mask: bool,
    /// How many reads both refuse, and why the first.
    pub refused: Option<(usize, RasterError)>,
}

/// Reads a file and compares it.
pub fn check(raster: &Raster) -> Outcome {
    let mut failures = Vec::new();
    let mut encoding = None;
    let result = compare(raster, &mut encoding, &mut failures);
    match &result {
        Err(RasterError::Unsupported { .. }) => {}
        Err(error) if raster.refused.is_none() => failures.push(format!("{} ({})", error, error.kind())),
        _ => {}
    }
    let failures = failures.into_iter().map(|failure| format!("{}: {failure}", raster.name)).collect();
    Outcome { name: raster.name.clone(), encoding, result, failures }
}

fn compare(
    raster: &Raster,
    encoding: &mut Option<Encoding>,
    failures: &mut Vec<String>,
) -> Result<Compared, RasterError> {
    let bytes = std::fs::read(&raster.file).expect("a file that Python has read");
    let file = GeoTiff::open(bytes.into())?;
    let of_file = encoding.insert(Encoding::of(&file));
    let mut compared = Compared::default();
    if let Some(error) = &raster.refused {
        failures.push(format!("rasterio refuses it: {error}"));
        return Ok(compared);
    }
    if file.header.images.len() != raster.levels.len() {
        failures.push(format!("{} levels, rasterio's {}", file.header.images.len(), raster.levels.len()));
        return Ok(compared);
    }
    let pixels = std::fs::read(&raster.pixels).expect("a file that Python has written");
    let mut pixels = Pixels { rest: &pixels };
    for (index, level) in raster.levels.iter().enumerate() {
        let image = file.image(index).expect("as many levels");
        let shape = [image.samples_per_pixel.into(), image.height, image.width];
        // GDAL before 3.11 knows no half precision.
        let dtype = if image.dtype == DataType::Float16 { DataType::Float32 } else { image.dtype };
        if (shape, dtype.name()) != (level.shape, &level.dtype) || file.mask(index).is_some() != level.mask {
            failures.push(format!(
                "level {index}: {shape:?} of {dtype}, mask: {}; rasterio's {:?} of {}, mask: {}",
                file.mask(index).is_some(),
                level.shape,
                level.dtype,
                level.mask
            ));
            return Ok(compared);
        }
        compare_level(&file, of_file, index, level, &mut pixels, &mut compared, failures)?;
    }
    let tolerance = if of_file.is_lossy() { LOSSY_TOLERANCE } else { 0.0 };
    let (what, farthest) = match compared.farthest_luma {
        // Libraries interpolate chroma differently; libjpeg-turbo's pixels have been compared by themselves.
        Some(luma) => ("luma differs", luma),
        None => ("samples differ", compared.farthest),
    };
    if farthest > tolerance {
        failures.push(format!("{what} by {farthest}, more than {tolerance}"));
    }
    Ok(compared)
}

fn compare_level(
    file: &GeoTiff,
    encoding: &Encoding,
    index: usize,
    level: &Level,
    expected: &mut Pixels<'_>,
    compared: &mut Compared,
    failures: &mut Vec<String>,
) -> Result<(), RasterError> {
    compared.whole += level.whole.len();
    compared.windows += level.windows.len();
    let image = &file.image(index).expect("as many levels");
    if let Some(path) = &level.libjpeg_turbo {
        let theirs = std::fs::read(path).expect("a file that Python has written");
        let whole = Window { column: 0, row: 0, width: image.width, height: image.height };
        match difference(&file.read(image, &whole)?, &theirs, image.dtype) {
            None => compared.equal_to_libjpeg_turbo += 1,
            Some(difference) => failures.push(format!("level {index}: libjpeg-turbo: {difference:?}")),
        }
    }
    for read in level.whole.iter().chain(&level.windows) {
        let what = || format!("level {index}, {:?}", read.window);
        let ours = match (file.read(image, &read.window), read.failed) {
            (Ok(ours), false) => ours,
            (Ok(_), true) => {
                failures.push(format!("{}: rasterio refuses it", what()));
                continue;
            }
            (Err(error @ RasterError::Unsupported { .. }), _) => return Err(error),
            (Err(error), true) => {
                if !matches!(error, RasterError::CorruptTile { .. }) {
                    failures.push(format!("{}: {error} ({})", what(), error.kind()));
                }
                compared.refused = Some(match compared.refused.take() {
                    Some((count, first)) => (count + 1, first),
                    None => (1, error),
                });
                continue;
            }
            (Err(error), false) => {
                failures.push(format!("{}: {error} ({}), but rasterio reads it", what(), error.kind()));
                skip(image, level, read, expected);
                continue;
            }
        };
        let (ours, dtype) = widened(ours, image.dtype);
        let theirs = expected.take(ours.len(), dtype.size(), read.constant);
        if let Some(difference) = difference(&ours, &theirs, dtype) {
            if !encoding.is_lossy() {
                failures.push(format!("{}: {difference:?}", what()));
            }
            compared.farthest = compared.farthest.max(difference.farthest);
        }
        if encoding.codec.is_subsampled() {
            let farthest = compared.farthest_luma.get_or_insert(0.0);
            *farthest = farthest.max(luma_difference(&ours, &theirs));
        }
        if let Some(mask) = file.mask(index) {
            let theirs = expected.take(read.window.pixels() as usize, 1, read.constant_mask);
            match file.read_mask(&mask, &read.window) {
                Ok(ours) if ours == theirs => compared.mask = true,
                Ok(_) => failures.push(format!("{}: the mask differs", what())),
                Err(error) => failures.push(format!("{}: mask: {error}", what())),
            }
        }
    }
    Ok(())
}

/// Passes over the pixels of a read.
fn skip(image: &ImageView<'_>, level: &Level, read: &Read, expected: &mut Pixels<'_>) {
    let size = if image.dtype == DataType::Float16 { 4 } else { image.dtype.size() };
    let pixels = read.window.pixels() as usize;
    expected.take(pixels * level.shape[0] as usize * size, size, read.constant);
    if level.mask {
        expected.take(pixels, 1, read.constant_mask);
    }
}

/// Pixels that rasterio has read.
struct Pixels<'a> {
    rest: &'a [u8],
}

impl Pixels<'_> {
    /// The next `len` bytes, which are copies of one sample where they are constant.
    fn take(&mut self, len: usize, size: usize, constant: bool) -> Vec<u8> {
        let (pixels, rest) = self.rest.split_at(if constant { size } else { len });
        self.rest = rest;
        if constant { pixels.repeat(len / size) } else { pixels.to_vec() }
    }
}

/// Half precision in single, which is what GDAL before 3.11 gives.
fn widened(pixels: Vec<u8>, dtype: DataType) -> (Vec<u8>, DataType) {
    if dtype != DataType::Float16 {
        return (pixels, dtype);
    }
    let halves = pixels.as_chunks::<2>().0;
    let floats = halves.iter().flat_map(|half| half::f16::from_ne_bytes(*half).to_f32().to_ne_bytes());
    (floats.collect(), DataType::Float32)
}

/// How two windows differ.
#[derive(Debug)]
#[expect(dead_code, reason = "it is printed")]
struct Difference {
    /// Samples that are not the same.
    samples: usize,
    of: usize,
    /// The first of them.
    first: usize,
    farthest: f64,
}

/// `None` if all samples are the same bit for bit, or both NaN.
fn difference(ours: &[u8], theirs: &[u8], dtype: DataType) -> Option<Difference> {
    if ours == theirs {
        return None;
    }
    let samples = ours.chunks_exact(dtype.size()).zip(theirs.chunks_exact(dtype.size()));
    let of = ours.len() / dtype.size();
    let mut found: Option<Difference> = None;
    for (index, (ours, theirs)) in samples.enumerate() {
        let (a, b) = (value(ours, dtype), value(theirs, dtype));
        if ours == theirs || a.is_nan() && b.is_nan() {
            continue;
        }
        let difference = found.get_or_insert(Difference { samples: 0, of, first: index, farthest: 0.0 });
        difference.samples += 1;
        let distance = if a.is_nan() || b.is_nan() { f64::INFINITY } else { (a - b).abs() };
        // Zeros of different signs, and neighbours among integers of 64 bits, differ, too.
        difference.farthest = difference.farthest.max(distance).max(f64::MIN_POSITIVE);
    }
    found
}

/// How far the luma of RGB pixels lies apart at most, in whole steps, where no sample has been cut off.
fn luma_difference(ours: &[u8], theirs: &[u8]) -> f64 {
    let pixels = ours.len() / 3;
    let luma = |samples: &[u8], pixel: usize| {
        let rgb = [samples[pixel], samples[pixel + pixels], samples[pixel + 2 * pixels]];
        let [red, green, blue] = rgb.map(f64::from);
        let inside = rgb.iter().all(|sample| (1..u8::MAX).contains(sample));
        inside.then(|| (0.299 * red + 0.587 * green + 0.114 * blue).round())
    };
    let differences = (0..pixels).filter_map(|pixel| Some((luma(ours, pixel)? - luma(theirs, pixel)?).abs()));
    differences.fold(0.0, f64::max)
}

fn value(sample: &[u8], dtype: DataType) -> f64 {
    macro_rules! read {
        ($type:ty) => {
            <$type>::from_ne_bytes(sample.try_into().expect("a sample")) as f64
        };
    }
    match dtype {
        DataType::UInt8 => read!(u8),
        DataType::Int8 => read!(i8),
        DataType::UInt16 => read!(u16),
        DataType::Int16 => read!(i16),
        DataType::UInt32 => read!(u32),
        DataType::Int32 => read!(i32),
        DataType::UInt64 => read!(u64),
        DataType::Int64 => read!(i64),
        DataType::Float16 => half::f16::from_ne_bytes(sample.try_into().expect("a sample")).to_f64(),
        DataType::Float32 => read!(f32),
        DataType::Float64 => read!(f64),
    }
}
