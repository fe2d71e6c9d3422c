//! How the assets of several datasets in one collection are reached.
//!
//! Settings hold for all assets below a *root*: a server, or a bucket of an object store.

use crate::CloudConfig;
use crate::access::plain_href;
use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::{Deserialize, Serialize};

/// The root of local files.
const LOCAL: &str = "file:///";

/// Settings of the assets of a collection, by the roots of their hrefs.
///
/// Those of a collection of one dataset are [one](From), whatever the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudConfigs {
    /// Those of the roots that are not below.
    pub cloud: CloudConfig,
    /// Those of roots, as [`href_root`] gives them.
    pub cloud_by_root: IndexMap<String, CloudConfig>,
}

impl CloudConfigs {
    /// The settings by which an asset is reached.
    pub fn of(&self, href: &str) -> &CloudConfig {
        if self.cloud_by_root.is_empty() {
            return &self.cloud;
        }
        self.cloud_by_root.get(&href_root(href)).unwrap_or(&self.cloud)
    }
}

impl From<CloudConfig> for CloudConfigs {
    fn from(cloud: CloudConfig) -> Self {
        CloudConfigs { cloud, cloud_by_root: IndexMap::new() }
    }
}

/// Finds the settings of a collection that several are merged into, from all their assets.
///
/// ```
/// use rasteret_schema::{CloudConfig, MergedCloud};
/// let landsat = CloudConfig { requester_pays: true, ..Default::default() };
/// let mut merged = MergedCloud::default();
/// merged.add("landsat", &landsat.clone().into(), "s3://usgs-landsat/a/B4.TIF")?;
/// merged.add("sentinel", &CloudConfig::default().into(), "https://sentinel-cogs.s3.us-west-2.amazonaws.com/B04.tif")?;
/// let settings = merged.finish();
/// assert!(settings.of("s3://usgs-landsat/b/B4.TIF").requester_pays);
/// assert!(settings.of("https://sentinel-cogs.s3.us-west-2.amazonaws.com/B08.tif").is_default());
/// # Ok::<(), rasteret_schema::CloudConflict>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MergedCloud {
    /// Of each root, and the collection that they come from.
    by_root: IndexMap<String, (CloudConfig, String)>,
}

/// Two collections reach the objects below one root in different ways.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} and {} have assets below {root}, and reach them with different settings: one collection cannot hold both",
    .collections[0], .collections[1]
)]
pub struct CloudConflict {
    /// The root.
    pub root: String,
    /// The collections.
    pub collections: [String; 2],
}

impl MergedCloud {
    /// Adds an asset of a collection.
    ///
    /// # Errors
    ///
    /// If one of another collection lies below the same root, and is reached with other settings.
    pub fn add(&mut self, collection: &str, configs: &CloudConfigs, href: &str) -> Result<(), CloudConflict> {
        let root = href_root(href);
        let config = configs.of(href);
        match self.by_root.entry(root) {
            Entry::Vacant(entry) => drop(entry.insert((config.clone(), collection.to_owned()))),
            Entry::Occupied(entry) => {
                let (known, of) = entry.get();
                if known != config && below(known, entry.key()) != below(config, entry.key()) {
                    let collections = [of.clone(), collection.to_owned()];
                    return Err(CloudConflict { root: entry.key().clone(), collections });
                }
            }
        }
        Ok(())
    }

    /// The settings: one for all roots where they are the same.
    pub fn finish(self) -> CloudConfigs {
        let mut by_root: IndexMap<String, CloudConfig> =
            self.by_root.into_iter().map(|(root, (config, _))| (root, config)).collect();
        let first = by_root.values().next().cloned().unwrap_or_default();
        if by_root.values().all(|config| *config == first) {
            return first.into();
        }
        by_root.retain(|_, config| !config.is_default());
        CloudConfigs { cloud: CloudConfig::default(), cloud_by_root: by_root }
    }
}

/// What of some settings matters below a root.
fn below(config: &CloudConfig, root: &str) -> CloudConfig {
    let mut config = config.clone();
    config.url_patterns.retain(|pattern, _| pattern.starts_with(root) || href_root(pattern) == root);
    match root == LOCAL && config.url_patterns.is_empty() {
        true => CloudConfig::default(),
        false => config,
    }
}

