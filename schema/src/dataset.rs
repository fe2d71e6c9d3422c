//! Descriptors of datasets: how to build a collection of one, by its id alone.
//!
//! The JSON form is that of rasteret's `DatasetDescriptor`, and is described by
//! `schema/dataset-descriptor.schema.json`. Fields that are not known here are kept.

mod normalize;

pub use normalize::DescriptorError;

use crate::{BandMap, CloudConfig, CloudProvider};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// A dataset: what it is, where its records are, how its assets are reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetDescriptor {
    /// Id in its namespace, such as `earthsearch/sentinel-2-l2a`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// One line for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,

    /// URL of a STAC API or, with [`static_catalog`](Self::static_catalog), of a catalogue's root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stac_api: Option<String>,
    /// Id of the STAC collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stac_collection: Option<String>,
    /// Whether `stac_api` is a catalogue of plain files, without search.
    #[serde(default)]
    pub static_catalog: bool,
    /// URI of a table with a record a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_table_uri: Option<String>,
    /// URI of a narrow table, to plan with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_uri: Option<String>,
    /// URI of a collection that is ready to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection_uri: Option<String>,
    /// Older name of `record_table_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geoparquet_uri: Option<String>,

    /// Column of a record table (`id`, `geometry`, `datetime`, `bbox`, `href`, `proj:epsg`) → the table's own.
    #[serde(default, skip_serializing_if = "nothing")]
    pub field_roles: Option<IndexMap<String, String>>,
    /// Which columns of a record table each surface (`record_table`, `index`, `collection`) has.
    #[serde(default, skip_serializing_if = "nothing")]
    pub surface_fields: Option<IndexMap<String, Vec<String>>>,
    /// Which filters each surface takes.
    #[serde(default, skip_serializing_if = "nothing")]
    pub filter_capabilities: Option<IndexMap<String, Vec<String>>>,
    /// The table's own column → column of a record table.
    #[serde(default, skip_serializing_if = "nothing")]
    pub column_map: Option<IndexMap<String, String>>,
    /// The table's column of hrefs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href_column: Option<String>,
    /// `minx`, `miny`, `maxx`, `maxy` → the table's own columns.
    #[serde(default, skip_serializing_if = "nothing")]
    pub bbox_columns: Option<IndexMap<String, String>>,

    /// Band → key of its asset.
    #[serde(default, skip_serializing_if = "nothing")]
    pub band_map: Option<IndexMap<String, String>>,
    /// Band → sample of its asset's pixels, from 0.
    #[serde(default, skip_serializing_if = "nothing")]
    pub band_index_map: Option<IndexMap<String, i32>>,
    /// Whether each band is a file of its own.
    #[serde(default = "yes")]
    pub separate_files: bool,

    /// Where, roughly: `global`, `regional`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub spatial_coverage: String,
    /// First and last date; the last may be `present`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporal_range: Option<[String; 2]>,
    /// Whether reading takes credentials.
    #[serde(default)]
    pub requires_auth: bool,
    /// SPDX identifier, or `proprietary`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub license: String,
    /// Where the licence is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub license_url: String,
    /// Whether the licence allows commercial use.
    #[serde(default = "yes")]
    pub commercial_use: bool,

    /// Endpoint that hands out temporary S3 credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_credentials_url: Option<String>,
    /// Azure container whose URLs Planetary Computer signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_asset_url: Option<String>,
    /// How the assets are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_config: Option<CloudConfig>,

    /// A bbox that has data: west, south, east, north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example_bbox: Option<[f64; 4]>,
    /// Dates that have data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example_date_range: Option<[String; 2]>,
    /// The class of TorchGeo for the same data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torchgeo_class: Option<String>,
    /// Whether that class reads the same files.
    #[serde(default)]
    pub torchgeo_verified: bool,

    /// What else a descriptor has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

fn yes() -> bool {
    true
}

/// rasteret writes what it does not know as null or as an empty map.
fn nothing<V>(map: &Option<IndexMap<String, V>>) -> bool {
    map.as_ref().is_none_or(IndexMap::is_empty)
}

/// The datasets that are known without anybody's doing, sorted as rasteret sorts them.
pub fn built_in() -> &'static [DatasetDescriptor] {
    static BUILT_IN: LazyLock<Vec<DatasetDescriptor>> = LazyLock::new(|| {
        // A test parses it.
        serde_json::from_str(include_str!("../datasets.json")).unwrap_or_default()
    });
    &BUILT_IN
}

impl DatasetDescriptor {
    /// The bands, and where they are.
    pub fn bands(&self) -> BandMap {
        BandMap {
            assets: self.band_map.clone().unwrap_or_default(),
            indexes: self.band_index_map.clone().unwrap_or_default(),
        }
    }

    /// How the assets are reached: `cloud_config`, with what the descriptor says elsewhere.
    ///
    /// ```
    /// let built_in = rasteret_schema::dataset::built_in();
    /// let nasadem = built_in.iter().find(|dataset| dataset.id == "pc/nasadem").unwrap();
    /// assert_eq!(nasadem.cloud().signer.as_deref(), Some("planetary-computer"));
    /// ```
    pub fn cloud(&self) -> CloudConfig {
        let mut cloud = self.cloud_config.clone().unwrap_or_default();
        if cloud.s3_credentials_url.is_none() {
            cloud.s3_credentials_url.clone_from(&self.s3_credentials_url);
        }
        if self.azure_asset_url.is_some() || self.stac_api.as_deref().is_some_and(is_planetary_computer) {
            cloud.provider.get_or_insert(CloudProvider::Azure);
            cloud.signer.get_or_insert_with(|| PLANETARY_COMPUTER.to_owned());
        }
        cloud
    }

    /// The table with a record a row, where there is one.
    pub fn record_table(&self) -> Option<&str> {
        [&self.record_table_uri, &self.index_uri, &self.geoparquet_uri]
            .into_iter()
            .flatten()
            .next()
            .map(String::as_str)
    }
}

/// Name of the signer of Planetary Computer's URLs.
const PLANETARY_COMPUTER: &str = "planetary-computer";

fn is_planetary_computer(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    host.eq_ignore_ascii_case("planetarycomputer.microsoft.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_datasets_are_there() {
        let parsed: Vec<DatasetDescriptor> = serde_json::from_str(include_str!("../datasets.json")).unwrap();
        assert_eq!(parsed, built_in());
        assert_eq!(built_in().len(), 12);
        for dataset in built_in() {
            assert!(dataset.other.is_empty(), "{:?}", dataset.other);
            assert!(!dataset.description.is_empty(), "{}", dataset.id);
            assert_eq!(dataset.clone().normalized().as_ref(), Ok(dataset));
        }
    }

    #[test]
    fn planetary_computer_signs_its_own() {
        for dataset in built_in() {
            let cloud = dataset.cloud();
            let is_pc = dataset.id.starts_with("pc/");
            assert_eq!(cloud.signer.is_some(), is_pc, "{}", dataset.id);
            assert_eq!(cloud.provider == Some(CloudProvider::Azure), is_pc, "{}", dataset.id);
        }
        assert!(is_planetary_computer("https://PlanetaryComputer.microsoft.com:443/api"));
        assert!(!is_planetary_computer("https://planetarycomputer.microsoft.com.example.com/"));
        assert!(!is_planetary_computer("/planetarycomputer.microsoft.com/"));
    }
}
