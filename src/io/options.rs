//! How remote objects are read.

use super::UrlSigner;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How remote objects are read. Local files need none of it.
///
/// ```
/// use rasteret::io::{ByteSources, SourceOptions};
/// let options = SourceOptions { requester_pays: true, region: Some("us-west-2".into()), ..Default::default() };
/// let sources = ByteSources::new(options);
/// ```
#[derive(Clone)]
pub struct SourceOptions {
    /// Region of the bucket, where the environment does not say.
    pub region: Option<String>,
    /// URL of another server that speaks the protocol of the object store.
    pub endpoint: Option<String>,
    /// Agree to pay for requests to buckets whose owner does not (S3).
    pub requester_pays: bool,
    /// Send requests without credentials, even where there are some.
    pub anonymous: bool,
    /// Allow an object store without TLS. URLs that begin with `http://` need no permission.
    pub allow_http: bool,
    /// More options of an object store, by the names that `object_store` has for them
    /// (`aws_access_key_id`, `google_service_account`, `azure_storage_sas_token`, …), which come before the environment's (`AWS_ACCESS_KEY_ID`, …), which
    /// come before those of a profile in `~/.aws`. An empty value takes away what the environment has.
    /// They may be secret.
    pub store: BTreeMap<String, String>,
    /// Bearer tokens for endpoints that hand out temporary credentials
    /// ([`s3_credentials_url`](rasteret_schema::CloudConfig::s3_credentials_url)), by the endpoint's host. That of
    /// NASA's hosts is looked for in `EARTHDATA_TOKEN` too.
    pub tokens: BTreeMap<String, String>,
    /// A file of logins for such endpoints, instead of `$NETRC` or `~/.netrc`.
    pub netrc: Option<PathBuf>,
    /// Signers of URLs besides the built-in ones; of the same name, the last one counts.
    pub signers: Vec<Arc<dyn UrlSigner>>,
    /// How long it may take to connect.
    pub connect_timeout: Duration,
    /// How long a server may send nothing.
    pub stall_timeout: Duration,
    /// How long a read may take, with all its attempts, from when its host has a turn for it.
    pub timeout: Duration,
    /// How often a request is repeated, after a failure that may be over soon.
    pub retries: u32,
    /// The pause before the first repetition, on average; later ones are twice as long as the one before.
    pub backoff: Duration,
    /// How many requests a host gets at once.
    pub max_requests_per_host: usize,
}

impl Default for SourceOptions {
    fn default() -> Self {
        SourceOptions {
            region: None,
            endpoint: None,
            requester_pays: false,
            anonymous: false,
            allow_http: false,
            store: BTreeMap::new(),
            tokens: BTreeMap::new(),
            netrc: None,
            signers: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(20),
            timeout: Duration::from_secs(180),
            retries: 6,
            backoff: Duration::from_millis(200),
            max_requests_per_host: 64,
        }
    }
}

impl fmt::Debug for SourceOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceOptions")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint.as_deref().map(super::without_secrets))
            .field("requester_pays", &self.requester_pays)
            .field("anonymous", &self.anonymous)
            .field("allow_http", &self.allow_http)
            .field("store", &self.store.keys())
            .field("tokens", &self.tokens.keys())
            .field("netrc", &self.netrc)
            .field("signers", &self.signers)
            .field("connect_timeout", &self.connect_timeout)
            .field("stall_timeout", &self.stall_timeout)
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .field("backoff", &self.backoff)
            .field("max_requests_per_host", &self.max_requests_per_host)
            .finish()
    }
}
