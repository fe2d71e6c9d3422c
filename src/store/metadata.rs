//! What is known of a collection as a whole.

use super::tables::CollectionId;
use super::{BandNumber, StoreError};
use rasteret_schema::{BandAliases, CloudConfigs};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is said about a collection by whoever makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// When it was made, in microseconds since 1970, UTC.
    pub created: i64,
    /// Where the records come from, for people. It must not hold credentials.
    pub data_source: String,
    /// Text for people.
    pub description: String,
    /// Whether all records of the source are in.
    pub state: BuildState,
    /// Identifies the build (source, selection, options): a complete collection of the same
    /// fingerprint need not be built again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Whatever else belongs to the collection.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub properties: serde_json::Map<String, serde_json::Value>,
}

impl Default for Description {
    /// A collection that is begun now.
    fn default() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Description {
            created: i64::try_from(now.as_micros()).unwrap_or(i64::MAX),
            data_source: String::new(),
            description: String::new(),
            state: BuildState::Building,
            fingerprint: None,
            properties: serde_json::Map::new(),
        }
    }
}

/// Where [`Description::properties`] keep how the assets are reached.
const CLOUD: &str = "cloud";
/// Where [`Description::properties`] keep how those below a root of hrefs are.
const CLOUD_BY_ROOT: &str = "cloud_by_root";
/// Where [`Description::properties`] keep other names of the bands.
const BAND_ALIASES: &str = "band_aliases";
/// Where they keep which local files may be read.
const LOCAL_ROOTS: &str = "local_roots";
/// Where they keep that headers came with a table that may not say all of its files.
const UNCONFIRMED_HEADERS: &str = "unconfirmed_headers";
/// Where they keep what a collection was imported from.
const IMPORTED_FROM: &str = "imported_from";

impl Description {
    /// How the assets are reached.
    pub fn cloud(&self) -> CloudConfigs {
        CloudConfigs { cloud: self.property(CLOUD), cloud_by_root: self.property(CLOUD_BY_ROOT) }
    }

    /// Says how the assets are reached.
    pub fn set_cloud(&mut self, configs: &CloudConfigs) {
        self.set_property(CLOUD, &configs.cloud, configs.cloud.is_default());
        self.set_property(CLOUD_BY_ROOT, &configs.cloud_by_root, configs.cloud_by_root.is_empty());
    }

    /// Other names of the bands.
    pub fn band_aliases(&self) -> BandAliases {
        self.property(BAND_ALIASES)
    }

    /// Gives the bands other names, in place of those that there were.
    pub fn set_band_aliases(&mut self, aliases: &BandAliases) {
        self.set_property(BAND_ALIASES, aliases, aliases.is_empty());
    }

    /// Whether headers of no known version of their files came with a table that may not say all of these, or be
    /// older than they are: a read that uses one has it confirmed by the file's own.
    pub fn has_unconfirmed_headers(&self) -> bool {
        self.property(UNCONFIRMED_HEADERS)
    }

    /// Says that there are such headers.
    pub fn set_unconfirmed_headers(&mut self) {
        self.properties.insert(UNCONFIRMED_HEADERS.to_owned(), true.into());
    }

