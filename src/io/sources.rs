//! Opens byte sources by href.

use super::cloud;
use super::fallback::Fallback;
use super::href::{local_path, without_secrets};
use super::http::{self, Http};
use super::limit::HostLimits;
use super::local::LocalFile;
use super::remote::Remote;
use super::route::{Bucket, Cloud, Route};
use super::source::ByteSource;
use super::transport::{Object, Transport};
use super::{ByteSourceError, SourceOptions, version};
use rasteret_schema::ObjectVersion;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Semaphore;
use url::Url;

/// Hands out byte sources. Cheap to clone; keeps one client a host, alive between reads.
#[derive(Clone)]
pub struct ByteSources {
    shared: Arc<Shared>,
}

struct Shared {
    options: Arc<SourceOptions>,
    client: OnceLock<reqwest::Client>,
    limits: HostLimits,
    transports: Mutex<HashMap<String, Arc<dyn Transport>>>,
}

impl ByteSources {
    /// Sources with other options than the default ones.
    pub fn new(options: SourceOptions) -> Self {
        let limits = HostLimits::new(options.max_requests_per_host);
        let options = Arc::new(options);
        let shared = Shared { options, client: OnceLock::new(), limits, transports: Mutex::default() };
        ByteSources { shared: Arc::new(shared) }
    }

    /// What the sources are opened with.
    pub fn options(&self) -> &SourceOptions {
        &self.shared.options
    }

    /// Opens a file or an object, of which a version may be expected.
    ///
    /// No request is made for a remote object: what is not there is noticed when it is read. A local
    /// file is mapped, and compared with the version.
    ///
    /// # Errors
    ///
    /// If a local file cannot be opened or is another version, or nothing here can read such an href.
    pub fn open(&self, href: &str, version: Option<&ObjectVersion>) -> Result<ByteSource, ByteSourceError> {
        match local_path(href) {
            Some(path) => {
                let file = LocalFile::map(&path)?;
                match version.and_then(|version| version::difference(version, &file.version())) {
                    Some(difference) => Err(ByteSourceError::Changed { difference }),
                    None => Ok(ByteSource::local(without_secrets(href), file)),
                }
            }
            None => {
                let Reached { transport, turns, url, key } = self.reach(href, false)?;
                let remote = Remote {
                    transport,
                    turns,
                    object: Arc::new(Object { url, key }),
                    expected: version.cloned().unwrap_or_default(),
                    seen: OnceLock::new(),
                    options: Arc::clone(&self.shared.options),
                };
                Ok(ByteSource::remote(without_secrets(href), remote))
            }
        }
    }
}

impl ByteSources {
    /// How to reach an object; or a server, which is told more than which object is meant.
    pub(super) fn reach(&self, href: &str, has_message: bool) -> Result<Reached, ByteSourceError> {
        let shared = &self.shared;
        let route = Route::parse(href)?;
        let (transport, host, key) = match route {
            Route::Bucket(bucket, key) => return self.reach_bucket(&bucket, key),
            Route::Http(url, Some((bucket, key))) if !has_message => {
                (shared.http_or_bucket(&bucket)?, origin(&url), key)
            }
            Route::Http(url, _) => (shared.http()?, origin(&url), String::new()),
        };
        Ok(Reached { transport, turns: shared.limits.of(&host), url: href.to_owned(), key })
    }

    /// How to reach an object, or the objects whose names begin in some way.
    pub(super) fn reach_bucket(&self, bucket: &Bucket, key: String) -> Result<Reached, ByteSourceError> {
        let (transport, url) = (self.shared.bucket(bucket)?, bucket_url(bucket));
        Ok(Reached { transport, turns: self.shared.limits.of(&url), url, key })
    }

    pub(super) fn shared_options(&self) -> &Arc<SourceOptions> {
        &self.shared.options
    }
}

impl Default for ByteSources {
    fn default() -> Self {
        Self::new(SourceOptions::default())
    }
}

impl fmt::Debug for ByteSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteSources").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

