//! Tables of random columns: whatever the types, the records are the same.

use crate::support::{batches, point, table, text};
use arrow_array::builder::{Int64Builder, ListBuilder, MapBuilder, StringBuilder, StructBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, FixedSizeListArray, Float32Array, Float64Array, Int64Array, ListArray,
    RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use indexmap::IndexMap;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use rasteret_schema::record::RecordColumns;
use rasteret_schema::{Asset, BoundingBox, Record, Selection};
use rasteret_table::TableSource;
use std::fs::File;
use std::sync::Arc;

const YEAR_2024: i64 = 1_704_067_200_000_000;

/// A scene, and the value of a column of the user's.
#[derive(Debug, Clone)]
struct Scene {
    bbox: Option<[f64; 4]>,
    /// Hrefs of two bands.
    hrefs: [Option<String>; 2],
    user: Option<Vec<Option<i64>>>,
}

/// How the columns are made.
#[derive(Debug, Clone)]
struct Shape {
    id: usize,
    time: usize,
    bbox: usize,
    assets: usize,
    geometry: usize,
    format: usize,
    renamed: bool,
}

fn scene() -> impl Strategy<Value = Scene> {
    let corner = (-170.0..160.0_f64, -80.0..70.0_f64);
    // What a float of 32 bits holds, too.
    let bbox = corner.prop_map(|(x, y)| [x.floor(), y.floor(), x.floor() + 1.5, y.floor() + 0.25]);
    let href = || proptest::option::weighted(0.8, "[a-z]{1,8}/[a-z]{1,8}\\.tif");
    let user = proptest::option::of(proptest::collection::vec(proptest::option::of(any::<i64>()), 0..4));
    (proptest::option::weighted(0.9, bbox), href(), href(), user)
        .prop_map(|(bbox, first, second, user)| Scene { bbox, hrefs: [first, second], user })
}

fn shape() -> impl Strategy<Value = Shape> {
    (0..6_usize, 0..8_usize, 0..6_usize, 0..6_usize, 0..5_usize, 0..4_usize, any::<bool>()).prop_map(
        |(id, time, bbox, assets, geometry, format, renamed)| Shape {
            id,
            time,
            bbox,
            assets,
            geometry,
            format,
            renamed,
        },
    )
}

fn ids(count: usize, shape: usize) -> ArrayRef {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count as i64));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
    let types = [
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        dictionary,
        DataType::Int64,
        DataType::UInt16,
    ];
    let texts = cast(&numbers, &DataType::Utf8).unwrap();
    cast(if shape < 4 { &texts } else { &numbers }, &types[shape]).unwrap()
}

/// All of 2024-01-01, so that years and dates say the same.
fn times(count: usize, shape: usize) -> ArrayRef {
    let micros: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![YEAR_2024; count]));
    let zoned = |unit, zone: &str| DataType::Timestamp(unit, Some(zone.into()));
    match shape {
        0 => cast(&micros, &DataType::Timestamp(TimeUnit::Nanosecond, None)).unwrap(),
        1 => Arc::new(
            micros
                .as_primitive::<arrow_array::types::TimestampMicrosecondType>()
                .clone()
                .with_timezone("UTC"),
        ),
        2 => cast(&micros, &DataType::Timestamp(TimeUnit::Second, None)).unwrap(),
        3 => cast(&micros, &DataType::Date32).unwrap(),
        4 => cast(&micros, &DataType::Date64).unwrap(),
        5 => Arc::new(Int64Array::from(vec![2024; count])),
        6 => text(std::iter::repeat_n("2024-01-01T05:30:00.000+05:30", count)),
        _ => {
            let utc = times(count, 1);
            cast(&utc, &zoned(TimeUnit::Millisecond, "America/New_York")).unwrap()
        }
    }
}

fn sides(scenes: &[Scene]) -> [ArrayRef; 4] {
    std::array::from_fn(|side| {
        let values = scenes.iter().map(|scene| scene.bbox.map(|bbox| bbox[side]));
        Arc::new(Float64Array::from_iter(values)) as ArrayRef
    })
}