    /// The properties that belong to the collection wherever it is: not what was said about this machine, nor what
    /// each file of an export says of its own headers.
    pub(crate) fn shared_properties(&self) -> serde_json::Map<String, serde_json::Value> {
        let is_shared = |name: &str| ![LOCAL_ROOTS, IMPORTED_FROM, UNCONFIRMED_HEADERS].contains(&name);
        let shared = self.properties.iter().filter(|(name, _)| is_shared(name));
        shared.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn property<T: DeserializeOwned + Default>(&self, name: &str) -> T {
        let value = self.properties.get(name).cloned().unwrap_or_default();
        serde_json::from_value(value).unwrap_or_default()
    }

    fn set_property(&mut self, name: &str, value: &impl Serialize, is_nothing: bool) {
        match serde_json::to_value(value) {
            Ok(value) if !is_nothing => self.properties.insert(name.to_owned(), value),
            _ => self.properties.remove(name),
        };
    }

    /// The canonical paths of the folders and files that local assets must lie below; `None` where they may lie
    /// anywhere, as those of collections that were not imported may.
    pub fn local_roots(&self) -> Option<Vec<PathBuf>> {
        let roots = self.properties.get(LOCAL_ROOTS)?;
        // What makes no sense allows nothing.
        Some(serde_json::from_value(roots.clone()).unwrap_or_default())
    }

    /// Says below which folders and files local assets must lie.
    pub fn set_local_roots(&mut self, roots: &[PathBuf]) {
        let roots: Vec<_> = roots.iter().filter_map(|root| root.to_str()).collect();
        self.properties.insert(LOCAL_ROOTS.to_owned(), roots.into());
    }

    /// What the collection was made from, by whoever made it here: what it was imported from, else its data source.
    pub fn origin(&self) -> &str {
        let imported = self.properties.get(IMPORTED_FROM).and_then(serde_json::Value::as_str);
        imported.unwrap_or(&self.data_source)
    }

    /// Says what the collection was imported from.
    pub fn set_imported_from(&mut self, origin: &str) {
        self.properties.insert(IMPORTED_FROM.to_owned(), origin.into());
    }
}

/// Whether all records of a collection's source are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuildState {
    /// A build has begun, and has not ended.
    Building,
    /// All records are in.
    Complete,
}

/// What the store knows of a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    pub(super) id: CollectionId,
    /// What was said about it.
    #[serde(flatten)]
    pub description: Description,
    /// Names of the bands, in the order of their numbers.
    pub bands: Vec<String>,
    /// Number of records.
    pub records: u64,
    /// Number of headers, each band of each record counted.
    pub headers: u64,
    /// Number of headers that are missing for a known reason.
    pub failures: u64,
    /// Bytes of its columns and headers. Columns of deleted records count as long as they are stored.
    #[serde(default)]
    pub bytes: u64,
    /// The number that the next record gets.
    pub(super) next_record: u64,
}

impl Metadata {
    pub(super) fn new(id: CollectionId, description: Description) -> Self {
        Metadata {
            id,
            description,
            bands: Vec::new(),
            records: 0,
            headers: 0,
            failures: 0,
            bytes: 0,
            next_record: 0,
        }
    }

    pub(super) fn from_json(name: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes)
            .map_err(|error| StoreError::Damaged(format!("metadata of collection {name:?}: {error}")))
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(self).map_err(|error| StoreError::Invalid(error.to_string()))
    }

    /// Number of a band.
    pub(super) fn band(&self, name: &str) -> Option<BandNumber> {
        // `add_band` keeps the numbers within the type.
        self.bands.iter().position(|band| band == name).map(|index| index as BandNumber)
    }

    pub(super) fn add_band(&mut self, name: &str) -> Result<BandNumber, StoreError> {
        if let Some(band) = self.band(name) {
            return Ok(band);
        }
        let band = BandNumber::try_from(self.bands.len()).map_err(|_| {
            StoreError::Invalid(format!("a collection has at most {} bands", BandNumber::MAX as usize + 1))
        })?;
        self.bands.push(name.to_owned());
        Ok(band)
    }
}

/// Why the header of a band is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Short name of the kind of failure, as [`rasteret_schema::RasterError::kind`].
    pub kind: String,
    /// The file.
    pub href: String,
    /// What is wrong.
    pub message: String,
}

impl Failure {
    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, StoreError> {
        serde_json::from_slice(bytes).map_err(|error| StoreError::Damaged(format!("failure: {error}")))
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(self).map_err(|error| StoreError::Invalid(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_on_one_machine_is_not_shared() {
        let mut description = Description::default();
        description.set_local_roots(&["/home/someone".into()]);
        description.set_imported_from("import: /home/someone/table");
        description.set_unconfirmed_headers();
        description.properties.insert("licence".to_owned(), "CC-BY-4.0".into());
        let shared = description.shared_properties();
        assert_eq!(shared.keys().collect::<Vec<_>>(), ["licence"]);
    }
}
