//! Descriptors of datasets that were registered in the file.

use super::tables::{DATASETS, text};
use super::{Snapshot, StoreError, Transaction};
use rasteret_schema::DatasetDescriptor;

impl Snapshot {
    /// The datasets that are registered, by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn datasets(&self) -> Result<Vec<DatasetDescriptor>, StoreError> {
        let Some(table) = &self.source.tables.datasets else { return Ok(Vec::new()) };
        let mut datasets = Vec::new();
        for entry in table.range::<&[u8]>(..)? {
            let (id, json) = entry?;
            let id = text(id.value())?;
            datasets
                .push(serde_json::from_slice(json.value()).map_err(|error| {
                    StoreError::Damaged(format!("descriptor of dataset {id:?}: {error}"))
                })?);
        }
        Ok(datasets)
    }
}

impl Transaction<'_> {
    /// Registers a dataset, in place of the one of its id if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Invalid`] without an id, [`StoreError::Io`].
    pub fn register_dataset(&mut self, dataset: &DatasetDescriptor) -> Result<(), StoreError> {
        if dataset.id.is_empty() {
            return Err(StoreError::Invalid("a dataset needs an id".to_owned()));
        }
        let json = serde_json::to_vec(dataset).map_err(|error| StoreError::Invalid(error.to_string()))?;
        self.change(|this| {
            this.redb().open_table(DATASETS)?.insert(dataset.id.as_bytes(), json.as_slice())?;
            Ok(())
        })
    }

    /// Removes a dataset, and says whether there was one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`].
    pub fn unregister_dataset(&mut self, id: &str) -> Result<bool, StoreError> {
        self.change(|this| Ok(this.redb().open_table(DATASETS)?.remove(id.as_bytes())?.is_some()))
    }
}
