//! The source adapter.

use crate::convert::{Base, Converter};
use crate::error::{corrupt, invalid};
use crate::files::{FoundFile, PartitionTypes, TableFile, find, local_files, local_path};
use crate::footer::{self, Footer};
use crate::format::{OpenTable, Prune, may_match_month, slices};
use crate::gather::gathered;
use crate::layout::Layout;
use crate::memory::MemoryTable;
use crate::options::Options;
use crate::read_ahead::{PartStream, Rows, read_ahead};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Access, BandMap, RecordStream, Selection, SourceAdapter, SourceBatch, SourceError};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// Files of a dataset whose footers are read while those before them are consumed.
const FILES_AHEAD: usize = 8;

/// A table of records: a file, a dataset of files, or batches in memory.
///
/// ```no_run
/// use futures::TryStreamExt;
/// use rasteret_schema::{Access, Selection, SourceAdapter};
/// use rasteret_table::TableSource;
/// use std::sync::Arc;
///
/// # fn read(access: Arc<dyn Access>) -> Result<(), rasteret_schema::SourceError> {
/// let source = TableSource::new("s3://bucket/embeddings/index.parquet", access)
///     .column_map([("fid", "id"), ("geom", "geometry"), ("year", "datetime")])
///     .href_column("path")
///     .band_indexes([("A00", 0), ("A01", 1)])
///     .bbox_columns([("minx", "west"), ("miny", "south"), ("maxx", "east"), ("maxy", "north")]);
/// futures::executor::block_on(async {
///     let selection = Selection::default();
///     let mut batches = source.records(&selection);
///     while let Some(batch) = batches.try_next().await? {
///         println!("{} records, {} failures", batch.records.num_rows(), batch.failures.len());
///     }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct TableSource {
    origin: Origin,
    options: Options,
}

#[derive(Clone)]
enum Origin {
    Files { uri: String, access: Arc<dyn Access>, known: Known },
    Memory(MemoryTable),
}

/// The files whose footers were read, until their records are.
type Known = Arc<Mutex<Option<Vec<FoundFile>>>>;

impl TableSource {
    /// Reads the table at a path or URI: a file, or a folder or prefix whose files are one dataset.
    ///
    /// Nothing is looked at before [`records`](SourceAdapter::records).
    pub fn new(uri: impl Into<String>, access: Arc<dyn Access>) -> Self {
        let origin = Origin::Files { uri: uri.into(), access, known: Known::default() };
        TableSource { origin, options: Options::default() }
    }

    /// Reads batches in memory. `name` is what to call them.
    ///
    /// ```
    /// use arrow_array::{ArrayRef, RecordBatch, StringArray};
    /// use rasteret_schema::SourceAdapter;
    /// use rasteret_table::TableSource;
    /// use std::sync::Arc;
    ///
    /// let column = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
    /// let batch = RecordBatch::try_from_iter([
    ///     ("id", column(vec!["a", "b"])),
    ///     ("datetime", column(vec!["2024-01-03", "2024-01-08T05:22:31Z"])),
    ///     ("visual", column(vec!["a.tif", "b.tif"])),
    /// ])?;
    /// let source = TableSource::from_batches("field trip", batch.schema(), vec![batch]).href_column("visual");
    /// assert_eq!(source.description(), "field trip");
    /// # Ok::<(), arrow_schema::ArrowError>(())
    /// ```
    pub fn from_batches(name: impl Into<String>, schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self::from_reader(name, move || {
            let batches = batches.clone().into_iter().map(Ok);
            Ok(Box::new(arrow_array::RecordBatchIterator::new(batches, Arc::clone(&schema))))
        })
    }

    /// Reads what a reader gives. `open` makes the reader anew each time that the records are read, and once
    /// for the fingerprint, which is that of the content.
    pub fn from_reader<F>(name: impl Into<String>, open: F) -> Self
    where
        F: Fn() -> Result<Box<dyn RecordBatchReader + Send>, ArrowError> + Send + Sync + 'static,
    {
        let table = MemoryTable { name: name.into(), open: Arc::new(open) };
        TableSource { origin: Origin::Memory(table), options: Options::default() }
    }