/// Names and columns of the boxes.
fn boxes(scenes: &[Scene], shape: usize) -> Vec<(&'static str, ArrayRef)> {
    let validity = NullBuffer::from_iter(scenes.iter().map(|scene| scene.bbox.is_some()));
    let structure = |names: [&str; 4], data_type: DataType| {
        let fields: Fields = names.map(|name| Field::new(name, data_type.clone(), true)).to_vec().into();
        let columns = sides(scenes).map(|side| cast(&side, &data_type).unwrap()).to_vec();
        Arc::new(StructArray::new(fields, columns, Some(validity.clone()))) as ArrayRef
    };
    let numbers = |three: bool| {
        let of = move |bbox: [f64; 4]| {
            let [west, south, east, north] = bbox.map(Some);
            if three {
                vec![west, south, Some(0.0), east, north, Some(9.0)]
            } else {
                vec![west, south, east, north]
            }
        };
        scenes.iter().map(move |scene| scene.bbox.map(of))
    };
    match shape {
        0 => vec![("bbox", structure(["xmin", "ymin", "xmax", "ymax"], DataType::Float64))],
        1 => vec![("scene_bbox", structure(["minx", "miny", "maxx", "maxy"], DataType::Float32))],
        2 => vec![("bbox", Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(numbers(false))))],
        3 => {
            let lists = FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(numbers(true), 6);
            vec![("bbox", Arc::new(lists))]
        }
        _ => ["west", "south", "east", "north"].into_iter().zip(sides(scenes)).collect(),
    }
}

fn struct_of(hrefs: Vec<Option<&str>>) -> ArrayRef {
    let validity = NullBuffer::from_iter(hrefs.iter().map(Option::is_some));
    let fields = vec![Field::new("title", DataType::Utf8, true), Field::new("href", DataType::Utf8, true)];
    let titles: ArrayRef = Arc::new(StringArray::from(vec![Some("a title"); hrefs.len()]));
    Arc::new(StructArray::new(
        fields.into(),
        vec![titles, Arc::new(StringArray::from(hrefs))],
        Some(validity),
    ))
}

fn assets(scenes: &[Scene], shape: usize) -> (&'static str, ArrayRef) {
    let hrefs = |band: usize| scenes.iter().map(|scene| scene.hrefs[band].as_deref()).collect::<Vec<_>>();
    let keyed = |columns: [ArrayRef; 2]| {
        let field = |(name, column): (&str, &ArrayRef)| Field::new(name, column.data_type().clone(), true);
        let fields: Vec<Field> = ["B1", "B2"].into_iter().zip(&columns).map(field).collect();
        Arc::new(StructArray::new(fields.into(), columns.to_vec(), None)) as ArrayRef
    };
    let fields: Fields =
        vec![Field::new("name", DataType::Utf8, true), Field::new("href", DataType::Utf8, true)].into();
    match shape {
        0 => ("assets", keyed([0, 1].map(|band| struct_of(hrefs(band))))),
        1 => ("assets", keyed([0, 1].map(|band| Arc::new(StringArray::from(hrefs(band))) as ArrayRef))),
        2 => {
            let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
            for scene in scenes {
                for (band, href) in ["B1", "B2"].into_iter().zip(&scene.hrefs) {
                    map.keys().append_value(band);
                    map.values().append_option(href.as_ref());
                }
                map.append(true).unwrap();
            }
            ("assets", Arc::new(map.finish()))
        }
        3 => {
            let mut list = ListBuilder::new(StructBuilder::from_fields(fields, 0));
            for scene in scenes {
                for (band, href) in ["B1", "B2"].into_iter().zip(&scene.hrefs) {
                    let asset = list.values();
                    asset.field_builder::<StringBuilder>(0).unwrap().append_value(band);
                    asset.field_builder::<StringBuilder>(1).unwrap().append_option(href.as_ref());
                    asset.append(true);
                }
                list.append(true);
            }
            ("assets", Arc::new(list.finish()))
        }
        4 => {
            let json = |scene: &Scene| {
                let [first, second] = &scene.hrefs;
                serde_json::json!({ "B1": { "href": first }, "B2": second }).to_string()
            };
            ("assets", text(scenes.iter().map(json).collect::<Vec<_>>().iter().map(String::as_str)))
        }
        _ => ("path", Arc::new(StringArray::from(hrefs(0)))),
    }
}

fn geometries(count: usize, shape: usize) -> Option<ArrayRef> {
    let wkb: ArrayRef = Arc::new(BinaryArray::from_iter_values((0..count).map(|i| point(i as f64, 1.0))));
    let types = [DataType::Binary, DataType::LargeBinary, DataType::BinaryView];
    types.get(shape).map(|data_type| cast(&wkb, data_type).unwrap())
}

fn user(scenes: &[Scene]) -> ArrayRef {
    let mut lists = ListBuilder::new(Int64Builder::new());
    for scene in scenes {
        lists.append_option(scene.user.clone());
    }
    Arc::new(lists.finish())
}

