//! Tables as CSV.

use crate::error::Result;
use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::Schema;
use std::io::Write;

/// Writes batches of one schema as CSV with a header (RFC 4180). Numbers have all the digits that tell them apart,
/// times are those of RFC 3339, null is empty, and lists stand in brackets.
///
/// ```
/// # use arrow_array::{ArrayRef, Float64Array, RecordBatch};
/// use rasteret::output::CsvWriter;
/// let column: ArrayRef = std::sync::Arc::new(Float64Array::from(vec![Some(0.1), None]));
/// let batch = RecordBatch::try_from_iter([("value", column)])?;
/// let mut writer = CsvWriter::new(Vec::new(), &batch.schema())?;
/// writer.write(&batch)?;
/// assert_eq!(writer.finish()?, b"value\n0.1\n\"\"\n");
/// # Ok::<(), rasteret::Error>(())
/// ```
pub struct CsvWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvWriter<W> {
    /// Starts with the header.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub fn new(out: W, schema: &Schema) -> Result<CsvWriter<W>> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(schema.fields().iter().map(|field| field.name()))?;
        Ok(CsvWriter { writer })
    }

    /// Adds rows.
    ///
    /// # Errors
    ///
    /// If the output fails, or a column has a type that has no text.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let options = FormatOptions::default();
        let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                self.writer.write_field(column.value(row).try_to_string()?)?;
            }
            self.writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    /// Writes what is left, and returns what it was written to.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub fn finish(self) -> Result<W> {
        self.writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
    }
}
