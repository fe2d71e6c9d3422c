//! Headers that came with a table and are not, or no more, those of the files.

use crate::compare::{Case, Expected, ask, compare};
use crate::samples::samples_as_f64;
use crate::support::{Store, text, with_column, write};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, StringArray, StructArray};
use arrow_select::concat::concat_batches;
use geo_types::Rect;
use rasteret::blocking::{Wait, WaitEach};
use rasteret::build::BuildSummary;
use rasteret::chips::Sampler;
use rasteret::dataset::Mosaic;
use rasteret::geometry::Points;
use rasteret::local::LocalSource;
use rasteret::schema::Geotransform;
use rasteret::table::TableSource;
use rasteret::{Area, AreaArray, Collection, Crs, Database, Filter};
use rasteret_geotiff::write::{Blocks, ByteOrder, Codec, CogOptions, GeoKeys, Image, Sample, write_cog};
use rasteret_serve::{Options, Server};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ORIGIN: (f64, f64) = (700_000.0, 1_500_000.0);
const PIXEL: f64 = 10.0;
/// Columns and rows of the rasters.
const SIZE: (u32, u32) = (400, 300);

/// What a file is made of.
#[derive(Clone)]
struct Content {
    /// Which pixels, if not those of others.
    seed: u32,
    size: (u32, u32),
    float: bool,
    masked: bool,
    options: CogOptions,
}

impl Content {
    fn new() -> Content {
        let options = CogOptions {
            blocks: Blocks::Tiles { width: 128, height: 128 },
            overviews: Some(1),
            transform: Some(Geotransform::new(PIXEL, 0.0, ORIGIN.0, 0.0, -PIXEL, ORIGIN.1)),
            geo_keys: Some(GeoKeys::utm(43, true)),
            ..CogOptions::default()
        };
        Content { seed: 1, size: SIZE, float: false, masked: false, options }
    }

    fn with(mut self, change: impl FnOnce(&mut Content)) -> Content {
        change(&mut self);
        self
    }

    fn deflated() -> Content {
        Content::new().with(|it| it.options.codec = Codec::Deflate { level: 6 })
    }

    fn value(&self, column: u32, row: u32) -> u16 {
        ((column * 7 + row * 13) * self.seed + (column ^ row) % 5) as u16 % 3000 + 1
    }

    fn write(&self, path: &Path) {
        match self.float {
            true => self.write_as(path, |value| f32::from(value) / 8.0),
            false => self.write_as(path, |value| value),
        }
    }

    fn write_as<T: Sample>(&self, path: &Path, sample: impl Fn(u16) -> T + Sync) {
        let (width, height) = self.size;
        let pixels =
            Image::from_fn(width, height, 1, |_, column, row| sample(self.value(column, row))).unwrap();
        let is_valid = |_, column: u32, row: u32| u8::from(!(column / 3 + row / 5).is_multiple_of(3)) * 255;
        let mask = self.masked.then(|| Image::from_fn(width, height, 1, is_valid).unwrap());
        write_cog(&self.options, &pixels, mask.as_ref(), &mut File::create(path).unwrap()).unwrap();
    }
}

/// Names of records, the files that a table was made of, and those that are there now.
fn contents() -> Vec<(&'static str, Content, Content)> {
    let big = |it: &mut Content| it.options.byte_order = ByteOrder::Big;
    let float = || Content::new().with(|it| it.float = true);
    vec![
        ("right", Content::deflated(), Content::deflated()),
        // The same layout, so that tiles are found.
        ("big-uint16", Content::new(), Content::new().with(big)),
        ("big-float32", float(), float().with(big)),
        (
            "masked",
            Content::deflated().with(|it| it.masked = true),
            Content::deflated().with(|it| it.masked = true),
        ),
        ("replaced", Content::deflated(), Content::deflated().with(|it| it.seed = 3)),
        // Tiles cannot be decoded as the table has it.
        ("other-codec", Content::deflated(), Content::deflated().with(|it| it.options.codec = Codec::Lzw)),
        (
            "other-tiles",
            Content::new(),
            Content::new().with(|it| it.options.blocks = Blocks::Tiles { width: 64, height: 256 }),
        ),
        ("truncated", Content::new(), Content::deflated()),
        (
            "moved",
            Content::deflated(),
            Content::deflated().with(|it| {
                let (left, top) = (ORIGIN.0 + 30.0 * PIXEL, ORIGIN.1 - 20.0 * PIXEL);
                it.options.transform = Some(Geotransform::new(PIXEL, 0.0, left, 0.0, -PIXEL, top));
                it.size = (430, 350);
            }),
        ),
    ]
}

