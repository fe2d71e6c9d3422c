//! The pixels of areas as a table: a row for each record, geometry and band, each with an array of its own
//! shape.

use crate::crs::to_projjson;
use crate::error::{Error, Result};
use crate::geometry::{GeometryError, geometry_to_wkb};
use crate::read::area::Area;
use arrow_array::builder::{
    ArrayBuilder, FixedSizeListBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, BinaryArray, LargeListArray, PrimitiveArray, RecordBatch, UInt64Array};
use arrow_buffer::{MutableBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType as ArrowType, Field, Fields, Schema, SchemaRef, TimeUnit};
use arrow_select::take::take;
use rasteret_schema::{Crs, DataType, Geotransform};
use std::collections::HashMap;
use std::sync::Arc;

/// Makes the table of an area: the columns `record_id`, `datetime`, `cloud_cover`, `collection`, `geometry_id`,
/// `geometry`, `band`, `data`, `shape` and `transform`, and after them those of the area itself.
///
/// | column | what it holds |
/// | --- | --- |
/// | `geometry_id` | which geometry of the area, counted from 1 |
/// | `geometry` | the whole geometry of the area as WKB, in the area's CRS or another that is asked for, which the field's GeoArrow metadata name |
/// | `data` | the samples in the raster's data type, row by row from north to south, with the fill value where there is no data |
/// | `shape` | rows and columns of `data` |
/// | `transform` | from pixel to CRS coordinates of the raster, as `a, b, c, d, e, f` of rasterio's `Affine` |
///
/// ```
/// use rasteret::output::{TableBuilder, TableRow};
/// use rasteret::{Area, DataType};
/// use rasteret::schema::{Crs, Geotransform};
///
/// let area = Area::bbox([77.5, 13.0, 77.6, 13.1]);
/// let mut table = TableBuilder::new(&area, area.crs(), DataType::UInt8)?;
/// let row = TableRow {
///     record_id: "S2A_1",
///     datetime: 0,
///     cloud_cover: Some(3.5),
///     collection: Some("sentinel-2-l2a"),
///     geometry_index: 0,
///     band: "B04",
///     shape: [1, 2],
///     transform: Geotransform::new(10.0, 0.0, 771_180.0, 0.0, -10.0, 1_449_540.0),
/// };
/// table.push(&row, &[7, 8])?;
/// assert_eq!(table.finish()?.num_rows(), 1);
/// # Ok::<(), rasteret::Error>(())
/// ```
pub struct TableBuilder {
    schema: SchemaRef,
    area: Area,
    /// Of each geometry of the area.
    wkb: Vec<Vec<u8>>,
    dtype: DataType,
    record_id: StringBuilder,
    datetime: TimestampMicrosecondBuilder,
    cloud_cover: Float64Builder,
    collection: StringBuilder,
    geometry: Vec<u64>,
    band: StringBuilder,
    samples: MutableBuffer,
    lengths: Vec<usize>,
    shape: FixedSizeListBuilder<Int32Builder>,
    transform: FixedSizeListBuilder<Float64Builder>,
}

/// A row of the table without its samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableRow<'a> {
    /// Id of the record.
    pub record_id: &'a str,
    /// Its time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// How much of it clouds cover, in per cent.
    pub cloud_cover: Option<f64>,
    /// The collection that it comes from.
    pub collection: Option<&'a str>,
    /// Which geometry of the area, counted from 0.
    pub geometry_index: usize,
    /// Name of the band.
    pub band: &'a str,
    /// Rows and columns.
    pub shape: [u32; 2],
    /// Of the samples.
    pub transform: Geotransform,
}

impl TableBuilder {
    /// A table of samples of one data type, whose geometries are in `crs`.
    ///
    /// # Errors
    ///
    /// If a column of the area has the name of one of the output, or the area is none or does not transform.
    pub fn new(area: &Area, crs: &Crs, dtype: DataType) -> Result<TableBuilder> {
        let schema = schema(area, crs, dtype)?;
        let wkb = area
            .to_crs(crs)?
            .iter()
            .map(|geometry| geometry_to_wkb(geometry).map_err(Error::InvalidArgument))
            .collect::<Result<_>>()?;
        let list_field = |data_type| Field::new("item", data_type, false);
        Ok(TableBuilder {
            schema,
            area: area.clone(),
            wkb,
            dtype,
            record_id: StringBuilder::new(),
            datetime: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            cloud_cover: Float64Builder::new(),
            collection: StringBuilder::new(),
            geometry: Vec::new(),
            band: StringBuilder::new(),
            samples: MutableBuffer::new(0),
            lengths: Vec::new(),
            shape: FixedSizeListBuilder::new(Int32Builder::new(), 2).with_field(list_field(ArrowType::Int32)),
            transform: FixedSizeListBuilder::new(Float64Builder::new(), 6)
                .with_field(list_field(ArrowType::Float64)),
        })
    }

    /// Adds a row with its samples in native byte order.
    ///
    /// # Errors
    ///
    /// If there are fewer samples than the shape says, or more, or the area has no such geometry.
    pub fn push(&mut self, row: &TableRow<'_>, samples: &[u8]) -> Result<()> {
        let [height, width] = row.shape;
        let expected = (height as usize)
            .checked_mul(width as usize)
            .and_then(|pixels| pixels.checked_mul(self.dtype.size()));
        let shape = [i32::try_from(height), i32::try_from(width)];
        let (Some(expected), [Ok(height), Ok(width)]) = (expected, shape) else {
            return Err(Error::InvalidArgument(format!("no array has {height} × {width} pixels")));
        };
        if samples.len() != expected || row.geometry_index >= self.wkb.len() {
            return Err(Error::InvalidArgument(format!(
                "{} bytes of geometry {} are not {height} × {width} samples of {} of one of {} geometries",
                samples.len(),
                row.geometry_index,
                self.dtype,
                self.wkb.len()
            )));
        }
        self.record_id.append_value(row.record_id);
        self.datetime.append_value(row.datetime);
        self.cloud_cover.append_option(row.cloud_cover);
        self.collection.append_option(row.collection);
        self.geometry.push(row.geometry_index as u64);
        self.band.append_value(row.band);
        self.samples.extend_from_slice(samples);
        self.lengths.push(samples.len() / self.dtype.size());
        self.shape.values().append_slice(&[height, width]);
        self.shape.append(true);
        self.transform.values().append_slice(&row.transform.to_array());
        self.transform.append(true);
        Ok(())
    }

