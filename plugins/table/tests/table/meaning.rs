//! What columns mean: times that are spans, CRSs, geometries, bands, and columns that cannot serve.

use crate::support::{batches, error, point, records, text};
use arrow_array::{ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field, Schema};
use rasteret_schema::record::{BBOX, GEOMETRY};
use rasteret_schema::{BandMap, Selection};
use rasteret_table::TableSource;
use std::collections::HashMap;
use std::sync::Arc;

fn source(columns: Vec<(&str, ArrayRef)>) -> TableSource {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    TableSource::from_batches("memory", batch.schema(), vec![batch])
}

fn plain() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("id", text(["a", "b"])),
        ("datetime", text(["2024-01-01", "2024-01-02"])),
        ("href", text(["a.tif", "b.tif"])),
    ]
}

fn with(name: &'static str, column: ArrayRef) -> TableSource {
    let mut columns = plain();
    columns.retain(|(other, _)| *other != name);
    columns.push((name, column));
    source(columns).href_column("href")
}

#[test]
fn spans_of_time() {
    let some = |texts: [Option<&str>; 2]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    let mut columns = plain();
    columns[1].1 = some([None, Some("2024-03-01T00:00:00Z")]);
    columns.push(("start_datetime", some([Some("2024-01-01T00:00:00Z"), Some("2024-02-01T00:00:00Z")])));
    columns.push(("end_datetime", some([Some("2024-01-31T00:00:00Z"), Some("2024-02-29T00:00:00Z")])));
    let read = records(&source(columns).href_column("href"), &Selection::default());
    assert_eq!(read[0].datetime, 1_704_067_200_000_000);
    assert_eq!(read[0].end_datetime, Some(1_706_659_200_000_000));
    // It would end before it is.
    assert_eq!((read[1].datetime, read[1].end_datetime), (1_709_251_200_000_000, None));
}

#[test]
fn one_file_with_and_without_indexes() {
    let read = records(&source(plain()).href_column("href"), &Selection::default());
    assert_eq!((read[0].assets[0].band.as_str(), read[0].assets[0].band_index), ("href", None));
    let read = records(
        &source(plain()).href_column("href").band_indexes([("R", 0), ("G", 1)]),
        &Selection::default(),
    );
    let bands: Vec<_> =
        read[1].assets.iter().map(|it| (it.band.as_str(), it.href.as_str(), it.band_index)).collect();
    assert_eq!(bands, [("R", "b.tif", Some(0)), ("G", "b.tif", Some(1))]);
    let only = source(plain()).href_column("href").band_indexes([("R", 0), ("G", 1)]).only_bands(["G"]);
    assert_eq!(records(&only, &Selection::default())[0].assets.len(), 1);
    let message = error(&only.only_bands(["B"]));
    assert!(message.contains("no band \"B\"") && message.contains("R, G"), "{message}");
}

