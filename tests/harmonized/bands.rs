//! Bands of unlike names under one.

use crate::support::{Field, aliases, area, landsat, records, sentinel};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use rasteret::blocking::{Wait, WaitEach};
use rasteret::chips::Sampler;
use rasteret::dataset::Mosaic;
use rasteret::geometry::Points;
use rasteret::schema::{BandAliases, Record};
use rasteret::warp::Method;
use rasteret::{AreaArray, Collection, Crs, Filter};
use std::collections::BTreeSet;

/// Collections of each source and of both, on local disk.
struct Both {
    field: Field,
    _data: tempfile::TempDir,
    records: Vec<Record>,
    sentinel: Collection,
    landsat: Collection,
    both: Collection,
}

fn both() -> Both {
    let data = tempfile::tempdir().unwrap();
    let listed = |name: &str, archive: rasteret_synth::Archive, bands| {
        records(&archive, data.path().join(name).to_str().unwrap(), name, bands)
    };
    let sentinel = listed("s2", sentinel(&data.path().join("s2")), ["B04", "B08"]);
    let landsat = listed("ls", landsat(&data.path().join("ls")), ["B4", "B5"]);
    let records = [sentinel.clone(), landsat.clone()].concat();
    let field = Field::new();
    let (sentinel, landsat) = (field.build("s2", sentinel), field.build("ls", landsat));
    field.database().merge("both", [&sentinel, &landsat]).run().unwrap();
    let both = field.database().collection("both").unwrap();
    Both { field, _data: data, records, sentinel, landsat, both }
}

/// Every slice of one array is that of the record in one of others.
fn assert_same(joint: &AreaArray, apart: &[AreaArray]) {
    let plane = |array: &AreaArray, index: usize| {
        let [n, bands, height, width] = array.pixels.shape();
        let bytes = array.pixels.to_bytes();
        let len = bytes.len() / n;
        let valid: Vec<bool> = array.valid.iter().copied().skip(index * bands * height * width).collect();
        (bytes[index * len..][..len].to_vec(), valid[..bands * height * width].to_vec())
    };
    assert_eq!(joint.slices.len(), apart.iter().map(|array| array.slices.len()).sum::<usize>());
    for (index, slice) in joint.slices.iter().enumerate() {
        let of = apart
            .iter()
            .find_map(|array| Some((array, array.slices.iter().position(|other| other == slice)?)));
        let (array, other) = of.unwrap_or_else(|| panic!("{slice:?} is in none"));
        assert_eq!(plane(joint, index), plane(array, other), "{}", slice.record_id);
        assert!(plane(joint, index).1.contains(&true), "{} has data", slice.record_id);
    }
}

#[test]
fn arrays_of_both_are_those_of_each() {
    let it = both();
    let (sentinel, landsat) = (&it.sentinel, &it.landsat);
    let both = it.both.with_band_aliases(aliases());
    for method in [Method::Nearest, Method::Bilinear, Method::Average] {
        let ask = |of: &Collection, bands: [&str; 2]| {
            let grid = of.read(area(500.0, 500.0, 1500.0, 1200.0)).bands(bands).resampling(method);
            grid.target_crs(Crs::from_epsg(32643)).resolution(30.0, 30.0)
        };
        let joint = ask(&both, ["red", "nir"]).array().wait().unwrap();
        assert_eq!(joint.bands, ["red", "nir"]);
        assert_eq!(joint.pixels.shape()[..2], [7, 2]);
        let times: Vec<i64> = joint.slices.iter().map(|slice| slice.datetime).collect();
        assert!(times.is_sorted());
        // On the grid of the joint read: by itself, that of a collection begins at its own pixels.
        let [.., height, width] = joint.pixels.shape();
        let grid = rasteret::warp::Grid::new(
            joint.slices[0].transform,
            width as u32,
            height as u32,
            joint.crs.clone(),
        );
        let apart = [(sentinel, ["B04", "B08"]), (landsat, ["B4", "B5"])]
            .map(|(of, bands)| ask(of, bands).grid(grid.clone()).array().wait().unwrap());
        assert_same(&joint, &apart);
    }
    // Without a common grid, the shapes differ, and what to do is said.
    let zone = it.records.iter().filter(|record| record.epsg == Some(32643)).map(|record| &record.id);
    let zone = both.subset(Filter::new().ids(zone));
    let error = zone.read(area(500.0, 500.0, 900.0, 900.0)).bands(["red"]).array().wait().unwrap_err();
    assert_eq!(error.kind(), "shape-mismatch", "{error}");
    assert!(error.to_string().contains("resolution"), "{error}");
}

