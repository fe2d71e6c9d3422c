//! What rasteret 0.4 exports: headers come with it, and pixels are those that rasterio reads.

use crate::compare::{Case, ask, compare};
use crate::oracle::data;
use crate::support::{Store, text};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use geo_types::{Geometry, Rect};
use rasteret::blocking::Wait;
use rasteret::{Area, Collection, Filter};
use rasteret_serve::{Options, Server};
use std::path::PathBuf;

/// Name, records, headers.
const EXPORTS: [(&str, u64, u64); 3] = [("scene", 1, 2), ("landsat", 1, 3), ("mosaic", 2, 6)];

/// A read of each file's bands, of the middle of its record.
fn reads(collection: &Collection) -> Vec<(Case, rasteret::ReadRequest)> {
    let mut reads = Vec::new();
    let records = collection.head(10).unwrap();
    let column = |name: &str| records.column_by_name(name).unwrap();
    let (ids, boxes, assets) =
        (column("id").as_string::<i32>(), column("bbox").as_struct(), column("assets").as_struct());
    for row in 0..records.num_rows() {
        let id = ids.value(row);
        let side = |name: &str| boxes.column_by_name(name).unwrap().as_primitive::<Float64Type>().value(row);
        let (width, height) = (side("xmax") - side("xmin"), side("ymax") - side("ymin"));
        let (west, south) = (side("xmin") + width * 0.3, side("ymin") + height * 0.4);
        let (east, north) = (west + width * 0.2, south + height * 0.2);
        let of_record = assets.column_names().into_iter().zip(assets.columns());
        for (band, asset) in of_record.filter(|(_, asset)| asset.is_valid(row)) {
            let asset = asset.as_struct();
            let file = PathBuf::from(asset.column(0).as_string::<i32>().value(row));
            let indexes = asset.column(1).as_primitive::<Int32Type>();
            let index = if indexes.is_valid(row) { indexes.value(row) as usize } else { 0 };
            let polygon = Geometry::Polygon(Rect::new((west, south), (east, north)).to_polygon());
            reads.push((
                Case {
                    name: format!("{id} {band}"),
                    file,
                    bands: vec![index + 1],
                    geometry: serde_json::to_value(geojson::Geometry::from(&polygon)).unwrap(),
                    crs: "EPSG:4326".to_owned(),
                    all_touched: false,
                    fill: None,
                    tolerance: 0.0,
                },
                collection
                    .subset(Filter::new().ids([id]))
                    .read(Area::bbox([west, south, east, north]))
                    .bands([band]),
            ));
        }
    }
    reads
}

#[test]
fn pixels_are_those_of_rasterio() {
    let Some(folder) = data("rasteret-collections") else { return };
    let store = Store::new();
    let mut compared = 0;
    for (name, records, headers) in EXPORTS {
        let source = text(&folder.join(name));
        let import = store.database.import(&source).base_dir(text(folder.parent().unwrap()));
        let summary = import.run().wait().unwrap();
        assert_eq!((summary.name.as_str(), summary.records, summary.headers), (name, records, headers));
        assert_eq!((summary.failed.len(), summary.cached), (0, false));

        let collection = store.database.collection(name).unwrap();
        let info = collection.info().unwrap();
        assert_eq!(info.data_source, name, "as the file says");
        assert!(info.created.starts_with("2026-11-20T23:27:"), "{}", info.created);
        let columns: Vec<&str> = info.columns.iter().map(|column| column.name.as_str()).collect();
        assert!(!columns.contains(&"year") && !columns.contains(&"month"), "{columns:?}");

        let (cases, reads): (Vec<_>, Vec<_>) = reads(&collection).into_iter().unzip();
        let Some(expected) = ask(&cases, store.folder.path()) else { return };
        for ((case, read), expected) in cases.iter().zip(reads).zip(&expected) {
            let array = read.array().wait();
            compared += compare(&array, case, expected).unwrap_or_else(|why| panic!("{}: {why}", case.name));
        }
    }
    assert!(compared > 100_000, "{compared}");
}

#[test]
fn no_raster_is_opened() {
    let Some(folder) = data("rasteret-collections") else { return };
    let server = Server::start(folder.parent().unwrap(), Options::default()).unwrap();
    let store = Store::new();
    for (name, records, headers) in EXPORTS {
        let import = store.database.import(text(&folder.join(name))).base_dir(server.base_url());
        let summary = import.run().wait().unwrap();
        assert_eq!((summary.records, summary.headers, summary.requests), (records, headers, 0));
        assert_eq!(server.stats().requests, 0);
        // The table itself may lie there too.
        let url =
            format!("{}/rasteret-collections/{name}/year=2024/month=1/part-0.parquet", server.base_url());
        let import = store.database.import(url).base_dir(server.base_url()).name(format!("{name}, served"));
        assert_eq!(import.run().wait().unwrap().headers, headers);
        assert!(server.requests_by_path().keys().all(|path| path.ends_with(".parquet")));
        server.reset_stats();
    }
    for name in ["scene", "scene, served"] {
        let (_, read) = reads(&store.database.collection(name).unwrap()).remove(0);
        read.array().wait().unwrap();
        assert!(server.stats().requests > 0);
        server.reset_stats();
    }
}

#[test]
fn a_finished_import_is_a_cache_hit() {
    let Some(folder) = data("rasteret-collections") else { return };
    let server = Server::start(folder.parent().unwrap(), Options::default()).unwrap();
    let url = format!("{}/rasteret-collections/mosaic/year=2024/month=1/part-0.parquet", server.base_url());
    let store = Store::new();
    let import = || store.database.import(&url).base_dir(server.base_url()).name("m");
    assert!(!import().run().wait().unwrap().cached);
    server.reset_stats();
    let again = import().run().wait().unwrap();
    assert_eq!((again.cached, again.records, again.headers), (true, 2, 6));
    assert_eq!(server.stats().requests, 0);
    assert!(!import().force(true).run().wait().unwrap().cached);
    // Under this name there is something else now.
    let error = store.database.import(text(&folder.join("landsat"))).name("m").run().wait().unwrap_err();
    assert!(error.to_string().contains("choose another name"), "{error}");
}
