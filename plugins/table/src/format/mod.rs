//! The formats of tables, told apart by their content.

mod footer;
mod ipc;
mod pages;
mod parquet;
mod prune;
mod sides;

pub(crate) use ipc::slices;
pub(crate) use prune::{Prune, may_match_month};

use crate::error::{corrupt, invalid};
use crate::files::TableFile;
use crate::layout::Layout;
use crate::read_ahead::PartStream;
use arrow_schema::SchemaRef;
use futures::StreamExt;
use rasteret_schema::SourceError;
use std::sync::Arc;

/// Rows of a batch at most.
pub(crate) const BATCH_ROWS: usize = 4096;
/// Bytes of a batch in memory, about.
pub(crate) const BATCH_BYTES: u64 = 16 << 20;

/// Rows of a batch, where each has so many bytes.
pub(crate) fn batch_rows(bytes: u64, rows: u64) -> usize {
    let of_row = bytes.div_ceil(rows.max(1)).max(1);
    ((BATCH_BYTES / of_row) as usize).clamp(1, BATCH_ROWS)
}

/// A file whose schema is known.
#[derive(Debug, Clone)]
pub(crate) enum OpenTable {
    Parquet(Arc<parquet::ParquetTable>),
    Ipc(Arc<ipc::IpcTable>),
}

impl OpenTable {
    /// Reads the footer, or what else there is that says what the file holds.
    pub async fn open(file: TableFile) -> Result<OpenTable, SourceError> {
        let tail = file.tail();
        if tail.is_empty() {
            return Err(corrupt(&file.name, "it is empty"));
        }
        if tail.ends_with(b"PAR1") && file.size() >= 12 {
            return Ok(OpenTable::Parquet(Arc::new(parquet::ParquetTable::open(file).await?)));
        }
        if tail.ends_with(b"PARE") {
            return Err(invalid(&file.name, "it is encrypted Parquet; decrypt it before"));
        }
        if tail.ends_with(b"ARROW1") && file.size() >= 18 {
            return Ok(OpenTable::Ipc(Arc::new(ipc::IpcTable::open_file(file).await?)));
        }
        let start = file.read(0..file.size().min(8)).await?;
        match &start[..] {
            [b'P', b'A', b'R', b'1', ..] => Err(corrupt(&file.name, "it is Parquet without its end")),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => {
                Err(corrupt(&file.name, "it is an Arrow file without its end"))
            }
            [b'F', b'E', b'A', b'1', ..] => {
                Err(invalid(&file.name, "it is Feather of version 1; write it as Arrow IPC or Parquet"))
            }
            // The continuation marker, or the length of a first message of old writers.
            [0xff, 0xff, 0xff, 0xff, ..] | [_, _, 0, 0, ..] => {
                Ok(OpenTable::Ipc(Arc::new(ipc::IpcTable::open_stream(file).await?)))
            }
            _ => Err(invalid(
                &file.name,
                "it is not a table that can be read; tables are Parquet, GeoParquet, or Arrow IPC (files and streams)",
            )),
        }
    }

    /// The same with less in memory, and about how many bytes it has there; `None` of what is not worth keeping.
    pub fn kept(&self, room: usize) -> Option<(OpenTable, usize)> {
        match self {
            OpenTable::Parquet(table) => {
                let (table, size) = table.kept(room)?;
                Some((OpenTable::Parquet(table), size))
            }
            // What it says of itself is not read ahead of its rows.
            OpenTable::Ipc(_) => None,
        }
    }

    pub fn schema(&self) -> SchemaRef {
        match self {
            OpenTable::Parquet(table) => table.schema(),
            OpenTable::Ipc(table) => table.schema(),
        }
    }

    /// Which program wrote the file, where it says so.
    pub fn created_by(&self) -> Option<String> {
        match self {
            OpenTable::Parquet(table) => table.created_by(),
            OpenTable::Ipc(_) => None,
        }
    }

    /// How many rows there are, where the footer says it.
    pub fn rows(&self) -> Option<u64> {
        match self {
            OpenTable::Parquet(table) => Some(table.rows()),
            OpenTable::Ipc(_) => None,
        }
    }

    /// The least and the greatest time of a column, where statistics say so for all rows.
    pub fn times(&self, datetime: &str) -> Option<(i64, i64)> {
        match self {
            OpenTable::Parquet(table) => table.times(datetime),
            OpenTable::Ipc(_) => None,
        }
    }

    /// What of the file has to be read.
    pub fn parts(&self, layout: &Layout, prune: &Prune) -> PartStream {
        match self {
            OpenTable::Parquet(table) => futures::stream::iter(table.parts(layout, prune)).boxed(),
            OpenTable::Ipc(table) => ipc::parts(Arc::clone(table), layout),
        }
    }
}
