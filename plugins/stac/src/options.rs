//! What is asked for, besides the selection.

use rasteret_schema::BandMap;
use serde_json::{Map, Value, json};

/// What a [`StacSource`](crate::StacSource) was told.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub collections: Vec<String>,
    pub ids: Vec<String>,
    pub intersects: Option<Value>,
    pub query: Map<String, Value>,
    pub filter: Option<Value>,
    pub bands: BandMap,
    pub only_bands: Vec<String>,
    pub page_size: Option<usize>,
    pub max_items: Option<u64>,
    pub static_catalog: bool,
    /// Secret.
    pub headers: Vec<(String, String)>,
}

impl Options {
    /// All that changes the records, as JSON.
    pub fn fingerprint(&self) -> Value {
        json!({
            "ids": self.ids,
            "intersects": self.intersects,
            "query": self.query,
            "filter": self.filter,
            "band_assets": self.bands.assets.iter().collect::<Vec<_>>(),
            "band_indexes": self.bands.indexes.iter().collect::<Vec<_>>(),
            "only_bands": self.only_bands,
            "max_items": self.max_items,
            "static_catalog": self.static_catalog,
        })
    }

    /// Whether an item is of the collections and ids that are wanted.
    pub fn takes(&self, item: &Map<String, Value>) -> bool {
        let is_one_of = |wanted: &[String], name: &str| {
            wanted.is_empty()
                || item
                    .get(name)
                    .and_then(Value::as_str)
                    .is_some_and(|found| wanted.iter().any(|w| w == found))
        };
        is_one_of(&self.collections, "collection") && is_one_of(&self.ids, "id")
    }
}
