//! What is read of a collection, by us and by rasteret, in the same words.

use crate::material::records;
use crate::peer::ask;
use crate::samples::samples_as_f64;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use rasteret::blocking::{Wait, WaitEach};
use rasteret::geometry::Points;
use rasteret::read::PixelArray;
use rasteret::{Area, Collection, Filter};
use serde_json::{Value, json};
use std::path::Path;

/// A read of a record.
#[derive(Debug, Clone)]
pub struct Read {
    pub id: String,
    pub area: [f64; 4],
    pub bands: Vec<String>,
    /// The one file that its bands are in, and which of its samples they are, from 1.
    pub file: Option<(String, Vec<i64>)>,
}

/// For each record a part of its middle, of each band, and of all bands together.
pub fn reads(collection: &Collection) -> Vec<Read> {
    let mut reads = Vec::new();
    for record in records(collection) {
        let side = |name: &str| record["bbox"][name].as_f64().unwrap();
        let (width, height) = (side("xmax") - side("xmin"), side("ymax") - side("ymin"));
        let (west, south) = (side("xmin") + width * 0.2813, side("ymin") + height * 0.3117);
        let area = [west, south, west + width * 0.3719, south + height * 0.4023];
        let assets: Vec<(&String, &Value)> =
            record["assets"].as_object().unwrap().iter().filter(|(_, asset)| !asset.is_null()).collect();
        let read = |assets: &[(&String, &Value)]| {
            let hrefs: Vec<&str> = assets.iter().map(|(_, asset)| asset["href"].as_str().unwrap()).collect();
            let samples =
                assets.iter().map(|(_, asset)| asset["band_index"].as_i64().unwrap_or(0) + 1).collect();
            Read {
                id: record["id"].as_str().unwrap().to_owned(),
                area,
                bands: assets.iter().map(|(band, _)| (*band).clone()).collect(),
                file: hrefs.iter().all(|href| *href == hrefs[0]).then(|| (hrefs[0].to_owned(), samples)),
            }
        };
        reads.extend(assets.iter().map(|asset| read(&[*asset])));
        if assets.len() > 1 {
            reads.push(read(&assets));
        }
    }
    reads
}

impl Read {
    fn request(&self, method: &str) -> Value {
        let [west, south, east, north] = self.area;
        // None is on the edge of a pixel, where programs round as they like.
        let points: Vec<[f64; 2]> = (0..10)
            .map(|i| f64::from(i) / 9.0)
            .map(|at| [west + (east - west) * at, south + (north - south) * (1.0 - at) * at * 4.0])
            .collect();
        json!({"id": self.id, "area": self.area, "bands": self.bands, "method": method, "points": points})
    }

    pub fn of(&self, collection: &Collection) -> rasteret::ReadRequest {
        let one = collection.subset(Filter::new().ids([&self.id]));
        one.read(Area::bbox(self.area)).bands(&self.bands)
    }

    /// What rasterio reads: the answer to `rasterio` of the script.
    pub fn rasterio(&self) -> Option<Value> {
        let (file, samples) = self.file.as_ref()?;
        let [west, south, east, north] = self.area;
        let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
        let geometry = json!({"type": "Polygon", "coordinates": [ring]});
        Some(json!({"file": file, "bands": samples, "geometry": geometry, "crs": "EPSG:4326",
            "all_touched": false, "fill": null}))
    }
}

/// What rasteret reads of a collection by one of its methods.
pub fn rasteret(path: &Path, folder: &Path, out: &Path, method: &str, reads: &[Read]) -> Option<Vec<Value>> {
    let requests: Vec<Value> = reads.iter().map(|read| read.request(method)).collect();
    let answer = ask("read", json!({"path": path, "folder": folder, "out": out, "reads": requests}))?;
    Some(answer.as_array().unwrap().clone())
}