    /// Says what columns are: the column of the table → its name in records (`id`, `datetime`, `geometry`, …).
    /// A column with another target gets a second name.
    #[must_use]
    pub fn column_map<S: Into<String>, T: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = (S, T)>,
    ) -> Self {
        self.options.column_map = columns.into_iter().map(|(from, to)| (from.into(), to.into())).collect();
        self
    }

    /// Takes the href of a record's only file from a column. Without an index for each band, the band has the
    /// column's name.
    #[must_use]
    pub fn href_column(mut self, column: impl Into<String>) -> Self {
        self.options.href_column = Some(column.into());
        self
    }

    /// Says which assets bands are, and which of their samples.
    #[must_use]
    pub fn bands(mut self, bands: BandMap) -> Self {
        self.options.bands = bands;
        self
    }

    /// Says which sample each band is.
    #[must_use]
    pub fn band_indexes<S: Into<String>>(mut self, indexes: impl IntoIterator<Item = (S, i32)>) -> Self {
        self.options.bands.indexes = indexes.into_iter().map(|(band, index)| (band.into(), index)).collect();
        self
    }

    /// Takes these bands only.
    #[must_use]
    pub fn only_bands(mut self, bands: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.only_bands = Some(bands.into_iter().map(Into::into).collect());
        self
    }

    /// Takes bounding boxes, in longitudes and latitudes, from four columns: `minx`, `miny`, `maxx` and
    /// `maxy`, or `xmin`, `ymin`, `xmax` and `ymax` → column.
    #[must_use]
    pub fn bbox_columns<S: Into<String>, T: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = (S, T)>,
    ) -> Self {
        let columns = columns.into_iter().map(|(side, column)| (side.into(), column.into()));
        self.options.bbox_columns = Some(columns.collect());
        self
    }

    /// Takes only these of the user's columns; those that make records are read in any case.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Says which CRS the geometries have, whatever the table says.
    #[must_use]
    pub fn geometry_crs(mut self, crs: impl Into<String>) -> Self {
        self.options.geometry_crs = Some(crs.into());
        self
    }

    /// Says what relative hrefs are relative to. Else it is the folder of a table in an object store or on a
    /// server; those of a local table stay as they are.
    #[must_use]
    pub fn relative_to(mut self, base: impl Into<String>) -> Self {
        self.options.base = Some(base.into());
        self
    }

    /// Says of which types columns are that folders' names hold; else they are integers where all values are, or
    /// text.
    #[must_use]
    pub fn partition_types<S: Into<String>>(
        mut self,
        types: impl IntoIterator<Item = (S, DataType)>,
    ) -> Self {
        self.options.partition_types = types.into_iter().map(|(name, it)| (name.into(), it)).collect();
        self
    }

    /// Leaves out columns that folders' names hold (`year=2024/month=1`). They still say which folders a selection
    /// needs.
    #[must_use]
    pub fn without_partitions(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.without_partitions = columns.into_iter().map(Into::into).collect();
        self
    }

    /// What the files of the table say of themselves: one or two requests for each, and no record is read.
    ///
    /// It is kept, up to some megabytes: when the [`records`](SourceAdapter::records) of this source, or of a clone of
    /// it, are read next, files need not be found, opened and looked at again.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, is damaged, or has no columns that can make records.
    pub async fn footers(&self) -> Result<Vec<Footer>, SourceError> {
        match &self.origin {
            Origin::Files { uri, access, known } => {
                let (footers, files) = footer::read(uri, access.as_ref(), &self.options).await?;
                *known.lock().unwrap_or_else(PoisonError::into_inner) = Some(files);
                Ok(footers)
            }
            Origin::Memory(table) => {
                let reader = (table.open)().map_err(|error| corrupt(&table.name, error))?;
                Ok(vec![Footer::of_reader(&table.name, reader.as_ref())])
            }
        }
    }

    fn partitions(&self, files: &[FoundFile]) -> PartitionTypes {
        let Options { partition_types, without_partitions, .. } = &self.options;
        PartitionTypes::of(files).with_types(partition_types).without(without_partitions)
    }

    fn stream(&self, selection: Selection) -> RecordStream<'_> {
        match &self.origin {
            Origin::Memory(table) => self.memory(table, selection),
            Origin::Files { uri, access, known } => {
                let files = async move {
                    self.options.check()?;
                    // Only once: what is read later shall be as it is then.
                    let known = known.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let files = match known {
                        Some(files) => files,
                        None => find(uri, access.as_ref()).await?,
                    };
                    Ok::<_, SourceError>(self.files(uri, Arc::clone(access), files, selection))
                };
                stream::once(files).try_flatten().boxed()
            }
        }
    }

    /// The records of some files.
    fn files(
        &self,
        uri: &str,
        access: Arc<dyn Access>,
        files: Vec<FoundFile>,
        selection: Selection,
    ) -> RecordStream<'static> {
        let dataset = Arc::new(Dataset {
            base: Base::of(Some(uri), files.first().is_some_and(|file| file.href != uri), &self.options),
            partitions: self.partitions(&files),
            is_one_file: files.len() == 1,
            options: self.options.clone(),
            selection,
            access,
        });
        let files: Vec<FoundFile> = files.into_iter().filter(|file| dataset.may_match(file)).collect();
        let opened = stream::iter(files).map(move |file| {
            let dataset = Arc::clone(&dataset);
            async move { dataset.open(file).await }
        });
        opened.buffered(FILES_AHEAD).map_ok(OpenFile::records).try_flatten().boxed()
    }

    fn memory(&self, table: &MemoryTable, selection: Selection) -> RecordStream<'static> {
        let open = || {
            self.options.check()?;
            let reader = (table.open)().map_err(|error| corrupt(&table.name, error))?;
            let layout = Layout::find(&table.name, &reader.schema(), &self.options)?;
            let converter = Converter::new(layout, &self.options, Base::of(None, false, &self.options));
            let name = table.name.clone();
            let batches = reader.flat_map(move |batch| {
                let (rows, error) = match batch {
                    Ok(batch) => (Some(slices(batch, None)), None),
                    Err(error) => (None, Some(Err(corrupt(&name, error)))),
                };
                rows.into_iter().flatten().map(Ok).chain(error)
            });
            let mut next = 0;
            let batches = batches.map(move |rows: Result<Rows, SourceError>| {
                let rows = rows?;
                let rows = Rows { first: next, ..rows };
                next += rows.batch.num_rows() as u64;
                converter.convert(&rows, &selection)
            });
            Ok(stream::iter(batches))
        };
        match open() {
            Ok(batches) => gathered(batches.boxed()),
            Err(error) => stream::iter([Err(error)]).boxed(),
        }
    }
}

