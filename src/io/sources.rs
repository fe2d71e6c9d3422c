//! Opens byte sources by href.

use super::cloud::TemporaryCredentials;
use super::confine::LocalFiles;
use super::href::{local_path, without_secrets};
use super::http::{self, Http};
use super::limit::HostLimits;
use super::local::LocalFile;
use super::reach::{Reach, Reached};
use super::remote::Remote;
use super::route::Bucket;
use super::sign::{self, Signatures, UrlSigner};
use super::source::ByteSource;
use super::transport::{Object, Transport};
use super::{ByteSourceError, SourceOptions, version};
use rasteret_schema::merged_cloud::href_root;
use rasteret_schema::{CloudConfig, CloudConfigs, ObjectVersion};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Hands out byte sources. Cheap to clone; keeps one client a host, alive between reads.
#[derive(Clone)]
pub struct ByteSources {
    shared: Arc<Shared>,
    reach: Arc<Reach>,
    /// Of hrefs with these roots, instead.
    by_root: Arc<HashMap<String, Arc<Reach>>>,
    local: LocalFiles,
}

/// What the sources of all datasets share.
pub(super) struct Shared {
    pub options: Arc<SourceOptions>,
    pub limits: HostLimits,
    pub signatures: Arc<Signatures>,
    client: OnceLock<reqwest::Client>,
    http: OnceLock<Arc<dyn Transport>>,
    signers: Mutex<HashMap<String, Arc<dyn UrlSigner>>>,
    temporary: Mutex<HashMap<String, Arc<TemporaryCredentials>>>,
    /// Of the datasets that were asked for.
    reaches: Mutex<Vec<Arc<Reach>>>,
}

impl ByteSources {
    /// Sources with other options than the default ones.
    pub fn new(options: SourceOptions) -> Self {
        let limits = HostLimits::new(options.max_requests_per_host);
        let options = Arc::new(options);
        let reach = Arc::new(Reach::new(CloudConfig::default(), &options));
        let shared = Shared {
            options,
            limits,
            signatures: Arc::default(),
            client: OnceLock::new(),
            http: OnceLock::new(),
            signers: Mutex::default(),
            temporary: Mutex::default(),
            reaches: Mutex::new(vec![Arc::clone(&reach)]),
        };
        ByteSources { shared: Arc::new(shared), reach, by_root: Arc::default(), local: LocalFiles::Any }
    }

    /// What the sources are opened with.
    pub fn options(&self) -> &SourceOptions {
        &self.shared.options
    }

    /// The same sources, with one more signer of URLs, and connections of their own.
    pub fn with_signer(&self, signer: Arc<dyn UrlSigner>) -> Self {
        let mut options = self.options().clone();
        options.signers.push(signer);
        let new = Self::new(options);
        let reach_of = |reach: &Arc<Reach>| new.shared.reach_of(reach.config());
        let by_root = self.by_root.iter().map(|(root, reach)| (root.clone(), reach_of(reach))).collect();
        ByteSources {
            shared: Arc::clone(&new.shared),
            reach: reach_of(&self.reach),
            by_root: Arc::new(by_root),
            local: self.local.clone(),
        }
    }

    /// The same sources for the assets of a dataset, which are reached as its settings say, where the options do
    /// not say otherwise. Connections, limits, credentials and signatures are shared; for settings that were seen
    /// before, this is quick.
    ///
    /// ```
    /// use rasteret::io::ByteSources;
    /// use rasteret::schema::CloudConfig;
    /// let landsat = CloudConfig {
    ///     requester_pays: true,
    ///     url_patterns: [("https://landsatlook.usgs.gov/data/".into(), "s3://usgs-landsat/".into())].into(),
    ///     ..Default::default()
    /// };
    /// let sources = ByteSources::default().with_cloud(&landsat);
    /// ```
    pub fn with_cloud(&self, config: &CloudConfig) -> Self {
        let shared = Arc::clone(&self.shared);
        ByteSources {
            reach: shared.reach_of(config),
            shared,
            by_root: Arc::default(),
            local: self.local.clone(),
        }
    }

    /// The same for the assets of several datasets, each of which is reached by the settings of its href's root.
    pub fn with_clouds(&self, configs: &CloudConfigs) -> Self {
        let by_root = configs.cloud_by_root.iter();
        let by_root = by_root.map(|(root, config)| (root.clone(), self.shared.reach_of(config))).collect();
        ByteSources { by_root: Arc::new(by_root), ..self.with_cloud(&configs.cloud) }
    }

