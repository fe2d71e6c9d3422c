use super::*;
use arrow_array::builder::{FixedSizeListBuilder, Float64Builder, ListBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, FixedSizeListArray, Float64Array, Int32Array,
    LargeBinaryArray, LargeListArray, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, Fields, Schema};
use encoding::geometry_to_wkb;
use geo_types::{Geometry, MultiPolygon, Polygon, point, polygon};
use parquet::arrow::ArrowWriter;
use rasteret_schema::Crs;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

const UTM: &str = r#"{"crs": "EPSG:32643"}"#;

fn tagged(array: ArrayRef, extension: &str, metadata: &str) -> RecordBatch {
    let metadata = HashMap::from([
        (EXTENSION_TYPE_NAME_KEY.to_owned(), format!("geoarrow.{extension}")),
        (EXTENSION_TYPE_METADATA_KEY.to_owned(), metadata.to_owned()),
    ]);
    let names: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..array.len()).map(|row| format!("r{row}"))));
    let fields = vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("where", array.data_type().clone(), true).with_metadata(metadata),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![names, array]).unwrap()
}

fn read(batch: RecordBatch) -> Result<GeometryTable, GeometryError> {
    GeometryTable::from_batches(batch.schema(), [Ok(batch)], &TableOptions::new())
}

fn read_points(batch: RecordBatch) -> Result<Vec<PointBatch>, GeometryError> {
    Points::from_batches(batch.schema(), [Ok(batch)], &TableOptions::new())?.collect()
}

fn message<T: std::fmt::Debug>(result: Result<T, GeometryError>) -> String {
    result.unwrap_err().to_string()
}

fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// A polygon with a hole, and one without.
fn polygons() -> Vec<Polygon<f64>> {
    let with_hole = polygon!(
        exterior: [(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.), (x: 0., y: 9.)],
        interiors: [[(x: 2., y: 2.), (x: 3., y: 2.), (x: 3., y: 3.)]],
    );
    vec![with_hole, polygon![(x: 20., y: 0.), (x: 29., y: 0.), (x: 29., y: 9.)]]
}

fn separated(coordinates: &[(f64, f64)]) -> ArrayRef {
    let fields = ["x", "y", "z"]
        .map(|name| Field::new(name, DataType::Float64, false))
        .into_iter()
        .collect::<Fields>();
    let column = |value: fn(&(f64, f64)) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(coordinates.iter().map(value)))
    };
    Arc::new(StructArray::new(fields, vec![column(|c| c.0), column(|c| c.1), column(|_| 5.0)], None))
}

fn interleaved(coordinates: &[(f64, f64)]) -> ArrayRef {
    let values: ArrayRef =
        Arc::new(Float64Array::from_iter_values(coordinates.iter().flat_map(|c| [c.0, c.1])));
    Arc::new(FixedSizeListArray::new(Arc::new(Field::new("xy", DataType::Float64, false)), 2, values, None))
}

fn list(inner: ArrayRef, lengths: &[usize], large: bool) -> ArrayRef {
    let field = Arc::new(Field::new("item", inner.data_type().clone(), false));
    let lengths = lengths.iter().copied();
    match large {
        true => Arc::new(LargeListArray::new(field, OffsetBuffer::from_lengths(lengths), inner, None)),
        false => Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), inner, None)),
    }
}

