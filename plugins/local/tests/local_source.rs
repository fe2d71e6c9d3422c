//! Folders of real GeoTIFFs as a source. The files are copies of public test data.

// Tests fail by panicking.
#![allow(clippy::unwrap_used)]

use futures::executor::block_on;
use futures::{StreamExt, TryStreamExt};
use rasteret_geotiff::GeoTiffReader;
use rasteret_local::LocalSource;
use rasteret_schema::conformance::{Expectations, read_all, source_adapter};
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{
    ByteRanges, ImageView, Parsed, RasterError, RasterReader, Record, Selection, SourceAdapter, SourceBatch,
    SourceError, TileRequest,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The folder of test data, or a loud note that a test is skipped.
fn test_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("RASTERET_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if folder.join("cogs").is_dir() {
        return Some(folder.join("cogs"));
    }
    let line = format!("SKIPPED: {test}: there is no test data at {}", folder.display());
    eprintln!("{line}");
    if let Some(log) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let mut log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(log, "{line}").unwrap();
    }
    None
}

/// A temporary folder with copies of test data.
struct Folder {
    folder: tempfile::TempDir,
    data: PathBuf,
}

impl Folder {
    fn new(test: &str, copies: &[(&str, &str)]) -> Option<Folder> {
        let folder = Folder { data: test_data(test)?, folder: tempfile::tempdir().unwrap() };
        for (from, to) in copies {
            folder.put(to, &fs::read(folder.data.join(from)).unwrap());
        }
        Some(folder)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("root").join(name)
    }

    fn source(&self) -> LocalSource {
        LocalSource::new([self.path("")], readers())
    }
}

fn readers() -> Vec<Arc<dyn RasterReader>> {
    vec![Arc::new(GeoTiffReader::new())]
}

fn batches(source: &LocalSource, selection: &Selection) -> Result<Vec<SourceBatch>, SourceError> {
    block_on(source.records(selection).try_collect())
}

/// All records, and failures as `file name: kind`.
fn read(source: &LocalSource) -> (Vec<Record>, BTreeMap<String, String>) {
    let (records, failed) = block_on(read_all(source, &Selection::default())).unwrap();
    let mut failures = BTreeMap::new();
    for failure in failed {
        let name = Path::new(&failure.href).file_name().unwrap().to_str().unwrap().to_owned();
        assert!(!failure.message.is_empty());
        failures.insert(name, failure.kind);
    }
    (records, failures)
}

fn bands(record: &Record) -> Vec<(&str, Option<i32>)> {
    record.assets.iter().map(|asset| (asset.band.as_str(), asset.band_index)).collect()
}

#[test]
fn a_sentinel_2_scene() {
    let scene = "S2A_34SGA_20200318_0_L2A";
    let copies =
        ["B01", "B09", "TCI"].map(|band| (format!("titiler/{band}.tif"), format!("{scene}/{band}.tif")));
    let copies: Vec<(&str, &str)> = copies.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let Some(folder) = Folder::new("a_sentinel_2_scene", &copies) else { return };
    let batches = batches(&folder.source(), &Selection::default()).unwrap();
    let [batch] = batches.as_slice() else { panic!("{batches:?}") };
    let columns = RecordColumns::new(&batch.records).unwrap();
    assert_eq!(columns.len(), 1);
    let record = columns.record(0);
    assert_eq!(record.id, scene);
    assert_eq!(record.datetime, 1_584_489_600_000_000);
    assert_eq!((record.epsg, record.crs.as_deref()), (Some(32634), Some("EPSG:32634")));
    assert_eq!((&record.geometry, record.bbox), (&None, None));
    let expected = [("B01", None), ("B09", None), ("TCI_1", Some(0)), ("TCI_2", Some(1)), ("TCI_3", Some(2))];
    assert_eq!(bands(&record), expected);
    assert_eq!(Path::new(&record.assets[0].href), folder.path(&format!("{scene}/B01.tif")));

    let of: Vec<&str> = batch.headers.iter().map(|header| header.band.as_str()).collect();
    assert_eq!(of, ["B01", "B09", "TCI_1", "TCI_2", "TCI_3"]);
    assert!(Arc::ptr_eq(&batch.headers[2].header, &batch.headers[4].header));
    let header = batch.headers[0].header.header().unwrap();
    let metadata = fs::metadata(folder.path(&format!("{scene}/B01.tif"))).unwrap();
    assert_eq!(header.object.size.as_ref().unwrap().to_native(), metadata.len());
    let modified = metadata.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert_eq!(header.object.last_modified.as_ref().unwrap().to_native(), modified.as_micros() as i64);
}

