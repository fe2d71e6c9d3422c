//! Pixels of collections that went from one program to the other.

use crate::material::{Material, ids, records, text};
use crate::oracle::data;
use crate::peer::{ask, has_rasteret};
use crate::reads::{self, Read};
use rasteret::blocking::Wait;
use rasteret::{Area, Collection, Database, Filter};
use serde_json::{Value, json};
use std::path::Path;

/// rasteret gives rasters whose rows run from south to north as they lie in the file, where we turn them.
const SOUTH_UP: &str = "south-up";

/// Compares what rasteret reads at `path` with what we read of `collection`, by every method.
fn compare(collection: &Collection, path: &Path, folder: &Path, out: &Path) -> Option<()> {
    let all = reads::reads(collection);
    let north_up: Vec<Read> = all.iter().filter(|read| read.id != SOUTH_UP).cloned().collect();
    type Check = fn(&Read, &Collection, &Value) -> usize;
    let methods: [(&str, &[Read], Check); 4] = [
        ("numpy", &north_up, reads::assert_array),
        ("xarray", &north_up, reads::assert_dataset),
        ("gdf", &north_up, reads::assert_table),
        ("points", &all, reads::assert_points),
    ];
    for (method, reads, check) in methods {
        let answers = reads::rasteret(path, folder, out, method, reads)?;
        let compared: usize =
            reads.iter().zip(&answers).map(|(read, answer)| check(read, collection, answer)).sum();
        assert!(compared > 100, "{method}: {compared}");
    }
    // What rasteret does not turn, rasterio does.
    let (reads, areas): (Vec<&Read>, Vec<Value>) =
        all.iter().filter_map(|read| Some((read, read.rasterio()?))).unzip();
    let answers = ask("rasterio", json!({"areas": areas, "out": out}))?;
    for (read, answer) in reads.iter().zip(answers.as_array().unwrap()) {
        assert!(reads::assert_rasterio(read, collection, answer) > 0);
    }
    Some(())
}

#[test]
fn rasteret_reads_what_is_exported() {
    if !has_rasteret() {
        return;
    }
    let Some(material) = Material::new() else { return };
    let collection = material.collection();
    let west = records(&collection)[0]["bbox"].clone();
    let bbox = ["xmin", "ymin", "xmax", "ymax"].map(|side| west[side].as_f64().unwrap());
    for (dest, partition_by) in
        [("by-month", &["year", "month"][..]), ("by-split", &["split"]), ("one", &[]), ("file.parquet", &[])]
    {
        let path = material.path(dest);
        let summary =
            collection.export(text(&path)).partition_by(partition_by.iter().copied()).run().wait().unwrap();
        assert_eq!(summary.rows, 8);

        let arguments = json!({"path": path, "folder": material.folder.path(), "bbox": bbox,
            "dates": ["2024-02-01", "2024-02-28"]});
        let Some(facts) = ask("facts", arguments) else { return };
        let info = collection.info().unwrap();
        assert_eq!(facts["name"], "material");
        assert_eq!(facts["data_source"], json!(info.data_source));
        let mut bands: Vec<String> = serde_json::from_value(facts["bands"].clone()).unwrap();
        let mut ours = info.bands.clone();
        bands.sort();
        ours.sort();
        assert_eq!(bands, ours);
        assert_eq!(facts["bounds"], json!(info.bounds.unwrap()));
        assert_eq!(facts["epsg"], json!(info.epsg));
        assert_eq!((&facts["records"], &facts["head"]), (&json!(8), &json!(2)));
        let columns: Vec<&str> =
            facts["columns"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        for column in &info.columns {
            assert!(columns.contains(&column.name.as_str()), "{} in {columns:?}", column.name);
        }
        for (name, filter) in [
            ("bbox", Filter::new().bbox(bbox)),
            ("dates", Filter::new().dates("2024-02-01/2024-02-28").unwrap()),
            ("cloud_cover", Filter::new().cloud_cover_lt(40.0)),
            ("split", Filter::new().split("train")),
            ("geometries", Filter::new().geometries(&Area::bbox(bbox)).unwrap()),
            ("where", Filter::cql2("count >= 1 AND label IS NOT NULL").unwrap()),
        ] {
            assert_eq!(facts[name], json!(ids(&collection, filter)), "{name} of {dest}");
            assert!(!facts[name].as_array().unwrap().is_empty());
        }
        assert!(compare(&collection, &path, material.folder.path(), material.folder.path()).is_some());
    }
}

#[test]
fn what_rasteret_exports_is_read() {
    if !has_rasteret() {
        return;
    }
    let Some(material) = Material::new() else { return };
    let folder = material.folder.path();
    let exports = [("month", json!(["year", "month"])), ("split", json!(["split"])), ("whole", json!([]))];
    let paths: serde_json::Map<String, Value> =
        exports.iter().map(|(name, by)| (text(&material.path(name)).to_owned(), by.clone())).collect();
    let Some(records) = ask("build", json!({"folder": folder, "exports": paths})) else { return };
    assert_eq!(records, 8);
    for (name, _) in &exports {
        let path = material.path(name);
        let summary =
            material.database.import(text(&path)).base_dir(text(folder)).name(*name).run().wait().unwrap();
        assert_eq!((summary.records, summary.headers, summary.failed.len()), (8, 15, 0), "{name}");
        let imported = material.database.collection(name).unwrap();
        assert!(compare(&imported, &path, folder, folder).is_some());
        assert_eq!(user_columns(&imported), user_columns(&material.collection()));
    }
}

/// Records without what is about the rasters.
fn user_columns(collection: &Collection) -> Vec<Value> {
    let column =
        |record: &serde_json::Map<String, Value>, name: &str| (name.to_owned(), record[name].clone());
    let names =
        || crate::material::USER.into_iter().chain(["id", "datetime", "geometry", "bbox", "proj:epsg"]);
    records(collection).iter().map(|record| names().map(|name| column(record, name)).collect()).collect()
}

#[test]
fn shared_collections_are_read_alike() {
    let Some(shared) = data("rasteret-collections") else { return };
    if !has_rasteret() {
        return;
    }
    let base = shared.parent().unwrap();
    let out = tempfile::tempdir().unwrap();
    let database = Database::open_writable(out.path().join("shared.rasteret")).unwrap();
    for name in ["scene", "landsat", "mosaic"] {
        let path = shared.join(name);
        database.import(text(&path)).base_dir(text(base)).run().wait().unwrap();
        let collection = database.collection(name).unwrap();
        let reads = reads::reads(&collection);
        let Some(answers) = reads::rasteret(&path, base, out.path(), "numpy", &reads) else { return };
        for (read, answer) in reads.iter().zip(&answers) {
            assert!(reads::assert_array(read, &collection, answer) > 0);
        }
    }
}