/// Files that are not, or no more, what a table says of them.
struct Scenes {
    store: Store,
    /// With hrefs that are relative to the folder of the rasters.
    table: RecordBatch,
}

impl Scenes {
    fn new() -> Scenes {
        Scenes::of(&contents())
    }

    fn of(contents: &[(&str, Content, Content)]) -> Scenes {
        let store = Store::new();
        let folder = store.path("rasters");
        fs::create_dir(&folder).unwrap();
        for (name, told, _) in contents {
            told.write(&folder.join(format!("{name}.tif")));
        }
        build(&store, "told");
        let batches = store.collection("told").to_batches(None).unwrap();
        let batches = batches.collect::<Result<Vec<_>, _>>().unwrap();
        let table = with_names(&concat_batches(&batches[0].schema(), &batches).unwrap());
        for (name, _, now) in contents {
            now.write(&folder.join(format!("{name}.tif")));
        }
        write(&store.path("t/table.parquet"), &table, &[]);
        Scenes { store, table }
    }

    fn file(&self, id: &str) -> PathBuf {
        self.store.path("rasters").join(format!("{id}.tif"))
    }

    /// The table, imported anew.
    fn import(&self, name: &str, base: impl Into<String>) -> Collection {
        let import = self.store.import(&self.store.path("t/table.parquet"), name).base_dir(base);
        let summary: BuildSummary = import.force(true).run().wait().unwrap();
        assert_eq!((summary.headers as usize, summary.requests), (self.table.num_rows(), 0));
        self.store.collection(name)
    }

    fn local(&self, name: &str) -> Collection {
        self.import(name, text(&self.store.path("rasters")))
    }
}

/// What is there now.
fn build(store: &Store, name: &str) -> Collection {
    let source = LocalSource::new([store.path("rasters")], store.database.readers().all().to_vec());
    let summary = store.database.build(source).name(name).run().wait().unwrap();
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    store.collection(name)
}

/// The same table with the names of the files as hrefs.
fn with_names(table: &RecordBatch) -> RecordBatch {
    let assets = table.column_by_name("assets").unwrap().as_struct();
    let named = |asset: &ArrayRef| {
        let asset = asset.as_struct();
        let hrefs = asset.column(0).as_string::<i32>().iter();
        let names = hrefs.map(|href| href.map(|href| href.rsplit('/').next().unwrap()));
        let columns: Vec<ArrayRef> =
            vec![Arc::new(names.collect::<StringArray>()), Arc::clone(asset.column(1))];
        Arc::new(StructArray::new(asset.fields().clone(), columns, asset.nulls().cloned())) as ArrayRef
    };
    let columns = assets.columns().iter().map(named).collect();
    with_column(table, "assets", Arc::new(StructArray::new(assets.fields().clone(), columns, None)))
}

fn one(of: &Collection, id: &str) -> Collection {
    of.subset(Filter::new().ids([id]))
}

/// A box of pixels of the rasters, and somewhat more than there are of them.
fn area() -> ([f64; 4], Area) {
    let (west, north) = (ORIGIN.0 + 100.0 * PIXEL, ORIGIN.1 - 50.0 * PIXEL);
    let sides = [west, north - 600.0 * PIXEL, west + 600.0 * PIXEL, north];
    (sides, Area::bbox(sides).with_crs(Crs::from_epsg(32643)))
}

fn read(of: &Collection) -> rasteret::Result<AreaArray> {
    of.read(area().1).array().wait()
}

/// What rasterio reads of the files that are there now: the area, and everything.
fn expected(scenes: &Scenes, ids: &[&str]) -> Option<(Vec<Case>, Vec<Expected>)> {
    let case = |id: &&str, [west, south, east, north]: [f64; 4]| Case {
        name: (*id).to_owned(),
        file: scenes.file(id),
        bands: vec![1],
        geometry: serde_json::to_value(geojson::Geometry::from(&geo_types::Geometry::Polygon(
            Rect::new((west, south), (east, north)).to_polygon(),
        )))
        .unwrap(),
        crs: "EPSG:32643".to_owned(),
        all_touched: false,
        fill: None,
        tolerance: 0.0,
    };
    let everything = [ORIGIN.0 - 1e4, ORIGIN.1 - 1e4, ORIGIN.0 + 1e4, ORIGIN.1 + 1e4];
    let cases: Vec<Case> =
        ids.iter().map(|id| case(id, area().0)).chain(ids.iter().map(|id| case(id, everything))).collect();
    let answers = ask(&cases, scenes.store.folder.path())?;
    Some((cases, answers))
}

