//! Writing: what is done in a transaction is done whole, or not at all.

use super::guarded::guarded;
use super::metadata::{BuildState, Description, Metadata};
use super::tables::{
    CHUNKS, COLLECTIONS, COLUMNS, FAILURES, HEADERS, IDS, SCHEMAS, TOMBSTONES, id_keys, open_each,
    take_collection_id, text,
};
use super::{BandNumber, StoreError, schema};
use crate::unwinding::unwinding;
use arrow_schema::Schema;
use redb::{Key, ReadableTable, Value, WriteTransaction};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Changes to a store. Dropped without [`Transaction::commit`], they have not happened.
pub struct Transaction<'store> {
    /// `None` only while it is committed or dropped.
    redb: Option<WriteTransaction>,
    /// Collections that the transaction has touched; written on commit.
    touched: BTreeMap<String, Touched>,
    failed: bool,
    /// After the others: it ends when they have.
    _writing: Writing<'store>,
}

/// Counts as a transaction for as long as it lives.
pub(super) struct Writing<'store>(&'store AtomicUsize);

impl<'store> Writing<'store> {
    pub(super) fn new(count: &'store AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Writing(count)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

pub(super) struct Touched {
    pub(super) metadata: Metadata,
    pub(super) schema: Schema,
    pub(super) schema_changed: bool,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Transaction(touched {:?})", self.touched.keys().collect::<Vec<_>>())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let redb = self.redb.take();
        // What was written is given back, and pages of the file are read for it.
        let _ = unwinding(|| drop(redb));
    }
}

/// Commits so that the file can be opened at once even if this process is killed later: redb then
/// finds the allocator's state with the data, and need not rebuild it from the whole file.
pub(super) fn commit(mut transaction: WriteTransaction) -> Result<(), StoreError> {
    transaction.set_quick_repair(true);
    Ok(transaction.commit()?)
}

impl<'store> Transaction<'store> {
    pub(super) fn new(redb: WriteTransaction, writing: Writing<'store>) -> Result<Self, StoreError> {
        let transaction =
            Transaction { redb: Some(redb), touched: BTreeMap::new(), failed: false, _writing: writing };
        guarded(|| open_each(transaction.redb()))?;
        Ok(transaction)
    }

    pub(super) fn redb(&self) -> &WriteTransaction {
        self.redb.as_ref().expect("it is there until it is committed or dropped")
    }

