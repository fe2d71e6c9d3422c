//! Headers against what rasterio says about the same files.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

mod header_common;

use header_common::odd::odd_files;
use header_common::{cogs, oracle, parse, written};
use rasteret_schema::{Crs, DataType, ImageHeader, PixelValue, RasterHeader};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The farthest that two definitions of a CRS may put a point apart.
const MILLIMETRE: f64 = 1e-3;

#[test]
fn test_data_parses_as_in_rasterio() {
    let test = "test_data_parses_as_in_rasterio";
    if let Some(files) = cogs(test) {
        compare(test, &files);
    }
}

#[test]
fn written_files_parse_as_in_rasterio() {
    let test = "written_files_parse_as_in_rasterio";
    let folder = tempfile::tempdir().unwrap();
    if let Some(files) = written(test, folder.path()) {
        compare(test, &files);
    }
}

#[test]
fn odd_files_parse_as_in_rasterio() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = odd_files()
        .into_iter()
        .map(|(name, bytes)| {
            let path = folder.path().join(format!("{name}.tif"));
            std::fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    compare("odd_files_parse_as_in_rasterio", &files);
}

fn compare(test: &str, files: &[PathBuf]) {
    let paths: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let Some(said) = oracle(test, &["describe"], paths.as_bytes()) else { return };
    let said: Vec<Value> =
        said.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(said.len(), files.len());

    let mut report = Report::default();
    let mut crs_pairs = Vec::new();
    for (file, said) in files.iter().zip(&said) {
        report.file = file.clone();
        let header = match parse(std::fs::read(file).unwrap()) {
            Ok(header) => header,
            Err(error) => {
                if !said["error"].is_string() {
                    report.check("is read", &error.to_string(), &said["error"]);
                }
                continue;
            }
        };
        if said["error"].is_string() {
            report.check("is refused", &"no", &said["error"]);
            continue;
        }
        compare_images(&mut report, &header, said);
        compare_bands(&mut report, &header, said);
        compare_georeference(&mut report, &header, said);
        match (&header.georeference.crs, &said["crs"]) {
            (Some(ours), Value::String(theirs)) => {
                crs_pairs.push((file.clone(), ours.clone(), theirs.clone()))
            }
            (ours, theirs) => report.check("crs", &json!(ours.as_ref().map(Crs::as_str)), theirs),
        }
    }
    compare_crs(test, &mut report, &crs_pairs);
    assert!(report.differences.is_empty(), "{}", report.differences.join("\n"));
    println!("{} files and {} CRSs agree with rasterio", files.len(), crs_pairs.len());
}

#[derive(Default)]
struct Report {
    file: PathBuf,
    differences: Vec<String>,
}

impl Report {
    fn check<T: std::fmt::Debug + PartialEq<Value>>(&mut self, what: &str, ours: &T, theirs: &Value) {
        if ours != theirs {
            let name = self.file.file_name().unwrap().to_string_lossy();
            let text = format!("{name}: {what}: ours {ours:?}, rasterio's {theirs:?}");
            self.differences.push(text.chars().take(2000).collect());
        }
    }
}

/// Half precision is single precision to GDAL.
fn gdal_dtype(dtype: DataType) -> &'static str {
    if dtype == DataType::Float16 { "float32" } else { dtype.name() }
}

fn compare_images(report: &mut Report, header: &RasterHeader, said: &Value) {
    let encoding = header.encoding().unwrap();
    report.check("dtype", &gdal_dtype(encoding.dtype), &said["image"]["dtype"]);
    report.check("count", &json!(header.bands.len()), &said["image"]["count"]);
    let mut levels = vec![json!({
        "shape": said["image"]["shape"], "block": said["image"]["block"],
        "tiles": said["image"]["tiles"], "has_mask": said["has_mask"],
    })];
    let mut overviews = said["overviews"].as_array().unwrap().clone();
    overviews.sort_by_key(|level| {
        std::cmp::Reverse(level["shape"][0].as_u64().unwrap() * level["shape"][1].as_u64().unwrap())
    });
    levels.extend(overviews);
    report.check("number of images", &json!(header.images.len()), &json!(levels.len()));
    for (index, (image, level)) in header.images.iter().zip(&levels).enumerate() {
        report.check(&format!("level {index}"), &described(header, image), level);
        let Some(mask) = image.mask.and_then(|mask| header.masks.get(usize::from(mask))) else { continue };
        let mut mask = described(header, mask);
        mask.as_object_mut().unwrap().remove("has_mask");
        let directories = said["directories"].as_array().unwrap();
        if directories.len() == 1 {
            // SubIFDs, which the oracle cannot look into.
            continue;
        }
        let same = directories.iter().find(|directory| directory["tiles"] == mask["tiles"]);
        let found = same
            .map(|same| json!({ "shape": same["shape"], "block": same["block"], "tiles": same["tiles"] }));
        report.check(&format!("mask of level {index}"), &mask, &found.unwrap_or_default());
    }
}

