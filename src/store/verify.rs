//! Finding damage: what the pages say of themselves, and what the tables say of one another.

use super::guarded::guarded;
use super::headers::{self, StoredHeader, Value};
use super::metadata::Failure;
use super::scan::Chunk;
use super::snapshot::{Collection, Snapshot};
use super::tables::{ColumnKey, HeaderKey, id_keys, text};
use super::{BandNumber, Store, StoreError, open_read_only};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use rasteret_schema::record;
use std::path::Path;

/// How thoroughly a store is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Whether the tables agree with one another: reads their keys and what is small.
    Structure,
    /// Also whether every page is as it was written, and every column and header can be read.
    Deep,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The collection, where it is known.
    pub collection: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.collection {
            Some(collection) => write!(f, "collection {collection:?}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// There is little use in more.
const MOST: usize = 1000;

#[derive(Default)]
struct Report {
    damages: Vec<Damage>,
    collection: Option<String>,
}

impl Report {
    fn add(&mut self, what: impl Into<String>) {
        if self.damages.len() < MOST {
            self.damages.push(Damage { collection: self.collection.clone(), what: what.into() });
        }
    }

    /// Runs a check, and takes note if it finds that it cannot go on.
    fn run(&mut self, check: impl FnOnce(&mut Report) -> Result<(), StoreError>) {
        match guarded(|| check(self)) {
            Ok(()) => {}
            Err(StoreError::Damaged(what)) => self.add(what),
            Err(other) => self.add(other.to_string()),
        }
    }

    fn counts(&mut self, what: &str, said: u64, found: u64) {
        if said != found {
            self.add(format!("it should have {said} {what}, but there are {found}"));
        }
    }
}

/// Looks for damage in a file, which is not changed. Lists at most a thousand.
///
/// # Errors
///
/// As [`Store::open`], except for damage, which is listed.
pub fn verify(path: impl AsRef<Path>, depth: Depth) -> Result<Vec<Damage>, StoreError> {
    let path = path.as_ref();
    let mut report = Report::default();
    match Store::open(path) {
        Ok(store) => {
            report.run(|report| check_store(&store, depth, report));
        }
        Err(StoreError::Damaged(what)) => report.add(what),
        Err(other) => return Err(other),
    }
    if depth == Depth::Deep {
        report.run(|report| {
            let mut database = open_read_only(path)?;
            match database.check_integrity() {
                Ok(true) => {}
                Ok(false) => report.add("pages of the file are not as they were written"),
                Err(error) => report.add(format!("pages of the file: {error}")),
            }
            Ok(())
        });
    }
    Ok(report.damages)
}

fn check_store(store: &Store, depth: Depth, report: &mut Report) -> Result<(), StoreError> {
    let snapshot = store.read()?;
    let mut entries = Entries::default();
    for name in snapshot.names()? {
        report.collection = Some(name.clone());
        report.run(|report| {
            let collection = snapshot.collection(&name)?;
            let found = check_collection(&collection, depth, report)?;
            entries.chunks += found.chunks;
            entries.tombstones += found.tombstones;
            entries.ids += found.ids;
            entries.headers += found.headers;
            entries.failures += found.failures;
            Ok(())
        });
        report.collection = None;
    }
    report.run(|_| snapshot.datasets().map(|_| ()));
    if report.damages.is_empty() {
        check_orphans(&snapshot, &entries, report)?;
    }
    Ok(())
}

/// Entries of the tables that belong to collections.
#[derive(Default)]
struct Entries {
    chunks: u64,
    tombstones: u64,
    ids: u64,
    headers: u64,
    failures: u64,
}

fn check_orphans(snapshot: &Snapshot, entries: &Entries, report: &mut Report) -> Result<(), StoreError> {
    let tables = &snapshot.source.tables;
    report.counts("chunks", entries.chunks, tables.chunks.len()?);
    report.counts("tombstones", entries.tombstones, tables.tombstones.len()?);
    report.counts("ids", entries.ids, tables.ids.len()?);
    report.counts("headers", entries.headers, tables.headers.len()?);
    report.counts("failures", entries.failures, tables.failures.len()?);
    Ok(())
}

fn check_collection(
    collection: &Collection,
    depth: Depth,
    report: &mut Report,
) -> Result<Entries, StoreError> {
    let chunks = collection.chunks()?;
    let metadata = collection.metadata();
    let mut end = 0;
    for chunk in chunks {
        if chunk.first() < end {
            report.add(format!("the chunk of record #{} overlaps the one before", chunk.first()));
        }
        end = chunk.first() + chunk.zone().rows() as u64;
        let columns = &chunk.zone().stored.columns;
        if columns.iter().any(|column| usize::from(column.column) >= collection.schema().fields().len()) {
            report.add(format!("the chunk of record #{} has a column without a name", chunk.first()));
        }
    }
    if end > metadata.next_record {
        report.add(format!("there are records up to #{end}, beyond #{}", metadata.next_record));
    }
    report.counts("records", metadata.records, chunks.iter().map(|chunk| chunk.len() as u64).sum());

    let ids = check_ids(collection, report)?;
    let headers = check_headers(collection, depth, report)?;
    report.counts("headers", metadata.headers, headers);
    let failures = check_failures(collection, report)?;
    report.counts("failures", metadata.failures, failures);
    if depth == Depth::Deep {
        for chunk in chunks {
            report.run(|report| check_chunk(collection, chunk, report));
        }
        check_columns(collection, report)?;
    }
    Ok(Entries {
        chunks: chunks.len() as u64,
        tombstones: chunks.iter().filter(|chunk| chunk.has_deleted()).count() as u64,
        ids,
        headers,
        failures,
    })
}

/// Every id names a record, and every record has one.
fn check_ids(collection: &Collection, report: &mut Report) -> Result<u64, StoreError> {
    let (chunks, keys) = (collection.chunks()?, id_keys(collection.id()));
    let mut named: Vec<Vec<bool>> = chunks.iter().map(|chunk| vec![false; chunk.zone().rows()]).collect();
    let mut count = 0;
    for entry in collection.tables().ids.range::<&[u8]>(keys.start.as_slice()..keys.end.as_slice())? {
        let (key, number) = entry?;
        let record = number.value();
        let id = text(key.value().get(4..).unwrap_or_default())?;
        count += 1;
        let place = collection.place(record)?;
        match place.and_then(|(chunk, row)| named.get_mut(chunk)?.get_mut(row)) {
            Some(named) if !*named => *named = true,
            Some(_) => report.add(format!("record #{record} has several ids, among them {id:?}")),
            None => report.add(format!("id {id:?} names record #{record}, which is not there")),
        }
    }
    report.counts("ids", collection.len(), count);
    Ok(count)
}

fn check_headers(collection: &Collection, depth: Depth, report: &mut Report) -> Result<u64, StoreError> {
    let all = (collection.id(), 0, 0)..=(collection.id(), u64::MAX, BandNumber::MAX);
    let mut count = 0;
    for entry in collection.tables().headers.range::<HeaderKey>(all)? {
        let (key, value) = entry?;
        let (id, record, band) = key.value();
        count += 1;
        let mut add = |what: &str| report.add(format!("header of record #{record}, band {band}: {what}"));
        if collection.place(record)?.is_none() {
            add("there is no such record");
        }
        if usize::from(band) >= collection.metadata().bands.len() {
            add("there is no such band");
        }
        match headers::read(value.value()) {
            Ok(Value::Own(_)) if depth == Depth::Deep => {
                if let Err(what) = StoredHeader::new(value).access() {
                    add(&what);
                }
            }
            Ok(Value::Own(_)) => {}
            Ok(Value::Shared(owner)) => match collection.tables().headers.get((id, record, owner))? {
                Some(value) if matches!(headers::read(value.value()), Ok(Value::Own(_))) => {}
                _ => add("it is said to be that of a band without one"),
            },
            Err(what) => add(&what),
        }
    }
    Ok(count)
}

fn check_failures(collection: &Collection, report: &mut Report) -> Result<u64, StoreError> {
    let all = (collection.id(), 0, 0)..=(collection.id(), u64::MAX, BandNumber::MAX);
    let mut count = 0;
    for entry in collection.tables().failures.range::<HeaderKey>(all)? {
        let (key, value) = entry?;
        let (_, record, band) = key.value();
        count += 1;
        if collection.place(record)?.is_none() {
            report.add(format!("failure of record #{record}, band {band}: there is no such record"));
        }
        if let Err(error) = Failure::from_json(value.value()) {
            report.add(format!("failure of record #{record}, band {band}: {error}"));
        }
    }
    Ok(count)
}

/// All columns can be read, and the ids are those of the table.
fn check_chunk(collection: &Collection, chunk: &Chunk, report: &mut Report) -> Result<(), StoreError> {
    for field in collection.schema().fields() {
        let projection = collection.projection(&[field.name().as_str()])?;
        report.run(|report| {
            let batch = collection.read_chunk(chunk, &projection)?;
            if field.name() != record::ID {
                return Ok(());
            }
            let Some(ids) = batch.batch.column(0).as_string_opt::<i32>() else {
                return Err(StoreError::Damaged("the ids are not texts".to_owned()));
            };
            for (record, row) in batch.records.iter().zip(0..ids.len()) {
                if collection.find(ids.value(row))? != Some(*record) {
                    report
                        .add(format!("the id {:?} of record #{record} is not in the table", ids.value(row)));
                }
            }
            Ok(())
        });
    }
    Ok(())
}

/// Every stored column belongs to a chunk.
fn check_columns(collection: &Collection, report: &mut Report) -> Result<(), StoreError> {
    let chunks = collection.chunks()?;
    let all = (collection.id(), 0, 0, 0)..=(collection.id(), u64::MAX, u16::MAX, u16::MAX);
    for entry in collection.tables().columns.range::<ColumnKey>(all)? {
        let (_, first, column, segment) = entry?.0.value();
        let index = chunks.binary_search_by_key(&first, Chunk::first).ok();
        let chunk = index.and_then(|index| chunks.get(index));
        let stored = chunk.and_then(|chunk| chunk.zone().stored.column(column.into()));
        if stored.is_none_or(|stored| segment >= stored.segments) {
            report
                .add(format!("segment {segment} of column {column} belongs to no chunk of record #{first}"));
        }
    }
    Ok(())
}
