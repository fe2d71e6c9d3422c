//! An export at work: processors make row groups, which are written in order.

use super::destination::Destination;
use super::encode::{Encoder, RowGroup, bytes_of};
use super::geo::Footprints;
use super::layout::Layout;
use super::metadata::{FileMetadata, Metadata};
use super::partition::Partitioning;
use super::plan::{Plan, Task};
use super::spill::Spill;
use super::{Callback, ExportProgress};
use crate::cpu;
use crate::error::{Error, Result};
use crate::store::{Collection, Projection};
use arrow_schema::{Schema, SchemaRef};
use futures::{StreamExt, stream};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, encode_arrow_schema};
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;
use rasteret_schema::record::ID;
use rasteret_schema::share::GEO_KEY;
use std::io::{self, Write};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

/// Records that are looked at to know how large rows are.
const SAMPLE: usize = 16;

/// An export whose order is known.
pub struct Writing {
    work: Arc<Work>,
    metadata: Metadata,
}

/// What processors work with.
struct Work {
    plan: Plan,
    tasks: Vec<Task>,
    spill: Spill,
    encoder: Encoder,
}

impl Writing {
    /// Brings the rows in order. A temporary file is made in `scratch` if there are many.
    pub fn new(
        stored: &Collection,
        plan: Plan,
        partitioning: &Partitioning,
        layout: Layout,
        scratch: &Path,
    ) -> Result<Self> {
        let projection = with_id(stored, layout.projection())?;
        let row_bytes = row_bytes(stored, &projection, &layout, &plan)?;
        let metadata = Metadata::new(stored, &plan, partitioning, &layout)?;
        let encoder = Encoder::new(layout, row_bytes)?;
        let tasks = plan.tasks(encoder.group_rows());
        let spill = Spill::new(stored, &projection, &plan, &tasks, scratch)?;
        Ok(Writing { work: Arc::new(Work { plan, tasks, spill, encoder }), metadata })
    }

    /// Number of files.
    pub fn files(&self) -> u64 {
        self.work.plan.files.len() as u64
    }

    /// Writes all files. They are not seen yet.
    pub async fn run(
        &self,
        destination: &mut Destination,
        mut callback: Option<Callback>,
        started: Instant,
    ) -> Result<ExportProgress> {
        let mut progress =
            ExportProgress { total_rows: self.work.plan.records.len() as u64, ..ExportProgress::default() };
        let at_once = available_parallelism().map_or(1, usize::from);
        let tasks = stream::iter(0..self.work.tasks.len()).map(|task| {
            let work = Arc::clone(&self.work);
            cpu::run(move || work.encode(task))
        });
        let mut encoded = pin!(tasks.buffered(at_once));
        let mut open: Option<OpenFile> = None;
        while let Some(groups) = encoded.next().await {
            for (file, group) in groups? {
                if let Some(done) = open.take_if(|open| open.file != file) {
                    done.end(destination, &mut progress).await?;
                }
                let writer = match &mut open {
                    Some(open) => open,
                    none => none.insert(self.begin(file, destination).await?),
                };
                progress.rows += group.rows as u64;
                progress.hrefs_kept += group.hrefs_kept;
                writer.append(group, destination, &mut progress).await?;
                progress.elapsed = started.elapsed();
                if let Some(callback) = &mut callback {
                    callback(progress);
                }
            }
        }
        if let Some(done) = open {
            done.end(destination, &mut progress).await?;
        }
        Ok(progress)
    }

    async fn begin(&self, file: usize, destination: &mut Destination) -> Result<OpenFile> {
        let gone = || Error::InvalidArgument("a file was not planned".to_owned());
        let planned = self.work.plan.files.get(file).ok_or_else(gone)?;
        let name = match planned.folder.as_str() {
            "" => "part-0.parquet".to_owned(),
            folder => format!("{folder}/part-0.parquet"),
        };
        destination.begin_file(&name).await?;
        let pieces = Pieces::default();
        let encoder = &self.work.encoder;
        Ok(OpenFile {
            file,
            writer: encoder.writer(pieces.clone())?,
            pieces,
            footprints: Footprints::default(),
            schema: Arc::clone(encoder.schema()),
            metadata: self.metadata.of_file(&name, planned.rows.len()),
        })
    }
}

