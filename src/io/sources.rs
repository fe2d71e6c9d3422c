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
                let Reached { transport, host, key } = self.shared.reach(href)?;
                let remote = Remote {
                    transport,
                    turns: self.shared.limits.of(&host),
                    object: Arc::new(Object { url: href.to_owned(), key }),
                    expected: version.cloned().unwrap_or_default(),
                    seen: OnceLock::new(),
                    options: Arc::clone(&self.shared.options),
                };
                Ok(ByteSource::remote(without_secrets(href), remote))
            }
        }
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
struct Reached {
    transport: Arc<dyn Transport>,
    /// What its limit is shared by.
    host: String,
    /// Its name in its bucket; empty where there is none.
    key: String,
}

impl Shared {
    fn reach(&self, href: &str) -> Result<Reached, ByteSourceError> {
        Ok(match Route::parse(href)? {
            Route::Bucket(bucket, key) => {
                Reached { transport: self.bucket(&bucket)?, host: bucket_url(&bucket), key }
            }
            Route::Http(url, None) => {
                Reached { transport: self.http()?, host: origin(&url), key: String::new() }
            }
            Route::Http(url, Some((bucket, key))) => {
                Reached { transport: self.http_or_bucket(&bucket)?, host: origin(&url), key }
            }
        })
    }

    fn http(&self) -> Result<Arc<dyn Transport>, ByteSourceError> {
        self.transport("http", || Ok(Arc::new(Http::new(self.client()?.clone(), &self.options))))
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
        let client = http::client(&self.options)?;
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
