//! Records: the columns of a record table, and records as Rust values.
//!
//! | column | type | |
//! | --- | --- | --- |
//! | `id` | string | required, unique in its collection |
//! | `datetime` | timestamp(µs, UTC) | required |
//! | `end_datetime` | timestamp(µs, UTC) | |
//! | `geometry` | binary (WKB, OGC:CRS84) | the footprint |
//! | `bbox` | struct {`xmin`, `ymin`, `xmax`, `ymax`} of double | `xmin > xmax` across the antimeridian |
//! | `assets` | map: band → struct {`href`: string, `band_index`: int32} | required |
//! | `proj:epsg` | int32 | |
//! | `crs` | string | |
//! | `collection` | string | of the source |
//!
//! Any other column belongs to the user: it is kept, filtered and exported as it is.

use crate::BoundingBox;
use arrow_array::builder::{
    BinaryBuilder, Int32Builder, MapBuilder, MapFieldNames, StringBuilder, StructBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{
    Array, BinaryArray, Float64Array, Int32Array, MapArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

/// Column of the record's id.
pub const ID: &str = "id";
/// Column of the acquisition time.
pub const DATETIME: &str = "datetime";
/// Column of the end of the acquisition.
pub const END_DATETIME: &str = "end_datetime";
/// Column of the footprint.
pub const GEOMETRY: &str = "geometry";
/// Column of the footprint's bounding box.
pub const BBOX: &str = "bbox";
/// Column of the assets.
pub const ASSETS: &str = "assets";
/// Column of the raster's CRS as an EPSG code.
pub const EPSG: &str = "proj:epsg";
/// Column of the raster's CRS as text.
pub const CRS: &str = "crs";
/// Column of the source collection's id.
pub const COLLECTION: &str = "collection";
/// Column of the cloud cover in percent: a user column that filters and outputs know by name.
pub const CLOUD_COVER: &str = "eo:cloud_cover";
/// Column of the training split: a user column that filters know by name.
pub const SPLIT: &str = "split";

/// The columns that every record table has, in their order.
pub const COLUMNS: [&str; 9] = [ID, DATETIME, END_DATETIME, GEOMETRY, BBOX, ASSETS, EPSG, CRS, COLLECTION];

/// One scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Unique in its collection.
    pub id: String,
    /// Acquisition time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// End of the acquisition, where it is a span of time.
    pub end_datetime: Option<i64>,
    /// Footprint as WKB in OGC:CRS84. A source may leave it to the header.
    pub geometry: Option<Vec<u8>>,
    /// Bounding box of the footprint.
    pub bbox: Option<BoundingBox>,
    /// What there is to read, one for each band.
    pub assets: Vec<Asset>,
    /// EPSG code of the raster's CRS.
    pub epsg: Option<i32>,
    /// The raster's CRS as text.
    pub crs: Option<String>,
    /// Id of the source collection.
    pub collection: Option<String>,
}

/// Where a band's pixels are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Asset {
    /// Name of the band, unique in its record.
    pub band: String,
    /// The file: a path or URL.
    pub href: String,
    /// Which sample of the file's pixels, counted from 0. `None` is the only one.
    pub band_index: Option<i32>,
}

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn bbox_fields() -> Fields {
    ["xmin", "ymin", "xmax", "ymax"].map(|name| Field::new(name, DataType::Float64, true)).to_vec().into()
}

/// The fields of an asset in the `assets` column.
pub fn asset_fields() -> Fields {
    vec![Field::new("href", DataType::Utf8, false), Field::new("band_index", DataType::Int32, true)].into()
}

fn assets_field() -> Field {
    Field::new_map(
        ASSETS,
        "entries",
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Struct(asset_fields()), false),
        false,
        false,
    )
}

/// The schema of a record table without user columns.
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new(ID, DataType::Utf8, false),
        Field::new(DATETIME, timestamp(), false),
        Field::new(END_DATETIME, timestamp(), true),
        Field::new(GEOMETRY, DataType::Binary, true),
        Field::new(BBOX, DataType::Struct(bbox_fields()), true),
        assets_field(),
        Field::new(EPSG, DataType::Int32, true),
        Field::new(CRS, DataType::Utf8, true),
        Field::new(COLLECTION, DataType::Utf8, true),
    ]))
}

