//! Tables as they are, whose rows need not be records.

use crate::error::{corrupt, invalid};
use crate::files::{TableFile, find};
use crate::format::{OpenTable, Prune};
use crate::layout::Layout;
use crate::read_ahead::read_ahead;
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Access, Selection, SourceError};

/// Rows of a table.
pub type RowStream = BoxStream<'static, Result<RecordBatch, SourceError>>;

/// Reads columns of a table at a path or URI, all or the named ones, in the order of the table: of a file in any of
/// the formats, or of a folder or prefix whose files have the same columns. Columns that only the names of folders
/// hold (`year=2024`) are not among them.
///
/// ```no_run
/// # async fn read(access: &dyn rasteret_schema::Access) -> Result<(), rasteret_schema::SourceError> {
/// use futures::TryStreamExt;
/// let (schema, mut rows) = rasteret_table::read_rows("labels.parquet", access, None).await?;
/// while let Some(batch) = rows.try_next().await? {
///     println!("{} rows of {} columns", batch.num_rows(), schema.fields().len());
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// If the table cannot be read, lacks a column that is named, or has files of unlike columns.
pub async fn read_rows(
    uri: &str,
    access: &dyn Access,
    columns: Option<&[String]>,
) -> Result<(SchemaRef, RowStream), SourceError> {
    let mut schema: Option<SchemaRef> = None;
    let mut parts = Vec::new();
    for file in find(uri, access).await? {
        let name = plain_href(&file.href);
        let table = OpenTable::open(TableFile::open(&file, access).await?).await?;
        let chosen = chosen(&name, &table.schema(), columns)?;
        match &schema {
            Some(known) if known.fields() != chosen.fields() => {
                return Err(invalid(&name, "its columns are not those of the files before it"));
            }
            Some(_) => {}
            None => schema = Some(chosen.clone()),
        }
        let layout = Layout::of_columns(&name, chosen.fields().iter().map(|field| field.name().clone()));
        parts.push(table.parts(&layout, &Prune::new(&layout, &Selection::default())));
    }
    let table = plain_href(uri);
    let schema = schema.ok_or_else(|| invalid(&table, "it has no files"))?;
    let rows = read_ahead(stream::iter(parts).flatten().boxed());
    let fields = schema.clone();
    let batches = rows.map_ok(stream::iter).try_flatten().map(move |rows| {
        let batch = rows?.batch;
        let columns = fields.fields().iter().map(|field| batch.column_by_name(field.name()).cloned());
        let columns = columns.collect::<Option<Vec<_>>>();
        let columns = columns.ok_or_else(|| corrupt(&table, "a column is missing from some of its rows"))?;
        RecordBatch::try_new(fields.clone(), columns).map_err(|error| corrupt(&table, error))
    });
    Ok((schema, batches.boxed()))
}

/// The columns that are read.
fn chosen(table: &str, schema: &SchemaRef, columns: Option<&[String]>) -> Result<SchemaRef, SourceError> {
    let Some(columns) = columns else { return Ok(schema.clone()) };
    if let Some(missing) = columns.iter().find(|column| schema.column_with_name(column).is_none()) {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(invalid(table, format!("there is no column {missing:?}; it has {}", names.join(", "))));
    }
    let fields = schema.fields().iter().enumerate();
    let places: Vec<usize> =
        fields.filter(|(_, field)| columns.contains(field.name())).map(|(place, _)| place).collect();
    let projected = schema.project(&places).map_err(|error| invalid(table, error))?;
    Ok(projected.into())
}
