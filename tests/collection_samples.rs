//! Points that are looked up through a collection have the values that rasterio gives them.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "other suites use the rest")]
mod oracle;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use oracle::Random;
use rasteret::blocking::{Wait, WaitEach};
use rasteret::geometry::Points;
use rasteret::local::LocalSource;
use rasteret::sample::Match;
use rasteret::{Crs, Database, Filter};
use serde_json::{Value, json};
use std::collections::HashMap;

const FILES: [&str; 6] = [
    "cogs/rio-tiler/cog.tif",
    "cogs/rio-tiler/cog_int16.tif",
    "cogs/rasterio/world.byte.tif",
    "cogs/rasterio/shade.tif",
    "cogs/titiler/dem.tif",
    "cogs/geotiff-test-data/LisbonElevation.tif",
];

/// Points of each raster.
const POINTS: usize = 10_000;

fn database(files: &[&str]) -> Option<(tempfile::TempDir, Database)> {
    let paths: Option<Vec<_>> = files.iter().map(|file| oracle::data(file)).collect();
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_writable(folder.path().join("points.rasteret")).unwrap();
    let source = LocalSource::new(paths?, database.readers().all().to_vec());
    database.build(source).name("all").run().wait().unwrap();
    Some((folder, database))
}

/// Value of each point.
fn values(batches: &[RecordBatch]) -> HashMap<i64, f64> {
    let mut values = HashMap::new();
    for batch in batches {
        let index = batch["point_index"].as_primitive::<Int64Type>();
        let value = batch["value"].as_primitive::<Float64Type>();
        for row in 0..batch.num_rows() {
            assert!(values.insert(index.value(row), value.value(row)).is_none(), "a point has one row");
        }
    }
    values
}

#[test]
fn collections_give_points_the_values_that_rasterio_does() {
    let Some((_folder, database)) = database(&FILES) else { return };
    let all = database.collection("all").unwrap();
    let mut random = Random(5);
    let mut cases = Vec::new();
    for file in FILES {
        let points: Vec<[f64; 2]> =
            (0..POINTS).map(|_| [random.between(-0.02, 1.02), random.between(-0.02, 1.02)]).collect();
        cases.push(json!({"file": oracle::data(file).unwrap(), "band": 1, "points": points}));
    }
    let folder = tempfile::tempdir().unwrap();
    let request = json!({"folder": folder.path(), "cases": cases, "distances": []});
    let Some(answers) = oracle::ask("sample_oracle.py", &request) else { return };
    let mut compared = 0;
    for (file, answer) in FILES.iter().zip(answers.as_array().unwrap()) {
        let id = file.rsplit('/').next().unwrap().trim_end_matches(".tif");
        let one = all.subset(Filter::new().ids([id]));
        let record = &rasteret::query::json_rows(&one.head(1).unwrap()).unwrap()[0];
        let band = record["assets"].as_object().unwrap().keys().next().unwrap().clone();
        let own = Crs::new(one.header(id, &band).unwrap().crs.unwrap());
        let floats = |name: &str| -> Vec<f64> {
            answer[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
        };
        let (xs, ys) = (floats("xs"), floats("ys"));
        let expected: Vec<&Value> = answer["values"].as_array().unwrap().iter().collect();
        for matching in [Match::All, Match::Latest] {
            let points = Points::new(xs.clone(), ys.clone()).with_crs(own.clone());
            let stream = one.sample(points).bands([&band]).matching(matching).stream().unwrap();
            let batches: Vec<RecordBatch> = stream.wait_each().map(Result::unwrap).collect();
            let values = values(&batches);
            for (index, expected) in expected.iter().enumerate() {
                let value = values.get(&(index as i64)).copied();
                assert_eq!(value, expected.as_f64(), "{id}: point {index}");
                compared += usize::from(value.is_some());
            }
        }
        // The same points in degrees. Those on the corners of pixels, after the random ones, may fall on
        // another side, and of the others a few: PROJ goes there and back within a millimetre.
        let degrees = rasteret::crs::Transformer::new(&own, &Crs::from_epsg(4326)).unwrap();
        let (mut lon, mut lat) = (xs[..POINTS].to_vec(), ys[..POINTS].to_vec());
        degrees.transform_where_possible(&mut lon, &mut lat).unwrap();
        let stream = one.sample(Points::new(lon, lat)).bands([&band]).stream().unwrap();
        let batches: Vec<RecordBatch> = stream.wait_each().map(Result::unwrap).collect();
        let values = values(&batches);
        let differ = (0..POINTS)
            .filter(|index| values.get(&(*index as i64)).copied() != expected[*index].as_f64())
            .count();
        assert!(differ <= POINTS / 1000, "{id}: {differ} points differ by way of degrees");
        compared += values.len();
    }
    println!("{compared} values of {} rasters", FILES.len());
    assert!(compared > 150_000, "{compared}");
}

#[test]
fn many_points_come_in_batches() {
    let Some((_folder, database)) = database(&["cogs/rio-tiler/cog.tif", "cogs/rio-tiler/cog_int16.tif"])
    else {
        return;
    };
    let all = database.collection("all").unwrap();
    let [west, south, east, north] = all.info().unwrap().bounds.unwrap();
    let mut random = Random(9);
    let (xs, ys): (Vec<f64>, Vec<f64>) =
        (0..200_000).map(|_| (random.between(west, east), random.between(south, north))).unzip();
    let first = rasteret::query::json_rows(&all.head(1).unwrap()).unwrap();
    let band = first[0]["assets"].as_object().unwrap().keys().next().unwrap().clone();
    let sample = |xs: &[f64], ys: &[f64], matching| -> Vec<RecordBatch> {
        let points = Points::new(xs.to_vec(), ys.to_vec());
        let stream = all.sample(points).bands([&band]).matching(matching).stream().unwrap();
        stream.wait_each().map(Result::unwrap).collect()
    };
    let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    let (every, latest) = (sample(&xs, &ys, Match::All), sample(&xs, &ys, Match::Latest));
    // Both rasters lie on one place: each point has two rows, or one of the latest.
    assert_eq!(rows(&every), 2 * rows(&latest));
    let latest = values(&latest);
    assert!(latest.len() > 100_000, "{}", latest.len());
    // The same in four parts.
    for part in 0..4 {
        let range = part * 50_000..(part + 1) * 50_000;
        let values = values(&sample(&xs[range.clone()], &ys[range.clone()], Match::Latest));
        for index in range.clone() {
            assert_eq!(values.get(&((index - range.start) as i64)), latest.get(&(index as i64)));
        }
    }
}