fn ids() -> Vec<&'static str> {
    contents().iter().map(|(id, ..)| *id).collect()
}

/// Samples of a whole raster, which of them are valid, their places and their type.
struct Whole {
    samples: Vec<f64>,
    valid: Vec<bool>,
    transform: Geotransform,
    size: (usize, usize),
}

impl Whole {
    fn of(expected: &Expected) -> Whole {
        let Expected::Array { out, shape: [_, height, width], dtype, transform, .. } = expected else {
            panic!("{expected:?}")
        };
        let dtype = rasteret::DataType::from_name(dtype).unwrap();
        let bytes = fs::read(out).unwrap();
        let (samples, valid) = bytes.split_at(height * width * dtype.size());
        let [a, b, c, d, e, f] = *transform;
        Whole {
            samples: samples_as_f64(dtype, samples),
            valid: valid.iter().map(|valid| *valid != 0).collect(),
            transform: Geotransform::new(a, b, c, d, e, f),
            size: (*width, *height),
        }
    }

    /// Value and validity of the pixel at a place.
    fn at(&self, x: f64, y: f64) -> Option<(f64, bool)> {
        let (column, row) = self.transform.inverse().unwrap().apply(x, y);
        let inside = column >= 0.0 && row >= 0.0 && column < self.size.0 as f64 && row < self.size.1 as f64;
        let at = row as usize * self.size.0 + column as usize;
        inside.then(|| (self.samples[at], self.valid[at]))
    }
}

#[test]
fn areas_and_datasets_are_those_of_rasterio() {
    let (scenes, ids) = (Scenes::new(), ids());
    let Some((cases, answers)) = expected(&scenes, &ids) else { return };
    let imported = scenes.local("table");
    let mut compared = 0;
    // The second time all is known.
    for _ in 0..2 {
        for (id, (case, expected)) in ids.iter().zip(cases.iter().zip(&answers)) {
            let array = read(&one(&imported, id));
            compared += compare(&array, case, expected).unwrap_or_else(|why| panic!("{id}: {why}"));
            assert_eq!(array.unwrap().statistics.requests, 0);
        }
    }
    assert!(compared > 800_000, "{compared}");

    let (again, fresh) = (scenes.local("again"), build(&scenes.store, "fresh"));
    for (id, expected) in ids.iter().zip(&answers) {
        let expected = Whole::of(expected);
        let dataset = one(&again, id).read(area().1).dataset(Mosaic::First).wait().unwrap();
        let variable = &dataset.variables()[0];
        let samples = samples_as_f64(variable.pixels.dtype(), &variable.pixels.to_bytes());
        assert_eq!(variable.valid.iter().copied().collect::<Vec<_>>(), expected.valid, "{id}");
        let valid = |samples: &[f64]| -> Vec<f64> {
            samples.iter().zip(&expected.valid).filter(|(_, valid)| **valid).map(|(it, _)| *it).collect()
        };
        assert_eq!(valid(&samples), valid(&expected.samples), "{id}");
    }
    let again = scenes.local("again");
    for id in ids {
        // Times are those of the files, which were written anew.
        let table = |of: &Collection| {
            let table = one(of, id).read(area().1).table().wait().unwrap();
            ["data", "shape", "transform"].map(|column| table.column_by_name(column).unwrap().clone())
        };
        assert_eq!(table(&again), table(&fresh), "{id}");
    }
}