    /// The same sources, of which those of an href's root are all that is needed.
    pub(super) fn of(&self, href: &str) -> Cow<'_, Self> {
        if self.by_root.is_empty() {
            return Cow::Borrowed(self);
        }
        let reach = self.by_root.get(&href_root(href)).unwrap_or(&self.reach);
        Cow::Owned(ByteSources {
            shared: Arc::clone(&self.shared),
            reach: Arc::clone(reach),
            by_root: Arc::default(),
            local: self.local.clone(),
        })
    }

    /// The same sources, of which local files are opened only if they lie below one of some folders, or are named
    /// themselves; of none, no local file is opened. Where a file lies is looked at whenever it is opened, links
    /// resolved, so that none leads out.
    ///
    /// ```
    /// use rasteret::io::{ByteSourceError, ByteSources};
    /// let folder = std::env::temp_dir().canonicalize()?;
    /// let confined = ByteSources::default().confined_to([folder]);
    /// assert!(matches!(confined.open("/etc/passwd", None), Err(ByteSourceError::OutsideOfRoots)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// The paths must be [canonical](std::path::Path::canonicalize): nothing lies below others.
    pub fn confined_to(&self, roots: impl IntoIterator<Item = PathBuf>) -> Self {
        ByteSources { local: LocalFiles::Below(roots.into_iter().collect()), ..self.clone() }
    }

    /// Whether an href may be opened, as far as that can be said without opening it: remote ones may, local ones as
    /// [`confined_to`](Self::confined_to) says.
    ///
    /// # Errors
    ///
    /// [`ByteSourceError::OutsideOfRoots`].
    pub fn check_local(&self, href: &str) -> Result<(), ByteSourceError> {
        local_path(&self.of(href).rewritten(href)).map_or(Ok(()), |path| self.local.check(&path))
    }

    /// Opens a file or an object, of which a version may be expected.
    ///
    /// No request is made for a remote object: what is not there is noticed when it is read. A local
    /// file is mapped, and compared with the version.
    ///
    /// # Errors
    ///
    /// If a local file cannot be opened or is another version, or nothing here can read such an href, or sign it
    /// as the dataset's settings want it.
    pub fn open(&self, href: &str, version: Option<&ObjectVersion>) -> Result<ByteSource, ByteSourceError> {
        let sources = self.of(href);
        let opened = sources.rewritten(href);
        match local_path(&opened) {
            Some(path) => {
                let file = LocalFile::map(&self.local.open(&path)?)?;
                match version.and_then(|version| version::difference(version, &file.version())) {
                    Some(difference) => Err(ByteSourceError::Changed { difference }),
                    None => Ok(ByteSource::local(without_secrets(href), file)),
                }
            }
            None => {
                let Reached { transport, turns, url, key } = sources.reach(&opened, false)?;
                let remote = Remote {
                    transport,
                    turns,
                    object: Arc::new(Object { url, key }),
                    opened_as: (opened != href).then(|| without_secrets(&opened)),
                    expected: version.cloned().unwrap_or_default(),
                    seen: OnceLock::new(),
                    options: Arc::clone(&self.shared.options),
                };
                Ok(ByteSource::remote(without_secrets(href), remote))
            }
        }
    }

    pub(super) fn local_files(&self) -> &LocalFiles {
        &self.local
    }

    /// Where an object is opened.
    pub(super) fn rewritten(&self, href: &str) -> String {
        self.reach.config().rewritten(href)
    }

    /// The way to an object; or to a server, which is told more than which object is meant.
    pub(super) fn reach(&self, opened: &str, has_message: bool) -> Result<Reached, ByteSourceError> {
        self.reach.reach(&self.shared, opened, has_message)
    }

    /// The way to the objects of a bucket whose names begin in some way.
    pub(super) fn reach_bucket(&self, bucket: &Bucket, prefix: String) -> Result<Reached, ByteSourceError> {
        self.reach.reach_bucket(&self.shared, bucket, prefix)
    }

    /// The client of the object stores.
    pub(super) fn client(&self) -> Result<&reqwest::Client, ByteSourceError> {
        self.shared.client()
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

impl Shared {
    /// The ways of a dataset's settings.
    fn reach_of(&self, config: &CloudConfig) -> Arc<Reach> {
        let mut reaches = lock(&self.reaches);
        let known = reaches.iter().find(|reach| reach.config() == config).map(Arc::clone);
        known.unwrap_or_else(|| {
            let reach = Arc::new(Reach::new(config.clone(), &self.options));
            reaches.push(Arc::clone(&reach));
            reach
        })
    }

    /// Servers.
    pub fn http(&self) -> Result<Arc<dyn Transport>, ByteSourceError> {
        if let Some(http) = self.http.get() {
            return Ok(Arc::clone(http));
        }
        let http = Arc::new(Http::new(&self.options)?);
        Ok(Arc::clone(self.http.get_or_init(|| http)))
    }

    /// The client of the object stores.
    pub fn client(&self) -> Result<&reqwest::Client, ByteSourceError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = http::client(&self.options, http::following())?;
        Ok(self.client.get_or_init(|| client))
    }

    /// The signer of a name.
    pub fn signer(&self, name: &str) -> Result<Arc<dyn UrlSigner>, ByteSourceError> {
        of_name(&self.signers, name, || sign::find(name, &self.options.signers))
    }

    /// The credentials of an endpoint.
    pub fn temporary(&self, url: &str) -> Result<Arc<TemporaryCredentials>, ByteSourceError> {
        of_name(&self.temporary, url, || {
            Ok(Arc::new(TemporaryCredentials::new(url, &self.options, &self.limits)?))
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What has a name, made when it is first asked for.
pub(super) fn of_name<T: ?Sized>(
    made: &Mutex<HashMap<String, Arc<T>>>,
    name: &str,
    make: impl FnOnce() -> Result<Arc<T>, ByteSourceError>,
) -> Result<Arc<T>, ByteSourceError> {
    if let Some(found) = lock(made).get(name) {
        return Ok(Arc::clone(found));
    }
    // It may take others of the same kind to make one.
    let new = make()?;
    Ok(Arc::clone(lock(made).entry(name.to_owned()).or_insert(new)))
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