/// Records as a batch of [`schema`].
///
/// # Errors
///
/// If a column exceeds the limits of Arrow (2 GiB of text).
pub fn to_batch(records: &[Record]) -> Result<RecordBatch, ArrowError> {
    let mut id = StringBuilder::new();
    let mut datetime = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut end_datetime = TimestampMicrosecondBuilder::new().with_timezone("UTC");
    let mut geometry = BinaryBuilder::new();
    let mut epsg = Int32Builder::new();
    let mut crs = StringBuilder::new();
    let mut collection = StringBuilder::new();
    for record in records {
        id.append_value(&record.id);
        datetime.append_value(record.datetime);
        end_datetime.append_option(record.end_datetime);
        geometry.append_option(record.geometry.as_deref());
        epsg.append_option(record.epsg);
        crs.append_option(record.crs.as_deref());
        collection.append_option(record.collection.as_deref());
    }
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(id.finish()),
            Arc::new(datetime.finish()),
            Arc::new(end_datetime.finish()),
            Arc::new(geometry.finish()),
            Arc::new(bbox_array(records.iter().map(|record| record.bbox))?),
            Arc::new(assets_array(records.iter().map(|record| record.assets.as_slice()))?),
            Arc::new(epsg.finish()),
            Arc::new(crs.finish()),
            Arc::new(collection.finish()),
        ],
    )
}

/// A `bbox` column.
///
/// # Errors
///
/// None in practice; Arrow's constructors are checked.
pub fn bbox_array(boxes: impl Iterator<Item = Option<BoundingBox>>) -> Result<StructArray, ArrowError> {
    let boxes: Vec<Option<BoundingBox>> = boxes.collect();
    let column = |coordinate: fn(&BoundingBox) -> f64| {
        Arc::new(boxes.iter().map(|bbox| bbox.as_ref().map(coordinate)).collect::<Float64Array>())
            as Arc<dyn Array>
    };
    let nulls = NullBuffer::from_iter(boxes.iter().map(Option::is_some));
    StructArray::try_new(
        bbox_fields(),
        vec![column(|b| b.xmin), column(|b| b.ymin), column(|b| b.xmax), column(|b| b.ymax)],
        (nulls.null_count() > 0).then_some(nulls),
    )
}

/// An `assets` column.
///
/// # Errors
///
/// If hrefs exceed 2 GiB.
pub fn assets_array<'a>(rows: impl Iterator<Item = &'a [Asset]>) -> Result<MapArray, ArrowError> {
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let value = StructBuilder::from_fields(asset_fields(), 0);
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), value)
        .with_values_field(Field::new("value", DataType::Struct(asset_fields()), false));
    for assets in rows {
        for asset in assets {
            builder.keys().append_value(&asset.band);
            let value = builder.values();
            if let Some(href) = value.field_builder::<StringBuilder>(0) {
                href.append_value(&asset.href);
            }
            if let Some(index) = value.field_builder::<Int32Builder>(1) {
                index.append_option(asset.band_index);
            }
            value.append(true);
        }
        builder.append(true)?;
    }
    Ok(builder.finish())
}

/// The columns of a record batch, with their types checked once.
#[derive(Debug, Clone)]
pub struct RecordColumns<'a> {
    id: &'a StringArray,
    datetime: &'a TimestampMicrosecondArray,
    end_datetime: Option<&'a TimestampMicrosecondArray>,
    geometry: Option<&'a BinaryArray>,
    bbox: Option<&'a StructArray>,
    assets: &'a MapArray,
    epsg: Option<&'a Int32Array>,
    crs: Option<&'a StringArray>,
    collection: Option<&'a StringArray>,
}