/// The root of an href: scheme, server and, of object stores, bucket; the same for all local files.
///
/// ```
/// use rasteret_schema::merged_cloud::href_root;
/// assert_eq!(href_root("s3://usgs-landsat/collection02/a.tif"), "s3://usgs-landsat/");
/// assert_eq!(href_root("https://storage.googleapis.com/gcp-public/a.tif?x=1"), "https://storage.googleapis.com/gcp-public/");
/// assert_eq!(href_root("https://Example.com/data/a.tif"), "https://example.com/");
/// assert_eq!(href_root("/data/a.tif"), "file:///");
/// ```
pub fn href_root(href: &str) -> String {
    let Some((scheme, _)) = href.split_once("://") else { return LOCAL.to_owned() };
    if scheme.eq_ignore_ascii_case("file") || !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return LOCAL.to_owned();
    }
    let plain = plain_href(href);
    let rest = plain.get(scheme.len() + "://".len()..).unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return format!("{scheme}://{authority}/");
    }
    let host = authority.to_ascii_lowercase();
    match path.split_once('/') {
        Some((bucket, _)) if names_bucket_in_path(&host) => format!("{scheme}://{host}/{bucket}/"),
        _ => format!("{scheme}://{host}/"),
    }
}

/// Whether the bucket comes first in the path of an object store's URL.
fn names_bucket_in_path(host: &str) -> bool {
    let is_s3 = |service: &str| matches!(service.strip_prefix("s3"), Some(rest) if rest.is_empty() || rest.starts_with(['.', '-']) && !rest[1..].contains('.'));
    host == "storage.googleapis.com"
        || host.ends_with(".blob.core.windows.net")
        || host.strip_suffix(".amazonaws.com").is_some_and(is_s3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landsat() -> CloudConfig {
        let pattern = ("https://landsatlook.usgs.gov/data/".to_owned(), "s3://usgs-landsat/".to_owned());
        CloudConfig { requester_pays: true, url_patterns: [pattern].into(), ..CloudConfig::default() }
    }

    #[test]
    fn roots() {
        for (href, root) in [
            ("https://b.s3.us-west-2.amazonaws.com/d/k", "https://b.s3.us-west-2.amazonaws.com/"),
            ("https://s3.us-west-2.amazonaws.com/b/d/k", "https://s3.us-west-2.amazonaws.com/b/"),
            ("https://s3.amazonaws.com/b/k", "https://s3.amazonaws.com/b/"),
            ("https://s3-eu-west-1.amazonaws.com/b/k", "https://s3-eu-west-1.amazonaws.com/b/"),
            ("https://acc.blob.core.windows.net/c/d/k?sv=1&sig=2", "https://acc.blob.core.windows.net/c/"),
            ("abfss://c@acc.dfs.core.windows.net/d", "abfss://c@acc.dfs.core.windows.net/"),
            ("S3://Bucket/k", "s3://Bucket/"),
            ("http://user:secret@host:8080/a.tif", "http://host:8080/"),
            ("https://host", "https://host/"),
            ("file:///data/a.tif", LOCAL),
            ("scenes/a.tif", LOCAL),
            ("1://a", LOCAL),
            ("", LOCAL),
        ] {
            assert_eq!(href_root(href), root, "{href}");
        }
    }

    #[test]
    fn one_setting_stays_one() {
        let mut merged = MergedCloud::default();
        for href in ["s3://usgs-landsat/a", "https://landsatlook.usgs.gov/data/a"] {
            merged.add("a", &landsat().into(), href).unwrap();
        }
        assert_eq!(merged.finish(), landsat().into());
        assert_eq!(MergedCloud::default().finish(), CloudConfigs::default());
    }

    #[test]
    fn settings_of_one_root_must_agree_where_they_matter() {
        let mut merged = MergedCloud::default();
        merged.add("landsat", &landsat().into(), "https://landsatlook.usgs.gov/data/a").unwrap();
        merged.add("landsat", &landsat().into(), "/data/a.tif").unwrap();
        // Patterns of hrefs elsewhere, and settings of local files, change nothing.
        let plain = CloudConfig { requester_pays: true, ..CloudConfig::default() };
        merged.add("landsat", &landsat().into(), "s3://usgs-landsat/a").unwrap();
        merged.add("other", &plain.clone().into(), "s3://usgs-landsat/b").unwrap();
        merged.add("other", &plain.into(), "/data/b.tif").unwrap();
        let error = merged.add("mine", &CloudConfigs::default(), "s3://usgs-landsat/c").unwrap_err();
        assert_eq!(error.collections, ["landsat", "mine"]);
        assert_eq!(error.root, "s3://usgs-landsat/");
    }

    #[test]
    fn merged_settings_merge_again_and_keep_their_json() {
        let mut merged = MergedCloud::default();
        merged.add("landsat", &landsat().into(), "s3://usgs-landsat/a").unwrap();
        merged.add("plain", &CloudConfigs::default(), "https://host/a").unwrap();
        let first = merged.finish();
        assert_eq!(first.cloud_by_root.keys().collect::<Vec<_>>(), ["s3://usgs-landsat/"]);
        let json = serde_json::to_string(&first).unwrap();
        assert_eq!(serde_json::from_str::<CloudConfigs>(&json).unwrap(), first);
        let mut again = MergedCloud::default();
        for href in ["s3://usgs-landsat/a", "https://host/a"] {
            again.add("both", &first, href).unwrap();
        }
        assert_eq!(again.finish(), first);
    }
}