#[test]
fn native_arrays() {
    let coordinates: Vec<(f64, f64)> = polygons()
        .iter()
        .flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()))
        .flat_map(|ring| ring.0.iter().map(|vertex| (vertex.x, vertex.y)))
        .collect();
    assert_eq!(coordinates.len(), 5 + 4 + 4);
    for large in [false, true] {
        for coordinates in [separated(&coordinates), interleaved(&coordinates)] {
            let rings = list(coordinates.clone(), &[5, 4, 4], large);
            let array = list(rings.clone(), &[2, 1], large);
            let table = read(tagged(array.clone(), "polygon", UTM)).unwrap();
            assert_eq!(table.geometries, polygons().into_iter().map(Geometry::from).collect::<Vec<_>>());
            assert_eq!(table.crs, Crs::from_epsg(32643));
            assert_eq!(table.attributes.column(0).as_string::<i32>().value(1), "r1");
            assert_eq!(table.attributes.num_columns(), 1);

            let parts = list(array.clone(), &[2], large);
            let table = read(tagged(parts, "multipolygon", UTM)).unwrap();
            assert_eq!(table.geometries, [Geometry::from(MultiPolygon(polygons()))]);

            // What is sliced starts in the middle of its buffers.
            let table = read(tagged(array, "polygon", UTM).slice(1, 1)).unwrap();
            assert_eq!(table.geometries, [Geometry::from(polygons()[1].clone())]);

            let table = read(tagged(rings, "linestring", UTM)).unwrap();
            assert_eq!(table.geometries[2], polygons()[1].exterior().clone().into());
            let points = read_points(tagged(coordinates.slice(1, 3), "point", UTM)).unwrap();
            assert_eq!((&points[0].x[..], &points[0].y[..]), (&[9., 9., 0.][..], &[0., 9., 9.][..]));
            let message = message(read(tagged(coordinates, "polygon", UTM)));
            assert!(message.contains("encoded as polygon"), "{message}");
        }
    }
}

#[test]
fn null_coordinates_are_refused() {
    let mut points = FixedSizeListBuilder::new(Float64Builder::new(), 2);
    points.values().append_slice(&[1.0, 2.0, 3.0]);
    points.values().append_null();
    points.append(true);
    points.append(true);
    let batch = tagged(Arc::new(points.finish()), "point", UTM);
    assert_eq!(message(read(batch)), "the table, row 1: there is no geometry");
    let mut lines = ListBuilder::new(FixedSizeListBuilder::new(Float64Builder::new(), 2));
    lines.append(true);
    assert_eq!(
        message(read(tagged(Arc::new(lines.finish()), "linestring", UTM))),
        "the table, row 0: the geometry is empty"
    );
}

