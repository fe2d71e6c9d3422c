//! Changing and deleting what is there: headers and records.

use super::guarded::guarded;
use super::headers::RecordHeaders;
use super::metadata::Failure;
use super::tables::{CHUNKS, COLUMNS, ChunkKey, CollectionId, IDS, TOMBSTONES, id_key};
use super::transaction::Transaction;
use super::zone::StoredZone;
use super::{BandNumber, Collection, StoreError, headers};
use rasteret_schema::HeaderArchive;
use redb::ReadableTable;
use std::collections::BTreeMap;

impl Transaction<'_> {
    /// Stores the header of a record's band, in place of the one there is, or of the reason why there
    /// was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::NoSuchRecord`], [`StoreError::Invalid`],
    /// [`StoreError::Io`].
    pub fn put_header(
        &mut self,
        name: &str,
        id: &str,
        band: &str,
        header: &HeaderArchive,
    ) -> Result<(), StoreError> {
        headers::check(header.as_bytes())?;
        self.edit_headers(name, id, band, |headers, band| {
            headers.failures.remove(&band);
            headers.headers.insert(band, header.as_bytes().to_vec());
        })
    }

    /// Says why the header of a record's band is missing. A header that is there is deleted.
    ///
    /// # Errors
    ///
    /// As [`Transaction::put_header`].
    pub fn put_failure(
        &mut self,
        name: &str,
        id: &str,
        band: &str,
        failure: Failure,
    ) -> Result<(), StoreError> {
        self.edit_headers(name, id, band, |headers, band| {
            headers.headers.remove(&band);
            headers.failures.insert(band, failure);
        })
    }

    /// Stores headers of records as a snapshot has them, by the numbers that they have there: in place of those that
    /// there are, but not of records that were replaced or deleted since. Each record comes with its id.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`] if the collection was deleted or renamed since, [`StoreError::Damaged`],
    /// [`StoreError::Io`].
    pub(crate) fn put_headers_of<'a>(
        &mut self,
        snapshot: &Collection,
        headers: impl IntoIterator<Item = (u64, &'a str, BandNumber, &'a HeaderArchive)>,
    ) -> Result<(), StoreError> {
        let (name, collection) = (snapshot.name(), snapshot.id());
        let mut by_record: BTreeMap<(u64, &str), Vec<(BandNumber, &HeaderArchive)>> = BTreeMap::new();
        for (record, id, band, header) in headers {
            by_record.entry((record, id)).or_default().push((band, header));
        }
        if self.touch(name)?.metadata.id != collection {
            return Err(StoreError::NoSuchCollection { name: name.to_owned(), available: Vec::new() });
        }
        self.change(|this| {
            for ((record, id), headers) in by_record {
                let ids = this.redb().open_table(IDS)?;
                let known = ids.get(id_key(collection, id).as_slice())?.map(|number| number.value());
                drop(ids);
                if known != Some(record) {
                    continue;
                }
                let mut all = this.take_headers(name, record)?;
                for (band, header) in headers {
                    all.failures.remove(&band);
                    all.headers.insert(band, header.as_bytes().to_vec());
                }
                this.put_headers(name, std::iter::once((record, &all)))?;
            }
            Ok(())
        })
    }

    fn edit_headers(
        &mut self,
        name: &str,
        id: &str,
        band: &str,
        edit: impl FnOnce(&mut RecordHeaders<Vec<u8>>, BandNumber),
    ) -> Result<(), StoreError> {
        let key = id_key(self.touch(name)?.metadata.id, id);
        let record = guarded(|| {
            let number = self.redb().open_table(IDS)?.get(key.as_slice())?.map(|number| number.value());
            Ok::<_, StoreError>(number)
        })?;
        let record = record
            .ok_or_else(|| StoreError::NoSuchRecord { collection: name.to_owned(), record: id.to_owned() })?;
        self.change(|this| {
            let band = this.touch(name)?.metadata.add_band(band)?;
            let mut headers = this.take_headers(name, record)?;
            edit(&mut headers, band);
            this.put_headers(name, std::iter::once((record, &headers)))
        })
    }

    /// Takes the headers of a record out of the tables and the counts.
    pub(super) fn take_headers(
        &mut self,
        name: &str,
        record: u64,
    ) -> Result<RecordHeaders<Vec<u8>>, StoreError> {
        let collection = self.touch(name)?.metadata.id;
        let taken = headers::take(self.redb(), collection, record)?;
        let metadata = &mut self.touch(name)?.metadata;
        metadata.headers = metadata.headers.saturating_sub(taken.headers.len() as u64);
        metadata.failures = metadata.failures.saturating_sub(taken.failures.len() as u64);
        let bytes: usize = taken.values().map(|(_, value)| value.len()).sum();
        metadata.bytes = metadata.bytes.saturating_sub(bytes as u64);
        Ok(taken)
    }

    /// Puts headers of records that have none into the tables and the counts.
    pub(super) fn put_headers<'a, A: AsRef<[u8]> + 'a>(
        &mut self,
        name: &str,
        records: impl Iterator<Item = (u64, &'a RecordHeaders<A>)> + Clone,
    ) -> Result<(), StoreError> {
        let collection = self.touch(name)?.metadata.id;
        let bytes = headers::put(self.redb(), collection, records.clone())?;
        let metadata = &mut self.touch(name)?.metadata;
        metadata.bytes += bytes;
        for (_, headers) in records {
            metadata.headers += headers.headers.len() as u64;
            metadata.failures += headers.failures.len() as u64;
        }
        Ok(())
    }

    /// Deletes records with their headers. Returns how many there were.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn delete_records<'a>(
        &mut self,
        name: &str,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<usize, StoreError> {
        let collection = self.touch(name)?.metadata.id;
        self.change(|this| {
            let mut records = Vec::new();
            {
                let mut table = this.redb().open_table(IDS)?;
                for id in ids {
                    records.extend(
                        table.remove(id_key(collection, id).as_slice())?.map(|number| number.value()),
                    );
                }
            }
            for record in &records {
                this.take_headers(name, *record)?;
            }
            records.sort_unstable();
            this.bury(name, &records)?;
            Ok(records.len())
        })
    }

    /// Marks rows as deleted, and removes chunks that have no others. The records are sorted.
    pub(super) fn bury(&mut self, name: &str, records: &[u64]) -> Result<(), StoreError> {
        let collection = self.touch(name)?.metadata.id;
        let mut rest = records;
        while let Some(record) = rest.first() {
            let (first, zone) = self.chunk_of(collection, *record)?;
            let rows = zone.rows as usize;
            let (dead, others) = rest.split_at(rest.partition_point(|dead| *dead - first < rows as u64));
            rest = others;
            let mut tombstones = self.redb().open_table(TOMBSTONES)?;
            let mut bitmap = match tombstones.get((collection, first))? {
                Some(bitmap) => bitmap.value().to_vec(),
                None => vec![0; rows.div_ceil(8)],
            };
            for record in dead {
                let row = (record - first) as usize;
                match bitmap.get_mut(row / 8) {
                    Some(byte) => *byte |= 1 << (row % 8),
                    None => {
                        return Err(StoreError::Damaged(format!("tombstones of the chunk of #{first}")));
                    }
                }
            }
            let has_others = bitmap.iter().map(|byte| byte.count_ones() as usize).sum::<usize>() < rows;
            if has_others {
                tombstones.insert((collection, first), bitmap.as_slice())?;
                continue;
            }
            tombstones.remove((collection, first))?;
            drop(tombstones);
            self.redb().open_table(CHUNKS)?.remove((collection, first))?;
            let columns = (collection, first, 0, 0)..=(collection, first, u16::MAX, u16::MAX);
            self.delete_range(COLUMNS, columns)?;
        }
        let metadata = &mut self.touch(name)?.metadata;
        metadata.records = metadata.records.saturating_sub(records.len() as u64);
        Ok(())
    }

    /// The chunk that a record lies in.
    pub(super) fn chunk_of(
        &self,
        collection: CollectionId,
        record: u64,
    ) -> Result<(u64, StoredZone), StoreError> {
        let damaged = |what: String| StoreError::Damaged(format!("chunk of record #{record}: {what}"));
        let chunks = self.redb().open_table(CHUNKS)?;
        let last = chunks.range::<ChunkKey>((collection, 0)..=(collection, record))?.next_back();
        let Some((key, zone)) = last.transpose()? else { return Err(damaged("it is missing".to_owned())) };
        let zone = StoredZone::from_bytes(zone.value()).map_err(damaged)?;
        let (_, first) = key.value();
        if record - first < u64::from(zone.rows) {
            Ok((first, zone))
        } else {
            Err(damaged("it is missing".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Description, Store};
    use rasteret_schema::record::to_batch;
    use rasteret_schema::{Asset, Record};

    fn record(id: &str, href: &str) -> Record {
        Record {
            id: id.to_owned(),
            datetime: 0,
            end_datetime: None,
            geometry: None,
            bbox: None,
            assets: vec![Asset { band: "B04".to_owned(), href: href.to_owned(), band_index: None }],
            epsg: None,
            crs: None,
            collection: None,
        }
    }

    #[test]
    fn headers_of_a_snapshot_are_stored_where_records_are_as_they_were() {
        let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/golden/header-v1.bin");
        let header = HeaderArchive::from_bytes(std::fs::read(golden).unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("it.rasteret")).unwrap();
        let append = |records: &[Record]| {
            let mut write = store.write().unwrap();
            write.append("c", &to_batch(records).unwrap(), &[], &[]).unwrap();
            write.commit().unwrap();
        };
        let mut write = store.write().unwrap();
        write.create_collection("c", Description::default()).unwrap();
        write.commit().unwrap();
        append(&["kept", "replaced", "deleted"].map(|id| record(id, "a.tif")));
        let before = store.read().unwrap().collection("c").unwrap();
        append(&[record("replaced", "b.tif")]);
        let mut write = store.write().unwrap();
        write.delete_records("c", ["deleted"]).unwrap();
        let band = before.band("B04").unwrap();
        let put = |write: &mut Transaction<'_>| {
            let headers = ["kept", "replaced", "deleted"];
            write.put_headers_of(&before, (0..).zip(headers).map(|(record, id)| (record, id, band, &header)))
        };
        put(&mut write).unwrap();
        write.commit().unwrap();
        let after = store.read().unwrap().collection("c").unwrap();
        assert_eq!(after.metadata().headers, 1);
        let found = |id: &str| after.find_header(after.record_number(id).unwrap(), band).unwrap().is_some();
        assert!(found("kept") && !found("replaced"));
        // Nor of a collection that has but its name.
        let mut write = store.write().unwrap();
        write.delete_collection("c").unwrap();
        write.create_collection("c", Description::default()).unwrap();
        assert!(matches!(put(&mut write), Err(StoreError::NoSuchCollection { .. })));
    }
    #[test]
    fn who_does_not_wait_gets_no_transaction_while_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it.rasteret");
        let store = Store::create(&path).unwrap();
        let is_free = || store.write_if_free().unwrap().is_some();
        let write = store.write().unwrap();
        assert!(!is_free());
        drop(write);
        assert!(is_free());
        store.write().unwrap().commit().unwrap();
        assert!(is_free());
        drop(store);
        assert!(Store::open(&path).unwrap().write_if_free().unwrap().is_none(), "it is open for reading");
    }
}
