//! The database handle.

use crate::build::Build;
use crate::catalog::{Catalog, Choice, DatasetSource};
use crate::collection::{Collection, CollectionInfo};
use crate::error::Result;
use crate::io::{ByteSources, UrlSigner};
use crate::read::ReadLimits;
use crate::read::header::FetchedHeaders;
use crate::read::pipeline::Pipeline;
use crate::readers::Readers;
#[cfg(feature = "table")]
use crate::share::Import;
use crate::store::{Stats, Store, StoreError};
use rasteret_schema::{BandAliases, RasterReader, SourceAdapter};
use std::path::Path;
use std::sync::Arc;

/// A database: one file that holds collections of records and the headers of their rasters.
///
/// A handle is cheap to clone. Any number of processes may have a file open for reading; one that has
/// it open for writing has it alone.
#[derive(Debug, Clone)]
pub struct Database {
    store: Arc<Store>,
    readers: Readers,
    sources: ByteSources,
    fetched_headers: Arc<FetchedHeaders>,
}

impl Database {
    /// Opens a database for reading.
    ///
    /// # Errors
    ///
    /// If the file does not exist, is no database, was written by a later version, or another
    /// process is writing to it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::over(Store::open(path.as_ref())?))
    }

    /// Opens a database for writing, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// As [`Database::open`], and if another process uses it.
    pub fn open_writable(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let store = if path.exists() { Store::open_writable(path)? } else { Store::create(path)? };
        Ok(Self::over(store))
    }

    fn over(store: Store) -> Self {
        Database {
            store: Arc::new(store),
            readers: Readers::default(),
            sources: ByteSources::default(),
            fetched_headers: Arc::default(),
        }
    }

    /// The same database with another raster reader, which is asked before the built-in ones.
    pub fn with_reader(mut self, reader: Arc<dyn RasterReader>) -> Self {
        self.readers = self.readers.with(reader);
        self.fetched_headers = Arc::default();
        self
    }

    /// The same database with other byte sources: credentials, timeouts and limits of remote objects are
    /// their options.
    pub fn with_sources(mut self, sources: ByteSources) -> Self {
        self.sources = sources;
        self.fetched_headers = Arc::default();
        self
    }

    /// The same database with one more signer of URLs, for the collections whose settings name it.
    pub fn with_signer(mut self, signer: Arc<dyn UrlSigner>) -> Self {
        self.sources = self.sources.with_signer(signer);
        self
    }

    /// A build of a collection from a source.
    pub fn build(&self, source: impl SourceAdapter + 'static) -> Build {
        Build::new(self.clone(), Box::new(source))
    }

    /// A build of a collection of a dataset in the [catalogue](Self::catalog).
    ///
    /// ```no_run
    /// use rasteret::blocking::Wait;
    /// use rasteret::{Database, Filter};
    ///
    /// let db = Database::open_writable("field.rasteret")?;
    /// let filter = Filter::new().bbox([77.5, 12.9, 77.7, 13.1]).dates("2024-01/2024-03")?;
    /// db.build_dataset("earthsearch/sentinel-2-l2a")?.name("bangalore").filter(filter).run().wait()?;
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no dataset of this id, or its descriptor does not say where its records are.
    pub fn build_dataset(&self, id: &str) -> Result<Build> {
        let dataset = self.catalog().get(id)?.dataset;
        Ok(self.build(DatasetSource::new(&dataset, Choice::default(), &self.sources)?))
    }

    /// An import of a collection from elsewhere: Parquet as rasteret 0.4 and this library export it, in a file, in a
    /// folder of partitions, in an object store or on a server.
    #[cfg(feature = "table")]
    pub fn import(&self, uri: impl Into<String>) -> Import {
        Import::new(self.clone(), uri.into())
    }

    /// An import of a collection from Arrow batches with the columns that an export has, headers among them. They are
    /// the user's own: local files may lie anywhere, and relative hrefs stay as they are (relative to where the
    /// program runs) unless there is a [base directory](Import::base_dir).
    ///
    /// ```
    /// use arrow_array::{ArrayRef, RecordBatch, RecordBatchIterator, StringArray};
    /// use rasteret::Database;
    /// use rasteret::blocking::Wait;
    /// use std::sync::Arc;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("field.rasteret");
    /// let db = Database::open_writable(&path)?;
    /// let text = |value| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    /// let batch = RecordBatch::try_from_iter([
    ///     ("id", text("a")),
    ///     ("datetime", text("2024-01-03T10:30:00Z")),
    ///     ("geometry", text("POINT (77.5 13)")),
    ///     ("assets", text(r#"{"B04": {"href": "a/B04.tif"}}"#)),
    /// ])?;
    /// let batches = RecordBatchIterator::new([Ok(batch.clone())], batch.schema());
    /// let summary = db.collection_from("field trip", batches)?.run().wait()?;
    /// assert_eq!(summary.records, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the reader gives an error.
    #[cfg(feature = "table")]
    pub fn collection_from(
        &self,
        name: &str,
        batches: impl arrow_array::RecordBatchReader,
    ) -> Result<Import> {
        Import::of_batches(self.clone(), name, batches)
    }

    /// The datasets that collections are built from by their ids.
    pub fn catalog(&self) -> Catalog {
        Catalog::of(self.clone())
    }

    /// A collection.
    ///
    /// # Errors
    ///
    /// If there is no collection of this name; the error lists those that there are.
    pub fn collection(&self, name: &str) -> Result<Collection> {
        let description = self.store.read()?.collection(name)?.metadata().description.clone();
        let mut sources = self.sources.with_clouds(&description.cloud());
        if let Some(roots) = description.local_roots() {
            sources = sources.confined_to(roots);
        }
        Ok(Collection::new(Database { sources, ..self.clone() }, name))
    }

    /// All collections, by name.
    ///
    /// # Errors
    ///
    /// If the database is damaged.
    pub fn collections(&self) -> Result<Vec<CollectionInfo>> {
        let collections = self.store.read()?.collections()?;
        collections.iter().map(crate::query::info).collect()
    }

    /// Gives a collection another name.
    ///
    /// # Errors
    ///
    /// If there is no such collection, or one of the new name.
    pub fn rename(&self, name: &str, new_name: &str) -> Result<()> {
        crate::build::check_name(new_name)?;
        let mut write = self.store.write()?;
        write.rename_collection(name, new_name)?;
        write.commit()?;
        Ok(())
    }

    /// Gives the bands of a collection other names, in place of those that there were; they are kept with it. See
    /// [`Collection::with_band_aliases`] for what they mean.
    ///
    /// # Errors
    ///
    /// If there is no such collection, or the database is open for reading only.
    pub fn set_band_aliases(&self, name: &str, aliases: &BandAliases) -> Result<()> {
        let mut write = self.store.write()?;
        write.describe(name, |description| description.set_band_aliases(aliases))?;
        write.commit()?;
        Ok(())
    }

    /// Deletes a collection, and returns how many records it had. The rasters stay.
    ///
    /// # Errors
    ///
    /// If there is no such collection.
    pub fn delete(&self, name: &str) -> Result<u64> {
        let records = self.store.read()?.collection(name)?.metadata().records;
        let mut write = self.store.write()?;
        write.delete_collection(name)?;
        write.commit()?;
        Ok(records)
    }

    /// Sizes and counts.
    ///
    /// # Errors
    ///
    /// If the database is damaged.
    pub fn stats(&self) -> Result<Stats> {
        Ok(self.store.stats()?)
    }

    /// Gives unused space of the file back to the file system. After builds that added a good part of the
    /// file, that happens when its last handle is dropped.
    ///
    /// # Errors
    ///
    /// If the database is open for reading only, or other handles of it are in use.
    pub fn compact(self) -> Result<()> {
        let mut store = Arc::try_unwrap(self.store).map_err(|_| StoreError::InUse)?;
        Ok(store.compact()?)
    }

    /// The raster readers that there are.
    pub fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Where the bytes of rasters come from.
    pub fn sources(&self) -> &ByteSources {
        &self.sources
    }

    pub(crate) fn pipeline(&self) -> Pipeline {
        Pipeline::new(self.sources.clone(), self.readers.clone(), ReadLimits::default())
    }

    /// Headers that reads have fetched and could not store.
    pub(crate) fn fetched_headers(&self) -> &FetchedHeaders {
        &self.fetched_headers
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }
}