#[test]
fn points_and_chips_are_those_of_rasterio() {
    let (scenes, ids) = (Scenes::new(), ids());
    let Some((_, answers)) = expected(&scenes, &ids) else { return };
    let answers = &answers[ids.len()..];
    let (for_points, for_chips) = (scenes.local("points"), scenes.local("chips"));
    for (id, expected) in ids.iter().zip(answers) {
        let whole = Whole::of(expected);
        let places: Vec<(f64, f64)> = (0..400)
            .map(|at| {
                (ORIGIN.0 + f64::from(at) * 12.5 + 3.0, ORIGIN.1 - f64::from(at * 37 % 400) * 8.5 - 3.0)
            })
            .collect();
        let (x, y) = places.iter().copied().unzip();
        let values = |of: &Collection, distance: u32| -> Vec<(f64, f64, f64)> {
            let points = Points::new(Clone::clone(&x), Clone::clone(&y)).with_crs(Crs::from_epsg(32643));
            let rows = one(of, id).sample(points).max_distance_pixels(distance).stream().unwrap();
            let mut found = Vec::new();
            for batch in rows.wait_each() {
                let batch = batch.unwrap();
                let column = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Float64Type>();
                let (x, y, value) = (column("point_x"), column("point_y"), column("value"));
                found.extend((0..batch.num_rows()).map(|row| (x.value(row), y.value(row), value.value(row))));
            }
            found
        };
        // The nearest valid one: what is valid matters.
        let near = values(&for_points, 4);
        let exact = values(&for_points, 0);
        let inside: Vec<_> = places.iter().filter_map(|(x, y)| Some((*x, *y, whole.at(*x, *y)?))).collect();
        assert!(inside.len() > 150, "{}", inside.len());
        let own: Vec<_> = inside.iter().map(|(x, y, (value, _))| (*x, *y, *value)).collect();
        assert_eq!(exact, own, "{id}");
        let masked = inside.iter().filter(|(.., (_, valid))| !valid).count();
        let replaced = near.iter().zip(&exact).filter(|(near, exact)| near != exact).count();
        assert_eq!((masked > 40, replaced > 0), (*id == "masked", *id == "masked"), "{id}: {masked}");
        for (near, (.., (value, valid))) in near.iter().zip(&inside) {
            assert!(!valid || near.2 == *value, "{id}");
        }

        let chips = one(&for_chips, id).chips(Sampler::grid(100, 100)).prefetch(4).iter().unwrap();
        let mut compared = 0;
        for chip in chips {
            let chip = chip.unwrap();
            let samples = samples_as_f64(chip.pixels.dtype(), &chip.pixels.to_bytes());
            for (at, (sample, valid)) in samples.iter().zip(&chip.valid).enumerate() {
                let (column, row) = (at % 100, at / 100);
                let (x, y) = chip.grid.transform.apply(column as f64 + 0.5, row as f64 + 0.5);
                let (value, is_valid) = whole.at(x, y).unwrap_or((0.0, false));
                assert_eq!(*valid, is_valid, "{id} at {x}, {y}");
                assert!(!valid || *sample == value, "{id}: {sample} instead of {value} at {x}, {y}");
                compared += usize::from(*valid);
            }
        }
        assert!(compared > 60_000, "{id}: {compared}");
    }
}

#[test]
fn a_request_a_file_once() {
    let scenes = Scenes::new();
    let server = Server::start(scenes.store.path("rasters"), Options::default()).unwrap();
    let requests = |work: &dyn Fn() -> AreaArray| {
        let before = server.stats().requests;
        let array = work();
        (array, server.stats().requests - before)
    };
    let refreshed = scenes.import("refreshed", server.base_url());
    assert!(refreshed.refresh().run().wait().unwrap().failed.is_empty());
    let imported = scenes.import("imported", server.base_url());
    let mut hot = Vec::new();
    for id in ids() {
        let (expected, least) = requests(&|| read(&one(&refreshed, id)).unwrap());
        assert_eq!(expected.statistics.requests, least, "{id}: what was refreshed is not in doubt");
        let (first, asked) = requests(&|| read(&one(&imported, id)).unwrap());
        assert_eq!((&first.pixels, &first.valid), (&expected.pixels, &expected.valid), "{id}");
        match id {
            "right" => assert_eq!((asked, first.statistics.requests), (least + 1, least + 1)),
            // Tiles that are read in vain may be given up at any time.
            _ => assert!(asked > least && first.statistics.requests > least, "{id}: {asked}"),
        }
        let (second, asked) = requests(&|| read(&one(&imported, id)).unwrap());
        assert_eq!((second.pixels, asked, second.statistics.requests), (first.pixels, least, least), "{id}");
        hot.push(least);
    }
    // Who can only read keeps them in the handle.
    scenes.import("read-only", server.base_url());
    drop((refreshed, imported));
    let Scenes { store: Store { folder, database }, .. } = scenes;
    drop(database);
    for _ in 0..2 {
        let database = Database::open(folder.path().join("imports.rasteret")).unwrap();
        for (id, least) in ids().into_iter().zip(&hot) {
            let of = one(&database.collection("read-only").unwrap(), id);
            let (_, first) = requests(&|| read(&of).unwrap());
            let (_, second) = requests(&|| read(&of).unwrap());
            assert!(first > *least && (id != "right" || first == least + 1), "{id}: {first}");
            assert_eq!(second, *least, "{id}");
        }
    }
}