/// How to reach an object.
pub(super) struct Reached {
    pub transport: Arc<dyn Transport>,
    /// The turns of its host.
    pub turns: Arc<Semaphore>,
    /// Its URL.
    pub url: String,
    /// Its name in its bucket; empty where there is none.
    pub key: String,
}

impl Shared {
    fn http(&self) -> Result<Arc<dyn Transport>, ByteSourceError> {
        self.transport("http", || Ok(Arc::new(Http::new(&self.options)?)))
    }

    fn bucket(&self, bucket: &Bucket) -> Result<Arc<dyn Transport>, ByteSourceError> {
        self.transport(&bucket_url(bucket), || cloud::bucket(bucket, &self.options, self.client()?))
    }

    /// The plain URLs of object stores need no credentials, mostly: where access is denied, those that
    /// are found are tried.
    fn http_or_bucket(&self, bucket: &Bucket) -> Result<Arc<dyn Transport>, ByteSourceError> {
        if cloud::is_asked_for(bucket.cloud, &self.options, false) {
            return self.bucket(bucket);
        }
        let http = self.http()?;
        if self.options.anonymous {
            return Ok(http);
        }
        self.transport(&format!("http or {}", bucket_url(bucket)), || {
            Ok(match cloud::is_asked_for(bucket.cloud, &self.options, true) {
                true => Arc::new(Fallback::new(http, self.bucket(bucket)?)),
                false => http,
            })
        })
    }

    /// The transport of a name, made when it is first asked for.
    fn transport(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Arc<dyn Transport>, ByteSourceError>,
    ) -> Result<Arc<dyn Transport>, ByteSourceError> {
        let transports = || self.transports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(transport) = transports().get(name) {
            return Ok(Arc::clone(transport));
        }
        let made = make()?;
        Ok(Arc::clone(transports().entry(name.to_owned()).or_insert(made)))
    }

    fn client(&self) -> Result<&reqwest::Client, ByteSourceError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = http::client(&self.options, http::following())?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn bucket_url(bucket: &Bucket) -> String {
    let scheme = match bucket.cloud {
        Cloud::S3 => "s3",
        Cloud::Google => "gs",
        Cloud::Azure => "az",
    };
    format!("{scheme}://{}@{}", bucket.name, bucket.within.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn local_bytes_are_parts_of_the_map() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        std::fs::write(&path, b"0123456789").unwrap();
        let sources = ByteSources::default();
        let source = sources.open(path.to_str().unwrap(), None).unwrap();
        let fetched = block_on(source.read(2..5)).unwrap();
        assert_eq!((&fetched.bytes[..], fetched.requests), (&b"234"[..], 0));
        let (start, version) = block_on(source.read_start(100)).unwrap();
        assert_eq!(&start.bytes[..], b"0123456789");
        assert_eq!(start.bytes[2..5].as_ptr(), fetched.bytes.as_ptr(), "nothing is copied");
        assert_eq!(version.size, Some(10));
        sources.open(path.to_str().unwrap(), Some(&version)).unwrap();
        for range in [5..11, 10..20, 0..u64::MAX] {
            let error = block_on(source.read(range)).unwrap_err();
            assert!(matches!(error, ByteSourceError::BeyondEnd { size: 10, .. }), "{error}");
        }
    }

    #[test]
    fn another_version_of_a_local_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tif");
        std::fs::write(&path, b"0123456789").unwrap();
        let version = ObjectVersion { size: Some(9), ..Default::default() };
        let error = ByteSources::default().open(path.to_str().unwrap(), Some(&version)).unwrap_err();
        assert_eq!(error.to_string(), "the file changed: it had 9 bytes and has 10 now");
    }

    #[test]
    fn what_cannot_be_opened() {
        let open = |href: &str| ByteSources::default().open(href, None).unwrap_err();
        assert!(matches!(open("/no/such/file.tif"), ByteSourceError::NotFound));
        assert!(
            matches!(open("ftp://host/a.tif"), ByteSourceError::UnsupportedScheme { scheme } if scheme == "ftp")
        );
    }
}
