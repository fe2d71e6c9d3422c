//! Rows of a table as records.

mod asset_column;
mod assets;
mod bbox;
mod crs;
mod headers;
mod href;
mod time;

pub(crate) use asset_column::ASSET_FIELDS;
pub(crate) use href::Base;
pub(crate) use time::{parse_time, year};

use crate::error::guarded;
use crate::layout::{AssetsPlace, Layout};
use crate::options::Options;
use crate::read_ahead::Rows;
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, FieldRef, Schema};
use arrow_select::filter::filter;
use assets::AssetMaker;
use headers::Headers;
use rasteret_schema::access::plain_href;
use rasteret_schema::record::{self, bbox_array};
use rasteret_schema::{Asset, BoundingBox, Selection, SourceBatch, SourceError, SourceFailure};
use std::sync::Arc;

/// Makes records of the rows of one file.
#[derive(Debug)]
pub(crate) struct Converter {
    layout: Layout,
    assets: AssetMaker,
    href_column: Option<String>,
}

impl Converter {
    pub fn new(layout: Layout, options: &Options, base: Base) -> Converter {
        let assets = AssetMaker::new(&layout.assets, options, base);
        let href_column = match &layout.assets {
            AssetsPlace::Href(column) => Some(column.clone()),
            AssetsPlace::Assets(_) => None,
        };
        Converter { layout, assets, href_column }
    }

    /// The records of some rows that are selected, and why other rows are none.
    pub fn convert(&self, rows: &Rows, selection: &Selection) -> Result<SourceBatch, SourceError> {
        guarded(&self.layout.table, || self.records(rows, selection))
    }

    fn records(&self, rows: &Rows, selection: &Selection) -> Result<SourceBatch, ArrowError> {
        let found = Found::new(&self.layout, &rows.batch)?;
        let mut failures = Vec::new();
        let numbered = |row: usize| {
            let number = rows.first + row as u64;
            let part = rows.part.map_or_else(String::new, |part| format!(" of record batch {part}"));
            format!("row {number}{part}")
        };
        let mut fail = |row: usize, kind: &str, message: String| {
            failures.push(SourceFailure {
                href: self.layout.table.clone(),
                kind: kind.to_owned(),
                message: format!("{}: {message}", numbered(row)),
            });
        };
        let bands = self.assets.on(rows.batch.column_by_name(self.layout.assets.column()))?;
        let mut kept = vec![false; rows.batch.num_rows()];
        let (mut assets, mut crs, mut times, mut boxes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, kept) in kept.iter_mut().enumerate() {
            let time = found.time(row);
            if matches!(time, Ok(time) if !is_within(time, found.boxes[row], selection)) {
                continue;
            }
            if found.ids.is_null(row) || found.ids.value(row).is_empty() {
                fail(row, "missing-id", format!("it has no id in column {:?}", self.layout.id));
                continue;
            }
            let id = found.ids.value(row);
            let time = match time {
                Ok(time) => time,
                Err(reason) => {
                    fail(row, "invalid-datetime", format!("record {id:?} has no time: {reason}"));
                    continue;
                }
            };
            match bands.of(row) {
                Ok(of_row) => {
                    *kept = true;
                    assets.push(of_row.assets);
                    crs.push(of_row.crs);
                    times.push(time);
                    boxes.push(found.boxes[row]);
                }
                Err(reason) => fail(row, "missing-asset", format!("record {id:?}: {reason}")),
            }
        }
        let numbers: Vec<usize> = (0..kept.len()).filter(|row| kept[*row]).collect();
        let kept = BooleanArray::from(kept);
        let records =
            self.batch(&rows.batch, &found, &kept, Columns { assets: &assets, crs: &crs, times, boxes })?;
        let headers = headers::of(&self.layout.headers, &rows.batch, &numbers, &assets, &records, |row| {
            format!("{}, {}", self.layout.table, numbered(row))
        })?;
        let Headers { usable, unusable } = headers;
        Ok(SourceBatch { headers: usable, unusable, failures, ..SourceBatch::new(records) })
    }

