//! Reading: a consistent view of the store, its collections, and their headers.

use super::guarded::guarded;
use super::headers::{self, StoredHeader};
use super::metadata::{Failure, Metadata};
use super::scan::{Chunk, Projection};
use super::tables::{CollectionId, HeaderKey, Tables, id_key, text};
use super::{BandNumber, Shared, StoreError, schema};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_schema::{Schema, SchemaRef};
use rasteret_schema::record;
use redb::ReadableDatabase;
use std::sync::{Arc, OnceLock};

/// What was in the store when the snapshot was taken. Cheap to take, to keep and to clone; it keeps
/// the file open.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) source: Arc<Source>,
}

pub(super) struct Source {
    pub(super) tables: Tables,
    // After the tables: they are to be dropped before the database is closed.
    pub(super) shared: Arc<Shared>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({})", self.source.shared.path.display())
    }
}

impl Snapshot {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let tables = Tables::open(&guarded(|| shared.database().begin_read())?)?;
        Ok(Snapshot { source: Arc::new(Source { tables, shared }) })
    }

    /// Names of the collections, sorted.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for entry in self.source.tables.collections.range::<&[u8]>(..)? {
            names.push(text(entry?.0.value())?);
        }
        Ok(names)
    }

    /// All collections, by name.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn collections(&self) -> Result<Vec<Collection>, StoreError> {
        self.names()?.iter().map(|name| self.collection(name)).collect()
    }

    /// A collection.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn collection(&self, name: &str) -> Result<Collection, StoreError> {
        let tables = &self.source.tables;
        let Some(metadata) = tables.collections.get(name.as_bytes())? else {
            return Err(StoreError::NoSuchCollection { name: name.to_owned(), available: self.names()? });
        };
        let metadata = Metadata::from_json(name, metadata.value())?;
        let schema = match tables.schemas.get(metadata.id)? {
            Some(bytes) => schema::from_bytes(bytes.value())
                .map_err(|error| StoreError::Damaged(format!("schema of collection {name:?}: {error}")))?,
            // Nothing was added yet.
            None => Schema::clone(&record::schema()),
        };
        Ok(Collection {
            inner: Arc::new(Inner {
                source: self.source.clone(),
                name: name.to_owned(),
                metadata,
                schema: Arc::new(schema),
                chunks: OnceLock::new(),
            }),
        })
    }
}

/// A collection in a snapshot. Cheap to clone, and to be shared by threads.
#[derive(Clone)]
pub struct Collection {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) source: Arc<Source>,
    pub(super) name: String,
    pub(super) metadata: Metadata,
    pub(super) schema: SchemaRef,
    pub(super) chunks: OnceLock<Vec<Chunk>>,
}

impl std::fmt::Debug for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collection")
            .field("name", &self.inner.name)
            .field("metadata", self.metadata())
            .finish()
    }
}

impl Collection {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// What is known of it as a whole.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// The columns of its records: those of [`rasteret_schema::record`] and the user's.
    pub fn schema(&self) -> &SchemaRef {
        &self.inner.schema
    }

    /// Number of records.
    pub fn len(&self) -> u64 {
        self.inner.metadata.records
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn id(&self) -> CollectionId {
        self.inner.metadata.id
    }

    pub(super) fn tables(&self) -> &Tables {
        &self.inner.source.tables
    }

    /// Number of the record of this id, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn find(&self, id: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.tables().ids.get(id_key(self.id(), id).as_slice())?.map(|number| number.value()))
    }

