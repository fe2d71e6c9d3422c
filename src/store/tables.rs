//! The tables of the file, and what identifies it. `schema/store.md` describes them to the byte.

use super::StoreError;
use super::guarded::ReadTable;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use std::path::Path;

/// Version of the store's format that this crate writes.
pub const FORMAT_VERSION: u32 = 1;

/// Id of a collection, under which its rows lie whatever its name.
pub(crate) type CollectionId = u32;
/// A chunk is named by the number of its first record.
pub(super) type ChunkKey = (CollectionId, u64);
/// Collection, chunk, column, segment.
pub(super) type ColumnKey = (CollectionId, u64, u16, u16);
/// Collection, record, band.
pub(crate) type HeaderKey = (CollectionId, u64, u16);
/// What the file is. The name and the types of this table are the same in all versions.
const ABOUT: TableDefinition<&[u8], &[u8]> = TableDefinition::new("about");
/// Name → metadata as JSON.
pub(super) const COLLECTIONS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("collections");
/// Collection → schema of its records as an Arrow IPC message.
pub(super) const SCHEMAS: TableDefinition<CollectionId, &[u8]> = TableDefinition::new("schemas");
/// Chunk → zone map.
pub(super) const CHUNKS: TableDefinition<ChunkKey, &[u8]> = TableDefinition::new("chunks");
/// Chunk → bitmap of its deleted rows; only chunks that have any.
pub(super) const TOMBSTONES: TableDefinition<ChunkKey, &[u8]> = TableDefinition::new("tombstones");
/// Segments of encoded columns.
pub(super) const COLUMNS: TableDefinition<ColumnKey, &[u8]> = TableDefinition::new("columns");
/// Collection and record id, as [`id_key`] has them → record number.
pub(super) const IDS: TableDefinition<&[u8], u64> = TableDefinition::new("ids");
/// Header archives.
pub(super) const HEADERS: TableDefinition<HeaderKey, &[u8]> = TableDefinition::new("headers");
/// Why a header is missing, as JSON.
pub(super) const FAILURES: TableDefinition<HeaderKey, &[u8]> = TableDefinition::new("failures");
/// Id of a dataset → its descriptor as JSON. The first files of version 1 do not have this table.
pub(super) const DATASETS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("datasets");

const APPLICATION: &[u8] = b"application";
const APPLICATION_ID: &[u8] = b"rasteret";
const VERSION: &[u8] = b"version";
const NEXT_COLLECTION: &[u8] = b"next_collection";

/// All tables of a snapshot.
pub(super) struct Tables {
    pub(super) collections: ReadTable<&'static [u8], &'static [u8]>,
    pub(super) schemas: ReadTable<CollectionId, &'static [u8]>,
    pub(super) chunks: ReadTable<ChunkKey, &'static [u8]>,
    pub(super) tombstones: ReadTable<ChunkKey, &'static [u8]>,
    pub(super) columns: ReadTable<ColumnKey, &'static [u8]>,
    pub(super) ids: ReadTable<&'static [u8], u64>,
    pub(super) headers: ReadTable<HeaderKey, &'static [u8]>,
    pub(super) failures: ReadTable<HeaderKey, &'static [u8]>,
    pub(super) datasets: Option<ReadTable<&'static [u8], &'static [u8]>>,
}

impl Tables {
    pub(super) fn open(transaction: &ReadTransaction) -> Result<Self, StoreError> {
        Ok(Tables {
            collections: ReadTable::open(transaction, COLLECTIONS)?,
            schemas: ReadTable::open(transaction, SCHEMAS)?,
            chunks: ReadTable::open(transaction, CHUNKS)?,
            tombstones: ReadTable::open(transaction, TOMBSTONES)?,
            columns: ReadTable::open(transaction, COLUMNS)?,
            ids: ReadTable::open(transaction, IDS)?,
            headers: ReadTable::open(transaction, HEADERS)?,
            failures: ReadTable::open(transaction, FAILURES)?,
            datasets: ReadTable::open_if_any(transaction, DATASETS)?,
        })
    }
}

