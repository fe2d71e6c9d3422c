//! Reading tables of a file that may be damaged.
//!
//! redb verifies its pages only when it is told to, at the cost of reading all of them. Until then it
//! reports most of what it finds amiss, and asserts the rest: here its panics become errors.

use super::StoreError;
use crate::unwinding::unwinding;
use redb::{
    Key, OwnedAccessGuard, OwnedRange, ReadOnlyTable, ReadTransaction, ReadableTableMetadata, StorageError,
    TableDefinition, TableError, TableStats, Value,
};
use std::borrow::Borrow;
use std::ops::RangeBounds;

/// Bytes in the page that they are stored in; they keep the snapshot alive.
pub(super) type Bytes = OwnedAccessGuard<&'static [u8]>;

/// Runs what may panic on a damaged file.
pub(super) fn guarded<T, E: Into<StoreError>>(run: impl FnOnce() -> Result<T, E>) -> Result<T, StoreError> {
    unwinding(run).map_err(StoreError::Damaged)?.map_err(Into::into)
}

/// A table of a snapshot.
pub(super) struct ReadTable<K: Key + 'static, V: Value + 'static>(ReadOnlyTable<K, V>);

impl<K: Key + 'static, V: Value + 'static> ReadTable<K, V> {
    pub(super) fn open(
        transaction: &ReadTransaction,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Self, StoreError> {
        guarded(|| transaction.open_table(definition)).map(ReadTable)
    }

    /// A table that not every file has.
    pub(super) fn open_if_any(
        transaction: &ReadTransaction,
        definition: TableDefinition<'_, K, V>,
    ) -> Result<Option<Self>, StoreError> {
        guarded(|| match transaction.open_table(definition) {
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            table => table.map(|table| Some(ReadTable(table))),
        })
    }

    pub(super) fn get<'a>(
        &self,
        key: impl Borrow<K::SelfType<'a>>,
    ) -> Result<Option<OwnedAccessGuard<V>>, StoreError> {
        guarded(|| {
            let found = self.0.get_owned(key)?;
            // Where the value lies in its page is found out only now.
            found.as_ref().map(OwnedAccessGuard::value);
            Ok::<_, StorageError>(found)
        })
    }

    pub(super) fn range<'a, KR>(&self, range: impl RangeBounds<KR>) -> Result<Entries<K, V>, StoreError>
    where
        KR: Borrow<K::SelfType<'a>>,
    {
        guarded(|| self.0.range_owned(range)).map(Entries)
    }

    pub(super) fn len(&self) -> Result<u64, StoreError> {
        guarded(|| self.0.len())
    }

    pub(super) fn stats(&self) -> Result<TableStats, StoreError> {
        guarded(|| self.0.stats())
    }
}

/// Entries of a table.
pub(super) struct Entries<K: Key + 'static, V: Value + 'static>(OwnedRange<K, V>);

impl<K: Key + 'static, V: Value + 'static> Iterator for Entries<K, V> {
    type Item = Result<(OwnedAccessGuard<K>, OwnedAccessGuard<V>), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = guarded(|| {
            let next = self.0.next().transpose()?;
            next.as_ref().map(|(key, value)| (key.value(), value.value()));
            Ok::<_, StorageError>(next)
        });
        next.transpose()
    }
}