    /// Numbers of the records of these ids, in this order: `None` for those that are not there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn find_all<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Option<u64>>, StoreError> {
        ids.into_iter().map(|id| self.find(id)).collect()
    }

    /// Number of the record of this id.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchRecord`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn record_number(&self, id: &str) -> Result<u64, StoreError> {
        self.find(id)?.ok_or_else(|| self.no_such_record(id.to_owned()))
    }

    pub(super) fn no_such_record(&self, record: String) -> StoreError {
        StoreError::NoSuchRecord { collection: self.inner.name.clone(), record }
    }

    /// Id of a record.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchRecord`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn record_id(&self, record: u64) -> Result<String, StoreError> {
        let ids = self.rows(&[record], &self.projection(&[record::ID])?)?;
        match ids.column(0).as_string_opt::<i32>() {
            Some(ids) if ids.len() == 1 => Ok(ids.value(0).to_owned()),
            _ => Err(StoreError::Damaged(format!("ids of collection {:?} are not texts", self.inner.name))),
        }
    }

    /// Number of a band.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchBand`].
    pub fn band(&self, name: &str) -> Result<BandNumber, StoreError> {
        self.inner.metadata.band(name).ok_or_else(|| StoreError::NoSuchBand {
            collection: self.inner.name.clone(),
            band: name.to_owned(),
            available: self.inner.metadata.bands.clone(),
        })
    }

    /// The header of a record's band, in place.
    ///
    /// # Errors
    ///
    /// [`StoreError::HeaderMissing`], [`StoreError::NoSuchRecord`], [`StoreError::Damaged`],
    /// [`StoreError::Io`].
    pub fn header(&self, record: u64, band: BandNumber) -> Result<StoredHeader, StoreError> {
        match self.find_header(record, band)? {
            Some(header) => Ok(header),
            None => Err(self.header_missing(record, band)?),
        }
    }

    /// The header of a record's band, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn find_header(&self, record: u64, band: BandNumber) -> Result<Option<StoredHeader>, StoreError> {
        headers::lookup((self.id(), record, band), |key| self.tables().headers.get(key))
    }

    /// Says why there is no header, in words that the user knows.
    fn header_missing(&self, record: u64, band: BandNumber) -> Result<StoreError, StoreError> {
        let name = |band: BandNumber| match self.inner.metadata.bands.get(usize::from(band)) {
            Some(name) => name.clone(),
            None => format!("#{band}"),
        };
        let id = self.record_id(record)?;
        let reason = match self.failure(record, band)? {
            Some(Failure { href, message, .. }) => format!("{href}: {message}"),
            None => "it was never parsed".to_owned(),
        };
        let mut available = Vec::new();
        for entry in self.tables().headers.range::<HeaderKey>(self.bands_of(record))? {
            available.push(name(entry?.0.value().2));
        }
        Ok(StoreError::HeaderMissing {
            collection: self.inner.name.clone(),
            record: id,
            band: name(band),
            reason,
            available,
        })
    }

    /// Bands of a record that have a header.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn header_bands(&self, record: u64) -> Result<Vec<BandNumber>, StoreError> {
        let mut bands = Vec::new();
        for entry in self.tables().headers.range::<HeaderKey>(self.bands_of(record))? {
            bands.push(entry?.0.value().2);
        }
        Ok(bands)
    }

    fn bands_of(&self, record: u64) -> std::ops::RangeInclusive<HeaderKey> {
        (self.id(), record, 0)..=(self.id(), record, BandNumber::MAX)
    }

    /// Why the header of a record's band is missing, if that is known.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn failure(&self, record: u64, band: BandNumber) -> Result<Option<Failure>, StoreError> {
        let failure = self.tables().failures.get((self.id(), record, band))?;
        failure.map(|failure| Failure::from_json(failure.value())).transpose()
    }

    /// Why headers of a record are missing, by band, as far as that is known.
    pub(super) fn failures_of(&self, record: u64) -> Result<Vec<(BandNumber, Failure)>, StoreError> {
        let mut failures = Vec::new();
        for entry in self.tables().failures.range::<HeaderKey>(self.bands_of(record))? {
            let (key, value) = entry?;
            failures.push((key.value().2, Failure::from_json(value.value())?));
        }
        Ok(failures)
    }

    /// All headers that are missing for a known reason: record, band, reason.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    #[allow(clippy::type_complexity)]
    pub fn failures(
        &self,
    ) -> Result<impl Iterator<Item = Result<(u64, BandNumber, Failure), StoreError>> + use<>, StoreError>
    {
        let all = (self.id(), 0, 0)..=(self.id(), u64::MAX, BandNumber::MAX);
        Ok(self.tables().failures.range::<HeaderKey>(all)?.map(|entry| {
            let (key, value) = entry?;
            let (_, record, band) = key.value();
            Ok((record, band, Failure::from_json(value.value())?))
        }))
    }

    /// The columns of these names, in this order.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchColumn`].
    pub fn projection(&self, columns: &[&str]) -> Result<Projection, StoreError> {
        let schema = &self.inner.schema;
        let indexes = columns
            .iter()
            .map(|name| {
                schema.index_of(name).map_err(|_| StoreError::NoSuchColumn {
                    collection: self.inner.name.clone(),
                    column: (*name).to_owned(),
                    available: schema.fields().iter().map(|field| field.name().clone()).collect(),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Projection::new(schema, indexes))
    }

    /// All columns.
    pub fn all_columns(&self) -> Projection {
        Projection::new(&self.inner.schema, (0..self.inner.schema.fields().len()).collect())
    }
}