/// Key of an id: the collection, most significant byte first so that keys sort by it, and the id.
pub(super) fn id_key(collection: CollectionId, id: &str) -> Vec<u8> {
    [&collection.to_be_bytes(), id.as_bytes()].concat()
}

/// The keys of all ids of a collection. Ids of collections stay below the greatest number.
pub(super) fn id_keys(collection: CollectionId) -> std::ops::Range<Vec<u8>> {
    id_key(collection, "")..id_key(collection.saturating_add(1), "")
}

/// Text of a key.
pub(super) fn text(bytes: &[u8]) -> Result<String, StoreError> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| StoreError::Damaged(format!("{:?} is not UTF-8", String::from_utf8_lossy(bytes))))
}

/// Makes all tables of a new file.
pub(super) fn initialize(transaction: &WriteTransaction) -> Result<(), StoreError> {
    let mut about = transaction.open_table(ABOUT)?;
    about.insert(APPLICATION, APPLICATION_ID)?;
    about.insert(VERSION, FORMAT_VERSION.to_le_bytes().as_slice())?;
    about.insert(NEXT_COLLECTION, 1u32.to_le_bytes().as_slice())?;
    open_each(transaction)
}

/// Opens one table after another, and makes those that are missing.
///
/// redb panics where the root of a table is damaged, and panics once more, which ends the process, if
/// another table is open then. So every transaction begins with this, and has one table open at a time.
pub(super) fn open_each(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(COLLECTIONS)?;
    transaction.open_table(SCHEMAS)?;
    transaction.open_table(CHUNKS)?;
    transaction.open_table(TOMBSTONES)?;
    transaction.open_table(COLUMNS)?;
    transaction.open_table(IDS)?;
    transaction.open_table(HEADERS)?;
    transaction.open_table(FAILURES)?;
    transaction.open_table(DATASETS)?;
    Ok(())
}

/// Checks that a redb file is a store that this version can read.
pub(super) fn check(transaction: &ReadTransaction, path: &Path) -> Result<(), StoreError> {
    let foreign = |reason: String| StoreError::NotADatabase { path: path.to_owned(), reason };
    let about = transaction.open_table(ABOUT).map_err(|error| match error {
        redb::TableError::Storage(error) => error.into(),
        _ => foreign("it is a redb file of another application".to_owned()),
    })?;
    if about.get(APPLICATION)?.is_none_or(|id| id.value() != APPLICATION_ID) {
        return Err(foreign("it is a redb file of another application".to_owned()));
    }
    let found = match about.get(VERSION)? {
        Some(version) => number(version.value())?,
        None => return Err(StoreError::Damaged("it has no format version".to_owned())),
    };
    match found {
        0 => Err(StoreError::Damaged("its format version is 0".to_owned())),
        1..=FORMAT_VERSION => Ok(()),
        _ => Err(StoreError::NewerVersion { path: path.to_owned(), found, supported: FORMAT_VERSION }),
    }
}

/// Takes the id of a new collection. Ids are never given twice.
pub(super) fn take_collection_id(transaction: &WriteTransaction) -> Result<CollectionId, StoreError> {
    let mut about = transaction.open_table(ABOUT)?;
    let id = match about.get(NEXT_COLLECTION)? {
        Some(next) => number(next.value())?,
        None => return Err(StoreError::Damaged("it has no next collection id".to_owned())),
    };
    let next =
        id.checked_add(1).ok_or_else(|| StoreError::Invalid("all collection ids are taken".to_owned()))?;
    about.insert(NEXT_COLLECTION, next.to_le_bytes().as_slice())?;
    Ok(id)
}

fn number(bytes: &[u8]) -> Result<u32, StoreError> {
    let bytes = bytes
        .try_into()
        .map_err(|_| StoreError::Damaged(format!("a number of {} bytes, instead of 4", bytes.len())))?;
    Ok(u32::from_le_bytes(bytes))
}
