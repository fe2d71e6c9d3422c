//! Tables of others, read as they are.

use super::TableError;
use crate::cpu;
use crate::error::{Error, Result};
use crate::geometry::read_csv;
use crate::io::{ByteSources, local_path};
use arrow_array::{RecordBatch, RecordBatchIterator};
use arrow_schema::{ArrowError, SchemaRef};
use std::path::PathBuf;

/// A table in memory, as a reader.
pub type TableReader = RecordBatchIterator<Vec<Result<RecordBatch, ArrowError>>>;

/// Reads columns of a table, all or the named ones: Parquet, GeoParquet and Arrow IPC, in local files or wherever
/// objects are reached, and local CSV files, whose names end in `.csv`.
///
/// ```no_run
/// # fn annotate(db: rasteret::Database) -> rasteret::Result<()> {
/// use rasteret::blocking::Wait;
/// let labels = rasteret::share::open_table("labels.parquet", db.sources(), None).wait()?;
/// let summary = db.collection("bangalore")?.annotate(labels, "id")?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// If the table cannot be read, or lacks a column that is named.
pub async fn open_table(
    uri: &str,
    sources: &ByteSources,
    columns: Option<Vec<String>>,
) -> Result<TableReader> {
    let csv =
        local_path(uri).filter(|path| path.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv")));
    let (schema, batches) = match csv {
        Some(path) => cpu::run(move || from_csv(path, columns.as_deref())).await?,
        None => from_file(uri, sources, columns.as_deref()).await?,
    };
    let batches: Vec<Result<RecordBatch, ArrowError>> = batches.into_iter().map(Ok).collect();
    Ok(RecordBatchIterator::new(batches, schema))
}

fn from_csv(path: PathBuf, columns: Option<&[String]>) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let (schema, batches) = read_csv(&path)?;
    let Some(columns) = columns else { return Ok((schema, batches)) };
    let place = |column: &String| {
        schema.index_of(column).map_err(|error| TableError::Read {
            table: path.display().to_string(),
            reason: error.to_string(),
        })
    };
    let places = columns.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    let batches = batches.iter().map(|batch| batch.project(&places)).collect::<Result<_, _>>()?;
    Ok((schema.project(&places)?.into(), batches))
}

#[cfg(feature = "table")]
async fn from_file(
    uri: &str,
    sources: &ByteSources,
    columns: Option<&[String]>,
) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    use futures::TryStreamExt;
    let (schema, rows) = rasteret_table::read_rows(uri, sources, columns).await?;
    Ok((schema, rows.try_collect().await.map_err(Error::from)?))
}

#[cfg(not(feature = "table"))]
async fn from_file(
    uri: &str,
    _: &ByteSources,
    _: Option<&[String]>,
) -> Result<(SchemaRef, Vec<RecordBatch>)> {
    let reason = "only CSV can be read: this program was built without the feature `table`".to_owned();
    Err(Error::from(TableError::Read { table: uri.to_owned(), reason }))
}