/// What the files of a dataset share.
#[derive(Debug)]
struct Dataset {
    base: Base,
    partitions: PartitionTypes,
    is_one_file: bool,
    options: Options,
    selection: Selection,
    access: Arc<dyn Access>,
}

/// A file that was opened.
struct OpenFile {
    dataset: Arc<Dataset>,
    file: FoundFile,
    converter: Converter,
    parts: PartStream,
    layout: Layout,
    total: Option<u64>,
}

impl Dataset {
    /// Whether a file may have records of the selection, by its folders: `year=2024/month=1`.
    fn may_match(&self, file: &FoundFile) -> bool {
        may_match_month(&self.selection, file.partition.integer("year"), file.partition.integer("month"))
    }

    /// Reads a file's schema, and finds what of it has to be read.
    async fn open(self: Arc<Self>, mut file: FoundFile) -> Result<OpenFile, SourceError> {
        let table = match file.table.take() {
            Some(table) => table,
            None => OpenTable::open(TableFile::open(&file, self.access.as_ref()).await?).await?,
        };
        let name = plain_href(&file.href);
        let schema = self.partitions.added_to(&table.schema());
        let layout = Layout::find(&name, &schema, &self.options)?;
        let prune = Prune::new(&layout, &self.selection);
        let parts = table.parts(&layout, &prune);
        let converter = Converter::new(layout.clone(), &self.options, self.base.clone());
        let is_all = self.is_one_file && self.selection == Selection::default();
        let total = table.rows().filter(|_| is_all);
        Ok(OpenFile { dataset: self, file, converter, parts, layout, total })
    }
}

impl OpenFile {
    fn records(self) -> RecordStream<'static> {
        let OpenFile { dataset, file, converter, parts, layout, total } = self;
        let batches = read_ahead(parts).map_ok(stream::iter).try_flatten().map(move |rows| {
            let mut rows = rows?;
            let partition = &file.partition;
            let wanted = |name: &str| layout.reads_column(name);
            rows.batch = dataset
                .partitions
                .append(&rows.batch, partition, wanted)
                .map_err(|error| invalid(&layout.table, error))?;
            let batch = converter.convert(&rows, &dataset.selection)?;
            Ok(SourceBatch { total, ..batch })
        });
        gathered(batches.boxed())
    }
}

impl fmt::Debug for TableSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableSource")
            .field("table", &self.description())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl SourceAdapter for TableSource {
    fn kind(&self) -> &'static str {
        "table"
    }

    /// The table's URI without secrets; of a local one, its absolute path.
    fn description(&self) -> String {
        match &self.origin {
            Origin::Memory(table) => table.name.clone(),
            Origin::Files { uri, .. } => match local_path(uri) {
                Some(path) => std::path::absolute(&path).unwrap_or(path).display().to_string(),
                None => plain_href(uri),
            },
        }
    }

    /// Of the options; of local files, their sizes and times of change; of tables in memory, their content.
    fn fingerprint(&self) -> Result<String, SourceError> {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", self.options).hash(&mut hasher);
        match &self.origin {
            Origin::Memory(table) => table.hash(&mut hasher)?,
            Origin::Files { uri, .. } => {
                if let Some(path) = local_path(uri) {
                    let files = local_files(&path).map_err(|error| match error.kind() {
                        std::io::ErrorKind::NotFound => SourceError::NotFound(self.description()),
                        _ => SourceError::Read { what: self.description(), source: error.into() },
                    })?;
                    files.hash(&mut hasher);
                }
            }
        }
        Ok(format!("{}, {:016x}", self.description(), hasher.finish()))
    }

    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a> {
        self.stream(selection.clone())
    }
}
