//! Which bands records get.

use super::*;

const GEOTIFF: &str = "image/tiff; application=geotiff; profile=cloud-optimized";

/// Bands of a record: name, file, index.
type Bands = Vec<(String, String, Option<i32>)>;

fn of(record: &Record) -> Bands {
    let file = |href: &str| href.rsplit('/').next().unwrap().to_owned();
    record
        .assets
        .iter()
        .map(|Asset { band, href, band_index }| (band.clone(), file(href), *band_index))
        .collect()
}

fn band(name: &str, file: &str, index: impl Into<Option<i32>>) -> (String, String, Option<i32>) {
    (name.to_owned(), file.to_owned(), index.into())
}

fn map(assets: &[(&str, &str)], indexes: &[(&str, i32)]) -> BandMap {
    BandMap {
        assets: assets.iter().map(|(band, asset)| ((*band).to_owned(), (*asset).to_owned())).collect(),
        indexes: indexes.iter().map(|(band, index)| ((*band).to_owned(), *index)).collect(),
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The bands of items, by id.
fn converted(map: BandMap, wanted: &[&str], items: Vec<LocatedItem>) -> Result<Vec<Bands>, String> {
    let converter = ItemConverter::new(map, names(wanted)).map_err(|error| error.to_string())?;
    let batch = converter.batch(items).map_err(|error| error.to_string())?;
    if let Some(failure) = batch.failures.first() {
        return Err(format!("{}: {}", failure.kind, failure.message));
    }
    let columns = RecordColumns::new(&batch.records).unwrap();
    Ok((0..columns.len()).map(|row| of(&columns.record(row))).collect())
}

fn one(map: BandMap, wanted: &[&str], assets: Value) -> Result<Bands, String> {
    converted(map, wanted, vec![item(json!({"assets": assets}))]).map(|mut bands| bands.remove(0))
}

/// Assets as Earth Search has them.
fn scene() -> Value {
    let single = |file: &str, name: &str, common: &str| json!({"href": file, "type": GEOTIFF, "roles": ["data"], "eo:bands": [{"name": name, "common_name": common}]});
    json!({
        "red": single("r.tif", "B04", "red"),
        "nir": single("n.tif", "B08", "nir"),
        "rededge1": single("e1.tif", "B05", "rededge"),
        "rededge2": single("e2.tif", "B06", "rededge"),
        "scl": {"href": "scl.tif", "type": GEOTIFF, "roles": ["data"]},
        "visual": {"href": "v.tif", "type": GEOTIFF, "roles": ["visual"], "eo:bands": [{"name": "B04", "common_name": "red"}, {"name": "B03", "common_name": "green"}]},
        "red-jp2": {"href": "r.jp2", "type": "image/jp2", "roles": ["data"], "eo:bands": [{"name": "B04", "common_name": "red"}]},
        "preview": {"href": "p.tif", "type": GEOTIFF, "roles": ["overview"]},
        "thumbnail": {"href": "t.jpg", "type": "image/jpeg", "roles": ["thumbnail"]},
    })
}

#[test]
fn without_a_map_the_item_names_its_bands() {
    assert_eq!(
        one(BandMap::default(), &[], scene()).unwrap(),
        [
            band("red", "r.tif", None),
            band("nir", "n.tif", None),
            band("rededge1", "e1.tif", None),
            band("rededge2", "e2.tif", None),
            band("scl", "scl.tif", None),
            band("visual_B04", "v.tif", 0),
            band("B03", "v.tif", 1),
        ]
    );
}

#[test]
fn what_a_raster_is() {
    let is_raster = |asset: Value| one(BandMap::default(), &[], json!({"x": asset})).is_ok();
    assert!(is_raster(json!({"href": "a", "type": "image/vnd.stac.geotiff; cloud-optimized=true"})));
    assert!(is_raster(json!({"href": "a", "type": "image/tiff", "roles": ["metadata", "data-mask"]})));
    assert!(is_raster(json!({"href": "a", "type": "image/tiff", "roles": ["data", "overview"]})));
    assert!(is_raster(json!({"href": "https://h/a.TIFF?sig=1"})));
    assert!(is_raster(json!({"href": "https://h/download", "roles": ["data"]})));
    assert!(!is_raster(json!({"href": "https://h/download"})));
    assert!(!is_raster(json!({"href": "a.nc", "roles": ["data"]})));
    assert!(!is_raster(json!({"href": "a.tif", "type": "application/json"})));
    assert!(!is_raster(json!({"href": "a.tif", "roles": ["metadata"]})));
    assert!(!is_raster(json!({"href": "a.tif", "roles": ["thumbnail"]})));
    assert!(!is_raster(json!({"href": ""})));
    let (kind, message) = failure(json!({"assets": {"meta": {"href": "a.xml"}}}));
    assert_eq!(kind, "no-bands");
    assert!(message.contains("meta"), "{message}");
}

#[test]
fn a_map_names_assets_bands_or_common_names() {
    let bands = map(&[("R", "red"), ("N", "B08"), ("E", "B05"), ("G", "green"), ("S", "SCL")], &[]);
    assert_eq!(
        one(bands, &[], scene()).unwrap(),
        [
            band("R", "r.tif", None),
            band("N", "n.tif", None),
            band("E", "e1.tif", None),
            band("G", "v.tif", 1),
            band("S", "scl.tif", None),
        ]
    );
}

#[test]
fn the_finest_of_several_resolutions() {
    let asset = |file: &str, gsd: f64| json!({"href": file, "gsd": gsd, "bands": [{"name": "B02", "eo:common_name": "blue"}]});
    let assets = json!({"B02_60m": asset("60.tif", 60.0), "B02_10m": asset("10.tif", 10.0), "B02_20m": asset("20.tif", 20.0)});
    for name in ["B02", "blue"] {
        assert_eq!(one(BandMap::default(), &[name], assets.clone()).unwrap(), [band(name, "10.tif", None)]);
    }
}

#[test]
fn a_name_of_several_bands_is_an_error_that_lists_them() {
    let message = one(map(&[("E", "rededge")], &[]), &[], scene()).unwrap_err();
    assert!(message.contains("B05 of rededge1") && message.contains("B06 of rededge2"), "{message}");
    let message = one(BandMap::default(), &["rededge"], scene()).unwrap_err();
    assert!(message.contains("B05 of rededge1"), "{message}");
}

#[test]
fn wanted_bands_come_in_their_order() {
    assert_eq!(
        one(BandMap::default(), &["nir", "B04", "green", "SCL", "nir"], scene()).unwrap(),
        [
            band("nir", "n.tif", None),
            band("B04", "r.tif", None),
            band("green", "v.tif", 1),
            band("SCL", "scl.tif", None)
        ]
    );
    // Of an asset with several samples all are wanted.
    assert_eq!(
        one(BandMap::default(), &["visual"], scene()).unwrap(),
        [band("visual_B04", "v.tif", 0), band("B03", "v.tif", 1)]
    );
    let bands = map(&[("R", "red"), ("N", "nir")], &[]);
    assert_eq!(
        one(bands, &["N", "scl"], scene()).unwrap(),
        [band("N", "n.tif", None), band("scl", "scl.tif", None)]
    );
}

#[test]
fn an_unknown_wanted_band_lists_what_there_is() {
    let message = one(BandMap::default(), &["B04", "B99"], scene()).unwrap_err();
    for part in ["\"B99\"", "red (B04 red)", "visual (B04 red, B03 green)", "scl"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("\"B04\""), "{message}");
}

#[test]
fn samples_of_one_asset_need_indexes() {
    let image = json!({"image": {"href": "i.tif", "type": GEOTIFF, "eo:bands": [{"name": "Red"}, {"name": "Green"}]}});
    let both = [("R", "image"), ("G", "image")];
    let message = one(map(&both, &[]), &[], image.clone()).unwrap_err();
    assert!(message.contains("R=0,G=1"), "{message}");
    assert_eq!(
        one(map(&both, &[("R", 0), ("G", 1)]), &[], image.clone()).unwrap(),
        [band("R", "i.tif", 0), band("G", "i.tif", 1)]
    );
    // Without an asset: of the only raster.
    assert_eq!(one(map(&[], &[("G", 1)]), &[], image.clone()).unwrap(), [band("G", "i.tif", 1)]);
    let message = one(map(&[("R", "image")], &[]), &[], image.clone()).unwrap_err();
    assert!(message.contains("2 samples (Red, Green)") && message.contains("R=0"), "{message}");
    let message = one(map(&[("R", "image")], &[("R", 2)]), &[], image).unwrap_err();
    assert!(message.contains("counted from 0"), "{message}");
}

#[test]
fn built_in_maps_go_where_their_assets_are() {
    let item_of = |assets: Value| item(json!({"collection": "sentinel-2-l2a", "assets": assets}));
    let bands = |wanted: &[&str], assets: Value| {
        converted(BandMap::default(), wanted, vec![item_of(assets)]).unwrap().remove(0)
    };
    let earth_search =
        json!({"red": {"href": "r.tif"}, "nir": {"href": "n.tif"}, "aot": {"href": "aot.tif"}});
    assert_eq!(bands(&[], earth_search.clone()), [band("B04", "r.tif", None), band("B08", "n.tif", None)]);
    assert_eq!(
        bands(&["B08", "aot", "red"], earth_search),
        [band("B08", "n.tif", None), band("aot", "aot.tif", None), band("red", "r.tif", None)]
    );
    let planetary_computer = json!({"AOT": {"href": "aot.tif"}, "B04": {"href": "r.tif"}});
    assert_eq!(bands(&[], planetary_computer), [band("B04", "r.tif", None)]);
    assert_eq!(bands(&[], json!({"other": {"href": "o.tif"}})), [band("other", "o.tif", None)]);
    let naip = item(json!({"collection": "naip", "assets": {"image": {"href": "i.tif"}}}));
    assert_eq!(
        converted(BandMap::default(), &[], vec![naip]).unwrap().remove(0),
        [band("R", "i.tif", 0), band("G", "i.tif", 1), band("B", "i.tif", 2), band("NIR", "i.tif", 3)]
    );
}

#[test]
fn items_may_lack_bands_of_the_map() {
    let of = |keys: &[&str]| {
        let assets: Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), json!({"href": format!("{key}.tif")}))).collect();
        item(json!({"assets": assets}))
    };
    let bands = || map(&[("C", "coastal"), ("R", "red"), ("T", "typo")], &[]);
    let converter = ItemConverter::new(bands(), Vec::new()).unwrap();
    let batch = converter.batch(vec![of(&["red"]), of(&["red", "green"]), of(&["green"])]).unwrap();
    assert_eq!(batch.records.num_rows(), 2);
    // It is an item, but has nothing to read.
    assert_eq!(batch.failures[0].kind, "no-bands");
    assert!(batch.failures[0].message.contains("it has green"), "{:?}", batch.failures);
    converter.batch(vec![of(&["red", "coastal"])]).unwrap();
    let missing = converter.finish();
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert!(missing[0].message.contains("\"T\" (asset \"typo\")"), "{missing:?}");
    assert!(missing[0].message.contains("red"), "{missing:?}");

    // None at all is a mistake, and noticed at once.
    let message = converted(bands(), &[], vec![of(&["green"]), of(&["blue"])]).unwrap_err();
    assert!(message.contains("typo") && message.contains("green"), "{message}");
    // So is one that is asked for by its name; unless some item has it.
    assert!(converted(bands(), &["C", "R"], vec![of(&["red"])]).is_err());
    assert!(converted(bands(), &["C", "R"], vec![of(&["red"]), of(&["coastal"])]).is_ok());
}

#[test]
fn bands_of_old_versions() {
    let items = item(json!({
        "properties": {"datetime": "2018-01-01", "eo:bands": [{"name": "B1"}, {"name": "B2", "common_name": "green"}]},
        "assets": {"x": {"href": "x.tif", "eo:bands": [1]}, "y": {"href": "y.tif", "eo:bands": [0, 1, 7]}},
    }));
    assert_eq!(
        converted(BandMap::default(), &["green"], vec![items]).unwrap().remove(0),
        [band("green", "x.tif", None)]
    );
}
