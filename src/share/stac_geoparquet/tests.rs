use super::*;
use crate::share::SharedTable;
use crate::store::{Description, Store};
use arrow_array::Int32Array;
use rasteret_schema::{
    Asset, BoundingBox, Crs, DataType as SampleType, Encoding, Georeference, Geotransform, HeaderArchive,
    ImageHeader, PixelValue, RasterHeader, Record, SourceHeader, TileTable, record,
};
use serde_json::{Value, json};

fn header(row: usize, band: &str, samples: u16, nodata: f64) -> SourceHeader {
    let encoding = Encoding { samples_per_pixel: samples, ..Encoding::uncompressed(SampleType::UInt16) };
    let image = ImageHeader::new([30, 20], [30, 20], TileTable::new(&[8], &[1200]));
    let header = RasterHeader {
        georeference: Georeference {
            transform: Some(Geotransform::new(10.0, 0.0, 600_000.0, 0.0, -10.0, 1_500_000.0)),
            crs: Some(Crs::from_epsg(32643)),
            ..Georeference::default()
        },
        nodata: Some(PixelValue::from(nodata)),
        ..RasterHeader::new("geotiff", encoding, vec![image])
    };
    SourceHeader { row, band: band.to_owned(), header: Arc::new(HeaderArchive::new(&header).unwrap()) }
}

fn record(id: &str, assets: &[(&str, &str, Option<i32>)]) -> Record {
    let asset = |(band, href, band_index): &(&str, &str, Option<i32>)| Asset {
        band: (*band).to_owned(),
        href: (*href).to_owned(),
        band_index: *band_index,
    };
    Record {
        id: id.to_owned(),
        datetime: 1_704_067_200_000_000,
        end_datetime: None,
        geometry: Some(vec![1]),
        bbox: Some(BoundingBox::new(1.0, 2.0, 3.0, 4.0)),
        assets: assets.iter().map(asset).collect(),
        epsg: None,
        crs: None,
        collection: None,
    }
}

/// The shared table of a collection of records.
fn shared(records: &[Record], user: &[(&str, ArrayRef)], headers: &[SourceHeader]) -> RecordBatch {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(folder.path().join("a.rasteret")).unwrap();
    let mut write = store.write().unwrap();
    write.create_collection("a", Description::default()).unwrap();
    let batch = record::to_batch(records).unwrap();
    let schema = batch.schema();
    let own = schema.fields().iter().map(|field| field.name().as_str()).zip(batch.columns().iter().cloned());
    let columns = own.chain(user.iter().map(|(name, column)| (*name, Arc::clone(column))));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    write.append("a", &batch, headers, &[]).unwrap();
    write.commit().unwrap();
    let stored = store.read().unwrap().collection("a").unwrap();
    let table = SharedTable::new(&stored, None).unwrap();
    let numbers: Vec<u64> = (0..records.len() as u64).collect();
    table.batch(&stored.rows(&numbers, table.projection()).unwrap(), &numbers).unwrap()
}

