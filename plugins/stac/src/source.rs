//! The source adapter.

use crate::batches::batches;
use crate::entry;
use crate::options::Options;
use crate::reader::Reader;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{
    Access, BandMap, CloudConfig, CloudProvider, RecordStream, Selection, SourceAdapter, SourceError,
};
use serde_json::{Map, Value};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use url::Url;
use walkdir::WalkDir;

/// Host of the API whose assets Planetary Computer signs.
const PLANETARY_COMPUTER: &str = "planetarycomputer.microsoft.com";

/// A STAC API, or a static catalogue: a URL, a path, or a folder.
///
/// ```
/// use futures::TryStreamExt;
/// use rasteret_schema::conformance::LocalFiles;
/// use rasteret_schema::{Selection, SourceAdapter};
/// use rasteret_stac::StacSource;
/// use std::sync::Arc;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let scenes = folder.path().join("scenes.json");
/// # std::fs::write(&scenes, r#"{"type": "FeatureCollection", "features": []}"#)?;
/// # let scenes = scenes.to_str().unwrap_or_default();
/// let source = StacSource::new(scenes, Arc::new(LocalFiles)).collection("sentinel-2-l2a").only_bands(["red", "nir"]);
/// futures::executor::block_on(async {
///     let selection = Selection::default();
///     let mut batches = source.records(&selection);
///     while let Some(batch) = batches.try_next().await? {
///         println!("{} records, {} failures", batch.records.num_rows(), batch.failures.len());
///     }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct StacSource {
    url: String,
    access: Arc<dyn Access>,
    options: Options,
}

impl StacSource {
    /// What is at `url`, which `access` reaches: the landing page of an API, a catalogue, a collection, an item, an
    /// item collection or a page of one, newline-delimited items, or a folder of these. Which of them it is shows
    /// when [`records`](SourceAdapter::records) reads it.
    pub fn new(url: impl Into<String>, access: Arc<dyn Access>) -> Self {
        StacSource { url: url.into(), access, options: Options::default() }
    }

    /// Takes items of this collection. To be called again for more than one.
    #[must_use]
    pub fn collection(mut self, id: impl Into<String>) -> Self {
        self.options.collections.push(id.into());
        self
    }

    /// Takes items of these collections.
    #[must_use]
    pub fn collections(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.collections.extend(ids.into_iter().map(Into::into));
        self
    }

    /// Says which assets the bands are. Without it, built-in maps and the items' own names are taken.
    #[must_use]
    pub fn bands(mut self, bands: BandMap) -> Self {
        self.options.bands = bands;
        self
    }

    /// Takes these bands alone.
    #[must_use]
    pub fn only_bands(mut self, bands: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.only_bands = bands.into_iter().map(Into::into).collect();
        self
    }

    /// Takes items whose footprints intersect a GeoJSON geometry. Needs an API.
    #[must_use]
    pub fn intersects(mut self, geometry: Value) -> Self {
        self.options.intersects = Some(geometry);
        self
    }

    /// Takes items with these ids.
    #[must_use]
    pub fn ids(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.ids = ids.into_iter().map(Into::into).collect();
        self
    }

    /// Takes items whose properties meet conditions, as the
    /// [query extension](https://github.com/stac-api-extensions/query) has them: `{"eo:cloud_cover": {"lt": 10}}`.
    /// A server that says that it does not have the extension is not asked: the items are looked at when they come,
    /// as are those of a catalogue.
    #[must_use]
    pub fn query(mut self, query: Map<String, Value>) -> Self {
        self.options.query = query;
        self
    }

    /// Takes items that a CQL2 filter matches: text, such as `eo:cloud_cover < 10`, or an object of its JSON
    /// encoding. Needs an API with the [filter extension](https://github.com/stac-api-extensions/filter).
    #[must_use]
    pub fn filter(mut self, filter: impl Into<Value>) -> Self {
        self.options.filter = Some(filter.into());
        self
    }

    /// Asks for so many items in a page; otherwise 250.
    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        self.options.page_size = Some(items);
        self
    }

    /// Ends after so many records.
    #[must_use]
    pub fn max_items(mut self, records: u64) -> Self {
        self.options.max_items = Some(records);
        self
    }

    /// Follows links, even if the document is the landing page of an API that can be searched.
    #[must_use]
    pub fn static_catalog(mut self, is_static: bool) -> Self {
        self.options.static_catalog = is_static;
        self
    }

    /// Sends a header, such as an API's key, to the server of the URL and to no other. It is a secret.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.headers.push((name.into(), value.into()));
        self
    }

    /// Of local files: their sizes and times of change, as far as they are known without reading them.
    fn local_versions(&self) -> Vec<String> {
        let path = Path::new(self.url.strip_prefix("file://").unwrap_or(&self.url));
        if self.url.contains("://") && !self.url.starts_with("file://") {
            return Vec::new();
        }
        let files = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter().flatten();
        let version = |entry: walkdir::DirEntry| {
            let is_document =
                path.is_file() || entry.path().to_str().is_some_and(|path| path.contains("json"));
            let metadata = entry.metadata().ok().filter(|metadata| is_document && metadata.is_file())?;
            let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
            Some(format!("{} {} {changed}", entry.path().display(), metadata.len()))
        };
        files.filter_map(version).collect()
    }
}

impl fmt::Debug for StacSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.options.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("StacSource")
            .field("url", &plain_href(&self.url))
            .field("collections", &self.options.collections)
            .field("options", &self.options.fingerprint())
            .field("page_size", &self.options.page_size)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

impl SourceAdapter for StacSource {
    fn kind(&self) -> &'static str {
        "stac"
    }

    fn description(&self) -> String {
        let url = plain_href(&self.url);
        match self.options.collections.as_slice() {
            [] => url,
            ids => format!("{url} {}", ids.join(", ")),
        }
    }

    /// Of the URL and the options, and of local files: of the document at the path, or of all in the folder. What a
    /// server has is not asked for.
    fn fingerprint(&self) -> Result<String, SourceError> {
        let versions = self.local_versions();
        Ok(format!("{} {} {}", self.description(), self.options.fingerprint(), versions.join(", ")))
    }

    /// Planetary Computer signs its assets; of others, the items' hrefs say it all.
    fn cloud(&self) -> CloudConfig {
        let host = Url::parse(&self.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        if host.as_deref() != Some(PLANETARY_COMPUTER) {
            return CloudConfig::default();
        }
        CloudConfig {
            provider: Some(CloudProvider::Azure),
            signer: Some("planetary-computer".to_owned()),
            ..CloudConfig::default()
        }
    }

    /// Records in the order of the server or of the links. One page, or some documents, are read ahead.
    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a> {
        let options = Arc::new(self.options.clone());
        let reader = Reader::new(Arc::clone(&self.access), options.headers.clone(), &self.url);
        let (url, selection) = (self.url.clone(), selection.clone());
        let records = async move {
            let is_empty = selection.start.zip(selection.end).is_some_and(|(start, end)| start > end);
            let pieces = match is_empty {
                true => stream::empty().boxed(),
                false => entry::items(&url, &reader, &options, &selection).await?,
            };
            batches(pieces, options, selection)
        };
        stream::once(records).try_flatten().boxed()
    }
}
