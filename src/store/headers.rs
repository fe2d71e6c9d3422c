//! Headers in the store: how they are written, and read in place.
//!
//! A value begins with a tag. Tag 0: the header itself, as a CRC-32 (IEEE) of the archive and the
//! archive. Tag 1: the number of another band of the record, whose header it shares.

use super::guarded::Bytes;
use super::tables::{CollectionId, FAILURES, HEADERS, HeaderKey};
use super::{BandNumber, Failure, StoreError};
use rasteret_schema::{ArchiveError, ArchivedRasterHeader, archive};
use redb::{ReadableTable, WriteTransaction};
use std::collections::BTreeMap;

const OWN: u8 = 0;
const SHARED: u8 = 1;
/// Bytes before the archive: the tag and the checksum.
const PREFIX: usize = 5;

/// A header in the page of the database that it is stored in. It keeps its snapshot alive.
pub struct StoredHeader {
    bytes: Bytes,
}

impl StoredHeader {
    pub(super) fn new(bytes: Bytes) -> Self {
        StoredHeader { bytes }
    }

    /// The header. Its bytes are checked on every call, so keep the reference rather than call again.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] if they are not a header archive.
    pub fn get(&self) -> Result<&ArchivedRasterHeader, StoreError> {
        self.access().map_err(StoreError::Damaged)
    }

    /// The header's archive.
    pub fn archive(&self) -> &[u8] {
        self.bytes.value().get(PREFIX..).unwrap_or_default()
    }

    pub(super) fn access(&self) -> Result<&ArchivedRasterHeader, String> {
        match read(self.bytes.value())? {
            Value::Own(archive) => archive::access(archive).map_err(|error| error.to_string()),
            Value::Shared(_) => Err("header refers to another band".to_owned()),
        }
    }
}

impl AsRef<[u8]> for StoredHeader {
    fn as_ref(&self) -> &[u8] {
        self.archive()
    }
}

impl std::fmt::Debug for StoredHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredHeader({} bytes)", self.archive().len())
    }
}

/// What is stored for a band.
pub(super) enum Value<'a> {
    Own(&'a [u8]),
    Shared(BandNumber),
}

/// Reads a value of the table, and checks an archive's bytes, but not what they say.
pub(super) fn read(value: &[u8]) -> Result<Value<'_>, String> {
    match value {
        [OWN, c0, c1, c2, c3, archive @ ..] => {
            if crc32fast::hash(archive) == u32::from_le_bytes([*c0, *c1, *c2, *c3]) {
                Ok(Value::Own(archive))
            } else {
                Err("wrong checksum of a header".to_owned())
            }
        }
        [SHARED, low, high] => Ok(Value::Shared(BandNumber::from_le_bytes([*low, *high]))),
        [tag, ..] => Err(format!("unknown kind {tag} of header, or one of {} bytes", value.len())),
        [] => Err("empty header".to_owned()),
    }
}

/// The header of a band; `get` looks a value up.
pub(super) fn lookup(
    (collection, record, band): HeaderKey,
    get: impl Fn(HeaderKey) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<StoredHeader>, StoreError> {
    let Some(bytes) = get((collection, record, band))? else { return Ok(None) };
    let owner = match bytes.value() {
        [SHARED, low, high] => BandNumber::from_le_bytes([*low, *high]),
        _ => return Ok(Some(StoredHeader { bytes })),
    };
    match get((collection, record, owner))? {
        Some(bytes) => Ok(Some(StoredHeader { bytes })),
        None => Err(StoreError::Damaged(format!(
            "band {band} of record #{record} shares the header of band {owner}, which has none"
        ))),
    }
}

/// Refuses archives that a reader would refuse.
pub(super) fn check(archive: &[u8]) -> Result<(), StoreError> {
    archive::access(archive).map(drop).map_err(|error: ArchiveError| StoreError::Invalid(error.to_string()))
}

/// The headers and failures of one record by band: what is to be written, or what there is.
#[derive(Debug, Default)]
pub(super) struct RecordHeaders<A> {
    pub(super) headers: BTreeMap<BandNumber, A>,
    pub(super) failures: BTreeMap<BandNumber, Failure>,
}

impl<A: AsRef<[u8]>> RecordHeaders<A> {
    /// Values of the table in the order of the bands. Equal archives are stored once.
    pub(super) fn values(&self) -> impl Iterator<Item = (BandNumber, Vec<u8>)> {
        let mut owners: Vec<(BandNumber, &[u8])> = Vec::new();
        self.headers.iter().map(move |(band, archive)| {
            let archive = archive.as_ref();
            let same = |(_, other): &&(BandNumber, &[u8])| std::ptr::eq(*other, archive) || *other == archive;
            let value = match owners.iter().find(same) {
                Some((owner, _)) => [&[SHARED][..], &owner.to_le_bytes()].concat(),
                None => {
                    owners.push((*band, archive));
                    [&[OWN][..], &crc32fast::hash(archive).to_le_bytes(), archive].concat()
                }
            };
            (*band, value)
        })
    }
}

/// Takes the headers and failures of a record out of the tables.
pub(super) fn take(
    transaction: &WriteTransaction,
    collection: CollectionId,
    record: u64,
) -> Result<RecordHeaders<Vec<u8>>, StoreError> {
    let all = (collection, record, 0)..=(collection, record, BandNumber::MAX);
    let mut taken = RecordHeaders::default();
    let mut shared = Vec::new();
    {
        let mut table = transaction.open_table(HEADERS)?;
        for entry in table.range(all.clone())? {
            let (key, value) = entry?;
            let (_, _, band) = key.value();
            match read(value.value()).map_err(StoreError::Damaged)? {
                Value::Own(archive) => drop(taken.headers.insert(band, archive.to_vec())),
                Value::Shared(owner) => shared.push((band, owner)),
            }
        }
        table.retain_in(all.clone(), |_, _| false)?;
    }
    for (band, owner) in shared {
        let archive = taken.headers.get(&owner).cloned().ok_or_else(|| {
            StoreError::Damaged(format!("band {band} of record #{record} shares a header that is not there"))
        })?;
        taken.headers.insert(band, archive);
    }
    let mut table = transaction.open_table(FAILURES)?;
    for entry in table.range(all.clone())? {
        let (key, value) = entry?;
        taken.failures.insert(key.value().2, Failure::from_json(value.value())?);
    }
    table.retain_in(all, |_, _| false)?;
    Ok(taken)
}

/// Writes headers and failures of records that have none, in the order of the records. Returns the
/// bytes of the headers.
pub(super) fn put<'a, A: AsRef<[u8]> + 'a>(
    transaction: &WriteTransaction,
    collection: CollectionId,
    records: impl Iterator<Item = (u64, &'a RecordHeaders<A>)> + Clone,
) -> Result<u64, StoreError> {
    let first = match records.clone().next() {
        Some((record, _)) => std::ops::Bound::Included((collection, record, 0)),
        None => return Ok(0),
    };
    let mut bytes = 0;
    let mut table = transaction.open_table(HEADERS)?;
    let mut cursor = table.lower_bound_mut(first)?;
    for (record, headers) in records.clone() {
        for (band, value) in headers.values() {
            cursor.insert_before((collection, record, band), value.as_slice())?;
            bytes += value.len() as u64;
        }
    }
    cursor.close()?;
    drop(table);
    let mut table = transaction.open_table(FAILURES)?;
    for (record, headers) in records {
        for (band, failure) in &headers.failures {
            table.insert((collection, record, *band), failure.to_json()?.as_slice())?;
        }
    }
    Ok(bytes)
}