#[test]
fn bands_that_cannot_be_told_apart() {
    let mut bands = BandMap::default();
    bands
        .assets
        .extend([("R", "image"), ("G", "image")].map(|(band, key)| (band.to_owned(), key.to_owned())));
    let message = error(&source(plain()).href_column("href").bands(bands));
    assert!(message.contains("band index map"), "{message}");

    let assets = text([r#"{"x": "x.tif", "y": {"href": "y.tif"}, "z": "z.json"}"#; 2]);
    let batch = with("assets", Arc::clone(&assets));
    let mut columns = plain();
    columns.push(("assets", assets));
    let indexed = source(columns.clone()).band_indexes([("R", 0)]);
    let failures = &batches(&indexed, &Selection::default()).unwrap()[0].failures;
    assert!(failures[0].message.contains("x, y, z"), "{failures:?}");
    // What is JSON by its name is no raster.
    assert_eq!(records(&source(columns), &Selection::default())[0].assets.len(), 2);
    // The option is about this column.
    assert_eq!(records(&batch, &Selection::default())[0].assets[0].href, "a.tif");
}

#[test]
fn samples_that_an_asset_names() {
    let bands = |assets: &str, only: Option<[&str; 1]>| {
        let mut columns = plain();
        columns.retain(|(name, _)| *name != "href");
        columns.push(("assets", text([assets; 2])));
        let source = source(columns);
        let source = only.map_or(source.clone(), |only| source.only_bands(only));
        let record = records(&source, &Selection::default()).remove(0);
        record.assets.into_iter().map(|asset| (asset.band, asset.href, asset.band_index)).collect::<Vec<_>>()
    };
    let band = |name: &str, href: &str, index: Option<i32>| (name.to_owned(), href.to_owned(), index);
    let rgb = r#"{"R": {"href": "rgb", "bands": [{}, {"name": "G"}, {"name": "R"}, {"name": "N"}, {"name": null}]},
        "N": {"href": "n", "bands": [{"name": "N"}]}}"#;
    assert_eq!(
        bands(rgb, None),
        [band("R", "rgb", Some(2)), band("G", "rgb", Some(1)), band("N", "n", None)]
    );
    assert_eq!(bands(rgb, Some(["G"])), [band("G", "rgb", Some(1))]);
    // An asset that has a name of its own stays one.
    let visual = r#"{"visual": {"href": "rgb", "bands": [{"name": "R"}, {"name": "G"}]}}"#;
    assert_eq!(bands(visual, None), [band("visual", "rgb", None)]);
    let indexed = r#"{"R": {"href": "rgb", "band_index": 5, "bands": [{"name": "R"}, {"name": "G"}]}}"#;
    assert_eq!(bands(indexed, None), [band("R", "rgb", Some(5))]);
}

#[test]
fn geometries_keep_their_crs() {
    let geometry =
        Arc::new(BinaryArray::from_iter_values([point(500_000.0, 0.0), point(600_000.0, 0.0)])) as ArrayRef;
    let mut columns = plain();
    columns.push(("geom", geometry));
    columns.push(("bbox", crate::support::boxes(&[[5e5, 0.0, 5e5, 0.0], [6e5, 0.0, 6e5, 0.0]])));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let geo = |crs: &str| {
        format!(
            r#"{{"version":"1.1.0","primary_column":"geom","columns":{{"geom":{{"encoding":"WKB"{crs}}}}}}}"#
        )
    };
    let of = |crs: &str| {
        let metadata = HashMap::from([("geo".to_owned(), geo(crs))]);
        let schema = Arc::new(Schema::new_with_metadata(batch.schema().fields().clone(), metadata));
        let batch = batch.clone().with_schema(Arc::clone(&schema)).unwrap();
        TableSource::from_batches("memory", schema, vec![batch]).href_column("href")
    };
    let utm = r#","crs":{"type":"ProjectedCRS","id":{"authority":"EPSG","code":32643}}"#;
    // By its box it would be elsewhere.
    let selection = Selection {
        bbox: Some(rasteret_schema::BoundingBox::new(0.0, 0.0, 1.0, 1.0)),
        ..Selection::default()
    };
    let read = &batches(&of(utm), &selection).unwrap()[0].records;
    let field = read.schema().field_with_name(GEOMETRY).unwrap().clone();
    assert_eq!(field.data_type(), &DataType::Binary);
    assert_eq!(field.metadata()["ARROW:extension:name"], "geoarrow.wkb");
    assert!(field.metadata()["ARROW:extension:metadata"].contains("32643"));
    assert_eq!(read.column_by_name(BBOX).unwrap().null_count(), 2);
    assert!(read.column_by_name("geom").is_none());

    let field = batches(&of(""), &Selection::default()).unwrap()[0].records.schema();
    assert!(field.field_with_name(GEOMETRY).unwrap().metadata().is_empty());
    let message = error(&of(r#","crs":null"#));
    assert!(message.contains("\"geom\"") && message.contains("CRS"), "{message}");
    let field = batches(&of(r#","crs":null"#).geometry_crs("EPSG:3857"), &Selection::default()).unwrap()[0]
        .records
        .schema();
    assert!(field.field_with_name(GEOMETRY).unwrap().metadata()["ARROW:extension:metadata"].contains("3857"));
}

#[test]
fn encodings_of_geometries() {
    let numbers = |values: [f64; 2]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    let fields = vec![Field::new("x", DataType::Float64, true), Field::new("y", DataType::Float64, true)];
    let points = StructArray::new(fields.into(), vec![numbers([1.0, 2.0]), numbers([3.0, 4.0])], None);
    for (column, name) in [
        (text(["POINT (1 2)", "POINT (3 4)"]), "geoarrow.wkt"),
        (Arc::new(points) as ArrayRef, "geoarrow.point"),
    ] {
        let read = &batches(&with("geometry", column), &Selection::default()).unwrap()[0].records;
        let schema = read.schema();
        let field = schema.field_with_name(GEOMETRY).unwrap();
        assert_eq!(field.metadata()["ARROW:extension:name"], name);
        assert_eq!(read.column_by_name(GEOMETRY).unwrap().len(), 2);
    }
}

#[test]
fn what_cannot_serve_is_named() {
    let numbers = || Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef;
    for name in ["id", "datetime", "geometry", "bbox", "collection"] {
        let message = error(&with(name, numbers()));
        let names = message.contains(&format!("{name:?}")) && message.contains("Float64");
        assert!(names && message.contains("memory: ") && message.contains("there are: "), "{message}");
    }
    let message = error(&source(plain()));
    assert!(message.contains("\"assets\"") && message.contains("id, datetime, href"), "{message}");
    let message = error(&source(plain()).href_column("path"));
    assert!(message.contains("no column \"path\"") && message.contains("id, datetime, href"), "{message}");
    let message = error(&source(plain()).href_column("href").column_map([("fid", "id")]));
    assert!(message.contains("no column \"fid\""), "{message}");
    let message = error(&source(plain()).href_column("href").columns(["label"]));
    assert!(message.contains("no column \"label\""), "{message}");
    let message = error(&source(plain()).href_column("href").bbox_columns([("minx", "id")]));
    assert!(message.contains("miny"), "{message}");
}

#[test]
fn columns_with_two_names() {
    let year = Arc::new(Int64Array::from(vec![2019, 2020])) as ArrayRef;
    let columns =
        vec![("fid", year.clone()), ("year", year), ("path", text(["s3://b/a.tif", "s3://b/b.tif"]))];
    let source = source(columns).href_column("path").column_map([
        ("fid", "id"),
        ("year", "datetime"),
        ("path", "link"),
    ]);
    let read = &batches(&source, &Selection::default()).unwrap()[0].records;
    let names: Vec<String> =
        read.schema().fields().iter().skip(9).map(|field| field.name().clone()).collect();
    assert_eq!(names, ["fid", "year", "path", "link"]);
}

#[test]
fn secrets_stay_in_hrefs_to_read() {
    let signed = "https://h/a.tif?sv=2022&sig=abc";
    let source = with("href", text([signed, "https://h/b.tif"]));
    let batch = &batches(&source, &Selection::default()).unwrap()[0];
    assert_eq!(records(&source, &Selection::default())[0].assets[0].href, signed);
    let kept =
        arrow_cast::display::array_value_to_string(batch.records.column_by_name("href").unwrap(), 0).unwrap();
    assert_eq!(kept, "https://h/a.tif");
}

#[test]
fn assets_say_their_crs() {
    use arrow_array::{ArrayRef, StringArray, StructArray};
    use arrow_schema::{DataType, Field, Fields};
    let texts = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let fields: Fields =
        ["href", "proj:code"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec().into();
    let asset =
        |codes| Arc::new(StructArray::new(fields.clone(), vec![texts(["a.tif", "b.tif"]), codes], None));
    let assets = StructArray::from(vec![(
        Arc::new(Field::new("B1", DataType::Struct(fields.clone()), true)),
        asset(texts(["EPSG:32643", "epsg:4326"])) as ArrayRef,
    )]);
    let batch = RecordBatch::try_from_iter([
        ("id", texts(["a", "b"])),
        ("datetime", texts(["2024-01-03", "2024-01-08"])),
        ("crs", Arc::new(StringArray::from(vec![None, Some("EPSG:3857")])) as ArrayRef),
        ("assets", Arc::new(assets) as ArrayRef),
    ])
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    crate::support::write_parquet(&path, &batch, Default::default());
    let found = crate::support::records(&crate::support::table(&path), &Selection::default());
    let crs = found.iter().map(|record| (record.epsg, record.crs.as_deref())).collect::<Vec<_>>();
    assert_eq!(crs, [(Some(32643), Some("EPSG:32643")), (Some(3857), Some("EPSG:3857"))]);
}
