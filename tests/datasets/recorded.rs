//! Real items of datasets that are built in, and the bands that their descriptors find in them.

use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret::schema::DatasetDescriptor;
use rasteret::schema::dataset::built_in;

/// Dataset, a document with real items, the collection that these say they are of, and how many there are.
const RECORDED: [(&str, &str, &str, u64); 4] = [
    ("pc/sentinel-2-l2a", "rustac/two-sentinel-2-items.json", "sentinel-2-l2a", 2),
    ("pc/sentinel-2-l2a", "stac-geoparquet/sentinel-2-l2a-pc.json", "sentinel-2-l2a", 4),
    // Of a later collection of the same API, whose assets have the same keys.
    ("earthsearch/sentinel-2-l2a", "rustac/sentinel-2-item-collection.json", "sentinel-2-c1-l2a", 10),
    // Of Planetary Computer, which has the keys of the USGS, as Earth Search does.
    ("earthsearch/landsat-c2-l2", "stac-geoparquet/landsat-c2-l2-pc.json", "landsat-c2-l2", 0),
];

#[test]
fn real_items_have_the_bands() {
    let folder = tempfile::tempdir().unwrap();
    for (number, (id, document, collection, count)) in RECORDED.into_iter().enumerate() {
        let Some(path) = crate::data::path(document) else { return };
        let dataset = built_in().iter().find(|dataset| dataset.id == id).unwrap();
        let moved = DatasetDescriptor {
            stac_api: Some(path.to_str().unwrap().to_owned()),
            stac_collection: Some(collection.to_owned()),
            static_catalog: true,
            ..dataset.clone()
        };
        let database = Database::open_writable(folder.path().join(format!("{number}.rasteret"))).unwrap();
        let catalog = database.catalog().with_local_file(folder.path().join("datasets.local.json"));
        catalog.register(moved).unwrap();
        let summary = database.build_dataset(id).unwrap().name("x").enrich(false).run().wait().unwrap();
        assert_eq!(summary.failed, [], "{document}");
        assert!(
            summary.records > 0 && (count == 0 || summary.records == count),
            "{document}: {}",
            summary.records
        );
        let info = database.collection("x").unwrap().info().unwrap();
        let bands: Vec<&String> = dataset.band_map.as_ref().unwrap().keys().collect();
        assert_eq!(info.bands.iter().collect::<Vec<_>>(), bands, "{document}");
    }
}