#[test]
fn datasets_and_tables_of_both() {
    let it = both();
    let (landsat, both) = (&it.landsat, it.both.with_band_aliases(aliases()));
    let place = || area(500.0, 500.0, 900.0, 900.0);
    let dataset = both.read(place()).bands(["red", "nir"]).dataset(Mosaic::First).wait().unwrap();
    let names: Vec<&str> = dataset.variables().iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["red", "nir"]);
    assert_eq!(dataset.times().len(), 7);
    // The finest pixels of most records' CRS.
    let array =
        both.read(place()).bands(["red", "nir"]).target_crs(Crs::from_epsg(32643)).array().wait().unwrap();
    assert_eq!(dataset.variables()[0].pixels.shape()[2..], array.pixels.shape()[2..]);
    assert_eq!(array.slices[0].transform.a, 10.0);

    // A row's pixels are the raster's own.
    let joint = both.read(place()).bands(["nir", "red"]).table().wait().unwrap();
    assert_eq!(
        (joint.num_rows(), texts(&joint, "band")[..2].to_vec()),
        (14, vec!["nir".to_owned(), "red".to_owned()])
    );
    let own = landsat.read(place()).bands(["B5", "B4"]).table().wait().unwrap();
    let of_landsat: Vec<usize> =
        (0..14).filter(|row| texts(&joint, "record_id")[*row].starts_with("ls/")).collect();
    assert_eq!(of_landsat.len(), own.num_rows());
    for (own_row, row) in of_landsat.into_iter().enumerate() {
        for column in ["record_id", "data", "shape", "transform"] {
            let [a, b] = [(&own, own_row), (&joint, row)].map(|(table, row)| table[column].slice(row, 1));
            assert_eq!(&a, &b, "{column}");
        }
    }
}

fn texts(table: &RecordBatch, column: &str) -> Vec<String> {
    let column = table.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.unwrap().to_owned()).collect()
}

#[test]
fn samples_of_both() {
    let it = both();
    let (sentinel, landsat) = (&it.sentinel, &it.landsat);
    let both = it.both.with_band_aliases(aliases());
    let points = || {
        let at = (0..40).map(f64::from);
        let x = at.clone().map(|i| 700_100.0 + 61.0 * i).collect();
        Points::new(x, at.map(|i| 1_499_800.0 - 53.0 * i).collect()).with_crs(Crs::from_epsg(32643))
    };
    let values = |of: &Collection, bands: [&str; 2]| {
        let batches = of.sample(points()).bands(bands).stream().unwrap().wait_each();
        let mut rows = BTreeSet::new();
        for batch in batches {
            let batch = batch.unwrap();
            let value = batch["value"].as_primitive::<arrow_array::types::Float64Type>();
            let point = batch["point_index"].as_primitive::<arrow_array::types::Int64Type>();
            let (ids, names) = (texts(&batch, "record_id"), texts(&batch, "band"));
            rows.extend((0..batch.num_rows()).map(|row| {
                let band = bands.iter().position(|band| *band == names[row]).unwrap();
                (ids[row].clone(), band, point.value(row), value.value(row).to_bits())
            }));
        }
        rows
    };
    let mut apart = values(sentinel, ["B04", "B08"]);
    assert!(!apart.is_empty());
    apart.extend(values(landsat, ["B4", "B5"]));
    assert_eq!(values(&both, ["red", "nir"]), apart);
}