#[test]
fn chips_and_points_ask_once_too() {
    let scenes = Scenes::new();
    let server = Server::start(scenes.store.path("rasters"), Options::default()).unwrap();
    let refreshed = scenes.import("refreshed", server.base_url());
    refreshed.refresh().run().wait().unwrap();
    let imported = scenes.import("imported", server.base_url());
    let chips = |of: &Collection| {
        let before = server.stats().requests;
        let chips = one(of, "right").chips(Sampler::grid(50, 50)).prefetch(6).iter().unwrap();
        let pixels: Vec<_> = chips.map(|chip| chip.unwrap().pixels).collect();
        (pixels, server.stats().requests - before)
    };
    let (expected, hot) = chips(&refreshed);
    // However many chips of a file are read at once.
    assert_eq!(chips(&imported), (expected.clone(), hot + 1));
    assert_eq!(chips(&imported), (expected, hot));

    let points = |of: &Collection, ids: &[&str]| {
        let before = server.stats().requests;
        let points = Points::new(vec![ORIGIN.0 + 1005.0], vec![ORIGIN.1 - 1005.0]);
        let of = of.subset(Filter::new().ids(ids));
        let rows = of.sample(points.with_crs(Crs::from_epsg(32643))).stream().unwrap();
        let rows: usize = rows.wait_each().map(|batch| batch.unwrap().num_rows()).sum();
        (rows, server.stats().requests - before)
    };
    let imported = scenes.import("imported", server.base_url());
    let (rows, hot) = points(&refreshed, &["right"]);
    assert_eq!(points(&imported, &["right"]), (rows, hot + 1));
    assert_eq!(points(&imported, &["right"]), (rows, hot));
}

#[test]
fn exports_of_ours_say_whether_their_headers_are_whole() {
    let scenes = Scenes::of(&[
        ("masked", Content::deflated(), Content::deflated().with(|it| it.masked = true)),
        ("plain", Content::deflated(), Content::deflated()),
    ]);
    let server = Server::start(scenes.store.path("rasters"), Options::default()).unwrap();
    let mut next = 0;
    let mut export = |of: &Collection| {
        next += 1;
        let (name, path) = (format!("export {next}"), scenes.store.path(&format!("export {next}")));
        of.export(text(&path)).run().wait().unwrap();
        let summary = scenes.store.import(&path, &name).base_dir(server.base_url()).run().wait().unwrap();
        assert_eq!((summary.headers, summary.requests), (of.ids().unwrap().len() as u64, 0));
        scenes.store.collection(&name)
    };
    let cost = |of: &Collection| {
        let before = server.stats().requests;
        let array = read(of).unwrap();
        (array, server.stats().requests - before)
    };
    let refreshed = scenes.import("refreshed", server.base_url());
    refreshed.refresh().run().wait().unwrap();
    let (plain, hot) = cost(&one(&refreshed, "plain"));
    let (masked, hot_masked) = cost(&one(&refreshed, "masked"));
    assert!(masked.valid.iter().any(|valid| !valid) && plain.valid.iter().all(|valid| *valid));

    // Nothing is asked for that is known.
    let whole = export(&one(&refreshed, "plain"));
    let (array, requests) = cost(&whole);
    assert_eq!((array.pixels, requests), (plain.pixels.clone(), hot));
    // Nor of what came from there.
    assert_eq!(cost(&export(&whole)).1, hot);
    // A mask is not said by the table.
    let with_mask = export(&refreshed);
    let (array, requests) = cost(&one(&with_mask, "masked"));
    assert_eq!((array.pixels, array.valid), (masked.pixels, masked.valid.clone()));
    assert!(requests > hot_masked);
    assert_eq!(cost(&one(&with_mask, "masked")).1, hot_masked);
    // What was in doubt stays in doubt: in an export, and in a merge.
    let imported = scenes.import("imported", server.base_url());
    let again = export(&one(&imported, "plain"));
    assert_eq!((cost(&again).1, cost(&again).1), (hot + 1, hot));
    scenes.store.database.merge("merged", [&imported]).run().unwrap();
    let merged = one(&scenes.store.collection("merged"), "masked");
    assert_eq!(cost(&merged).0.valid, masked.valid);
    // Another program that writes our tables takes over what they said.
    let path = scenes.store.path("export 1").join("copied.parquet");
    let source = TableSource::new(text(&scenes.store.path("export 1")), sources(&scenes.store));
    let footers = source.footers().wait().unwrap();
    let metadata: Vec<(&str, &str)> =
        footers[0].metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let metadata: Vec<_> = metadata.into_iter().filter(|(key, _)| *key != "ARROW:schema").collect();
    assert!(metadata.iter().any(|(_, value)| value.contains("\"whole_headers\":true")));
    write(&path, &scenes.table, &metadata);
    scenes.store.import(&path, "copied").base_dir(server.base_url()).run().wait().unwrap();
    assert_eq!(cost(&one(&scenes.store.collection("copied"), "plain")).1, hot + 1);
    assert_eq!(cost(&one(&scenes.store.collection("copied"), "masked")).0.valid, masked.valid);
}

