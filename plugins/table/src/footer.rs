//! What the files of a table say of themselves, before any record is read.

use crate::files::{FoundFile, PartitionTypes, TableFile, find};
use crate::format::OpenTable;
use crate::layout::Layout;
use crate::options::Options;
use arrow_array::RecordBatchReader;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Access, SourceError};
use std::collections::HashMap;

/// Footers that are read at once.
const AT_ONCE: usize = 32;

/// What a file of a table says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Footer {
    /// The file, without secrets; the name of a table in memory.
    pub href: String,
    /// Which program wrote it, where it says so.
    pub created_by: Option<String>,
    /// How many rows it has, where it says so.
    pub rows: Option<u64>,
    /// Its metadata: Parquet's key-value metadata, or those of Arrow's schema.
    pub metadata: HashMap<String, String>,
    /// The columns that its folders' names hold, and their values (`year=2024/month=1`).
    pub partition: Vec<(String, Option<String>)>,
    /// The least and the greatest `datetime`, in microseconds since 1970, where its statistics say so for all rows.
    pub times: Option<(i64, i64)>,
}

impl Footer {
    /// Of a table in memory.
    pub(crate) fn of_reader(name: &str, reader: &dyn RecordBatchReader) -> Footer {
        Footer { href: name.to_owned(), metadata: reader.schema().metadata().clone(), ..Footer::default() }
    }
}

/// The footers of all files, in the order of the files.
pub(crate) async fn read(
    uri: &str,
    access: &dyn Access,
    options: &Options,
) -> Result<Vec<Footer>, SourceError> {
    options.check()?;
    let files = find(uri, access).await?;
    let partitions = &PartitionTypes::of(&files);
    let footers =
        stream::iter(files).map(|file| async move { one(&file, access, partitions, options).await });
    footers.buffered(AT_ONCE).try_collect().await
}

async fn one(
    file: &FoundFile,
    access: &dyn Access,
    partitions: &PartitionTypes,
    options: &Options,
) -> Result<Footer, SourceError> {
    let table = OpenTable::open(TableFile::open(file, access).await?).await?;
    let href = plain_href(&file.href);
    let schema = partitions.added_to(&table.schema());
    let layout = Layout::find(&href, &schema, options)?;
    let owned = |(column, value): (&str, Option<&str>)| (column.to_owned(), value.map(str::to_owned));
    Ok(Footer {
        created_by: table.created_by(),
        rows: table.rows(),
        metadata: schema.metadata().clone(),
        partition: file.partition.values().map(owned).collect(),
        times: layout.datetime.as_deref().and_then(|datetime| table.times(datetime)),
        href,
    })
}