    /// Makes the changes last. When it returns, they are on the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::TransactionFailed`] if a change failed before, [`StoreError::Io`].
    pub fn commit(mut self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::TransactionFailed);
        }
        self.change(|this| {
            for (name, touched) in &this.touched {
                let metadata = touched.metadata.to_json()?;
                this.redb().open_table(COLLECTIONS)?.insert(name.as_bytes(), metadata.as_slice())?;
                if touched.schema_changed {
                    let mut schemas = this.redb().open_table(SCHEMAS)?;
                    schemas.insert(touched.metadata.id, schema::to_bytes(&touched.schema).as_slice())?;
                }
            }
            Ok(())
        })?;
        let redb = self.redb.take().ok_or(StoreError::TransactionFailed)?;
        guarded(|| commit(redb))
    }

    /// Runs a change. One that fails may be half done, and the transaction cannot be committed then.
    pub(super) fn change<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.failed {
            return Err(StoreError::TransactionFailed);
        }
        let result = guarded(|| run(self));
        self.failed = result.is_err();
        result
    }

    /// Notes that a change is half done.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        guarded(|| {
            let table = self.redb().open_table(COLLECTIONS)?;
            table.iter()?.map(|entry| text(entry?.0.value())).collect()
        })
    }

    fn exists(&self, name: &str) -> Result<bool, StoreError> {
        guarded(|| Ok::<_, StoreError>(self.redb().open_table(COLLECTIONS)?.get(name.as_bytes())?.is_some()))
    }

    /// Metadata and schema of a collection, as the transaction has them by now.
    pub(super) fn touch(&mut self, name: &str) -> Result<&mut Touched, StoreError> {
        if !self.touched.contains_key(name) {
            let Some(touched) = guarded(|| self.load(name))? else {
                return Err(StoreError::NoSuchCollection { name: name.to_owned(), available: self.names()? });
            };
            self.touched.insert(name.to_owned(), touched);
        }
        self.touched.get_mut(name).ok_or(StoreError::TransactionFailed)
    }

    fn load(&self, name: &str) -> Result<Option<Touched>, StoreError> {
        let metadata = match self.redb().open_table(COLLECTIONS)?.get(name.as_bytes())? {
            Some(bytes) => Metadata::from_json(name, bytes.value())?,
            None => return Ok(None),
        };
        let schema = match self.redb().open_table(SCHEMAS)?.get(metadata.id)? {
            Some(bytes) => schema::from_bytes(bytes.value())
                .map_err(|error| StoreError::Damaged(format!("schema of collection {name:?}: {error}")))?,
            None => Schema::empty(),
        };
        Ok(Some(Touched { metadata, schema, schema_changed: false }))
    }

    /// Makes a collection without records.
    ///
    /// # Errors
    ///
    /// [`StoreError::CollectionExists`], [`StoreError::Invalid`] for an empty name,
    /// [`StoreError::Io`].
    pub fn create_collection(&mut self, name: &str, description: Description) -> Result<(), StoreError> {
        if name.is_empty() {
            return Err(StoreError::Invalid("a collection needs a name".to_owned()));
        }
        if self.exists(name)? {
            return Err(StoreError::CollectionExists(name.to_owned()));
        }
        self.change(|this| {
            let metadata = Metadata::new(take_collection_id(this.redb())?, description);
            this.redb().open_table(COLLECTIONS)?.insert(name.as_bytes(), metadata.to_json()?.as_slice())?;
            Ok(())
        })
    }

    /// Changes what is said about a collection.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::Io`].
    pub fn describe(&mut self, name: &str, change: impl FnOnce(&mut Description)) -> Result<(), StoreError> {
        change(&mut self.touch(name)?.metadata.description);
        Ok(())
    }

    /// Says that all records of a collection are in.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::Io`].
    pub fn complete(&mut self, name: &str) -> Result<(), StoreError> {
        self.describe(name, |description| description.state = BuildState::Complete)
    }

    /// Gives a collection another name. Takes the same short time whatever its size.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::CollectionExists`], [`StoreError::Io`].
    pub fn rename_collection(&mut self, name: &str, new_name: &str) -> Result<(), StoreError> {
        self.touch(name)?;
        if new_name.is_empty() {
            return Err(StoreError::Invalid("a collection needs a name".to_owned()));
        }
        if self.exists(new_name)? {
            return Err(StoreError::CollectionExists(new_name.to_owned()));
        }
        self.change(|this| {
            let touched = this.touched.remove(name).ok_or(StoreError::TransactionFailed)?;
            let metadata = touched.metadata.to_json()?;
            this.touched.insert(new_name.to_owned(), touched);
            let mut collections = this.redb().open_table(COLLECTIONS)?;
            collections.remove(name.as_bytes())?;
            collections.insert(new_name.as_bytes(), metadata.as_slice())?;
            Ok(())
        })
    }

    /// Deletes a collection with all that belongs to it.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::Io`].
    pub fn delete_collection(&mut self, name: &str) -> Result<(), StoreError> {
        let id = self.touch(name)?.metadata.id;
        self.change(|this| {
            this.touched.remove(name);
            this.redb().open_table(COLLECTIONS)?.remove(name.as_bytes())?;
            this.redb().open_table(SCHEMAS)?.remove(id)?;
            this.delete_range(CHUNKS, (id, 0)..=(id, u64::MAX))?;
            this.delete_range(TOMBSTONES, (id, 0)..=(id, u64::MAX))?;
            this.delete_range(COLUMNS, (id, 0, 0, 0)..=(id, u64::MAX, u16::MAX, u16::MAX))?;
            this.delete_range(HEADERS, (id, 0, 0)..=(id, u64::MAX, BandNumber::MAX))?;
            this.delete_range(FAILURES, (id, 0, 0)..=(id, u64::MAX, BandNumber::MAX))?;
            let keys = id_keys(id);
            let mut ids = this.redb().open_table(IDS)?;
            Ok(ids.retain_in::<&[u8], _>(keys.start.as_slice()..keys.end.as_slice(), |_, _| false)?)
        })
    }

    pub(super) fn delete_range<'a, K: Key + 'static, V: Value + 'static>(
        &self,
        table: redb::TableDefinition<K, V>,
        range: impl std::ops::RangeBounds<K::SelfType<'a>> + 'a,
    ) -> Result<(), StoreError> {
        Ok(self.redb().open_table(table)?.retain_in::<K::SelfType<'a>, _>(range, |_, _| false)?)
    }
}
