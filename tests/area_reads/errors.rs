//! What cannot be read is an error that says what, where, and what to do about it.

use crate::fixture::{Fixture, Raster};
use rasteret::blocking::Wait;
use rasteret::{Area, AreaArray, Collection, Crs, DataType, Error, Filter, PixelValue};
use std::fs;
use std::time::{Duration, SystemTime};

/// Covers [`Raster::new`] and what lies near it.
fn everywhere() -> Area {
    Area::bbox([699_000.0, 1_498_000.0, 702_000.0, 1_501_000.0]).with_crs(Crs::from_epsg(32643))
}

/// Pixels 2..6 of both axes.
fn somewhere() -> Area {
    Area::bbox([700_020.0, 1_499_940.0, 700_060.0, 1_499_980.0]).with_crs(Crs::from_epsg(32643))
}

fn one() -> Fixture {
    Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif")])
}

/// That reading gives an error of a kind whose message contains some words.
#[track_caller]
fn assert_error(read: Result<AreaArray, Error>, kind: &str, words: &[&str]) {
    let error = read.map(|array| array.pixels.shape()).unwrap_err();
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

fn read_all(collection: &Collection) -> Result<AreaArray, Error> {
    collection.read(everywhere()).array().wait()
}

#[test]
fn records_of_different_shapes() {
    let small = Raster { size: 30, ..Raster::new("small_20240106_B04.tif") };
    let fixture = Fixture::of_rasters(&[Raster::new("large_20240105_B04.tif"), small]);
    let words = ["40 × 40", "large_20240105", "30 × 30", "small_20240106", "give a resolution"];
    assert_error(read_all(&fixture.all), "shape-mismatch", &words);
    // Where both have all of the area, their shapes are one.
    assert_eq!(fixture.all.read(somewhere()).array().wait().unwrap().pixels.shape(), [2, 1, 4, 4]);
}

#[test]
fn bands_of_several_types_and_grids() {
    let wide = Raster { dtype: DataType::Float32, ..Raster::new("field_20240105_B08.tif") };
    let coarse = Raster { pixel: 20.0, size: 20, ..Raster::new("field_20240105_B11.tif") };
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif"), wide, coarse]);
    let read = |bands: &[&str]| fixture.all.read(somewhere()).bands(bands).array().wait();
    assert_error(read(&["B04", "B08"]), "data-type-mismatch", &["uint16", "B04", "float32", "B08"]);
    assert_error(
        read(&["B04", "B11"]),
        "grid-mismatch",
        &["field_20240105", "B04 10 × 10", "B11 20 × 20", "give a resolution"],
    );
    assert_error(read(&["B05"]), "no-such-band", &["field_20240105", "B05", "B04, B08, B11"]);
    assert_error(read(&["B04", "B04"]), "invalid-argument", &["B04", "twice"]);
    assert!(read(&["B08"]).is_ok() && read(&["B11"]).is_ok());
}

#[test]
fn nothing_to_read() {
    let fixture = one();
    let off = Area::bbox([710_000.0, 1_499_000.0, 710_100.0, 1_499_100.0]).with_crs(Crs::from_epsg(32643));
    assert_error(fixture.all.read(off).array().wait(), "nothing-selected", &["no record matches"]);
    let late = fixture.all.subset(Filter::new().dates("2025-01-01/..").unwrap());
    assert_error(read_all(&late), "nothing-selected", &["no record matches"]);
    assert_error(read_all(&fixture.records(&["another"])), "nothing-selected", &["no record matches"]);
}

#[test]
fn results_beyond_the_limit() {
    let fixture = one();
    let read = |limit: u64| fixture.all.read(everywhere()).memory_limit(limit).array().wait();
    // Two bytes for each pixel, and one that says whether it is valid.
    assert_error(read(40 * 40 * 3 - 1), "too-large", &["4800 bytes", "4799", "raise the limit"]);
    assert!(read(40 * 40 * 3).is_ok());
}

#[test]
fn fill_values_that_do_not_fit() {
    let float = Raster { dtype: DataType::Float32, ..Raster::new("float_20240105_B04.tif") };
    let fixture = Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif"), float]);
    let read = |record: &str, value: PixelValue| {
        fixture.records(&[record]).read(somewhere()).fill_value(value).array().wait()
    };
    for value in ["65536", "-1", "0.5", "nan"] {
        let value = PixelValue::parse(value).unwrap();
        let words = [&value.to_string(), "uint16"];
        assert_error(read("field_20240105", value), "invalid-argument", &words.map(|word| word as &str));
    }
    let too_large = PixelValue::parse("1e39").unwrap();
    assert_error(read("float_20240105", too_large), "invalid-argument", &["float32"]);
    for value in ["65535", "0"] {
        assert!(read("field_20240105", PixelValue::parse(value).unwrap()).is_ok());
    }
    for value in ["nan", "-inf", "0.5"] {
        assert!(read("float_20240105", PixelValue::parse(value).unwrap()).is_ok());
    }
}

#[test]
fn areas_that_are_none() {
    let fixture = one();
    let read = |area: Area| fixture.all.read(area).array().wait();
    assert_error(read(Area::bbox([f64::NAN, 0.0, 1.0, 1.0])), "area", &["area 0", "not finite"]);
    assert_error(read(Area::bbox([1.0, 2.0, 3.0, 1.0])), "area", &["south above its north"]);
    assert_error(read(Area::bbox([1.0, 1.0, 1.0, 2.0])), "area", &["no extent"]);
    assert_error(read(Area::bbox([1.0, 1.0, 2.0, 95.0])), "area", &["latitude"]);
    assert_error(read(Area::new(Vec::new())), "area", &["no area"]);
    assert_error(read(Area::wkt("POLYGON EMPTY").unwrap()), "area", &["empty"]);
    let nan = geo_types::Point::new(f64::NAN, 1.0);
    assert_error(read(Area::geometry(nan)), "area", &["not finite"]);
    let unknown = everywhere().with_crs(Crs::new("EPSG:999999"));
    assert_error(read(unknown), "area", &["EPSG:999999"]);
}

#[test]
fn files_that_changed() {
    let name = "field_20240105_B04.tif";
    let words = |fixture: &Fixture, more: &str| {
        [fixture.path(name).display().to_string(), "field_20240105".into(), "B04".into(), more.into()]
    };
    let check = |change: &dyn Fn(&Fixture), kind: &str, more: &str| {
        let fixture = one();
        assert!(read_all(&fixture.all).is_ok());
        change(&fixture);
        let words = words(&fixture, more);
        assert_error(read_all(&fixture.all), kind, &words.each_ref().map(String::as_str));
        // The header is in the database, whatever became of the file.
        assert_eq!(fixture.all.header("field_20240105", "B04").unwrap().image.width, 40);
    };
    let rewrite = |fixture: &Fixture| {
        let folder = fixture.path("");
        Raster { size: 60, ..Raster::new(name) }.write(&folder);
    };
    check(&rewrite, "stale-header", "build the collection again");
    let truncate = |fixture: &Fixture| {
        let bytes = fs::read(fixture.path(name)).unwrap();
        fs::write(fixture.path(name), &bytes[..bytes.len() / 2]).unwrap();
    };
    check(&truncate, "stale-header", "it had");
    let empty = |fixture: &Fixture| fs::write(fixture.path(name), b"").unwrap();
    check(&empty, "stale-header", "has 0 now");
    let touch = |fixture: &Fixture| {
        let file = fs::File::options().write(true).open(fixture.path(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(86_400)).unwrap();
    };
    check(&touch, "stale-header", "and is of");
    let delete = |fixture: &Fixture| fs::remove_file(fixture.path(name)).unwrap();
    check(&delete, "not-found", "does not exist");
}

#[test]
fn tiles_that_are_damaged() {
    let Some(fixture) = Fixture::data("rasterio/corrupt.tif") else { return };
    let [west, south, east, north] = fixture.all.info().unwrap().bounds.unwrap();
    let read = fixture.all.read(Area::bbox([west, south, east, north])).bands(["B2"]).array().wait();
    assert_error(read, "corrupt-tile", &["corrupt.tif", "record \"corrupt\"", "band \"B2\"", "tile"]);
}
