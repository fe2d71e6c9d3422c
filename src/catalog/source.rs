//! The source of a dataset: what its descriptor points at.

use super::CatalogError;
use crate::io::ByteSources;
use rasteret_schema::{
    Access, CloudConfig, DatasetDescriptor, RecordStream, Selection, SourceAdapter, SourceError,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The records of a dataset.
///
/// A descriptor may point at several things. A collection that is ready comes first, for its headers are
/// parsed; then a STAC API or catalogue; then a table.
#[derive(Debug)]
pub struct DatasetSource {
    cloud: CloudConfig,
    adapter: Box<dyn SourceAdapter>,
}

/// What is taken of a dataset, beside where and when.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// Only these bands; all, if there are none.
    pub bands: Vec<String>,
    /// Conditions of the query extension of a STAC API, such as `{"eo:cloud_cover": {"lt": 20}}`.
    pub query: Option<Map<String, Value>>,
    /// Condition in CQL2 text, of the filter extension of a STAC API.
    pub filter: Option<String>,
    /// Only the items of a STAC API with these ids; all, if there are none.
    pub ids: Vec<String>,
}

impl DatasetSource {
    /// The source of a dataset, reached as its descriptor says. Nothing is asked for until it is built from.
    ///
    /// # Errors
    ///
    /// If the descriptor points at nothing, or the choice has what only a STAC API takes and there is none.
    pub fn new(
        dataset: &DatasetDescriptor,
        choice: Choice,
        sources: &ByteSources,
    ) -> Result<Self, CatalogError> {
        let cloud = dataset.cloud();
        let access = Arc::new(sources.with_cloud(&cloud));
        let wanted = Wanted { dataset, choice, access };
        let adapter = match (&dataset.collection_uri, &dataset.stac_api, dataset.record_table()) {
            (Some(collection), ..) => wanted.of_collection(collection)?,
            (None, Some(api), _) => wanted.of_api(api)?,
            (None, None, Some(table)) => wanted.of_table(table)?,
            (None, None, None) => return Err(CatalogError::NoSource(dataset.id.clone())),
        };
        Ok(DatasetSource { cloud, adapter })
    }
}

impl SourceAdapter for DatasetSource {
    fn kind(&self) -> &'static str {
        self.adapter.kind()
    }

    fn description(&self) -> String {
        self.adapter.description()
    }

    fn fingerprint(&self) -> Result<String, SourceError> {
        self.adapter.fingerprint()
    }

    fn cloud(&self) -> CloudConfig {
        self.cloud.clone()
    }

    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a> {
        self.adapter.records(selection)
    }
}

/// What is taken of which dataset, and how it is reached.
#[cfg_attr(not(any(feature = "stac", feature = "table")), expect(dead_code))]
struct Wanted<'a> {
    dataset: &'a DatasetDescriptor,
    choice: Choice,
    access: Arc<dyn Access>,
}

type Adapter = Box<dyn SourceAdapter>;

#[cfg(feature = "stac")]
impl Wanted<'_> {
    fn of_api(self, api: &str) -> Result<Adapter, CatalogError> {
        let Wanted { dataset, choice, access } = self;
        let mut source = rasteret_stac::StacSource::new(api, access)
            .bands(dataset.bands())
            .static_catalog(dataset.static_catalog);
        if let Some(collection) = &dataset.stac_collection {
            source = source.collection(collection);
        }
        if !choice.bands.is_empty() {
            source = source.only_bands(choice.bands);
        }
        if let Some(query) = choice.query {
            source = source.query(query);
        }
        if let Some(filter) = choice.filter {
            source = source.filter(filter);
        }
        if !choice.ids.is_empty() {
            source = source.ids(choice.ids);
        }
        Ok(Box::new(source))
    }
}

#[cfg(feature = "table")]
impl Wanted<'_> {
    /// A table of records, as its owner made it.
    fn of_table(self, uri: &str) -> Result<Adapter, CatalogError> {
        let dataset = self.dataset;
        let mut source = self.table(uri)?.bands(dataset.bands());
        if let Some(columns) = &dataset.column_map {
            source = source.column_map(columns.clone());
        }
        if let Some(column) = &dataset.href_column {
            source = source.href_column(column);
        }
        if let Some(columns) = &dataset.bbox_columns {
            source = source.bbox_columns(columns.clone());
        }
        Ok(Box::new(source))
    }

    /// A collection that was exported: its columns have the names that records have, whatever those of the table
    /// were that it was built from.
    fn of_collection(self, uri: &str) -> Result<Adapter, CatalogError> {
        Ok(Box::new(self.table(uri)?))
    }

    fn table(self, uri: &str) -> Result<rasteret_table::TableSource, CatalogError> {
        let Wanted { dataset, choice, access } = self;
        if choice.query.is_some() || choice.filter.is_some() || !choice.ids.is_empty() {
            return Err(CatalogError::NoSearch(dataset.id.clone()));
        }
        let source = rasteret_table::TableSource::new(uri, access);
        Ok(if choice.bands.is_empty() { source } else { source.only_bands(choice.bands) })
    }
}

#[cfg(not(feature = "stac"))]
impl Wanted<'_> {
    fn of_api(self, _: &str) -> Result<Adapter, CatalogError> {
        Err(CatalogError::NoAdapter { id: self.dataset.id.clone(), feature: "stac" })
    }
}

#[cfg(not(feature = "table"))]
impl Wanted<'_> {
    fn of_table(self, _: &str) -> Result<Adapter, CatalogError> {
        Err(CatalogError::NoAdapter { id: self.dataset.id.clone(), feature: "table" })
    }

    fn of_collection(self, uri: &str) -> Result<Adapter, CatalogError> {
        self.of_table(uri)
    }
}
