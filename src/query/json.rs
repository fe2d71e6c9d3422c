//! Rows as JSON.

use crate::error::{Error, Result};
use arrow_array::RecordBatch;
use arrow_json::WriterBuilder;
use arrow_json::writer::JsonArray;
use serde_json::{Map, Value};

/// One object a row, with a member for each column, nulls included. Binary values are hexadecimal.
pub(super) fn objects(batch: &RecordBatch) -> Result<Vec<Map<String, Value>>> {
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    let text = writer.into_inner();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_slice(&text)
        .map_err(|error| Error::InvalidArgument(format!("rows are not JSON: {error}")))
}
