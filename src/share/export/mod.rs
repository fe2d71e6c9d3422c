//! From a view of a collection to Parquet.
//!
//! In: records that match, and their headers. Out: files of GeoParquet 1.1, partitioned as Hive has it, which
//! rasteret 0.4 loads, or of stac-geoparquet. `schema/parquet.md` describes them.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `plan`, `hilbert`, `partition` | which record goes into which file, in which order |
//! | `spill` | rows in that order, with little memory |
//! | `layout`, `relative` | the tables that there are to export, and how their hrefs are written |
//! | `encode` | rows as row groups |
//! | `metadata`, `geo` | what files say of themselves |
//! | `destination` | files that appear all at once |
//! | `write` | all of it together |
//!
//! The order of all records is held in memory (32 bytes a record while it is made, 12 then), and for each processor
//! the rows of one row group; nothing else grows with the collection.

mod destination;
mod encode;
mod error;
mod geo;
mod hilbert;
mod layout;
mod metadata;
mod partition;
mod plan;
mod relative;
mod spill;
mod write;

pub use error::ExportError;

use crate::collection::Collection;
use crate::cpu;
use crate::error::{Error, Result};
use crate::share::{SharedTable, StacTable};
use destination::Destination;
use layout::Layout;
use partition::Partitioning;
use plan::Plan;
use rasteret_schema::access::plain_href;
use relative::RelativeHrefs;
use serde::Serialize;
use std::fmt;
use std::time::{Duration, Instant};
use write::Writing;

/// Columns that exports are partitioned by, if nothing else is said.
const PARTITION_BY: [&str; 2] = ["year", "month"];

/// An export, as the user asks for it. Nothing is checked until it is run.
///
/// ```no_run
/// use rasteret::blocking::Wait;
/// use rasteret::{Database, Filter};
///
/// let db = Database::open("field.rasteret")?;
/// let clear = db.collection("bangalore")?.subset(Filter::new().cloud_cover_lt(20.0));
/// let summary = clear.export("s3://ours/bangalore").partition_by(["year"]).run().wait()?;
/// println!("{} files, {} bytes", summary.files, summary.bytes);
/// # Ok::<(), rasteret::Error>(())
/// ```
#[must_use = "an export does nothing until it is run"]
pub struct Export {
    collection: Collection,
    dest: String,
    partition_by: Option<Vec<String>>,
    format: ExportFormat,
    columns: Option<Vec<String>>,
    relative_to: Option<String>,
    allow_unfinished: bool,
    overwrite: bool,
    progress: Option<Callback>,
}

type Callback = Box<dyn FnMut(ExportProgress) + Send>;

