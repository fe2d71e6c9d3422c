//! Records against what pyarrow reads.

use crate::oracle::{ask, data};
use crate::support::{batches, records, table};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use rasteret_schema::{BandMap, Record, Selection};
use serde_json::{Value, json};

fn assert_same(record: &Record, row: &Value, wanted: impl Fn(&str, &Value) -> bool) {
    let id = &record.id;
    assert_eq!(*id, row["id"]);
    assert_eq!(json!(record.datetime), row["datetime"], "{id}");
    let geometry =
        record.geometry.as_ref().map(|wkb| wkb.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    assert_eq!(json!(geometry), row["geometry"], "{id}");
    let bbox = record.bbox.map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]);
    assert_eq!(json!(bbox), row["bbox"], "{id}");
    assert_eq!(json!(record.epsg), row["epsg"], "{id}");
    assert_eq!(json!(record.crs), json!(record.epsg.map(|code| format!("EPSG:{code}"))), "{id}");
    assert_eq!(json!(record.collection), row["collection"], "{id}");
    let assets = row["assets"].as_object().unwrap();
    let wanted: Vec<&String> =
        assets.iter().filter(|(key, asset)| wanted(key, asset)).map(|(key, _)| key).collect();
    assert_eq!(record.assets.len(), wanted.len(), "{id}: {:?}, {wanted:?}", record.assets);
    for asset in &record.assets {
        assert_eq!(asset.href, assets[&asset.band]["href"], "{id}");
        assert_eq!(json!(asset.band_index), assets[&asset.band]["band_index"], "{id}");
    }
}

/// What rasters are, in the data: what has the media type of one, or none.
fn is_raster(_: &str, asset: &Value) -> bool {
    asset["type"].as_str().is_none_or(|media_type| media_type.contains("tiff"))
}

#[test]
fn tables_read_as_in_pyarrow() {
    let names = [
        "tables/1000-sentinel-2-items.parquet",
        "tables/100-landsat-items.parquet",
        "rasteret-collections/scene",
        "rasteret-collections/landsat",
        "rasteret-collections/mosaic",
    ];
    let Some(paths) = names.map(data).into_iter().collect::<Option<Vec<_>>>() else { return };
    let Some(answer) = ask("record_table_oracle.py", &json!({ "tables": paths })) else { return };
    for (path, rows) in paths.iter().zip(answer.as_array().unwrap()) {
        let (source, rows) = (table(path), rows.as_array().unwrap());
        let read = records(&source, &Selection::default());
        assert_eq!(read.len(), rows.len());
        read.iter().zip(rows).for_each(|(record, row)| assert_same(record, row, is_raster));

        let mut clouds = Vec::new();
        for batch in batches(&source, &Selection::default()).unwrap() {
            let column = batch.records.column_by_name("eo:cloud_cover").unwrap();
            clouds.extend(column.as_primitive::<Float64Type>().iter());
        }
        let expected: Vec<Option<f64>> = rows.iter().map(|row| row["cloud_cover"].as_f64()).collect();
        assert_eq!(clouds, expected);
    }
}

#[test]
fn bands_of_a_map() {
    let Some(path) = data("tables/1000-sentinel-2-items.parquet") else { return };
    let Some(answer) = ask("record_table_oracle.py", &json!({ "tables": [path] })) else { return };
    let mut bands = BandMap::default();
    bands
        .assets
        .extend([("red", "B04"), ("nir", "B08")].map(|(band, key)| (band.to_owned(), key.to_owned())));
    for (record, row) in
        records(&table(&path).bands(bands), &Selection::default()).iter().zip(answer[0].as_array().unwrap())
    {
        let bands: Vec<(&str, &str)> =
            record.assets.iter().map(|asset| (asset.band.as_str(), asset.href.as_str())).collect();
        let href = |key: &str| row["assets"][key]["href"].as_str().unwrap();
        assert_eq!(bands, [("red", href("B04")), ("nir", href("B08"))]);
    }
}