    /// The rows in the order in which they came.
    ///
    /// # Errors
    ///
    /// If the columns of the area cannot be repeated.
    pub fn finish(mut self) -> Result<RecordBatch> {
        let mut ids = Int64Builder::new();
        ids.append_slice(&self.geometry.iter().map(|&index| index as i64 + 1).collect::<Vec<_>>());
        // Geometries of the same area repeat: each row has its own copy.
        let wkb = BinaryArray::from_iter_values(self.geometry.iter().map(|&index| &self.wkb[index as usize]));
        let item = Arc::new(Field::new("item", arrow_type(self.dtype), false));
        let data = LargeListArray::try_new(
            item,
            OffsetBuffer::from_lengths(self.lengths),
            samples_array(self.dtype, self.samples),
            None,
        )?;
        let mut columns: Vec<ArrayRef> = vec![
            ArrayBuilder::finish(&mut self.record_id),
            ArrayBuilder::finish(&mut self.datetime),
            ArrayBuilder::finish(&mut self.cloud_cover),
            ArrayBuilder::finish(&mut self.collection),
            ArrayBuilder::finish(&mut ids),
            Arc::new(wkb),
            ArrayBuilder::finish(&mut self.band),
            Arc::new(data),
            ArrayBuilder::finish(&mut self.shape),
            ArrayBuilder::finish(&mut self.transform),
        ];
        let rows = UInt64Array::from(self.geometry);
        for column in self.area.attributes().columns() {
            columns.push(take(column, &rows, None)?);
        }
        Ok(RecordBatch::try_new(self.schema, columns)?)
    }
}

fn schema(area: &Area, crs: &Crs, dtype: DataType) -> Result<SchemaRef> {
    let list = |data_type| Arc::new(Field::new("item", data_type, false));
    let mut fields = vec![
        Field::new("record_id", ArrowType::Utf8, false),
        Field::new("datetime", ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
        Field::new("cloud_cover", ArrowType::Float64, true),
        Field::new("collection", ArrowType::Utf8, true),
        Field::new("geometry_id", ArrowType::Int64, false),
        geometry_field(crs)?,
        Field::new("band", ArrowType::Utf8, false),
        Field::new("data", ArrowType::LargeList(list(arrow_type(dtype))), false),
        Field::new("shape", ArrowType::FixedSizeList(list(ArrowType::Int32), 2), false),
        Field::new("transform", ArrowType::FixedSizeList(list(ArrowType::Float64), 6), false),
    ];
    let own = area.attributes().schema();
    let collide = |name: &&String| fields.iter().any(|field| field.name() == *name);
    let columns: Vec<String> =
        own.fields().iter().map(|field| field.name()).filter(collide).cloned().collect();
    if !columns.is_empty() {
        return Err(GeometryError::Collision { columns }.into());
    }
    fields.extend(own.fields().iter().map(|field| field.as_ref().clone()));
    Ok(Arc::new(Schema::new(Fields::from(fields))))
}

/// A field of WKB that says which CRS it is in, as GeoArrow has it.
fn geometry_field(crs: &Crs) -> Result<Field> {
    let metadata = format!(r#"{{"crs":{},"crs_type":"projjson"}}"#, to_projjson(crs)?);
    Ok(Field::new("geometry", ArrowType::Binary, false).with_metadata(HashMap::from([
        (EXTENSION_TYPE_NAME_KEY.to_owned(), "geoarrow.wkb".to_owned()),
        (EXTENSION_TYPE_METADATA_KEY.to_owned(), metadata),
    ])))
}

/// An expression with the Arrow type of a data type.
macro_rules! with_type {
    ($dtype:expr, $type:ident => $body:expr) => {
        match $dtype {
            DataType::UInt8 => {
                type $type = UInt8Type;
                $body
            }
            DataType::Int8 => {
                type $type = Int8Type;
                $body
            }
            DataType::UInt16 => {
                type $type = UInt16Type;
                $body
            }
            DataType::Int16 => {
                type $type = Int16Type;
                $body
            }
            DataType::UInt32 => {
                type $type = UInt32Type;
                $body
            }
            DataType::Int32 => {
                type $type = Int32Type;
                $body
            }
            DataType::UInt64 => {
                type $type = UInt64Type;
                $body
            }
            DataType::Int64 => {
                type $type = Int64Type;
                $body
            }
            DataType::Float16 => {
                type $type = Float16Type;
                $body
            }
            DataType::Float32 => {
                type $type = Float32Type;
                $body
            }
            DataType::Float64 => {
                type $type = Float64Type;
                $body
            }
        }
    };
}

fn arrow_type(dtype: DataType) -> ArrowType {
    with_type!(dtype, T => <T as arrow_array::ArrowPrimitiveType>::DATA_TYPE)
}

/// An array of all the samples, whose number is that of the bytes over the size of one.
fn samples_array(dtype: DataType, samples: MutableBuffer) -> ArrayRef {
    let len = samples.len() / dtype.size();
    with_type!(dtype, T => Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::new(samples.into(), 0, len), None)))
}