/// The tables that there are to export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// What rasteret 0.4 and this library load: records with their headers.
    #[default]
    Rasteret,
    /// STAC items as the stac-geoparquet specification has them, for tools that know nothing of headers.
    StacGeoparquet,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportProgress {
    /// Rows that were written.
    pub rows: u64,
    /// Rows that there are.
    pub total_rows: u64,
    /// Bytes that were written.
    pub bytes: u64,
    /// Hrefs that were written as they are, since they are not below what they were to be relative to.
    pub hrefs_kept: u64,
    /// Time since the start.
    pub elapsed: Duration,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportSummary {
    /// Number of files.
    pub files: u64,
    /// Rows of all files.
    pub rows: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Where they are.
    pub dest: String,
    /// Hrefs that are as they were, since they are not below what they were to be relative to; each band of each
    /// record counts. `None` if nothing was to be relative.
    pub hrefs_kept: Option<u64>,
    /// How long it took.
    pub seconds: f64,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("collection", &self.collection.name())
            .field("dest", &plain_href(&self.dest))
            .field("partition_by", &self.partition_by)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Export {
    pub(crate) fn new(collection: Collection, dest: String) -> Self {
        Export {
            collection,
            dest,
            partition_by: None,
            format: ExportFormat::default(),
            columns: None,
            relative_to: None,
            allow_unfinished: false,
            overwrite: false,
            progress: None,
        }
    }

    /// The columns that the names of folders are made of (`year=2024/month=1/part-0.parquet`), outermost first,
    /// instead of `year` and `month`; none for a single file in the folder. `year` and `month` are taken from the
    /// time where the collection has no such columns. Any other column is not in the files then, but for its
    /// readers it is.
    ///
    /// A destination that ends in `.parquet` is a single file, and has no partitions.
    pub fn partition_by(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.partition_by = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// The table that is written.
    pub fn format(mut self, format: ExportFormat) -> Self {
        self.format = format;
        self
    }

    /// The columns of the files, in this order, instead of all. A file without `id`, `datetime`, `geometry`, `bbox`
    /// and `assets` is a table, but no collection.
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Writes hrefs of files below a folder or a URL relative to it, so that whoever has a copy of the files can use
    /// the export: [`Import::base_dir`](crate::share::Import::base_dir) says where theirs are. Other hrefs stay as
    /// they are, and are counted: [`ExportSummary::hrefs_kept`].
    ///
    /// Hrefs are text, which nothing escapes: below a folder a path, below a URL what follows it.
    ///
    /// ```no_run
    /// # fn export(collection: rasteret::Collection) -> rasteret::Result<()> {
    /// use rasteret::blocking::Wait;
    /// // /data/imagery/2024/B04.tif is written as 2024/B04.tif.
    /// let summary = collection.export("/data/imagery/index").relative_to("/data/imagery").run().wait()?;
    /// assert_eq!(summary.hrefs_kept, Some(0));
    /// # Ok(()) }
    /// ```
    pub fn relative_to(mut self, base: impl Into<String>) -> Self {
        self.relative_to = Some(base.into());
        self
    }

    /// Exports what there is of a collection whose build has not come to its end. Without it that is
    /// [refused](Error::Unfinished): whoever gets the export cannot tell that records are missing.
    pub fn allow_unfinished(mut self, allow: bool) -> Self {
        self.allow_unfinished = allow;
        self
    }

    /// Replaces what is at the destination, if it is a file, or a folder with nothing in it but Parquet files.
    ///
    /// It stays until the new files are whole. A folder is then exchanged in one step where the system can do so,
    /// else in two; objects are replaced one by one, and those that are left over removed. Whoever reads them
    /// meanwhile can tell by the files' metadata that they are of two exports.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Calls back with each row group that was written.
    pub fn on_progress(mut self, callback: impl FnMut(ExportProgress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(callback));
        self
    }

    /// Runs the export. The files appear when all of them are whole.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`]; if no record matches, something is at the destination already, a column does not exist
    /// or cannot be written, the partitions are too many, or the destination cannot be written to. Nothing is left
    /// there then.
    pub async fn run(self) -> Result<ExportSummary> {
        let started = Instant::now();
        let Export { collection, dest, format, columns, allow_unfinished, overwrite, progress, .. } = self;
        let relative = self.relative_to.as_deref().map(RelativeHrefs::new).transpose()?;
        let is_relative = relative.is_some();
        let partition_by = match (self.partition_by, Destination::is_file(&dest)) {
            (Some(columns), true) if !columns.is_empty() => {
                let why = format!("{} is a single file, which has no partitions", plain_href(&dest));
                return Err(Error::InvalidArgument(why));
            }
            (_, true) => Vec::new(),
            (Some(columns), false) => columns,
            (None, false) => PARTITION_BY.map(str::to_owned).to_vec(),
        };
        let sources = collection.database().sources().clone();
        let mut destination = Destination::begin(&sources, &dest, overwrite).await?;
        let scratch = destination.scratch();
        let prepared = cpu::run(move || {
            let stored = match allow_unfinished {
                true => collection.snapshot()?.collection(collection.name())?,
                false => collection.finished()?,
            };
            let partitioning = Partitioning::new(stored.schema(), &partition_by)?;
            let all: Vec<String> = match columns {
                Some(columns) => columns,
                None => {
                    let table = SharedTable::new(&stored, None)?;
                    table.schema().fields().iter().map(|field| field.name().clone()).collect()
                }
            };
            let kept: Vec<&str> =
                all.iter().map(String::as_str).filter(|column| !partitioning.takes(column)).collect();
            let table = SharedTable::new(&stored, Some(&kept))?;
            let items = match format {
                ExportFormat::Rasteret => None,
                ExportFormat::StacGeoparquet => Some(StacTable::new(table.schema())?),
            };
            let layout = Layout::new(table, items, relative);
            let plan = Plan::new(&stored, collection.filter(), &partitioning)?;
            Writing::new(&stored, plan, &partitioning, layout, &scratch)
        });
        let written = match prepared.await {
            Ok(writing) => {
                let progress = writing.run(&mut destination, progress, started).await;
                progress.map(|progress| (writing.files(), progress))
            }
            Err(error) => Err(error),
        };
        match written {
            Ok((files, ExportProgress { rows, bytes, hrefs_kept, .. })) => {
                destination.publish().await?;
                let seconds = started.elapsed().as_secs_f64();
                let hrefs_kept = is_relative.then_some(hrefs_kept);
                Ok(ExportSummary { files, rows, bytes, dest: plain_href(&dest), hrefs_kept, seconds })
            }
            Err(error) => {
                destination.give_up().await;
                Err(error)
            }
        }
    }
}
