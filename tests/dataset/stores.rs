//! Stores open in xarray, and say there what the dataset says.

use crate::oracle;
use crate::support::{array, pixels, slice, with_nodata};
use rasteret::dataset::{DatasetOptions, Mosaic};
use rasteret::output::write_zarr;
use rasteret::schema::Geotransform;
use rasteret::{AreaArray, Crs, DataType, Dataset, Error, PixelValue};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, Deserialize)]
pub struct Opened {
    variables: BTreeMap<String, OpenedVariable>,
    order: Vec<String>,
    dims: BTreeMap<String, usize>,
    attributes: Map<String, Value>,
    time: Vec<i64>,
    time_dtype: String,
    geometry: Vec<i64>,
    y: Vec<f64>,
    x: Vec<f64>,
    axes: BTreeMap<String, Map<String, Value>>,
    epsg: Option<u32>,
    grid_mapping: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct OpenedVariable {
    out: PathBuf,
    dims: Vec<String>,
    coords: Vec<String>,
    shape: [usize; 4],
    dtype: String,
    decoded: String,
    fill: Option<String>,
    nodata: Option<String>,
    attributes: Map<String, Value>,
    chunks: [usize; 4],
    transform: [f64; 6],
    recalculated: [f64; 6],
}

/// What xarray finds in each store; `None` where it cannot be asked.
fn open(stores: &[PathBuf], folder: &Path) -> Option<Vec<Opened>> {
    let stores: Vec<Value> = stores.iter().map(|path| json!({ "path": path })).collect();
    let answer = oracle::ask("dataset_oracle.py", &json!({ "folder": folder, "stores": stores }))?;
    if answer["stores"].is_null() {
        oracle::skip("this Python has no xarray with Zarr 3");
        return None;
    }
    Some(serde_json::from_value(answer["stores"].clone()).unwrap())
}

/// Writes datasets, and compares what xarray finds in them with what they are.
pub fn compare(datasets: &[Dataset]) -> Option<Vec<Opened>> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> =
        (0..datasets.len()).map(|number| folder.path().join(format!("{number}.zarr"))).collect();
    for (dataset, path) in datasets.iter().zip(&paths) {
        write_zarr(dataset, path).unwrap();
    }
    let stores = open(&paths, folder.path())?;
    for (dataset, store) in datasets.iter().zip(&stores) {
        compare_coordinates(dataset, store);
        let names: Vec<&str> = dataset.variables().iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(store.order, names);
        for variable in dataset.variables() {
            compare_variable(dataset, variable, &store.variables[&variable.name]);
        }
    }
    Some(stores)
}

fn compare_coordinates(dataset: &Dataset, store: &Opened) {
    let [times, geometries, height, width] = dataset.shape();
    let dims = [("time", times), ("geometry", geometries), ("y", height), ("x", width)];
    assert_eq!(store.dims, dims.map(|(name, length)| (name.to_owned(), length)).into());
    assert_eq!(store.time, dataset.times());
    assert_eq!(store.time_dtype, "M");
    assert_eq!(store.geometry, dataset.geometries());
    assert_eq!((&store.y, &store.x), (&dataset.y(), &dataset.x()));
    assert_eq!(store.attributes, dataset.attributes());
    if let Some(code) = dataset.crs().epsg() {
        assert_eq!(store.epsg, Some(code));
    }
    assert_eq!(store.grid_mapping, dataset.grid_mapping().unwrap());
}

