//! How the assets of a dataset are reached: what a collection keeps in order to find its pixels again.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Settings of the object store where a dataset's assets are. Nothing in it is secret: credentials are the
/// user's, and belong to the database handle.
///
/// The JSON form is that of rasteret's `cloud_config`, with more fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudConfig {
    /// Who runs the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<CloudProvider>,
    /// Region of the buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// URL of the server, where it is not the provider's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Whether whoever reads pays for the requests (S3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub requester_pays: bool,
    /// Whether requests go without credentials, even where there are some.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
    /// Beginnings of hrefs, and what stands there instead when the object is opened. The longest counts.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub url_patterns: IndexMap<String, String>,
    /// Endpoint that hands out temporary credentials of the S3 buckets, as NASA Earthdata has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_credentials_url: Option<String>,
    /// Name of the signer of the URLs, such as `planetary-computer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

/// Who runs an object store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloudProvider {
    /// Amazon Web Services, and what speaks S3's protocol.
    Aws,
    /// Google Cloud.
    #[serde(alias = "google", alias = "gcs")]
    Gcp,
    /// Microsoft Azure.
    Azure,
}

impl CloudConfig {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Where an object is opened: the href, rewritten by the longest pattern that it begins with.
    ///
    /// ```
    /// use rasteret_schema::CloudConfig;
    /// let patterns = [("https://landsatlook.usgs.gov/data/".to_owned(), "s3://usgs-landsat/".to_owned())];
    /// let cloud = CloudConfig { url_patterns: patterns.into_iter().collect(), ..Default::default() };
    /// assert_eq!(cloud.rewritten("https://landsatlook.usgs.gov/data/a.tif"), "s3://usgs-landsat/a.tif");
    /// assert_eq!(cloud.rewritten("https://example.com/a.tif"), "https://example.com/a.tif");
    /// ```
    pub fn rewritten(&self, href: &str) -> String {
        self.url_patterns
            .iter()
            .filter_map(|(pattern, instead)| {
                Some((pattern.len(), instead, href.strip_prefix(pattern.as_str())?))
            })
            .max_by_key(|(len, ..)| *len)
            .map_or_else(|| href.to_owned(), |(_, instead, rest)| format!("{instead}{rest}"))
    }
}