fn expected(scenes: &[Scene], shape: &Shape) -> Vec<Record> {
    let bands: &[&str] = if shape.assets == 5 { &["R", "G"] } else { &["B1", "B2"] };
    let record = |(row, scene): (usize, &Scene)| {
        let asset = |(index, band): (usize, &&str)| {
            let (href, index) = match shape.assets {
                5 => (&scene.hrefs[0], Some(index as i32)),
                _ => (&scene.hrefs[index], None),
            };
            Some(Asset { band: (*band).to_owned(), href: href.clone()?, band_index: index })
        };
        let assets: Vec<Asset> = bands.iter().enumerate().filter_map(asset).collect();
        (!assets.is_empty()).then(|| Record {
            id: row.to_string(),
            datetime: YEAR_2024,
            end_datetime: None,
            geometry: (shape.geometry < 3).then(|| point(row as f64, 1.0)),
            bbox: scene.bbox.filter(|_| shape.bbox < 5).map(|[w, s, e, n]| BoundingBox::new(w, s, e, n)),
            assets,
            epsg: None,
            crs: None,
            collection: None,
        })
    };
    scenes.iter().enumerate().filter_map(record).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_types_the_records_are_the_same(
        scenes in proptest::collection::vec(scene(), 1..12),
        shape in shape(),
    ) {
        let name = |name: &'static str| if shape.renamed { format!("the {name}") } else { name.to_owned() };
        let (assets_name, assets) = assets(&scenes, shape.assets);
        let mut columns = IndexMap::from([
            (name("id"), ids(scenes.len(), shape.id)),
            (name("datetime"), times(scenes.len(), shape.time)),
            (name(assets_name), assets),
            ("user".to_owned(), user(&scenes)),
        ]);
        columns.extend(geometries(scenes.len(), shape.geometry).map(|column| (name("geometry"), column)));
        columns.extend(boxes(&scenes, shape.bbox).into_iter().map(|(name, column)| (name.to_owned(), column)));
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap();

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let mut source = table(&path);
        match shape.format {
            0 => source = TableSource::from_batches("memory", batch.schema(), vec![batch.clone()]),
            1 => crate::support::write_parquet(&path, &batch, WriterProperties::default()),
            2 => {
                let mut writer = FileWriter::try_new(File::create(&path).unwrap(), &batch.schema()).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
            _ => {
                let mut writer = StreamWriter::try_new(File::create(&path).unwrap(), &batch.schema()).unwrap();
                writer.write(&batch).unwrap();
                writer.finish().unwrap();
            }
        }
        if shape.renamed {
            let names = ["id", "datetime", "geometry", assets_name];
            let there = |name: &&str| batch.column_by_name(&format!("the {name}")).is_some() && *name != "path";
            source = source.column_map(names.into_iter().filter(there).map(|name| (format!("the {name}"), name)));
        }
        if shape.assets == 5 {
            source = source.href_column(name("path")).band_indexes([("R", 0), ("G", 1)]);
        }
        if shape.bbox == 4 {
            let sides = [("minx", "west"), ("ymin", "south"), ("maxx", "east"), ("ymax", "north")];
            source = source.bbox_columns(sides);
        }

        let read = batches(&source, &Selection::default()).unwrap();
        prop_assert_eq!(read.len(), 1);
        let columns = RecordColumns::new(&read[0].records).unwrap();
        let records: Vec<Record> = (0..columns.len()).map(|row| columns.record(row)).collect();
        let expected = expected(&scenes, &shape);
        prop_assert_eq!(read[0].failures.len(), scenes.len() - expected.len());
        let kept: Vec<bool> = (0..scenes.len()).map(|row| expected.iter().any(|it| it.id == row.to_string())).collect();
        prop_assert_eq!(records, expected);
        let kept = arrow_select::filter::filter(batch.column_by_name("user").unwrap(), &kept.into()).unwrap();
        prop_assert_eq!(read[0].records.column_by_name("user").unwrap(), &kept);
    }
}

#[test]
fn sides_of_little_precision_are_numbers_too() {
    let side = |value: f32| Arc::new(Float32Array::from(vec![value])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("id", text(["a"])),
        ("datetime", text(["2024-01-01"])),
        ("href", text(["a.tif"])),
        ("w", side(1.5)),
        ("s", side(2.5)),
        ("e", side(3.5)),
        ("n", side(f32::NAN)),
    ])
    .unwrap();
    let of = |north: &str| {
        TableSource::from_batches("memory", batch.schema(), vec![batch.clone()])
            .href_column("href")
            .bbox_columns([("xmin", "w"), ("ymin", "s"), ("xmax", "e"), ("ymax", north)])
    };
    let boxes = |source: &TableSource| crate::support::records(source, &Selection::default())[0].bbox;
    assert_eq!(boxes(&of("s")), Some(BoundingBox::new(1.5, 2.5, 3.5, 2.5)));
    assert_eq!(boxes(&of("n")), None);
}