fn compare_variable(dataset: &Dataset, ours: &rasteret::dataset::Variable, theirs: &OpenedVariable) {
    let what = format!("{}, {}", ours.name, ours.pixels.dtype());
    assert_eq!(theirs.dims, ["time", "geometry", "y", "x"], "{what}");
    assert_eq!(theirs.coords, ["geometry", "spatial_ref", "time", "x", "y"], "{what}");
    assert_eq!(theirs.shape, ours.pixels.shape(), "{what}");
    assert_eq!(theirs.dtype, ours.pixels.dtype().name(), "{what}");
    let bytes = fs::read(&theirs.out).unwrap();
    let samples = ours.pixels.to_bytes();
    let (raw, decoded) = bytes.split_at(samples.len());
    assert!(raw == &*samples, "{what}: samples differ");

    let fill = ours.fill.map(PixelValue::as_f64);
    let parsed = |text: &Option<String>| text.as_ref().map(|text| text.parse::<f64>().unwrap());
    let narrowed = |fill: f64| match ours.pixels.dtype() {
        DataType::Float16 => half::f16::from_f64(fill).to_f64(),
        DataType::Float32 => f64::from(fill as f32),
        _ => fill,
    };
    let text = |value: Option<f64>| value.map(narrowed).map(|value| value.to_string());
    assert_eq!(text(parsed(&theirs.fill)), text(fill), "{what}");
    assert_eq!(text(parsed(&theirs.nodata)), text(fill), "{what}");
    assert!(ours.fill.is_some() || theirs.decoded == theirs.dtype, "{what}: {}", theirs.decoded);
    let values = decoded.chunks_exact(8).map(|bytes| f64::from_ne_bytes(bytes.try_into().unwrap()));
    for (value, (index, valid)) in values.zip(ours.valid.indexed_iter()) {
        let sample = ours.pixels.value(index.into()).unwrap();
        let expected = if *valid || fill.is_none() { sample } else { f64::NAN };
        assert!(value == expected || value.is_nan() && expected.is_nan(), "{what} at {index:?}: {value}");
    }

    let mut attributes = ours.attributes();
    attributes.remove("coordinates");
    let mut found = theirs.attributes.clone();
    found.remove("_FillValue");
    assert_eq!(found, attributes, "{what}");
    // rioxarray computes the origin from the coordinates; the grid mapping has it to the last bit.
    for transform in [theirs.transform, theirs.recalculated] {
        let mut pairs = transform.into_iter().zip(dataset.transform().to_array());
        assert!(pairs.all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0)), "{what}: {transform:?}");
    }
}

/// Two times, three records, two geometries, two bands.
fn stack(dtype: DataType) -> AreaArray {
    let slices = vec![
        slice("a", -1, 0, 0, 0),
        slice("a", -1, 1, 3, 2),
        slice("b", -1, 0, 1, -2),
        slice("c", 1_704_067_200_123_456, 0, 0, 0),
    ];
    let value = |[n, band, row, column]: [usize; 4]| {
        let value = (n * 31 + band * 17 + row * 5 + column) % 50;
        // A third has no value.
        (value % 3 != 0).then_some(value as i64)
    };
    array(pixels(dtype, [4, 2, 7, 5], value), &["B04", "eo:nir"], slices)
}

fn labelled(array: &AreaArray, mosaic: Mosaic, fill_value: Option<PixelValue>) -> Dataset {
    let options = DatasetOptions { mosaic, fill_value, ..DatasetOptions::default() };
    Dataset::from_array(array, &options).unwrap()
}

#[test]
fn every_data_type_opens_in_xarray() {
    let mut datasets = Vec::new();
    for dtype in DataType::ALL {
        let masked = with_nodata(stack(dtype), 0);
        datasets.push(labelled(&masked, Mosaic::First, None));
        datasets.push(labelled(&stack(dtype), Mosaic::Last, None));
        // The greatest value of an integer, a fraction that is none of single precision.
        let fill = match dtype.integer_range() {
            Some((_, greatest)) => {
                i64::try_from(greatest).map_or(PixelValue::Unsigned(u64::MAX), PixelValue::Integer)
            }
            None => PixelValue::Float(-0.1),
        };
        datasets.push(labelled(&masked, Mosaic::First, Some(fill)));
    }
    for mosaic in [Mosaic::Mean, Mosaic::Median, Mosaic::Count] {
        datasets.push(labelled(&with_nodata(stack(DataType::UInt8), 0), mosaic, None));
    }
    let Some(stores) = compare(&datasets) else { return };
    let utm = &stores[0];
    assert_eq!(utm.axes["x"]["standard_name"], "projection_x_coordinate");
    assert_eq!(utm.axes["y"]["units"], "metre");
    assert_eq!(utm.attributes["record_ids"], json!(["a b", "c"]));
}