/// An image as the oracle describes one.
fn described(header: &RasterHeader, image: &ImageHeader) -> Value {
    let encoding = &header.encodings[usize::from(image.encoding)];
    let table = image.tiles.view();
    let planes = if encoding.planar { u32::from(encoding.samples_per_pixel) } else { 1 };
    let in_plane = table.len() / planes;
    let plane = |plane: u32| -> Vec<Value> {
        (plane * in_plane..(plane + 1) * in_plane)
            .map(|tile| match table.get(tile) {
                Some(range) => json!([range.start, range.end - range.start]),
                None => json!([null, null]),
            })
            .collect()
    };
    let bands = u32::from(encoding.samples_per_pixel);
    let tiles: Vec<_> = (0..bands).map(|band| plane(if encoding.planar { band } else { 0 })).collect();
    json!({
        "shape": [image.height, image.width],
        "block": [image.tile_height, image.tile_width],
        "tiles": tiles,
        "has_mask": image.mask.is_some(),
    })
}

fn compare_bands(report: &mut Report, header: &RasterHeader, said: &Value) {
    let of_bands = |value: &dyn Fn(&rasteret_schema::BandMetadata) -> Value| -> Value {
        header.bands.iter().map(value).collect()
    };
    report.check("colors", &of_bands(&|band| json!(band.color)), &said["colors"]);
    report.check("descriptions", &of_bands(&|band| json!(band.description)), &said["descriptions"]);
    report.check("scales", &of_bands(&|band| json!(band.scale)), &numbers(&said["scales"]));
    report.check("offsets", &of_bands(&|band| json!(band.offset)), &numbers(&said["offsets"]));
    report.check("units", &of_bands(&|band| json!(band.unit)), &said["units"]);

    let dtype = header.encoding().unwrap().dtype;
    let theirs = said["nodata"].as_str().and_then(PixelValue::parse);
    let sample = |value: Option<PixelValue>| {
        // A double cannot hold all integers of 64 bits, but rasterio gives them as one.
        let value =
            value.map(|value| if dtype.size() == 8 { PixelValue::from(value.as_f64()) } else { value });
        value.and_then(|value| value.to_sample(dtype)).map(|sample| sample.as_bytes().to_vec())
    };
    report.check("nodata", &json!(sample(header.nodata)), &json!(sample(theirs)));
    report.check("has nodata", &json!(header.nodata.is_some()), &json!(theirs.is_some()));

    let colors = header.color_map.len() / 3;
    let theirs = said["colormap"].as_object().map_or(0, |colors| colors.len());
    report.check("number of colors", &json!(colors), &json!(theirs));
    // GDAL divides by 257, or by 256 where that leaves no remainders.
    let divisor = if header.color_map.iter().all(|value| value % 256 == 0) { 256 } else { 257 };
    let channel = |index: usize| header.color_map[index] / divisor;
    for color in 0..colors {
        let ours = json!([channel(color), channel(colors + color), channel(2 * colors + color)]);
        let theirs = &said["colormap"][color.to_string()];
        report.check(&format!("color {color}"), &ours, &json!([theirs[0], theirs[1], theirs[2]]));
    }
}

/// Numbers that the oracle wrote as text.
fn numbers(value: &Value) -> Value {
    match value.as_array() {
        Some(texts) => {
            texts.iter().map(|text| json!(text.as_str().unwrap().parse::<f64>().unwrap())).collect()
        }
        None => Value::Null,
    }
}

fn compare_georeference(report: &mut Report, header: &RasterHeader, said: &Value) {
    let georeference = &header.georeference;
    let transform = json!(georeference.transform.map(|transform| transform.to_gdal()));
    report.check("transform", &transform, &numbers(&said["transform"]));
    report.check("gcps", &json!(georeference.ground_control_points), &said["gcps"]);
    report.check("pixel is point", &json!(georeference.pixel_is_point), &said["is_point"]);
}

fn compare_crs(test: &str, report: &mut Report, pairs: &[(PathBuf, Crs, String)]) {
    let texts: Vec<_> = pairs.iter().map(|(_, ours, theirs)| (ours.as_str(), theirs)).collect();
    let said = oracle(test, &["compare"], json!(texts).to_string().as_bytes()).unwrap();
    // Python writes infinity, which is not JSON.
    let said = String::from_utf8(said).unwrap().replace("Infinity", "1e300");
    let said: Vec<Value> = serde_json::from_str(&said).unwrap();
    for ((file, ours, theirs), difference) in pairs.iter().zip(&said) {
        let is_registered = ours.as_str().starts_with("EPSG:");
        let is_same = match difference["equal"].as_bool() {
            Some(true) => true,
            // Spelled out definitions may differ in names.
            Some(false) if !is_registered => {
                let is_compared = difference["points"].as_u64() > Some(0) || difference["unusable"] == true;
                difference["metres"].as_f64().is_some_and(|metres| metres <= MILLIMETRE) && is_compared
            }
            _ => false,
        };
        if !is_same {
            report.file = Path::new(file).to_owned();
            report.check("crs", &json!([ours.as_str(), difference]), &json!(theirs));
        }
    }
}