/// The rows of a batch without their nulls, which in Parquet are what a document does not have.
fn rows(batch: &RecordBatch) -> Vec<Value> {
    let mut writer = arrow_json::LineDelimitedWriter::new(Vec::new());
    writer.write(&batch.project(&without_geometry(batch)).unwrap()).unwrap();
    writer.finish().unwrap();
    let lines = String::from_utf8(writer.into_inner()).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn without_geometry(batch: &RecordBatch) -> Vec<usize> {
    (0..batch.num_columns()).filter(|column| batch.schema().field(*column).name() != GEOMETRY).collect()
}

fn items(shared: &RecordBatch) -> Result<Vec<Value>> {
    let table = StacTable::new(shared.schema_ref())?;
    let batch = table.batch(shared)?;
    assert_eq!(batch.schema_ref(), table.schema());
    Ok(rows(&batch))
}

#[test]
fn a_file_is_an_asset_and_its_samples_are_bands() {
    let bands =
        [("N", "n.TIF?sig=1", None), ("R", "rgb", Some(2)), ("G", "rgb", Some(1)), ("again", "rgb", Some(1))];
    let records = [record("a", &bands), record("b", &[("G", "g.tif", None), ("R", "r.tif", Some(1))])];
    let headers = [header(0, "N", 1, 0.0), header(0, "R", 4, f64::NAN), header(1, "G", 1, 7.0)];
    let items = items(&shared(&records, &[], &headers)).unwrap();

    let grid = json!({"roles": ["data"], "proj:shape": [20, 30], "proj:transform": [10.0, 0.0, 600_000.0, 0.0, -10.0, 1_500_000.0]});
    let with_grid = |asset: Value| {
        let mut asset = asset.as_object().unwrap().clone();
        asset.extend(grid.as_object().unwrap().clone());
        Value::from(asset)
    };
    let geotiff = "image/tiff; application=geotiff";
    assert_eq!(
        items[0]["assets"],
        json!({
            "N": with_grid(json!({"href": "n.TIF?sig=1", "type": geotiff, "bands": [{"name": "N", "data_type": "uint16", "nodata": 0.0}]})),
            "R": with_grid(json!({"href": "rgb", "bands": [
                {"data_type": "uint16"},
                {"name": "G", "data_type": "uint16"},
                {"name": "R", "data_type": "uint16"},
                {"data_type": "uint16"},
            ]})),
            // The same sample as another band.
            "again": {"href": "rgb", "roles": ["data"], "bands": [{}, {"name": "again"}]},
        })
    );
    assert_eq!(
        items[1]["assets"],
        json!({
            "G": with_grid(json!({"href": "g.tif", "type": geotiff, "bands": [{"name": "G", "data_type": "uint16", "nodata": 7.0}]})),
            "R": {"href": "r.tif", "type": geotiff, "roles": ["data"], "bands": [{}, {"name": "R"}]},
        })
    );
}

#[test]
fn what_no_file_has_is_refused() {
    for index in [-1, i32::MAX] {
        let shared = shared(&[record("a", &[("R", "rgb", Some(index))])], &[], &[]);
        assert!(matches!(items(&shared), Err(Error::InvalidArgument(why)) if why.contains("\"R\"")));
    }
    let many: Vec<Record> =
        (0..3).map(|i| record(&i.to_string(), &[("R", "rgb", Some(MAX_INDEX))])).collect();
    assert!(matches!(items(&shared(&many, &[], &[])), Err(Error::InvalidArgument(_))));
}

/// Such that a few of them are too much.
const MAX_INDEX: i32 = 1 << 22;

#[test]
fn items_say_what_they_use() {
    let mut records = [
        record("a", &[("R", "r", None)]),
        record("b", &[("R", "r", None)]),
        record("c", &[("R", "r", None)]),
    ];
    records[0].epsg = Some(32643);
    records[0].collection = Some("scenes".to_owned());
    records[1].crs = Some("+proj=sinu +R=6371007.181 +units=m".to_owned());
    records[2].end_datetime = Some(1_704_067_201_000_000);
    let cloud_cover: ArrayRef = Arc::new(Int32Array::from(vec![Some(3), None, None]));
    let items = items(&shared(&records, &[(CLOUD_COVER, cloud_cover)], &[])).unwrap();

    let [projection, eo] =
        [PROJECTION, ELECTRO_OPTICAL].map(|[name, version]| format!("{EXTENSIONS}{name}{version}"));
    assert_eq!(items[0]["stac_extensions"], json!([projection, eo]));
    assert_eq!(items[0]["proj:code"], "EPSG:32643");
    assert_eq!(items[0]["links"][0]["rel"], "collection");
    assert_eq!(items[0][CLOUD_COVER], 3);
    assert_eq!((&items[0]["type"], &items[0]["stac_version"]), (&json!("Feature"), &json!("1.1.0")));
    assert_eq!(items[0]["bbox"], json!({"xmin": 1.0, "ymin": 2.0, "xmax": 3.0, "ymax": 4.0}));
    assert_eq!(items[1]["stac_extensions"], json!([projection]));
    assert!(items[1]["proj:wkt2"].as_str().unwrap().starts_with("PROJCRS["));
    assert_eq!(items[1]["links"], json!([]));
    assert_eq!(items[2]["stac_extensions"], json!([]));
    assert_eq!(
        [&items[2]["datetime"], &items[2]["start_datetime"], &items[2]["end_datetime"]],
        ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z"]
    );
    assert_eq!(items[0].get("start_datetime"), None);
}

#[test]
fn columns_that_were_items_become_items() {
    let records = [record("a", &[("R", "r", None)])];
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let mut extensions = ListBuilder::new(StringBuilder::new());
    let old = format!("{EXTENSIONS}eo/v1.1.0/schema.json");
    extensions.append_value([Some("https://example.com/own.json"), Some(old.as_str())]);
    let extensions: ArrayRef = Arc::new(extensions.finish());
    let cloud_cover: ArrayRef = Arc::new(Int32Array::from(vec![3]));
    let user = [
        (TYPE, text("Feature")),
        (STAC_VERSION, text("1.0.0")),
        (STAC_EXTENSIONS, extensions),
        ("created", text("2024-01-02T03:04:05.5Z")),
        ("label", text("forest")),
        (CLOUD_COVER, cloud_cover),
    ];
    let shared_table = shared(&records, &user, &[]);
    let items = items(&shared_table).unwrap();
    let eo = format!("{EXTENSIONS}eo/v2.0.0/schema.json");
    assert_eq!(items[0]["stac_extensions"], json!(["https://example.com/own.json", eo]));
    assert_eq!(items[0]["stac_version"], "1.1.0");
    assert_eq!(items[0]["created"], "2024-01-02T03:04:05.500Z");
    assert_eq!(items[0]["label"], "forest");
    let schema = StacTable::new(shared_table.schema_ref()).unwrap().schema;
    assert_eq!(*schema.field_with_name("created").unwrap().data_type(), time());

    for (name, column) in
        [(TYPE, text("urban")), (LINKS, text("none")), (PROPERTIES, text("")), ("created", text("once"))]
    {
        let error = super::tests::items(&shared(&records, &[(name, column)], &[])).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn headers_and_names_of_crs_are_no_properties() {
    let table = shared(&[record("a", &[("R", "r", None)])], &[], &[header(0, "R", 1, 0.0)]);
    let schema = StacTable::new(table.schema_ref()).unwrap().schema;
    let has = |name: &str| schema.field_with_name(name).is_ok();
    assert!(table.column_by_name("R_metadata").is_some());
    assert!(!has("R_metadata") && !has(EPSG) && !has(CRS) && has(PROJ_CODE));
    assert!(StacTable::new(&Schema::new(vec![Field::new(ID, DataType::Utf8, false)])).is_err());
}