impl Work {
    /// The row groups of a task, and the number of the file of each.
    fn encode(&self, task: usize) -> Result<Vec<(usize, RowGroup)>> {
        let rows = self.spill.rows(task)?;
        let mut encoded = Vec::new();
        let Some(task) = self.tasks.get(task) else { return Ok(encoded) };
        for (file, range) in &task.groups {
            let records = self.plan.records.get(range.clone()).unwrap_or_default();
            let rows = rows.slice(range.start - task.rows.start, range.len());
            encoded.extend(self.encoder.encode(&rows, records)?.into_iter().map(|group| (*file, group)));
        }
        Ok(encoded)
    }
}

/// A file that is being written.
struct OpenFile {
    file: usize,
    writer: SerializedFileWriter<Pieces>,
    pieces: Pieces,
    footprints: Footprints,
    schema: SchemaRef,
    metadata: FileMetadata,
}

impl OpenFile {
    async fn append(
        &mut self,
        group: RowGroup,
        destination: &mut Destination,
        progress: &mut ExportProgress,
    ) -> Result<()> {
        self.footprints.join(group.footprints);
        self.metadata.tag.whole_headers &= group.whole_headers;
        let mut writer = self.writer.next_row_group()?;
        for column in group.columns {
            column.append_to_row_group(&mut writer)?;
        }
        writer.close()?;
        self.writer.flush().map_err(parquet::errors::ParquetError::from)?;
        send(&self.pieces, destination, progress).await
    }

    async fn end(mut self, destination: &mut Destination, progress: &mut ExportProgress) -> Result<()> {
        let mut metadata = self.metadata.entries()?;
        metadata.extend(self.footprints.describe(&self.schema).map(|geo| (GEO_KEY, geo)));
        // Arrow's own schema comes last, since it has a copy of all: Arrow's readers look for it there alone.
        let copy = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let schema = Schema::clone(&self.schema).with_metadata(copy);
        metadata.push((ARROW_SCHEMA_META_KEY, encode_arrow_schema(&schema)));
        for (key, value) in metadata {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        self.writer.into_inner()?;
        send(&self.pieces, destination, progress).await?;
        destination.end_file().await
    }
}

async fn send(pieces: &Pieces, destination: &mut Destination, progress: &mut ExportProgress) -> Result<()> {
    let bytes = std::mem::take(&mut *pieces.0.lock().unwrap_or_else(PoisonError::into_inner));
    progress.bytes += bytes.len() as u64;
    destination.write(&bytes).await
}

/// Takes what the writer of a file gives out, until it is sent.
#[derive(Clone, Default)]
struct Pieces(Arc<Mutex<Vec<u8>>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The columns to read: batches need one at least.
fn with_id(stored: &Collection, projection: &Projection) -> Result<Projection> {
    let mut columns: Vec<&str> =
        projection.schema().fields().iter().map(|field| field.name().as_str()).collect();
    if !columns.contains(&ID) {
        columns.push(ID);
    }
    Ok(stored.projection(&columns)?)
}

/// About how many bytes a row has, with its headers.
fn row_bytes(stored: &Collection, projection: &Projection, layout: &Layout, plan: &Plan) -> Result<usize> {
    let records = plan.records.iter().step_by(plan.records.len().div_ceil(SAMPLE).max(1));
    let (mut rows, mut bytes) = (0, 0);
    // One by one: they may come from as many chunks.
    for record in records {
        let batch = stored.rows(&[*record], projection)?;
        bytes += bytes_of(&layout.rows(&batch, &[*record])?.batch);
        rows += 1;
    }
    Ok(bytes / rows.max(1))
}