    fn batch(
        &self,
        batch: &RecordBatch,
        found: &Found,
        kept: &BooleanArray,
        columns: Columns<'_>,
    ) -> Result<RecordBatch, ArrowError> {
        let Columns { assets, crs: of_assets, times, boxes } = columns;
        let rows = assets.len();
        let none = |name: &str| -> Result<ArrayRef, ArrowError> {
            Ok(new_null_array(record::schema().field_with_name(name)?.data_type(), rows))
        };
        let times = TimestampMicrosecondArray::from(times).with_timezone("UTC");
        let ends = match &found.ends {
            Some(ends) => {
                let ends = filter(ends, kept)?;
                let ends = ends.as_primitive::<arrow_array::types::TimestampMicrosecondType>();
                // An end before the time says nothing.
                let ends = ends.iter().zip(times.values()).map(|(end, time)| end.filter(|end| end >= time));
                Arc::new(TimestampMicrosecondArray::from_iter(ends).with_timezone("UTC"))
            }
            None => none(record::END_DATETIME)?,
        };
        let schema = record::schema();
        let (mut geometry_field, mut geometry) = (None, none(record::GEOMETRY)?);
        if let Some(place) = &self.layout.geometry
            && let Some(column) = batch.column_by_name(&place.column)
        {
            let column = filter(column, kept)?;
            geometry =
                if column.data_type().is_nested() { column } else { cast(&column, place.field.data_type())? };
            geometry_field = Some(Arc::clone(&place.field));
        }
        let crs = crs::find(&self.layout.crs, batch, kept, of_assets)?;
        let collection = match self.layout.collection.as_ref().and_then(|name| batch.column_by_name(name)) {
            Some(column) => cast(&filter(column, kept)?, &DataType::Utf8)?,
            None => none(record::COLLECTION)?,
        };
        let own: [ArrayRef; 9] = [
            filter(&found.ids, kept)?,
            Arc::new(times),
            ends,
            geometry,
            Arc::new(bbox_array(boxes.into_iter())?),
            Arc::new(record::assets_array(assets.iter().map(Vec::as_slice))?),
            Arc::new(crs.epsg),
            Arc::new(crs.text),
            collection,
        ];
        let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
        if let (Some(field), Some(described)) = (fields.get_mut(3), geometry_field) {
            *field = described;
        }
        let mut arrays = own.to_vec();
        for (source, field) in &self.layout.user {
            let Some(column) = batch.column_by_name(source) else { continue };
            let mut column = filter(column, kept)?;
            if self.href_column.as_ref() == Some(source) {
                column = without_secrets(&column)?;
            }
            // What is read of a nested column may be less than the table has.
            fields.push(Arc::new(field.as_ref().clone().with_data_type(column.data_type().clone())));
            arrays.push(column);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
    }
}

/// What was found of the records of a batch.
struct Columns<'a> {
    assets: &'a [Vec<Asset>],
    /// What the assets say of the CRS.
    crs: &'a [Option<String>],
    times: Vec<i64>,
    boxes: Vec<Option<BoundingBox>>,
}

/// What of a batch decides which rows are kept.
struct Found {
    ids: StringArray,
    times: Option<(ArrayRef, TimestampMicrosecondArray)>,
    starts: Option<(ArrayRef, TimestampMicrosecondArray)>,
    ends: Option<TimestampMicrosecondArray>,
    boxes: Vec<Option<BoundingBox>>,
}

impl Found {
    fn new(layout: &Layout, batch: &RecordBatch) -> Result<Found, ArrowError> {
        let column = |name: &Option<String>| name.as_ref().and_then(|name| batch.column_by_name(name));
        let times = |name| {
            let pair = |column| Ok::<_, ArrowError>((Arc::clone(column), time::micros(column)?));
            column(name).map(pair).transpose()
        };
        let missing = || ArrowError::SchemaError(format!("column {:?} is missing", layout.id));
        let ids = cast(batch.column_by_name(&layout.id).ok_or_else(missing)?, &DataType::Utf8)?;
        Ok(Found {
            ids: ids.as_string::<i32>().clone(),
            times: times(&layout.datetime)?,
            starts: times(&layout.start_datetime)?,
            ends: times(&layout.end_datetime)?.map(|(_, ends)| ends),
            boxes: bbox::boxes(layout.bbox.as_ref(), batch)?,
        })
    }

    /// The time of a row: that of its start where it has no other.
    fn time(&self, row: usize) -> Result<i64, String> {
        for (column, times) in self.times.iter().chain(&self.starts) {
            if times.is_valid(row) {
                return Ok(times.value(row));
            }
            if column.is_valid(row) && !column.data_type().is_null() {
                let text = arrow_cast::display::array_value_to_string(column, row).unwrap_or_default();
                return Err(time::reason(column.data_type(), &text));
            }
        }
        Err("it is null".to_owned())
    }
}

/// Whether a row is selected. Where its footprint is not known as a box, only the engine can say.
fn is_within(time: i64, bbox: Option<BoundingBox>, selection: &Selection) -> bool {
    selection.start.is_none_or(|start| start <= time)
        && selection.end.is_none_or(|end| time <= end)
        && selection.bbox.is_none_or(|wanted| bbox.is_none_or(|bbox| bbox.intersects(&wanted)))
}

/// A column of hrefs that may be kept.
fn without_secrets(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let texts = cast(column, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let plain = StringArray::from_iter(texts.iter().map(|href| href.map(plain_href)));
    if plain == *texts { Ok(Arc::clone(column)) } else { cast(&plain, column.data_type()) }
}