#[test]
fn binary_and_text() {
    let wkb: Vec<Vec<u8>> =
        polygons().into_iter().map(|part| geometry_to_wkb(&part.into()).unwrap()).collect();
    let wkb: Vec<&[u8]> = wkb.iter().map(Vec::as_slice).collect();
    let arrays: [ArrayRef; 3] = [
        Arc::new(BinaryArray::from_vec(wkb.clone())),
        Arc::new(LargeBinaryArray::from_vec(wkb.clone())),
        Arc::new(BinaryViewArray::from_iter_values(wkb.clone())),
    ];
    for array in arrays {
        let table = read(tagged(array, "wkb", UTM)).unwrap();
        assert_eq!(table.geometries[0], polygons()[0].clone().into());
    }
    let text = StringArray::from(vec!["POINT (1 2)", "LINESTRING (1 2, 3 4)"]);
    let table = read(tagged(Arc::new(text), "wkt", UTM)).unwrap();
    assert_eq!(table.geometries[0], point!(x: 1., y: 2.).into());

    for (rows, part) in [
        (vec![Some(&wkb[0][..40])], "row 0: invalid WKB"),
        (vec![Some(wkb[0]), None], "row 1: there is no geometry"),
        (vec![Some(&[][..])], "row 0: invalid WKB"),
        (vec![Some(&[1, 3, 0, 0, 0, 255, 255, 255, 255][..])], "row 0: invalid WKB"),
    ] {
        let array: ArrayRef = Arc::new(BinaryArray::from_opt_vec(rows));
        let message = message(read(tagged(array, "wkb", UTM)));
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn points_must_be_points() {
    let rows =
        |texts: Vec<&str>| tagged(Arc::new(StringArray::from(texts)), "wkt", r#"{"crs": "OGC:CRS84"}"#);
    let points = read_points(rows(vec!["POINT (77.5 13)", "POINT Z (77.6 13.1 900)"])).unwrap();
    assert_eq!((&points[0].x[..], &points[0].y[..]), (&[77.5, 77.6][..], &[13.0, 13.1][..]));
    for (text, part) in [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "row 1: a point is needed, and this is a Polygon"),
        ("MULTIPOINT (0 0)", "this is a MultiPoint"),
        ("POINT EMPTY", "row 1"),
        ("POINT (13 97.5)", "x before y"),
        ("POINT (nan 1)", "row 1"),
        ("POINT (1e999 1)", "not finite"),
    ] {
        let message = message(read_points(rows(vec!["POINT (1 2)", text])));
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn crs_and_columns_are_not_guessed() {
    let array: ArrayRef = Arc::new(StringArray::from(vec!["POINT (1 2)"]));
    let batch = tagged(array.clone(), "wkt", "{}");
    assert!(message(read(batch.clone())).contains("which CRS"));
    let options = TableOptions::new().crs(Crs::from_epsg(2056));
    let table = GeometryTable::from_batches(batch.schema(), [Ok(batch.clone())], &options).unwrap();
    assert_eq!(table.crs, Crs::from_epsg(2056));
    assert!(message(read(tagged(array.clone(), "wkt", r#"{"crs": "EPSG:0"}"#))).contains("unknown CRS"));

    let projjson = r#"{"crs": {"type": "GeographicCRS", "id": {"authority": "EPSG", "code": 4326}}}"#;
    assert_eq!(read(tagged(array.clone(), "wkt", projjson)).unwrap().crs, Crs::from_epsg(4326));
    let spherical = r#"{"crs": "OGC:CRS84", "edges": "spherical"}"#;
    assert!(read(tagged(array.clone(), "wkt", spherical)).is_ok());
    let line: ArrayRef = Arc::new(StringArray::from(vec!["LINESTRING (1 2, 3 4)"]));
    assert!(message(read(tagged(line, "wkt", spherical))).contains("spherical"));

    let options = TableOptions::new().geometry_column("there").crs(Crs::crs84());
    let error = GeometryTable::from_batches(batch.schema(), [Ok(batch.clone())], &options);
    assert!(message(error).contains("has no column \"there\"; it has name, where"));
    let two = Schema::new([batch.schema().fields().to_vec(), batch.schema().fields().to_vec()].concat());
    let columns = [batch.columns().to_vec(), batch.columns().to_vec()].concat();
    let two = RecordBatch::try_new(Arc::new(two), columns).unwrap();
    assert!(message(read(two)).contains("several geometry columns"));
    let options = TableOptions::new().geometry_column("name").crs(Crs::crs84());
    let error = GeometryTable::from_batches(batch.schema(), [Ok(batch)], &options);
    assert!(message(error).contains("row 0: invalid WKT"));

    let plain = RecordBatch::try_from_iter([("a", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]).unwrap();
    assert!(message(read(plain)).contains("no geometry column and no columns lon and lat"));
}

#[test]
fn columns_of_coordinates() {
    let x: ArrayRef = Arc::new(Int32Array::from(vec![77, 78]));
    let y: ArrayRef = Arc::new(Float64Array::from(vec![Some(13.5), None]));
    let batch = RecordBatch::try_from_iter([("Lat", y), ("Lon", x.clone()), ("site", x)]).unwrap();
    assert_eq!(message(read_points(batch.clone())), "the table, row 1: there is no geometry");
    let points = read_points(batch.slice(0, 1)).unwrap();
    assert_eq!((points[0].x[0], points[0].y[0]), (77.0, 13.5));
    assert_eq!(points[0].attributes.num_columns(), 3);
    let options = TableOptions::new().columns(["site"]);
    let points = Points::from_batches(batch.schema(), [Ok(batch.slice(0, 1))], &options).unwrap();
    assert_eq!(points.schema().fields().len(), 1);
    assert_eq!(points.crs(), &Crs::from_epsg(4326));
}

#[test]
fn batches_of_points_are_counted() {
    let batch = |xs: Vec<f64>| {
        let x: ArrayRef = Arc::new(Float64Array::from(xs));
        RecordBatch::try_from_iter([("x", x.clone()), ("y", x)]).unwrap()
    };
    let batches =
        [batch(vec![1., 2.]), batch(vec![]), batch(vec![3.]), batch(vec![4., f64::NAN]), batch(vec![5.])];
    let points = Points::from_batches(batches[0].schema(), batches.map(Ok), &TableOptions::new()).unwrap();
    let read: Vec<_> = points.collect();
    let firsts: Vec<_> = read.iter().map_while(|batch| Some(batch.as_ref().ok()?.first_index)).collect();
    assert_eq!(firsts, [0, 2, 2]);
    assert!(read[3].as_ref().unwrap_err().to_string().contains("row 4: the vertex (NaN, NaN) is not finite"));
    // Nothing follows what failed.
    assert_eq!(read.len(), 4);

    let many = Points::new(vec![1.0; 150_000], vec![2.0; 150_000]);
    let counts: Vec<_> =
        many.map(|batch| batch.map(|b| (b.first_index, b.attributes.num_rows())).unwrap()).collect();
    assert_eq!(counts, [(0, 65_536), (65_536, 65_536), (131_072, 18_928)]);
}

#[test]
fn csv() {
    let text = "\u{feff}site,code, lon ,lat,height,open,note\nA,007,77.5,13,1,true,\"two\nlines\"\nB,012,78,13.25,2.5,false,\n";
    let (_folder, path) = file("sites.CSV", text);
    let batches: Vec<_> =
        Points::open(&path, &TableOptions::new()).unwrap().collect::<Result<_, _>>().unwrap();
    let batch = &batches[0];
    assert_eq!((&batch.x[..], &batch.y[..]), (&[77.5, 78.0][..], &[13.0, 13.25][..]));
    let column = |name| batch.attributes.column_by_name(name).unwrap();
    assert_eq!(column("code").as_string::<i32>().value(0), "007");
    assert_eq!(column("height").as_primitive::<Float64Type>().values(), &[1.0, 2.5]);
    assert!(column("open").as_boolean().value(0) && !column("open").as_boolean().value(1));
    assert_eq!(column("note").as_string::<i32>().value(0), "two\nlines");
    assert!(column("note").is_null(1));

    for (text, part) in [
        ("lon,lat,n\n1,2,\"a\nb\"\n1,x,c\n", "line 4, column \"lat\": `x` is no finite number"),
        ("lon,lat\n1,\n", "line 2, column \"lat\": `` is no finite number"),
        ("lon,lat\n1,inf\n", "line 2, column \"lat\""),
        ("lon,lat\n1,2\n1\n", "line 3 has 1 values, and there are 2 columns"),
        ("a,b\n1,2\n", "no geometry column"),
        ("", "no geometry column"),
        ("lon,lat\n13,97\n", "row 0: the latitude"),
    ] {
        let (_folder, path) = file("wrong.csv", text);
        let error = Points::open(&path, &TableOptions::new())
            .and_then(|points| points.collect::<Result<Vec<_>, _>>());
        let message = message(error);
        assert!(message.contains(part) && message.contains("wrong.csv"), "{text:?}: {message}");
    }
    let (_folder, path) = file("named.csv", "e,n,e2\n600000,1400000,1\n");
    let options = TableOptions::new().xy("e", "n").crs(Crs::from_epsg(32643));
    let mut points = Points::open(&path, &options).unwrap();
    assert_eq!(points.next().unwrap().unwrap().x, [600_000.0]);
    assert!(
        message(Points::open(&path, &TableOptions::new().xy("e", "m")))
            .contains("no column \"m\"; it has e, n, e2")
    );
    let (_folder, path) = file("areas.csv", "name,WKT\nfield,\"POLYGON ((0 0, 1 0, 1 1, 0 0))\"\n");
    let options = TableOptions::new().geometry_column("WKT").crs(Crs::crs84());
    assert_eq!(GeometryTable::open(&path, &options).unwrap().geometries.len(), 1);
}

#[test]
fn csv_kinds_keep_what_is_written() {
    let (_folder, path) =
        file("kinds.csv", "x,y,a,b,c,d,e,f\n1,2,-5,1e3,0,,nan,9223372036854775808\n1,2,0,.5,0.5,,1,1\n");
    let batch = Points::open(&path, &TableOptions::new()).unwrap().next().unwrap().unwrap().attributes;
    let types: Vec<_> = batch.columns().iter().skip(2).map(|column| column.data_type().clone()).collect();
    use DataType::{Float64, Int64, Utf8};
    assert_eq!(types, [Int64, Float64, Float64, Utf8, Utf8, Float64]);
    assert_eq!(batch.column(2).as_primitive::<Int64Type>().values(), &[-5, 0]);
    assert_eq!(batch.column(5).null_count(), 2);
}

#[test]
fn geojson_properties_are_columns() {
    let text = r#"{"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": 7, "geometry": {"type": "Point", "coordinates": [1, 2]},
         "properties": {"n": 1, "mixed": 5, "odd": {"a": 1}, "geometry": "x", "none": null, "list": [1, 2]}},
        {"type": "Feature", "id": 8, "geometry": {"type": "Point", "coordinates": [3, 4]},
         "properties": {"n": 2.5, "mixed": "text", "odd": [1], "late": true}}]}"#;
    let table = GeometryTable::from_geojson(text, &TableOptions::new()).unwrap();
    assert_eq!(table.geometries, [point!(x: 1., y: 2.).into(), point!(x: 3., y: 4.).into()]);
    let column = |name| table.attributes.column_by_name(name).unwrap();
    assert_eq!(column("id").as_primitive::<Int64Type>().values(), &[7, 8]);
    assert_eq!(column("n").as_primitive::<Float64Type>().values(), &[1.0, 2.5]);
    assert_eq!(column("mixed").as_string::<i32>().value(0), "5");
    assert_eq!(column("odd").as_string::<i32>().value(0), r#"{"a":1}"#);
    assert_eq!(column("geometry").as_string::<i32>().value(0), "x");
    assert_eq!(column("none").null_count(), 2);
    assert_eq!(column("list").as_list::<i32>().value(0).as_primitive::<Int64Type>().values(), &[1, 2]);
    assert!(column("late").is_null(0));
    let utm = r#"{"type": "Point", "coordinates": [600000, 1400000]}"#;
    assert!(message(GeometryTable::from_geojson(utm, &TableOptions::new())).contains("latitude"));
    let options = TableOptions::new().crs(Crs::from_epsg(32643));
    assert!(GeometryTable::from_geojson(utm, &options).is_ok());
}

#[test]
fn parquet_without_geometries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.parquet");
    let x: ArrayRef = Arc::new(Float64Array::from_iter_values((0..150_000).map(|i| f64::from(i) / 1e4)));
    let batch =
        RecordBatch::try_from_iter([("id", x.clone()), ("longitude", x.clone()), ("latitude", x)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let points = Points::open(&path, &TableOptions::new().columns(["id"])).unwrap();
    let mut count = 0;
    for batch in points {
        let batch = batch.unwrap();
        assert_eq!(batch.first_index, count);
        assert_eq!(batch.attributes.column(0).as_primitive::<Float64Type>().values(), &batch.x[..]);
        count += batch.x.len() as u64;
    }
    assert_eq!(count, 150_000);
    std::fs::write(&path, b"PAR1 no").unwrap();
    assert!(
        message(Points::open(&path, &TableOptions::new())).contains("points.parquet is not valid GeoParquet")
    );
    assert!(
        message(Points::open("nowhere.parquet", &TableOptions::new()))
            .contains("cannot read nowhere.parquet")
    );
    assert!(message(Points::open("points.shp", &TableOptions::new())).contains("no table that can be read"));
}

#[test]
fn damaged_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let wkb = BinaryArray::from_iter_values(
        polygons().into_iter().map(|part| geometry_to_wkb(&part.into()).unwrap()),
    );
    let batch = tagged(Arc::new(wkb), "wkb", UTM);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let whole = writer.into_inner().unwrap();
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        GeometryTable::open(&path, &TableOptions::new())
    };
    assert!(read(&whole).is_ok());
    for at in (0..whole.len()).step_by(3) {
        let _ = read(&whole[..at]).unwrap_err();
        for byte in [0x00, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            // What is damaged need not matter, but nothing panics.
            let _ = read(&damaged);
        }
    }
}
