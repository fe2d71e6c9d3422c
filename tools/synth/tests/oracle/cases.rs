//! Files, and what rasterio has to find in them.

use rasteret_geotiff::write::{CogOptions, Image, Sample, overviews, write_cog};
use rasteret_schema::{BandMetadata, ColorInterpretation, PixelValue};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A folder of files, beside each a JSON document that says what it holds.
pub struct Cases {
    folder: PathBuf,
}

impl Cases {
    pub fn new(folder: &Path) -> Self {
        Cases { folder: folder.to_owned() }
    }

    /// Writes a file and its document. `expected` adds to what follows from the pixels: every key
    /// is checked by `check_cogs.py`.
    pub fn add<T: Sample>(
        &self,
        name: &str,
        options: &CogOptions,
        image: &Image<T>,
        mask: Option<&Image<u8>>,
        expected: Value,
    ) {
        let mut file = Vec::new();
        write_cog(options, image, mask, &mut file).unwrap_or_else(|error| panic!("{name}: {error}"));
        std::fs::write(self.folder.join(format!("{name}.tif")), file).unwrap();

        let coarse = overviews(options, image, mask).unwrap();
        let coarse = coarse.iter().map(|level| (&level.image, level.mask.as_ref()));
        let levels: Vec<Value> = [(image, mask)]
            .into_iter()
            .chain(coarse)
            .enumerate()
            .map(|(level, (image, mask))| {
                let pixels = format!("{name}.{level}.pixels");
                std::fs::write(self.folder.join(&pixels), bytes(image)).unwrap();
                let mask = mask.map(|mask| {
                    let path = format!("{name}.{level}.mask");
                    std::fs::write(self.folder.join(&path), bytes(mask)).unwrap();
                    path
                });
                json!({"shape": [image.bands(), image.height(), image.width()], "pixels": pixels, "mask": mask})
            })
            .collect();
        let nodata = match options.nodata {
            Some(PixelValue::Float(value)) if value.is_nan() => json!("nan"),
            Some(PixelValue::Float(value)) => json!(value),
            Some(PixelValue::Integer(value)) => json!(value),
            Some(PixelValue::Unsigned(value)) => json!(value),
            None => Value::Null,
        };
        let mut document = json!({
            "name": name,
            "dtype": T::DTYPE.name(),
            "levels": levels,
            "nodata": nodata,
            "transform": options.transform.map(|transform| transform.to_array()),
            "sparse": options.sparse,
        });
        let additions = expected.as_object().expect("an object").clone();
        document.as_object_mut().unwrap().extend(additions);
        std::fs::write(self.folder.join(format!("{name}.json")), document.to_string()).unwrap();
    }
}

/// The samples in little-endian order.
fn bytes<T: Sample>(image: &Image<T>) -> Vec<u8> {
    let size = T::DTYPE.size();
    image.samples().iter().flat_map(|sample| sample.to_bits().to_le_bytes().into_iter().take(size)).collect()
}

/// An image of gradients, steps and extremes of its type; smooth enough for runs and differences,
/// rough enough for every bit to be used.
pub fn pattern<T: Sample>(width: u32, height: u32, bands: u16) -> Image<T> {
    Image::from_fn(width, height, bands, |band, column, row| {
        let mixed =
            u64::from(column * 7 + row * 131 + u32::from(band) * 1009).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let smooth = f64::from(column) * 1.25 - f64::from(row) * 0.75 + f64::from(band) * 10.0;
        match column / 16 % 3 {
            0 if row % 5 == 0 => T::default(),
            1 if T::DTYPE.is_float() => T::from_value(PixelValue::from(smooth * 1.1)).unwrap(),
            1 => T::from_bits(smooth as i64 as u64),
            _ => finite(mixed),
        }
    })
    .unwrap()
}

/// Any bits, but for floats those of numbers below 2.
fn finite<T: Sample>(bits: u64) -> T {
    let exponent = if T::DTYPE.is_float() { 1 << (8 * T::DTYPE.size() - 2) } else { 0 };
    T::from_bits(bits & !exponent)
}

/// A band that is known by its colour.
pub fn band(color: ColorInterpretation) -> BandMetadata {
    BandMetadata { color, ..BandMetadata::default() }
}

/// Red, green and blue.
pub fn rgb() -> Vec<BandMetadata> {
    use ColorInterpretation::{Blue, Green, Red};
    [Red, Green, Blue].map(band).to_vec()
}

/// Valid within an ellipse.
pub fn ellipse(width: u32, height: u32) -> Image<u8> {
    Image::from_fn(width, height, 1, |_, column, row| {
        let x = 2.0 * f64::from(column) / f64::from(width) - 1.0;
        let y = 2.0 * f64::from(row) / f64::from(height) - 1.0;
        if x * x + y * y < 0.7 { 255 } else { 0 }
    })
    .unwrap()
}

/// Nothing but `empty` to the left of a line.
pub fn half_empty(width: u32, height: u32, bands: u16, empty: u16) -> Image<u16> {
    let full = pattern::<u16>(width, height, bands);
    Image::from_fn(width, height, bands, |band, column, row| match column + row / 4 < width / 2 {
        true => empty,
        false => full.row(band, row)[column as usize] | 1,
    })
    .unwrap()
}