/// The bytes of an array of the script.
fn bytes(answer: &Value) -> Vec<u8> {
    std::fs::read(answer["out"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

fn shape(answer: &Value) -> Vec<usize> {
    serde_json::from_value(answer["shape"].clone()).unwrap()
}

/// Pixels are the same, bit by bit; `[N, C, H, W]`, where one band has no C.
fn assert_pixels(pixels: &PixelArray, answer: &Value, what: &str) -> usize {
    let mut expected = shape(answer);
    if expected.len() == 3 {
        expected.insert(1, 1);
    }
    assert_eq!(pixels.shape().as_slice(), expected, "{what}");
    assert_eq!(pixels.dtype().name(), answer["dtype"], "{what}");
    let differ = pixels.to_bytes().iter().zip(&bytes(answer)).filter(|(ours, theirs)| ours != theirs).count();
    assert_eq!(differ, 0, "{what}: bytes differ");
    expected.iter().product()
}

/// `get_numpy` is our array.
pub fn assert_array(read: &Read, collection: &Collection, answer: &Value) -> usize {
    let array = read.of(collection).array().wait().unwrap();
    assert_pixels(&array.pixels, answer, &format!("array {read:?}"))
}

/// What rasterio reads is our array.
pub fn assert_rasterio(read: &Read, collection: &Collection, answer: &Value) -> usize {
    let array = read.of(collection).array().wait().unwrap();
    let mut answer = answer.clone();
    let shape = answer["shape"].as_array_mut().unwrap();
    shape.insert(0, json!(1));
    assert_pixels(&array.pixels, &answer, &format!("rasterio {read:?}"))
}

/// `get_xarray` is our dataset: `[time, geometry, y, x]` for each band.
pub fn assert_dataset(read: &Read, collection: &Collection, answer: &Value) -> usize {
    let dataset = read.of(collection).dataset(rasteret::dataset::Mosaic::default()).wait().unwrap();
    let what = format!("dataset {read:?}");
    assert_eq!(answer["dims"], json!(["time", "geometry", "y", "x"]), "{what}");
    let coordinates = |name: &str| -> Vec<f64> {
        bytes(&answer[name]).chunks_exact(8).map(|it| f64::from_ne_bytes(it.try_into().unwrap())).collect()
    };
    for (ours, name) in [(dataset.x(), "x"), (dataset.y(), "y")] {
        let theirs = coordinates(name);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs();
        assert!(
            ours.len() == theirs.len() && ours.iter().zip(&theirs).all(near),
            "{what}: {ours:?} {theirs:?}"
        );
    }
    assert_eq!(dataset.crs().epsg().map(i64::from), answer["epsg"].as_i64(), "{what}");
    let mut compared = 0;
    for band in &read.bands {
        let (ours, theirs) = (dataset.variable(band).unwrap(), &answer["bands"][band]);
        assert_eq!(ours.pixels.shape().as_slice(), shape(theirs), "{what}");
        assert_eq!(ours.pixels.dtype().name(), theirs["dtype"], "{what}");
        let dtype = ours.pixels.dtype();
        let (ours_values, theirs) =
            (samples_as_f64(dtype, &ours.pixels.to_bytes()), samples_as_f64(dtype, &bytes(theirs)));
        for ((a, b), valid) in ours_values.iter().zip(&theirs).zip(&ours.valid) {
            // Of floats without a nodata value, what lies outside is NaN in our datasets, and 0 in rasteret's.
            assert!(a == b || !valid && a.is_nan() && *b == 0.0, "{what}: {a} instead of {b}");
        }
        compared += theirs.len();
    }
    compared
}

/// `get_gdf` is our table, whose rows have the data in one list.
pub fn assert_table(read: &Read, collection: &Collection, answer: &Value) -> usize {
    let table = read.of(collection).table().wait().unwrap();
    let what = format!("table {read:?}");
    let rows = rasteret::query::json_rows(&table).unwrap();
    let theirs = answer.as_array().unwrap_or_else(|| panic!("{what}: {answer}"));
    assert_eq!(rows.len(), theirs.len(), "{what}");
    let mut compared = 0;
    for row in rows {
        let same = |theirs: &&Value| theirs["record_id"] == row["record_id"] && theirs["band"] == row["band"];
        let theirs = theirs.iter().find(same).unwrap();
        assert_eq!(row["collection"], theirs["collection"], "{what}");
        // Where it is not known, rasteret says that there are no clouds.
        assert_eq!(row["cloud_cover"].as_f64().unwrap_or(0.0), theirs["cloud_cover"], "{what}");
        let transform: Vec<f64> = serde_json::from_value(row["transform"].clone()).unwrap();
        let expected: Vec<f64> = serde_json::from_value(theirs["transform"].clone()).unwrap();
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        assert!(transform.iter().zip(&expected).all(near), "{what}: {transform:?} {expected:?}");
        assert_eq!(json!(row["shape"]), theirs["data"]["shape"], "{what}");
        let data: Vec<f64> = serde_json::from_value(row["data"].clone()).unwrap();
        let dtype = rasteret_schema::DataType::from_name(theirs["data"]["dtype"].as_str().unwrap()).unwrap();
        assert_eq!(data, samples_as_f64(dtype, &bytes(&theirs["data"])), "{what}");
        compared += data.len();
    }
    compared
}

/// `sample_points` is our table of samples, where there are any.
pub fn assert_points(read: &Read, collection: &Collection, answer: &Value) -> usize {
    let what = format!("points {read:?}");
    let points: Vec<[f64; 2]> = serde_json::from_value(read.request("points")["points"].clone()).unwrap();
    let points =
        Points::new(points.iter().map(|it| it[0]).collect(), points.iter().map(|it| it[1]).collect());
    let one = collection.subset(Filter::new().ids([&read.id]));
    let batches: Vec<_> = one
        .sample(points)
        .bands(&read.bands)
        .stream()
        .unwrap()
        .wait_each()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut ours: Vec<(i64, String, f64)> = Vec::new();
    for batch in &batches {
        let (index, band) =
            (batch["point_index"].as_primitive::<Int64Type>(), batch["band"].as_string::<i32>());
        let value = batch["value"].as_primitive::<Float64Type>();
        ours.extend(
            (0..batch.num_rows()).map(|row| (index.value(row), band.value(row).to_owned(), value.value(row))),
        );
    }
    let theirs = answer.as_array().unwrap_or_else(|| panic!("{what}: {answer}"));
    let mut theirs: Vec<(i64, String, f64)> = theirs
        .iter()
        .map(|row| {
            (
                row["point_index"].as_i64().unwrap(),
                row["band"].as_str().unwrap().to_owned(),
                row["value"].as_f64().unwrap(),
            )
        })
        .collect();
    ours.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    theirs.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    assert_eq!(ours, theirs, "{what}");
    ours.len()
}