#[test]
fn files_that_are_whole_scenes() {
    let copies = [
        ("rasterio/all-nodata.tif", "described_20240103.tif"),
        ("rasterio/RGB.byte.tif", "numbered.tif"),
        ("rio-tiler/cog_rgba.tif", "opacity.tif"),
        ("rio-tiler/cog_nodata_nan.tif", "one.tif"),
        ("titiler/dem.tif", "plain.tif"),
    ];
    let Some(folder) = Folder::new("files_that_are_whole_scenes", &copies) else { return };
    let (records, failures) = read(&folder.source());
    assert!(failures.is_empty(), "{failures:?}");
    let found: Vec<_> = records.iter().map(|record| (record.id.as_str(), bands(record))).collect();
    let several = |names: &[&'static str]| names.iter().copied().zip((0..).map(Some)).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            ("described_20240103", several(&["blue", "green", "red", "nir"])),
            ("numbered", several(&["B1", "B2", "B3"])),
            ("one", vec![("Gamma0_VV", None)]),
            ("opacity", several(&["B1", "B2", "B3"])),
            ("plain", vec![("B1", None)]),
        ]
    );
    assert_eq!(records[0].datetime, 1_704_240_000_000_000);
}

#[test]
fn what_cannot_be_read_is_reported() {
    let copies = [
        ("titiler/B01.tif", "s_20240103/B01.tif"),
        ("rasterio/rotated.tif", "rotated.tif"),
        ("rio-tiler/cog_gcps.tif", "s_20240103/B02.tif"),
        ("cogeotiff-js/cog.tiff", "nowhere.tiff"),
    ];
    let Some(folder) = Folder::new("what_cannot_be_read_is_reported", &copies) else { return };
    folder.put("text.tif", b"<html>404 Not Found</html>");
    folder.put("empty.tif", b"");
    let whole = fs::read(folder.path("s_20240103/B01.tif")).unwrap();
    folder.put("cut.tif", &whole[..100]);
    let (records, failures) = read(&folder.source());
    let expected = [
        ("B02.tif", "ground-control-points"),
        ("cut.tif", "corrupt-header"),
        ("empty.tif", "wrong-format"),
        ("nowhere.tiff", "not-georeferenced"),
        ("rotated.tif", "rotated-transform"),
        ("text.tif", "wrong-format"),
    ];
    assert_eq!(failures, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into());
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(bands(record), [("B01", None)]);
}

#[test]
fn the_first_of_two_files_of_one_band_has_it() {
    let copies = [
        ("titiler/B01.tif", "s_B01.tif"),
        ("titiler/B09.tif", "s_B01.tiff"),
        ("titiler/B09.tif", "s_B09.tif"),
    ];
    let Some(folder) = Folder::new("the_first_of_two_files_of_one_band_has_it", &copies) else { return };
    let batches = batches(&folder.source(), &Selection::default()).unwrap();
    let failure = &batches[0].failures[0];
    assert_eq!(failure.kind, "duplicate-band");
    assert!(failure.href.ends_with("s_B01.tiff"), "{failure:?}");
    for part in ["\"s\"", "B01", "s_B01.tif"] {
        assert!(failure.message.contains(part), "{failure:?}");
    }
    let record = RecordColumns::new(&batches[0].records).unwrap().record(0);
    assert!(record.assets[0].href.ends_with("s_B01.tif"));
    assert_eq!(bands(&record), [("B01", None), ("B09", None)]);
}

#[test]
fn a_scene_of_several_crs_has_none() {
    let copies = [("titiler/B01.tif", "s_B01.tif"), ("rio-tiler/red.tif", "s_red.tif")];
    let Some(folder) = Folder::new("a_scene_of_several_crs_has_none", &copies) else { return };
    let (records, _) = read(&folder.source());
    assert_eq!((records[0].epsg, &records[0].crs, records[0].assets.len()), (None, &None, 2));
}

