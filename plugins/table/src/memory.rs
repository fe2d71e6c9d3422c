//! Tables in memory.

use crate::error::corrupt;
use arrow_array::RecordBatchReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use rasteret_schema::SourceError;
use std::hash::Hasher;
use std::io;
use std::sync::Arc;

type Open = dyn Fn() -> Result<Box<dyn RecordBatchReader + Send>, ArrowError> + Send + Sync;

/// What a reader gives, each time that it is made.
#[derive(Clone)]
pub(crate) struct MemoryTable {
    pub name: String,
    pub open: Arc<Open>,
}

impl MemoryTable {
    /// Hashes the content: there is nothing else that tells one table from another.
    pub fn hash(&self, hasher: &mut impl Hasher) -> Result<(), SourceError> {
        self.write(Hashed(hasher)).map_err(|error| corrupt(&self.name, error))
    }

    fn write(&self, to: impl io::Write) -> Result<(), ArrowError> {
        let reader = (self.open)()?;
        let mut writer = StreamWriter::try_new(to, &reader.schema())?;
        for batch in reader {
            writer.write(&batch?)?;
        }
        writer.finish()
    }
}

struct Hashed<'a, H>(&'a mut H);

impl<H: Hasher> io::Write for Hashed<'_, H> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
