//! Brings rows from the store's order into that of the export, with little memory.
//!
//! The store has rows in the order in which they were added; a row group needs rows from all over it. So the
//! store is read once, and its rows are put aside by the task that will need them: in memory as long as they are
//! few, else in a temporary file without a name, as compressed Arrow IPC streams. Headers stay where they are:
//! the store finds them one by one.

use super::plan::{Plan, Task};
use crate::error::{Error, Result};
use crate::store::{Collection, Projection, ScanBatch};
use arrow_array::{RecordBatch, UInt32Array};
use arrow_ipc::CompressionType;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_select::concat::concat_batches;
use arrow_select::interleave::interleave_record_batch;
use arrow_select::take::take_record_batch;
use std::fs::File;
use std::io::{BufWriter, Cursor, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes of rows that are gathered before they are put aside.
const GATHERED: usize = 32 << 20;

/// Rows of a collection, by task.
#[derive(Debug)]
pub struct Spill {
    parts: Vec<Vec<Part>>,
    file: Option<Mutex<File>>,
}

/// Rows of a task that were gathered together.
#[derive(Debug)]
struct Part {
    /// Their positions in the export, ascending.
    positions: Vec<u32>,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    Held(RecordBatch),
    /// Where their stream lies in the file.
    Written(Range<u64>),
}

/// What is being put aside.
struct Gatherer<'a> {
    tasks: &'a [Task],
    parts: Vec<Vec<Part>>,
    /// Rows, and the position of each.
    gathered: Vec<(RecordBatch, Vec<u32>)>,
    bytes: usize,
    file: Option<BufWriter<File>>,
    written: u64,
    folder: &'a Path,
}

impl Spill {
    /// Reads the planned records. A temporary file is made in `folder` if there are many.
    pub fn new(
        stored: &Collection,
        projection: &Projection,
        plan: &Plan,
        tasks: &[Task],
        folder: &Path,
    ) -> Result<Spill> {
        // The numbers of records ascend from chunk to chunk.
        let mut by_number: Vec<u32> =
            (0..u32::try_from(plan.records.len()).map_err(|_| too_many())?).collect();
        let number = |position: &u32| plan.records.get(*position as usize).copied().unwrap_or_default();
        by_number.sort_unstable_by_key(number);
        let mut gatherer = Gatherer {
            tasks,
            parts: tasks.iter().map(|_| Vec::new()).collect(),
            gathered: Vec::new(),
            bytes: 0,
            file: None,
            written: 0,
            folder,
        };
        let mut wanted = by_number.as_slice();
        for chunk in stored.chunks()? {
            let numbers = chunk.records();
            let Some(last) = numbers.last() else { continue };
            let (here, later) = wanted.split_at(wanted.partition_point(|position| number(position) <= *last));
            wanted = later;
            if here.is_empty() {
                continue;
            }
            let ScanBatch { batch, records } = stored.read_chunk(chunk, projection)?;
            let batch = if here.len() == records.len() {
                batch
            } else {
                let rows = here.iter().map(|position| records.binary_search(&number(position)).ok());
                let rows: Option<Vec<u32>> =
                    rows.map(|row| row.and_then(|row| row.try_into().ok())).collect();
                let rows = rows.ok_or_else(|| Error::InvalidArgument("a record is gone".to_owned()))?;
                take_record_batch(&batch, &UInt32Array::from(rows))?
            };
            gatherer.add(batch, here.to_vec())?;
        }
        gatherer.finish()
    }

    /// The rows of a task, in the order of their positions.
    pub fn rows(&self, task: usize) -> Result<RecordBatch> {
        let parts = self.parts.get(task).map(Vec::as_slice).unwrap_or_default();
        let mut places: Vec<(u32, (usize, usize))> = Vec::new();
        let mut batches = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            batches.push(match &part.rows {
                Rows::Held(batch) => batch.clone(),
                Rows::Written(range) => self.read(range.clone())?,
            });
            places.extend(part.positions.iter().enumerate().map(|(row, position)| (*position, (index, row))));
        }
        places.sort_unstable();
        let places: Vec<(usize, usize)> = places.into_iter().map(|(_, place)| place).collect();
        Ok(interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &places)?)
    }

    fn read(&self, range: Range<u64>) -> Result<RecordBatch> {
        let mut stream = Vec::new();
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(range.start)).map_err(failed)?;
            (&mut *file).take(range.end - range.start).read_to_end(&mut stream).map_err(failed)?;
        }
        let reader = StreamReader::try_new(Cursor::new(stream), None)?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        Ok(concat_batches(&schema, &batches)?)
    }
}

impl Gatherer<'_> {
    fn add(&mut self, batch: RecordBatch, positions: Vec<u32>) -> Result<()> {
        let bytes = batch.columns().iter().map(|column| column.get_array_memory_size()).sum::<usize>();
        if self.bytes + bytes > GATHERED && !self.gathered.is_empty() {
            self.put_aside(true)?;
        }
        self.bytes += bytes;
        self.gathered.push((batch, positions));
        Ok(())
    }

    fn finish(mut self) -> Result<Spill> {
        let to_file = self.file.is_some();
        self.put_aside(to_file)?;
        let file = match self.file {
            Some(file) => {
                let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                Some(Mutex::new(file))
            }
            None => None,
        };
        Ok(Spill { parts: self.parts, file })
    }

    /// Gives what was gathered to the tasks.
    fn put_aside(&mut self, to_file: bool) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        self.bytes = 0;
        let batches: Vec<&RecordBatch> = gathered.iter().map(|(batch, _)| batch).collect();
        let mut places: Vec<(u32, (usize, usize))> = Vec::new();
        for (index, (_, positions)) in gathered.iter().enumerate() {
            places.extend(positions.iter().enumerate().map(|(row, position)| (*position, (index, row))));
        }
        places.sort_unstable();
        let mut places = places.as_slice();
        while let Some((first, _)) = places.first() {
            let task = self.tasks.partition_point(|task| task.rows.end <= *first as usize);
            let Some(end) = self.tasks.get(task).map(|task| task.rows.end) else { return Err(too_many()) };
            let (part, later) =
                places.split_at(places.partition_point(|(position, _)| (*position as usize) < end));
            places = later;
            let indices: Vec<(usize, usize)> = part.iter().map(|(_, place)| *place).collect();
            let batch = interleave_record_batch(&batches, &indices)?;
            let rows = if to_file { Rows::Written(self.write(&batch)?) } else { Rows::Held(batch) };
            let positions = part.iter().map(|(position, _)| *position).collect();
            if let Some(parts) = self.parts.get_mut(task) {
                parts.push(Part { positions, rows });
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<Range<u64>> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(tempfile::tempfile_in(self.folder).map_err(failed)?)),
        };
        let options = IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME))?;
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), batch.schema_ref(), options)?;
        writer.write(batch)?;
        let stream = writer.into_inner()?;
        file.write_all(&stream).map_err(failed)?;
        let start = self.written;
        self.written += stream.len() as u64;
        Ok(start..self.written)
    }
}

fn failed(source: std::io::Error) -> Error {
    let what = crate::remedy::make_room(&source).map(|remedy| format!("; {remedy}")).unwrap_or_default();
    Error::Io { what: format!("writing rows to a temporary file{what}"), source }
}

fn too_many() -> Error {
    Error::InvalidArgument(format!("an export has at most {} records", u32::MAX))
}
