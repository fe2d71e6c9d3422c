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

/// Bytes of what was read that are kept until the records are. A footer takes 10 to 100 KB, the end of a file that is
/// read with it up to 1 MB: so the files of usual exports need not be opened twice, and ten thousand, or such with
/// footers of hundreds of megabytes, do not fill the memory. Files beyond it are opened again.
const KEPT: usize = 64 << 20;

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

/// The footers of all files, in the order of the files; and the files, those of which the footers are at hand with
/// what was read of them.
pub(crate) async fn read(
    uri: &str,
    access: &dyn Access,
    options: &Options,
) -> Result<(Vec<Footer>, Vec<FoundFile>), SourceError> {
    options.check()?;
    let files = find(uri, access).await?;
    let partitions = &PartitionTypes::of(&files);
    let read = stream::iter(files).map(|file| async move {
        let table = OpenTable::open(TableFile::open(&file, access).await?).await?;
        let footer = one(&file, &table, partitions, options)?;
        Ok::<_, SourceError>((file, table, footer))
    });
    let mut read = std::pin::pin!(read.buffered(AT_ONCE));
    let (mut footers, mut files, mut room) = (Vec::new(), Vec::new(), KEPT);
    while let Some((file, table, footer)) = read.try_next().await? {
        let kept = table.kept(room);
        room -= kept.as_ref().map_or(0, |(_, size)| *size);
        let table = kept.map(|(table, _)| table);
        footers.push(footer);
        files.push(FoundFile { table, opened: None, ..file });
    }
    Ok((footers, files))
}

fn one(
    file: &FoundFile,
    table: &OpenTable,
    partitions: &PartitionTypes,
    options: &Options,
) -> Result<Footer, SourceError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    use futures::executor::block_on;
    use parquet::arrow::ArrowWriter;
    use rasteret_schema::conformance::LocalFiles;
    use std::fs::File;
    use std::sync::Arc;

    #[test]
    fn what_is_kept_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_000));
        let batch = RecordBatch::try_from_iter([("a", column)]).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let size = usize::try_from(path.metadata().unwrap().len()).unwrap();
        let file = FoundFile { href: path.to_str().unwrap().to_owned(), ..FoundFile::default() };
        let table =
            block_on(async { OpenTable::open(TableFile::open(&file, &LocalFiles).await?).await }).unwrap();

        let (_, whole) = table.kept(usize::MAX).unwrap();
        assert!(whole > size, "all of a small file, and its footer: {whole} of {size}");
        assert!(table.kept(whole).is_some_and(|(_, kept)| kept == whole));
        let (without_end, footer) = table.kept(whole - 1).unwrap();
        assert_eq!(footer, whole - size);
        assert_eq!((without_end.rows(), without_end.schema()), (table.rows(), table.schema()));
        assert!(table.kept(footer).is_some() && table.kept(footer - 1).is_none());
    }
}
