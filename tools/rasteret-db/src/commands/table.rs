//! Tables as files.

use crate::print::CommandError;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::SchemaRef;
use rasteret::output::{CsvWriter, ParquetWriter, write_file};
use std::path::Path;

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Parquet,
    Csv,
}

impl Format {
    /// Writes batches as they come. Where one is an error, nothing is written.
    pub fn write(
        self,
        path: &Path,
        schema: SchemaRef,
        batches: impl Iterator<Item = rasteret::Result<RecordBatch>>,
    ) -> Result<(), CommandError> {
        Ok(write_file(path, |out| match self {
            Format::Parquet => {
                let mut writer = ParquetWriter::new(out, schema)?;
                for batch in batches {
                    writer.write(&batch?)?;
                }
                writer.finish().map(|_| ())
            }
            Format::Csv => {
                let mut writer = CsvWriter::new(out, &schema)?;
                for batch in batches {
                    writer.write(&batch?)?;
                }
                writer.finish().map(|_| ())
            }
        })?)
    }
}

/// The values of a column of text; none where there is no such column.
pub fn text<'a>(batch: &'a RecordBatch, column: &str) -> impl Iterator<Item = &'a str> {
    let column = batch.column_by_name(column).and_then(|column| column.as_string_opt::<i32>());
    column.into_iter().flat_map(|column| column.iter().flatten())
}
