//! Which records of a collection are meant, and what they say.
//!
//! In: a collection's record chunks and a [`Filter`]. Out: record numbers, columns, descriptions. No
//! pixel is touched here.

mod bound;
mod cql2;
pub mod dates;
mod describe;
mod filter;
mod json;
pub(crate) mod overview;
mod records;

pub use cql2::FilterError;
pub use describe::json_rows;
pub use filter::{Filter, parse_bbox};

pub(crate) use bound::BoundFilter;
pub(crate) use describe::{columns, header, info};
pub(crate) use filter::bounding_boxes;
pub(crate) use records::{MatchingRecord, ids, kept, map_chunks, matching, records, scan};

use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{RecordBatch, StringArray, TimestampMicrosecondArray};

pub(crate) fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    batch.column_by_name(name).and_then(|column| column.as_string_opt()).ok_or_else(|| missing(name, "text"))
}

pub(crate) fn time_column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a TimestampMicrosecondArray> {
    batch
        .column_by_name(name)
        .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>())
        .ok_or_else(|| missing(name, "time"))
}

fn missing(name: &str, kind: &str) -> Error {
    Error::InvalidArgument(format!("the collection has no {kind} column {name:?}"))
}