#[test]
fn chips_of_both() {
    let it = both();
    let (landsat, both) = (&it.landsat, it.both.with_band_aliases(aliases()));
    let roi = || area(600.0, 600.0, 2000.0, 2000.0);
    let chips = |of: &Collection, bands: [&str; 2]| {
        let request = of.chips(Sampler::grid(32, 32)).bands(bands).roi(roi());
        request.target_crs(Crs::from_epsg(32643)).resolution(30.0, 30.0).prepare().wait().unwrap()
    };
    let (joint, own) = (chips(&both, ["red", "nir"]), chips(landsat, ["B4", "B5"]));
    assert_eq!(joint.bands(), ["red", "nir"]);
    let chips_of = |set: &rasteret::chips::ChipSet| -> Vec<_> {
        let chips = (0..set.len()).map(|at| set.read(at).wait().unwrap());
        chips.filter(|chip| chip.records[0].first().is_some_and(|id| id.starts_with("ls/"))).collect()
    };
    let (joint, own) = (chips_of(&joint), chips_of(&own));
    assert!(!own.is_empty() && joint.len() == own.len());
    for (joint, own) in joint.iter().zip(&own) {
        assert_eq!((&joint.pixels, &joint.grid), (&own.pixels, &own.grid));
    }
}

#[test]
fn aliases_are_kept_with_the_collection() {
    let Both { field, both, sentinel, landsat, _data: data, .. } = both();
    drop((sentinel, landsat));
    assert!(both.band_aliases().unwrap().is_empty());
    field.database().set_band_aliases("both", &aliases()).unwrap();
    let red =
        |of: &Collection| of.read(area(500.0, 500.0, 300.0, 300.0)).bands(["red"]).resolution(30.0, 30.0);
    // They are looked up when a read is run.
    let kept = red(&both).array().wait().unwrap();
    drop(both);
    let field = field.reopened(false);
    let both = field.database().collection("both").unwrap();
    assert_eq!(both.band_aliases().unwrap(), aliases());
    assert_eq!(red(&both).array().wait().unwrap().pixels, kept.pixels);
    let id = both.ids().unwrap().into_iter().find(|id| id.starts_with("ls/")).unwrap();
    assert_eq!(both.header(&id, "nir").unwrap(), both.header(&id, "B5").unwrap());
    // They travel with the collection.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("both.parquet");
    both.export(file.to_str().unwrap()).run().wait().unwrap();
    let other = Field::new();
    let import = other.database().import(file.to_str().unwrap()).name("again").allow_local(data.path());
    import.run().wait().unwrap();
    let again = other.database().collection("again").unwrap();
    assert_eq!(again.band_aliases().unwrap(), aliases());
    assert_eq!(red(&again).array().wait().unwrap().pixels, kept.pixels);
    // Those of a view take their place.
    let view = both.with_band_aliases(BandAliases::new([("nir", ["B08"])]).unwrap());
    assert_eq!(red(&view).array().wait().unwrap_err().kind(), "no-such-band");
    assert_eq!(
        field.database().set_band_aliases("both", &aliases()).unwrap_err().kind(),
        "read-only",
        "it is open for reading"
    );
}

#[test]
fn a_record_s_own_band_comes_before_what_an_alias_stands_for() {
    let it = both();
    let (field, mut records) = (&it.field, it.records.clone());
    // One record has both of what `red` stands for, and one a band of that name.
    let assets = &mut records[0].assets;
    (assets[0].band, assets[1].band) = ("B4".to_owned(), "B04".to_owned());
    let assets = &mut records[1].assets;
    (assets[0].band, assets[1].band) = ("B04".to_owned(), "red".to_owned());
    records.truncate(2);
    let collection = field.build("odd", records.clone());
    let asked = |of: &Record, band: &str| {
        let one = collection.subset(Filter::new().ids([&of.id])).with_band_aliases(aliases());
        one.read(area(500.0, 500.0, 300.0, 300.0)).bands([band]).array().wait().unwrap().pixels
    };
    assert_eq!(asked(&records[0], "red"), asked(&records[0], "B04"));
    assert_ne!(asked(&records[0], "red"), asked(&records[0], "B4"));
    let view = collection.with_band_aliases(aliases());
    assert_eq!(view.header(&records[1].id, "red").unwrap().href, records[1].assets[1].href);
    assert_ne!(asked(&records[1], "red"), asked(&records[1], "B04"));
}

