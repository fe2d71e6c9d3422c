//! GeoParquet files (GeoParquet 1.1), and Parquet files without its metadata.

use super::GeometryError;
use super::column::crs_from_json;
use super::source::{Batches, ROWS};
use crate::unwinding::unwinding;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rasteret_schema::Crs;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;

/// What a file says of its geometry columns, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GeoMetadata {
    pub primary_column: String,
    pub columns: HashMap<String, GeoColumn>,
}

/// A geometry column.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GeoColumn {
    pub encoding: String,
    #[serde(default, deserialize_with = "present")]
    crs: Option<Value>,
    pub edges: Option<String>,
}

/// Tells null, an unknown CRS, from one that is absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl GeoColumn {
    /// The CRS; `None` where the file says that it is unknown.
    pub fn crs(&self) -> Option<Crs> {
        match &self.crs {
            None => Some(Crs::crs84()),
            Some(value) => crs_from_json(value),
        }
    }
}

/// An open file.
pub(super) struct ParquetSource {
    pub builder: ParquetRecordBatchReaderBuilder<File>,
    pub geo: Option<GeoMetadata>,
}

impl ParquetSource {
    pub fn new(table: &str, file: File) -> Result<ParquetSource, GeometryError> {
        let invalid =
            |reason: String| GeometryError::Invalid { table: table.to_owned(), format: "GeoParquet", reason };
        // The reader reports most of what it finds amiss, and asserts the rest.
        let builder = unwinding(|| ParquetRecordBatchReaderBuilder::try_new(file))
            .map_err(invalid)?
            .map_err(|error| invalid(error.to_string()))?;
        let metadata = builder.metadata().file_metadata().key_value_metadata();
        let geo = metadata.into_iter().flatten().find(|entry| entry.key == "geo");
        let geo = geo
            .and_then(|entry| entry.value.as_deref())
            .map(serde_json::from_str)
            .transpose()
            .map_err(|error| invalid(format!("its geo metadata: {error}")))?;
        Ok(ParquetSource { builder, geo })
    }

    /// The columns at the given positions.
    pub fn read(self, table: &str, columns: &[usize]) -> Result<Batches, GeometryError> {
        let invalid = {
            let table = table.to_owned();
            move |reason: String| GeometryError::Invalid { table: table.clone(), format: "Parquet", reason }
        };
        let reader = unwinding(|| {
            let mask = ProjectionMask::roots(self.builder.parquet_schema(), columns.iter().copied());
            self.builder.with_projection(mask).with_batch_size(ROWS).build()
        });
        let mut reader = reader.map_err(&invalid)?.map_err(|error| invalid(error.to_string()))?;
        let mut failed = false;
        Ok(Box::new(std::iter::from_fn(move || {
            // A reader that has panicked is not asked again.
            if failed {
                return None;
            }
            let batch = unwinding(|| reader.next()).map_err(&invalid).transpose()?;
            let batch = batch.and_then(|batch| batch.map_err(|error| invalid(error.to_string())));
            failed = batch.is_err();
            Some(batch)
        })))
    }
}