fn sources(store: &Store) -> Arc<rasteret::io::ByteSources> {
    Arc::new(store.database.sources().clone())
}

#[test]
fn batches_and_builds_bring_headers_that_are_in_doubt() {
    let (scenes, ids) = (Scenes::new(), ids());
    let Some((cases, answers)) = expected(&scenes, &ids) else { return };
    let base = text(&scenes.store.path("rasters"));
    let batches = RecordBatchIterator::new([Ok(scenes.table.clone())], scenes.table.schema());
    let import = scenes.store.database.collection_from("batches", batches).unwrap();
    import.base_dir(&base).run().wait().unwrap();
    let table = TableSource::new(text(&scenes.store.path("t/table.parquet")), sources(&scenes.store));
    let build = scenes.store.database.build(table.relative_to(base)).name("built");
    assert_eq!(build.run().wait().unwrap().headers, ids.len() as u64);
    for name in ["batches", "built"] {
        let of = scenes.store.collection(name);
        for (id, (case, expected)) in ids.iter().zip(cases.iter().zip(&answers)) {
            let compared = compare(&read(&one(&of, id)), case, expected);
            assert!(compared.unwrap_or_else(|why| panic!("{name}, {id}: {why}")) > 0);
        }
    }
}

#[test]
fn a_table_may_know_more_than_the_file() {
    // Where it lies.
    let told = Content::deflated();
    let now = Content::deflated().with(|it| {
        it.seed = 5;
        it.options.geo_keys = None;
        it.options.transform = None;
    });
    let scenes = Scenes::of(&[("unplaced", told, now.clone())]);
    let of = scenes.local("table");
    for _ in 0..2 {
        let array = read(&of).unwrap();
        let first = f64::from(now.value(100, 50));
        assert_eq!(array.pixels.value([0, 0, 0, 0]), Some(first));
    }
}

#[test]
fn data_types_and_files_that_are_gone() {
    let scenes = Scenes::of(&[
        ("other", Content::deflated(), Content::deflated().with(|it| it.float = true)),
        ("gone", Content::deflated(), Content::deflated()),
    ]);
    let of = scenes.local("table");
    // Chips are all of one type, and know it before they are read.
    let chips = one(&of, "other").chips(Sampler::grid(100, 100)).prepare().wait().unwrap();
    let error = chips.read(0).wait().unwrap_err();
    assert_eq!(error.kind(), "stale-header", "{error}");
    assert!(error.to_string().contains("uint16") && error.to_string().contains("float32"), "{error}");
    let chips = one(&of, "other").chips(Sampler::grid(100, 100)).prepare().wait().unwrap();
    assert_eq!(chips.read(0).wait().unwrap().pixels.dtype(), rasteret::DataType::Float32);
    assert_eq!(read(&one(&of, "other")).unwrap().pixels.dtype(), rasteret::DataType::Float32);

    fs::remove_file(scenes.file("gone")).unwrap();
    assert_eq!(read(&one(&of, "gone")).unwrap_err().kind(), "not-found");
    fs::write(scenes.file("gone"), b"no raster any more").unwrap();
    assert_eq!(read(&one(&of, "gone")).unwrap_err().kind(), "wrong-format");
}