#[test]
fn hrefs_may_be_relative() {
    let copies = [("titiler/B01.tif", "a/s_B01.tif")];
    let Some(folder) = Folder::new("hrefs_may_be_relative", &copies) else { return };
    fs::create_dir(folder.path("db")).unwrap();
    for (base, expected) in [("", "a/s_B01.tif"), ("a", "s_B01.tif"), ("db", "../a/s_B01.tif")] {
        let (records, _) = read(&folder.source().relative_to(folder.path(base)));
        assert_eq!(records[0].assets[0].href, expected);
    }
    let missing = folder.source().relative_to(folder.path("nowhere"));
    assert!(matches!(batches(&missing, &Selection::default()), Err(SourceError::NotFound(_))));
}

#[test]
fn times_are_selected_and_progress_is_told() {
    let days = ["20240101", "20240102", "20240103"].map(|day| format!("s_{day}_B01.tif"));
    let copies: Vec<(&str, &str)> = days.iter().map(|day| ("titiler/B01.tif", day.as_str())).collect();
    let Some(folder) = Folder::new("times_are_selected_and_progress_is_told", &copies) else { return };
    let told: Arc<Mutex<Vec<(usize, usize)>>> = Arc::default();
    let telling = Arc::clone(&told);
    let source = folder.source().on_progress(move |done, total| telling.lock().unwrap().push((done, total)));
    let second = 1_704_153_600_000_000;
    for (start, end, count) in [
        (None, None, 3),
        (Some(second), None, 2),
        (None, Some(second), 2),
        (Some(second), Some(second), 1),
        (Some(second + 86_400_000_001), None, 0),
    ] {
        told.lock().unwrap().clear();
        let selected = batches(&source, &Selection { bbox: None, start, end }).unwrap();
        assert_eq!(selected.iter().map(|batch| batch.records.num_rows()).sum::<usize>(), count);
        let expected: Vec<(usize, usize)> = (1..=count).map(|done| (done, count)).collect();
        assert_eq!(*told.lock().unwrap(), expected);
    }
}

#[test]
fn rules_and_globs() {
    let copies = [
        ("titiler/B01.tif", "2024/site-1/alpha.tif"),
        ("titiler/B09.tif", "2024/site-1/beta.tif"),
        ("titiler/B01.tif", "2024/site-2/alpha.tif"),
        ("titiler/B01.tif", "2024/other.tif"),
    ];
    let Some(folder) = Folder::new("rules_and_globs", &copies) else { return };
    let source = LocalSource::new([folder.path("*")], readers())
        .id_from("site-(\\d+)")
        .band_from("/(?<band>[a-z]+)\\.tif$")
        .datetime_from("^(\\d{4})/");
    let (records, failures) = read(&source);
    assert_eq!(failures, [("other.tif".to_owned(), "unnamed".to_owned())].into());
    let found: Vec<_> =
        records.iter().map(|record| (record.id.as_str(), bands(record), record.datetime)).collect();
    let year = 1_704_067_200_000_000;
    assert_eq!(
        found,
        [("1", vec![("alpha", None), ("beta", None)], year), ("2", vec![("alpha", None)], year)]
    );
}

#[test]
fn a_source_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let error = |source: LocalSource| batches(&source, &Selection::default()).unwrap_err();
    assert!(matches!(
        error(LocalSource::new([folder.path().join("x")], readers())),
        SourceError::NotFound(_)
    ));
    assert!(matches!(error(LocalSource::new([folder.path()], readers())), SourceError::Invalid(_)));
    fs::write(folder.path().join("x.tif"), b"").unwrap();
    let source = LocalSource::new([folder.path()], readers());
    assert!(matches!(error(source.clone().band_from("(")), SourceError::Invalid(_)));
    assert!(error(LocalSource::new(Vec::<PathBuf>::new(), readers())).to_string().contains("no path"));
}

#[test]
fn the_description_names_absolute_paths() {
    let source = LocalSource::new(["/data/scenes", "more/*.tif"], readers());
    let more = std::env::current_dir().unwrap().join("more/*.tif");
    assert_eq!(source.description(), format!("/data/scenes, {}", more.display()));
}