impl<'a> RecordColumns<'a> {
    /// Finds the columns of a batch. Only `id`, `datetime` and `assets` are required.
    ///
    /// # Errors
    ///
    /// If a required column is missing, or a column has another type than in [`schema`].
    pub fn new(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let expected = schema();
        for field in expected.fields() {
            match batch.schema_ref().column_with_name(field.name()) {
                Some((_, found)) if !found.data_type().equals_datatype(field.data_type()) => {
                    return Err(ArrowError::SchemaError(format!(
                        "column {:?} is of type {}, not {}",
                        field.name(),
                        found.data_type(),
                        field.data_type()
                    )));
                }
                Some(_) => {}
                None if field.is_nullable() => {}
                None => {
                    return Err(ArrowError::SchemaError(format!(
                        "required column {:?} is missing",
                        field.name()
                    )));
                }
            }
        }
        let column = |name: &str| batch.column_by_name(name);
        // The types were checked above.
        let missing = |name: &str| ArrowError::SchemaError(format!("required column {name:?} is missing"));
        Ok(RecordColumns {
            id: column(ID).and_then(|c| c.as_string_opt()).ok_or_else(|| missing(ID))?,
            datetime: column(DATETIME)
                .and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>())
                .ok_or_else(|| missing(DATETIME))?,
            end_datetime: column(END_DATETIME).and_then(|c| c.as_primitive_opt::<TimestampMicrosecondType>()),
            geometry: column(GEOMETRY).and_then(|c| c.as_binary_opt()),
            bbox: column(BBOX).and_then(|c| c.as_struct_opt()),
            assets: column(ASSETS).and_then(|c| c.as_map_opt()).ok_or_else(|| missing(ASSETS))?,
            epsg: column(EPSG).and_then(|c| c.as_primitive_opt::<Int32Type>()),
            crs: column(CRS).and_then(|c| c.as_string_opt()),
            collection: column(COLLECTION).and_then(|c| c.as_string_opt()),
        })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Id of a record.
    pub fn id(&self, row: usize) -> &'a str {
        self.id.value(row)
    }

    /// Acquisition time of a record.
    pub fn datetime(&self, row: usize) -> i64 {
        self.datetime.value(row)
    }

    /// Footprint of a record, as WKB.
    pub fn geometry(&self, row: usize) -> Option<&'a [u8]> {
        self.geometry.filter(|column| column.is_valid(row)).map(|column| column.value(row))
    }

    /// Bounding box of a record.
    pub fn bbox(&self, row: usize) -> Option<BoundingBox> {
        let column = self.bbox.filter(|column| column.is_valid(row))?;
        let coordinate = |index: usize| {
            let values = column.column(index).as_primitive_opt::<Float64Type>()?;
            values.is_valid(row).then(|| values.value(row))
        };
        Some(BoundingBox::new(coordinate(0)?, coordinate(1)?, coordinate(2)?, coordinate(3)?))
    }

    /// Assets of a record.
    pub fn assets(&self, row: usize) -> Vec<Asset> {
        let entries = self.assets.value(row);
        let bands = entries.column(0).as_string_opt::<i32>();
        let value = entries.column(1).as_struct_opt();
        let (Some(bands), Some(value)) = (bands, value) else { return Vec::new() };
        let hrefs = value.column(0).as_string_opt::<i32>();
        let indexes = value.column(1).as_primitive_opt::<Int32Type>();
        let (Some(hrefs), Some(indexes)) = (hrefs, indexes) else { return Vec::new() };
        (0..entries.len())
            .map(|i| Asset {
                band: bands.value(i).to_owned(),
                href: hrefs.value(i).to_owned(),
                band_index: indexes.is_valid(i).then(|| indexes.value(i)),
            })
            .collect()
    }

    /// The record of a row, without user columns.
    pub fn record(&self, row: usize) -> Record {
        let text = |column: Option<&'a StringArray>| {
            column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
        };
        Record {
            id: self.id(row).to_owned(),
            datetime: self.datetime(row),
            end_datetime: self.end_datetime.filter(|c| c.is_valid(row)).map(|c| c.value(row)),
            geometry: self.geometry(row).map(<[u8]>::to_vec),
            bbox: self.bbox(row),
            assets: self.assets(row),
            epsg: self.epsg.filter(|c| c.is_valid(row)).map(|c| c.value(row)),
            crs: text(self.crs),
            collection: text(self.collection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip() {
        let records = vec![
            Record {
                id: "a".into(),
                datetime: 1_704_067_200_000_000,
                end_datetime: None,
                geometry: Some(vec![1, 2, 3]),
                bbox: Some(BoundingBox::new(177.0, -20.0, -178.0, -15.0)),
                assets: vec![
                    Asset { band: "B04".into(), href: "a/B04.tif".into(), band_index: None },
                    Asset { band: "B08".into(), href: "a/stack.tif".into(), band_index: Some(3) },
                ],
                epsg: Some(32643),
                crs: Some("EPSG:32643".into()),
                collection: None,
            },
            Record {
                id: "b".into(),
                datetime: 0,
                end_datetime: Some(5),
                geometry: None,
                bbox: None,
                assets: Vec::new(),
                epsg: None,
                crs: None,
                collection: Some("sentinel-2-l2a".into()),
            },
        ];
        let batch = to_batch(&records).unwrap();
        let columns = RecordColumns::new(&batch).unwrap();
        assert_eq!(columns.len(), 2);
        assert_eq!((0..2).map(|row| columns.record(row)).collect::<Vec<_>>(), records);
    }

    #[test]
    fn a_wrong_type_is_named() {
        let batch = RecordBatch::try_from_iter([(ID, Arc::new(Int32Array::from(vec![1])) as Arc<dyn Array>)])
            .unwrap();
        let error = RecordColumns::new(&batch).unwrap_err().to_string();
        assert!(error.contains("\"id\"") && error.contains("Int32"), "{error}");
    }
}
