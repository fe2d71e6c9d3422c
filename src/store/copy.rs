//! Copying headers from one collection to another.

use super::headers::{RecordHeaders, StoredHeader};
use super::snapshot::Collection;
use super::transaction::Transaction;
use super::{BandNumber, StoreError};

/// Headers that are copied at once, if a record does not have more.
const AT_ONCE: usize = 4096;

impl Transaction<'_> {
    /// Copies headers, as they are, and the reasons why others are missing, from records of a collection, which may
    /// be one of another store, to records of this one that have neither. Both are given by their numbers, those of
    /// this collection in ascending order without others between them.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchCollection`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn copy_headers(
        &mut self,
        name: &str,
        from: &Collection,
        records: impl IntoIterator<Item = (u64, u64)>,
    ) -> Result<(), StoreError> {
        let metadata = from.metadata();
        if metadata.headers == 0 && metadata.failures == 0 {
            return Ok(());
        }
        self.change(|this| {
            let mut copied: Vec<(u64, RecordHeaders<StoredHeader>)> = Vec::new();
            let mut count = 0;
            for (source, target) in records {
                let headers = this.headers_from(name, from, source)?;
                count += headers.headers.len();
                copied.push((target, headers));
                if count >= AT_ONCE {
                    this.put_headers(name, copied.iter().map(|(record, headers)| (*record, headers)))?;
                    copied.clear();
                    count = 0;
                }
            }
            this.put_headers(name, copied.iter().map(|(record, headers)| (*record, headers)))
        })
    }

    /// The headers and failures of a record of another collection, by the band numbers of this one.
    fn headers_from(
        &mut self,
        name: &str,
        from: &Collection,
        record: u64,
    ) -> Result<RecordHeaders<StoredHeader>, StoreError> {
        let metadata = &mut self.touch(name)?.metadata;
        let mut number = |band: BandNumber| {
            let bands = &from.metadata().bands;
            let missing = || StoreError::Damaged(format!("record #{record} has a band without a name"));
            metadata.add_band(bands.get(usize::from(band)).ok_or_else(missing)?)
        };
        let mut headers = RecordHeaders { headers: Default::default(), failures: Default::default() };
        for band in from.header_bands(record)? {
            let header = from.find_header(record, band)?;
            if let Some(header) = header {
                header.access().map_err(StoreError::Damaged)?;
                headers.headers.insert(number(band)?, header);
            }
        }
        for (band, failure) in from.failures_of(record)? {
            headers.failures.insert(number(band)?, failure);
        }
        Ok(headers)
    }
}