#[test]
fn grids_open_in_xarray() {
    let placed = |crs: Crs, transform: Geotransform, shape: [usize; 4], dtype| {
        let mut array = with_nodata(
            array(
                pixels(dtype, shape, |[.., row, column]| Some((row * 7 + column) as i64 % 251)),
                &["band"],
                vec![slice("a", 0, 0, 0, 0)],
            ),
            0,
        );
        array.crs = crs;
        array.slices[0].transform = transform;
        labelled(&array, Mosaic::First, None)
    };
    let degrees =
        Geotransform::new(1.0 / 3600.0, 0.0, 76.0 + 0.1 / 3.0, 0.0, -1.0 / 3600.0, 13.0 + 1.0 / 7.0);
    let metres = Geotransform::new(9.999_999, 0.0, -2.5e6, 0.0, -30.0, 1e-3);
    let datasets = [
        placed(Crs::from_epsg(4326), degrees, [1, 1, 3, 4], DataType::Float32),
        placed(Crs::from_epsg(3031), metres, [1, 1, 1, 4], DataType::UInt8),
        // Several chunks, the last of which are not full.
        placed(Crs::from_epsg(32643), metres, [1, 1, 1500, 2051], DataType::UInt16),
    ];
    let Some(stores) = compare(&datasets) else { return };
    assert_eq!(stores[0].axes["y"]["standard_name"], "latitude");
    assert_eq!(stores[0].axes["x"]["units"], "degrees_east");
    assert_eq!(stores[2].variables["band"].chunks, [1, 1, 750, 684]);
}

fn small() -> Dataset {
    labelled(&stack(DataType::UInt8), Mosaic::First, None)
}

fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_store_is_replaced_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zarr");
    write_zarr(&small(), &path).unwrap();
    let arrays = entries(&path);
    assert_eq!(arrays, ["B04", "eo:nir", "geometry", "spatial_ref", "time", "x", "y", "zarr.json"]);
    let metadata = fs::read_to_string(path.join("zarr.json")).unwrap();
    assert_eq!(metadata.matches("must_understand").count(), 1, "a key is given once");
    let mut other = stack(DataType::UInt8);
    other.bands[0] = "B02".to_owned();
    write_zarr(&labelled(&other, Mosaic::First, None), &path).unwrap();
    assert!(path.join("B02").exists() && !path.join("B04").exists());

    let refused = |path: &Path| {
        let error = write_zarr(&small(), path).unwrap_err();
        assert!(matches!(error.kind(), "exists"), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    };
    // A store with something that is not its own.
    fs::write(path.join("notes.txt"), "mine").unwrap();
    refused(&path);
    assert_eq!(fs::read_to_string(path.join("notes.txt")).unwrap(), "mine");
    let file = folder.path().join("file.zarr");
    fs::write(&file, "mine").unwrap();
    refused(&file);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let array = path.join("B02");
    refused(&array);
    let photos = folder.path().join("photos");
    fs::create_dir_all(photos.join("summer")).unwrap();
    refused(&photos);
    assert!(photos.join("summer").exists());

    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    write_zarr(&small(), &empty).unwrap();
    assert_eq!(entries(folder.path()), ["a.zarr", "empty", "file.zarr", "photos"], "nothing is left behind");
}

#[test]
fn what_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut named = stack(DataType::UInt8);
    named.bands[1] = "time".to_owned();
    let error =
        write_zarr(&labelled(&named, Mosaic::First, None), &folder.path().join("a.zarr")).unwrap_err();
    assert!(error.to_string().contains("\"time\""), "{error}");
    let mut nowhere = stack(DataType::UInt8);
    nowhere.crs = Crs::new("EPSG:999999");
    let error =
        write_zarr(&labelled(&nowhere, Mosaic::First, None), &folder.path().join("b.zarr")).unwrap_err();
    assert!(matches!(error, Error::Crs(_)), "{error}");
    assert!(entries(folder.path()).is_empty());
    let error = write_zarr(&small(), &folder.path().join("no/such/c.zarr")).unwrap_err();
    assert!(matches!(&error, Error::Output { path, .. } if path.ends_with("c.zarr")), "{error}");
}

#[cfg(unix)]
#[test]
fn a_store_is_readable_and_a_link_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("a.zarr"), folder.path().join("link.zarr"));
    write_zarr(&small(), &path).unwrap();
    let usual = folder.path().join("usual");
    fs::create_dir(&usual).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&usual));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    write_zarr(&small(), &link).unwrap();
    assert!(link.is_symlink() && path.join("zarr.json").exists());
}
