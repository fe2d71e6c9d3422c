//! The table of values at points.

use super::Samples;
use crate::crs::to_epsg;
use crate::error::{Error, Result};
use crate::geometry::PointBatch;
use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use arrow_select::take::take;
use rasteret_schema::Crs;
use std::sync::Arc;

/// Makes the table of values: a row for each point, record and band, with the columns `point_index`, `point_x`,
/// `point_y`, `point_crs`, `record_id`, `datetime`, `collection`, `band`, `value`, `raster_crs`, where asked for
/// `neighbourhood_values`, and those columns of the points whose names are none of these.
///
/// A CRS is given by its EPSG code, and null where it has none.
#[derive(Debug, Clone)]
pub struct SampleTable {
    schema: SchemaRef,
    point_crs: Option<i32>,
    neighbourhood: bool,
    /// Which columns of the points are kept.
    kept: Vec<usize>,
}

/// Where values come from.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSource<'a> {
    /// Id of the record.
    pub record_id: &'a str,
    /// Its time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// The collection that it comes from.
    pub collection: Option<&'a str>,
    /// Name of the band.
    pub band: &'a str,
    /// CRS of the raster.
    pub raster_crs: &'a Crs,
}

impl SampleTable {
    /// For points with the given columns in the given CRS.
    ///
    /// # Errors
    ///
    /// If the CRS is unknown.
    pub fn new(points: &Schema, crs: &Crs, neighbourhood: bool) -> Result<SampleTable> {
        let mut fields: Vec<FieldRef> = [
            ("point_index", DataType::Int64, false),
            ("point_x", DataType::Float64, false),
            ("point_y", DataType::Float64, false),
            ("point_crs", DataType::Int32, true),
            ("record_id", DataType::Utf8, false),
            ("datetime", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
            ("collection", DataType::Utf8, true),
            ("band", DataType::Utf8, false),
            ("value", DataType::Float64, false),
            ("raster_crs", DataType::Int32, true),
        ]
        .into_iter()
        .map(|(name, data_type, nullable)| Arc::new(Field::new(name, data_type, nullable)))
        .collect();
        if neighbourhood {
            let values = DataType::new_list(DataType::Float64, true);
            fields.push(Arc::new(Field::new("neighbourhood_values", values, true)));
        }
        let kept: Vec<usize> = (0..points.fields().len())
            .filter(|&index| fields.iter().all(|field| field.name() != points.field(index).name()))
            .collect();
        fields.extend(kept.iter().map(|&index| points.fields()[index].clone()));
        Ok(SampleTable { schema: Arc::new(Schema::new(fields)), point_crs: epsg(crs)?, neighbourhood, kept })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of some points for one band of one record.
    ///
    /// # Errors
    ///
    /// If a value is of a point that is not among the points, or the points have other columns than were said.
    pub fn batch(
        &self,
        points: &PointBatch,
        source: &SampleSource<'_>,
        samples: Samples,
    ) -> Result<RecordBatch> {
        let rows = UInt32Array::from(samples.points);
        let count = rows.len();
        let coordinate = |values: &[f64]| -> Result<ArrayRef> {
            let value = |&row: &u32| values.get(row as usize).copied().ok_or(row);
            let values: Result<Vec<f64>, u32> = rows.values().iter().map(value).collect();
            let values = values
                .map_err(|row| Error::InvalidArgument(format!("there is no point {row} in the batch")))?;
            Ok(Arc::new(Float64Array::from(values)))
        };
        let text = |value: Option<&str>| -> ArrayRef {
            Arc::new(StringArray::from_iter(std::iter::repeat_n(value, count)))
        };
        let code = |value: Option<i32>| -> ArrayRef {
            Arc::new(Int32Array::from_iter(std::iter::repeat_n(value, count)))
        };
        let first = points.first_index as i64;
        let time = TimestampMicrosecondArray::from_value(source.datetime, count).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(rows.values().iter().map(|&row| first + i64::from(row)))),
            coordinate(&points.x)?,
            coordinate(&points.y)?,
            code(self.point_crs),
            text(Some(source.record_id)),
            Arc::new(time),
            text(source.collection),
            text(Some(source.band)),
            Arc::new(Float64Array::from(samples.values)),
            code(epsg(source.raster_crs)?),
        ];
        if self.neighbourhood {
            let field = &self.schema.field(columns.len());
            columns.push(match samples.neighbourhoods {
                Some(lists) => Arc::new(lists),
                None => arrow_array::new_null_array(field.data_type(), count),
            });
        }
        for &index in &self.kept {
            columns.push(take(points.attributes.column(index), &rows, None)?);
        }
        Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
    }
}

/// The EPSG code of a CRS; that of WGS 84 for its twin with longitude first.
fn epsg(crs: &Crs) -> Result<Option<i32>> {
    if *crs == Crs::crs84() {
        return Ok(Some(4326));
    }
    Ok(to_epsg(crs)?.and_then(|code| i32::try_from(code).ok()))
}
