use super::*;
use arrow_array::{Float64Array, StringArray};
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use geo_types::{MultiPolygon, Rect, polygon};

fn rectangle(west: f64, south: f64, east: f64, north: f64) -> Polygon<f64> {
    Rect::new((west, south), (east, north)).to_polygon()
}

fn bbox(parts: &[Polygon<f64>]) -> Option<[f64; 4]> {
    let geometry = MultiPolygon(parts.to_vec()).into();
    bounding_box(&geometry).map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax])
}

#[test]
fn boxes_around_parts() {
    assert_eq!(bbox(&[rectangle(1.0, 2.0, 3.0, 4.0)]), Some([1.0, 2.0, 3.0, 4.0]));
    let (east, west) = (rectangle(178.0, 0.0, 180.0, 5.0), rectangle(-180.0, -1.0, -177.0, 4.0));
    assert_eq!(bbox(&[east.clone(), west.clone()]), Some([178.0, -1.0, -177.0, 5.0]));
    assert_eq!(bbox(&[west, east]), Some([178.0, -1.0, -177.0, 5.0]));
    assert_eq!(bbox(&[rectangle(179.0, 0.0, 181.0, 1.0)]), Some([179.0, 0.0, -179.0, 1.0]));
    assert_eq!(bbox(&[rectangle(-181.0, 0.0, -179.0, 1.0)]), Some([179.0, 0.0, -179.0, 1.0]));
    assert_eq!(bbox(&[rectangle(181.0, 0.0, 182.0, 1.0)]), Some([-179.0, 0.0, -178.0, 1.0]));
    assert_eq!(bbox(&[rectangle(-180.0, -90.0, 180.0, 90.0)]), Some([-180.0, -90.0, 180.0, 90.0]));
    assert_eq!(bbox(&[]), None);
}

fn batch(field: Field, array: ArrayRef) -> RecordBatch {
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap()
}

fn tagged(field: Field, name: &str, crs: &str) -> Field {
    let metadata = [
        (EXTENSION_TYPE_NAME_KEY.to_owned(), name.to_owned()),
        (EXTENSION_TYPE_METADATA_KEY.to_owned(), format!(r#"{{"crs": "{crs}"}}"#)),
    ];
    field.with_metadata(metadata.into())
}

#[test]
fn text_in_another_crs_becomes_binary_in_degrees() {
    let field = tagged(Field::new(GEOMETRY, DataType::Utf8, true), "geoarrow.wkt", "EPSG:32601");
    let texts = [
        Some("POLYGON ((500000 0, 600000 0, 600000 100000, 500000 0))"),
        // Across the antimeridian: zone 1 begins there.
        Some("POLYGON ((100000 0, 300000 0, 300000 100000, 100000 100000, 100000 0))"),
        Some("POLYGON (("),
        None,
    ];
    let placed = place(&batch(field, Arc::new(StringArray::from(texts.to_vec())))).unwrap();
    let geometries = placed.records.column_by_name(GEOMETRY).unwrap();
    let valid: Vec<bool> = (0..4).map(|row| geometries.is_valid(row)).collect();
    assert_eq!(valid, [true, true, false, false]);
    assert_eq!(placed.problems.keys().collect::<Vec<_>>(), [&2]);
    let boxes = boxes(&placed.records);
    let first = boxes[0].unwrap();
    assert!((first.xmin + 177.0).abs() < 1e-9 && first.ymin == 0.0 && !first.crosses_antimeridian());
    let second = boxes[1].unwrap();
    assert!(second.crosses_antimeridian() && second.xmin > 179.0 && second.xmax < -178.0, "{second:?}");
    assert!(boxes[2].is_none() && boxes[3].is_none());
}

#[test]
fn separated_points_become_binary() {
    let (x, y) = (Float64Array::from(vec![7.5, f64::NAN]), Float64Array::from(vec![50.0, 1.0]));
    let fields = ["x", "y"].map(|name| Field::new(name, DataType::Float64, false)).to_vec();
    let points = StructArray::try_new(fields.into(), vec![Arc::new(x), Arc::new(y)], None).unwrap();
    let field = Field::new(GEOMETRY, points.data_type().clone(), true);
    let field = tagged(field, "geoarrow.point", "OGC:CRS84");
    let placed = place(&batch(field, Arc::new(points))).unwrap();
    assert_eq!(boxes(&placed.records)[0], Some(BoundingBox::new(7.5, 50.0, 7.5, 50.0)));
    assert!(placed.problems.contains_key(&1));
}

#[test]
fn what_is_not_in_degrees_is_noticed() {
    let geometry =
        geometry_to_wkb(&polygon![(x: 5e5, y: 0.0), (x: 6e5, y: 0.0), (x: 6e5, y: 1e5)].into()).unwrap();
    let field = Field::new(GEOMETRY, DataType::Binary, true);
    let placed = place(&batch(field, Arc::new(BinaryArray::from(vec![geometry.as_slice()])))).unwrap();
    assert!(placed.problems[&0].contains("no longitude"), "{:?}", placed.problems);
}
