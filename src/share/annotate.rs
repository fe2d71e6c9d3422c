//! Columns of a table that are joined to a collection's records.

use super::TableError;
use super::error::LISTED;
use super::keys::{Key, KeyKind};
use super::update::update;
use crate::collection::Collection;
use crate::error::Result;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_select::concat::concat_batches;
use serde::Serialize;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// What a join did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AnnotateSummary {
    /// Records that got values.
    pub updated: u64,
    /// Rows of the table that belong to no record of the view.
    pub unmatched: u64,
}

impl Collection {
    /// Adds the columns of a table to the records, or replaces those of the same names, where the key `on` is
    /// the same: the record's id, or another column of texts, integers, truth values, dates or times. Several
    /// records may have one key, but not several rows of the table. All is done in one transaction, or nothing.
    ///
    /// A record without a row of its own keeps the value that it has, and null where the column is new; so does
    /// one that this view leaves out. A column that is replaced gets the type of the new values. Nulls, lists and
    /// structs are kept as they are. The table is held in memory, of the collection one chunk.
    ///
    /// ```
    /// use rasteret::Database;
    /// # use rasteret::store::{Description, Store};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("field.rasteret");
    /// # let batch = rasteret::record::to_batch(&[])?;
    /// # let store = Store::create(&path)?;
    /// # let mut write = store.write()?;
    /// # write.create_collection("bangalore", Description::default())?;
    /// # write.append("bangalore", &batch, &[], &[])?;
    /// # write.complete("bangalore")?;
    /// # write.commit()?;
    /// # drop(store);
    /// use arrow_array::{record_batch, RecordBatchIterator};
    /// let db = Database::open_writable(&path)?;
    /// let labels = record_batch!(("id", Utf8, ["a", "b"]), ("label", Int32, [Some(3), None]))?;
    /// let schema = labels.schema();
    /// let summary = db.collection("bangalore")?.annotate(RecordBatchIterator::new([Ok(labels)], schema), "id")?;
    /// assert_eq!((summary.updated, summary.unmatched), (0, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`](crate::Error::Unfinished) if records may be missing; [`TableError::Key`] if a side has no
    /// such column, or one that cannot serve;
    /// [`TableError::DuplicateKeys`]; [`TableError::Reserved`] for columns that make a record;
    /// [`TableError::NothingToAdd`]; [`TableError::Type`] if values that are kept do not fit the new type; if the
    /// table cannot be read, or the database is not open for writing.
    pub fn annotate(&self, table: impl RecordBatchReader, on: &str) -> Result<AnnotateSummary> {
        let schema = table.schema();
        let batches = table.collect::<Result<Vec<_>, _>>()?;
        let mut table = concat_batches(&schema, &batches)?;
        drop(batches);
        let no_key = |reason: String| TableError::Key { column: on.to_owned(), reason };
        let names = schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        let place = schema.index_of(on).map_err(|_| no_key(format!("the table has {names}")))?;
        let keys = table.remove_column(place);
        if table.num_columns() == 0 {
            return Err(TableError::NothingToAdd { column: on.to_owned() }.into());
        }

        let stored = self.snapshot()?.collection(self.name())?;
        let records = stored.projection(&[on])?;
        let kind =
            KeyKind::common(records.schema().field(0).data_type(), keys.data_type()).map_err(no_key)?;
        let rows = rows_by_key(on, kind.keys(&keys)?)?;
        let mut used = vec![false; table.num_rows()];
        let updated = update(self, &table, &[on], |records: &RecordBatch| {
            let column = records.column_by_name(on).cloned();
            let keys = column.map(|column| kind.keys(&column)).transpose()?.unwrap_or_default();
            let find = |key: Option<Key>| key.and_then(|key| rows.get(&key)).copied();
            let found: Vec<Option<usize>> = keys.into_iter().map(find).collect();
            found.iter().flatten().for_each(|row| used[*row] = true);
            Ok(found)
        })?;
        let unmatched = used.iter().filter(|used| !**used).count() as u64;
        Ok(AnnotateSummary { updated, unmatched })
    }
}

fn rows_by_key(column: &str, keys: Vec<Option<Key>>) -> Result<HashMap<Key, usize>, TableError> {
    let mut rows = HashMap::with_capacity(keys.len());
    let mut twice = HashSet::new();
    for (row, key) in keys.into_iter().enumerate() {
        let Some(key) = key else { continue };
        match rows.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(row)),
            Entry::Occupied(entry) => {
                twice.insert(entry.key().clone());
            }
        }
    }
    if twice.is_empty() {
        return Ok(rows);
    }
    let count = twice.len();
    let keys = twice.iter().take(LISTED).map(Key::to_string).collect();
    Err(TableError::DuplicateKeys { column: column.to_owned(), keys, count })
}