#[test]
fn records_that_lack_a_band() {
    let it = both();
    let (both, sentinel) = (&it.both, &it.sentinel);
    let place = || area(500.0, 500.0, 300.0, 300.0);
    let read = |bands: &[&str]| {
        both.read(place()).bands(bands).target_crs(Crs::from_epsg(32643)).resolution(10.0, 10.0)
    };
    let error = read(&["B04"]).array().wait().unwrap_err();
    assert_eq!(error.kind(), "no-such-band");
    let text = error.to_string();
    assert!(text.contains("it has B4, B5") && text.contains("Of 7 records, 3 lack it"), "{text}");
    let skipped = read(&["B04"]).skip_missing_bands(true).array().wait().unwrap();
    let own = sentinel.read(place()).bands(["B04"]).target_crs(Crs::from_epsg(32643)).resolution(10.0, 10.0);
    let own = own.array().wait().unwrap();
    assert_eq!((&skipped.pixels, &skipped.slices), (&own.pixels, &own.slices));
    let dataset = read(&["B04"]).skip_missing_bands(true).dataset(Mosaic::First).wait().unwrap();
    assert_eq!(dataset.times().len(), 4);

    // No record has both: an array has none of them, and a table the rows that there are.
    let error = read(&["B04", "B5"]).skip_missing_bands(true).array().wait().unwrap_err();
    assert!(error.to_string().contains("it has B04, B08") && error.to_string().contains("\"B5\""), "{error}");
    let table = read(&["B04", "B5"]).skip_missing_bands(true).table().wait().unwrap();
    let rows: Vec<String> = texts(&table, "band");
    assert_eq!(rows.iter().filter(|band| *band == "B04").count(), 4);
    assert_eq!(rows.iter().filter(|band| *band == "B5").count(), 3);
    for (id, band) in texts(&table, "record_id").iter().zip(&rows) {
        assert_eq!(id.starts_with("s2/"), band == "B04");
    }

    // Nobody has it: what there is, and what the aliases are.
    for skip in [false, true] {
        let none = both.with_band_aliases(BandAliases::new([("swir", ["B11", "B6"])]).unwrap());
        let error = none.read(place()).bands(["swir"]).skip_missing_bands(skip).table().wait().unwrap_err();
        assert_eq!(error.kind(), "no-such-band");
        let text = error.to_string();
        for part in ["\"swir\" (which stands for B11 or B6)", "None of the 7 records", "swir = B11 or B6"] {
            assert!(text.contains(part), "{text}");
        }
    }

    let points = || Points::new(vec![700_500.0], vec![1_499_400.0]).with_crs(Crs::from_epsg(32643));
    let sample = |skip| {
        let request = both.sample(points()).bands(["B04", "B5"]).skip_missing_bands(skip);
        request.stream().unwrap().wait_each().collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(sample(false).unwrap_err().kind(), "no-such-band");
    let rows: usize = sample(true).unwrap().iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 7, "one for each record");
    let chips =
        |skip| both.chips(Sampler::grid(16, 16)).bands(["B4"]).skip_missing_bands(skip).prepare().wait();
    assert_eq!(chips(false).unwrap_err().kind(), "no-such-band");
    let chips = chips(true).unwrap();
    assert!((0..chips.len()).all(|at| chips.read(at).wait().unwrap().records[0][0].starts_with("ls/")));
}