#[test]
fn a_folder_is_one_source_however_it_is_spelled() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.tif"), b"a").unwrap();
    let source = |path: String| LocalSource::new([&path], readers()).relative_to(&path);
    let path = folder.path().display().to_string();
    let plain = source(path.clone());
    let [parent, name] = [folder.path().parent(), folder.path().file_name().map(Path::new)];
    let (parent, name) = (parent.unwrap().display(), name.unwrap().display());
    for spelling in [format!("{path}/"), format!("{path}//."), format!("{parent}/.//{name}/./")] {
        let other = source(spelling.clone());
        assert_eq!(other.description(), plain.description(), "{spelling}");
        assert_eq!(other.fingerprint().unwrap(), plain.fingerprint().unwrap(), "{spelling}");
    }
    let here = std::env::current_dir().unwrap();
    for relative in ["src", "./src/", "src/."] {
        let source = LocalSource::new([relative], readers());
        assert_eq!(source.description(), here.join("src").display().to_string());
    }
}

#[test]
fn the_fingerprint_changes_with_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("a.tif", b"a");
    let source = LocalSource::new([folder.path()], readers());
    let mut seen = BTreeSet::from([source.fingerprint().unwrap()]);
    write("a.tif", b"ab");
    assert!(seen.insert(source.fingerprint().unwrap()), "a file has grown");
    write("b.tif", b"b");
    assert!(seen.insert(source.fingerprint().unwrap()), "there is a new file");
    write("c.txt", b"c");
    assert!(!seen.insert(source.fingerprint().unwrap()), "it is of another kind");
    assert!(seen.insert(source.band_from("a").fingerprint().unwrap()), "names mean something else");
}

/// A reader with a bug.
#[derive(Debug)]
struct Panics;

impl RasterReader for Panics {
    fn format(&self) -> &'static str {
        "panics"
    }

    fn recognizes(&self, _: &[u8]) -> bool {
        true
    }

    fn parse(&self, _: &ByteRanges) -> Result<Parsed, RasterError> {
        panic!("a bug")
    }

    fn decode(
        &self,
        _: &ImageView<'_>,
        _: u32,
        _: &[u8],
        _: &TileRequest<'_>,
        _: &mut [u8],
    ) -> Result<(), RasterError> {
        panic!("a bug")
    }
}

#[test]
fn a_reader_that_panics_ends_the_stream_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.tif"), b"x").unwrap();
    let source = LocalSource::new([folder.path()], vec![Arc::new(Panics)]);
    let error = batches(&source, &Selection::default()).unwrap_err();
    assert!(matches!(error, SourceError::Read { .. }) && error.to_string().contains("panicked"), "{error}");
}

#[test]
fn real_files_keep_the_contract() {
    let Some(data) = test_data("real_files_keep_the_contract") else { return };
    let source = LocalSource::new([data], readers());
    let report = block_on(source_adapter(&source, &Expectations::default()));
    report.violations.assert_none();
    assert!(report.records >= 38, "{} records", report.records);
    assert!(report.headers >= 143, "{} headers", report.headers);
    // Rasters that rasterio, too, has no geotransform or CRS for.
    let refused: BTreeSet<&str> = report
        .failures
        .iter()
        .map(|failure| Path::new(&failure.href).file_name().unwrap().to_str().unwrap())
        .collect();
    for name in
        ["rotated.tif", "cog_gcps.tif", "float_nan.tif", "be_cog.tiff", "int8.tif", "planar-rgb-u8.tif"]
    {
        assert!(refused.contains(name), "{name} is not among {refused:?}");
    }
    for name in ["cog_hirise_mars.tif", "inverted_lat.tif", "model_transformation.tif", "sparse.tiff"] {
        assert!(!refused.contains(name), "{refused:?}");
    }
}

#[test]
fn many_scenes_come_in_batches() {
    let Some(folder) = Folder::new("many_scenes_come_in_batches", &[]) else { return };
    let bytes = fs::read(folder.data.join("rasterio/float_nan.tif")).unwrap();
    for n in 0..2500 {
        folder.put(&format!("{:03}/s{n}_20240103_B01.tif", n % 100), &bytes);
    }
    let source = folder.source();
    let selection = Selection::default();
    let batches: Vec<SourceBatch> = block_on(source.records(&selection).map(Result::unwrap).collect());
    assert_eq!(batches.iter().map(|batch| batch.failures.len()).collect::<Vec<_>>(), [1024, 1024, 452]);
    assert!(batches.iter().all(|batch| batch.failures[0].kind == "not-georeferenced"));
}
