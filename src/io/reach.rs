//! How the objects of a dataset are reached: which way leads to an href.

use super::fallback::Fallback;
use super::href::percent_decoded;
use super::route::{Bucket, Cloud, Route};
use super::sign::Signed;
use super::sources::{Shared, of_name};
use super::transport::Transport;
use super::{ByteSourceError, ByteSources, SourceOptions, cloud};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rasteret_schema::access::plain_href;
use rasteret_schema::{CloudConfig, CloudProvider};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use url::Url;

/// What stands for itself in the path of a URL (RFC 3986, 2.3), and what separates its parts.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// How the objects of a dataset are reached.
pub struct Reach {
    config: CloudConfig,
    /// The user's options with the dataset's settings, for each object store.
    s3: Arc<SourceOptions>,
    google: Arc<SourceOptions>,
    azure: Arc<SourceOptions>,
    transports: Mutex<HashMap<String, Arc<dyn Transport>>>,
}

/// A way to an object.
pub struct Reached {
    pub transport: Arc<dyn Transport>,
    /// The turns of its host.
    pub turns: Arc<Semaphore>,
    /// Its URL.
    pub url: String,
    /// Its name in its bucket; empty where there is none.
    pub key: String,
}

impl Reach {
    /// By a dataset's settings, where the user's options do not say otherwise.
    pub fn new(config: CloudConfig, options: &Arc<SourceOptions>) -> Self {
        let with = |cloud| match config.provider.is_none_or(|provider| runs(provider) == cloud) {
            true => Arc::new(with_settings(options, &config, cloud)),
            false => Arc::clone(options),
        };
        Reach {
            s3: with(Cloud::S3),
            google: with(Cloud::Google),
            azure: with(Cloud::Azure),
            transports: Mutex::default(),
            config,
        }
    }

    /// The dataset's settings.
    pub fn config(&self) -> &CloudConfig {
        &self.config
    }

    fn options(&self, cloud: Cloud) -> &Arc<SourceOptions> {
        match cloud {
            Cloud::S3 => &self.s3,
            Cloud::Google => &self.google,
            Cloud::Azure => &self.azure,
        }
    }

    /// The way to an object; or to a server, which is told more than which object is meant.
    pub fn reach(&self, shared: &Shared, href: &str, has_message: bool) -> Result<Reached, ByteSourceError> {
        if let Some(signed) = self.signed(shared, href)? {
            return Ok(signed);
        }
        let (url, bucket) = match Route::parse(href)? {
            Route::Bucket(bucket, key) => return self.reach_bucket(shared, &bucket, key),
            Route::Http(url, bucket) => {
                let bucket = bucket.or_else(|| self.below_endpoint(&url));
                (href.to_owned(), bucket.filter(|_| !has_message))
            }
        };
        match bucket {
            Some((bucket, key)) => {
                let transport = self.http_or_bucket(shared, &bucket)?;
                Ok(Reached { key, ..server(shared, transport, url) })
            }
            None => Ok(server(shared, shared.http()?, url)),
        }
    }

    /// The way to an object, or to the objects whose names begin in some way.
    pub fn reach_bucket(
        &self,
        shared: &Shared,
        bucket: &Bucket,
        key: String,
    ) -> Result<Reached, ByteSourceError> {
        let url = bucket_url(bucket);
        Ok(Reached { transport: self.bucket(shared, bucket)?, turns: shared.limits.of(&url), url, key })
    }

    /// The way to an object whose URL the dataset's signer signs.
    fn signed(&self, shared: &Shared, href: &str) -> Result<Option<Reached>, ByteSourceError> {
        let Some(name) = &self.config.signer else { return Ok(None) };
        let signer = shared.signer(name)?;
        let Some(url) = self.signable(href)? else { return Ok(None) };
        // One that carries a permission already is used as it is.
        if plain_href(&url) != url || signer.scope(&url).is_none() {
            return Ok(None);
        }
        let transport = of_name(&self.transports, &format!("signed by {name}"), || {
            // Sources of their own: these here would hold what holds them.
            let options = SourceOptions { signers: Vec::new(), ..(*shared.options).clone() };
            let access = ByteSources::new(options);
            Ok(Arc::new(Signed::new(shared.http()?, signer, Arc::clone(&shared.signatures), access)))
        })?;
        Ok(Some(server(shared, transport, url)))
    }

    /// The URL of an object on a server that takes signed URLs.
    fn signable(&self, href: &str) -> Result<Option<String>, ByteSourceError> {
        let (bucket, key) = match Route::parse(href)? {
            Route::Http(..) => return Ok(Some(href.to_owned())),
            Route::Bucket(bucket, key) if bucket.cloud == Cloud::Azure => (bucket, key),
            Route::Bucket(..) => return Ok(None),
        };
        let endpoint = self.azure.endpoint.clone().or_else(|| {
            let account = bucket.within.clone().or_else(|| cloud::account(&self.azure))?;
            Some(format!("https://{account}.blob.core.windows.net"))
        });
        let key = utf8_percent_encode(&key, IN_PATH);
        Ok(endpoint.map(|endpoint| format!("{}/{}/{key}", endpoint.trim_end_matches('/'), bucket.name)))
    }

    /// The bucket and the key of a URL below the dataset's endpoint.
    fn below_endpoint(&self, url: &Url) -> Option<(Bucket, String)> {
        let cloud = runs(self.config.provider?);
        let endpoint = self.options(cloud).endpoint.as_deref()?.trim_end_matches('/');
        if url.query().is_some() {
            return None;
        }
        let path = percent_decoded(url.as_str().strip_prefix(endpoint)?.strip_prefix('/')?)?;
        let (name, key) = path.split_once('/').filter(|(name, key)| !name.is_empty() && !key.is_empty())?;
        Some((Bucket { cloud, name: name.to_owned(), within: None }, key.to_owned()))
    }

    fn bucket(&self, shared: &Shared, bucket: &Bucket) -> Result<Arc<dyn Transport>, ByteSourceError> {
        of_name(&self.transports, &bucket_url(bucket), || {
            let temporary = match self.credentials_url(bucket) {
                Some(url) => Some(shared.temporary(url)?),
                None => None,
            };
            cloud::bucket(bucket, self.options(bucket.cloud), shared.client()?, temporary)
        })
    }

    /// Where credentials of a bucket come from, if the user has not given any.
    fn credentials_url(&self, bucket: &Bucket) -> Option<&str> {
        let url = self.config.s3_credentials_url.as_deref().filter(|_| bucket.cloud == Cloud::S3)?;
        (!cloud::has_credentials(Cloud::S3, &self.s3)).then_some(url)
    }

    /// The plain URLs of object stores need no credentials, mostly: where access is denied, those that
    /// are found are tried.
    fn http_or_bucket(
        &self,
        shared: &Shared,
        bucket: &Bucket,
    ) -> Result<Arc<dyn Transport>, ByteSourceError> {
        let options = self.options(bucket.cloud);
        if self.credentials_url(bucket).is_some() || cloud::is_asked_for(bucket.cloud, options, false) {
            return self.bucket(shared, bucket);
        }
        let http = shared.http()?;
        if options.anonymous {
            return Ok(http);
        }
        of_name(&self.transports, &format!("http or {}", bucket_url(bucket)), || {
            Ok(match cloud::is_asked_for(bucket.cloud, options, true) {
                true => Arc::new(Fallback::new(http, self.bucket(shared, bucket)?)),
                false => http,
            })
        })
    }
}

fn server(shared: &Shared, transport: Arc<dyn Transport>, url: String) -> Reached {
    let host = Url::parse(&url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization());
    Reached { transport, turns: shared.limits.of(&host), url, key: String::new() }
}

fn runs(provider: CloudProvider) -> Cloud {
    match provider {
        CloudProvider::Aws => Cloud::S3,
        CloudProvider::Gcp => Cloud::Google,
        CloudProvider::Azure => Cloud::Azure,
    }
}

/// The user's options for an object store, and the dataset's settings where these say nothing.
fn with_settings(user: &SourceOptions, config: &CloudConfig, cloud: Cloud) -> SourceOptions {
    let is_elsewhere = user.endpoint.is_none() && config.endpoint.is_some();
    // Signing for S3 keeps the secret; the tokens of the others would go to whatever server a collection names.
    let is_unsafe = is_elsewhere && cloud != Cloud::S3;
    let is_public = config.anonymous && !cloud::has_credentials(cloud, user);
    SourceOptions {
        region: user.region.clone().or_else(|| config.region.clone()),
        endpoint: user.endpoint.clone().or_else(|| config.endpoint.clone()),
        requester_pays: user.requester_pays || config.requester_pays,
        anonymous: user.anonymous || is_public || is_unsafe,
        ..user.clone()
    }
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

    fn merged(user: SourceOptions, config: &CloudConfig, cloud: Cloud) -> SourceOptions {
        Reach::new(config.clone(), &Arc::new(user)).options(cloud).as_ref().clone()
    }

    #[test]
    fn what_the_user_says_comes_first() {
        let config = CloudConfig {
            region: Some("eu-west-1".to_owned()),
            endpoint: Some("https://theirs".to_owned()),
            requester_pays: true,
            anonymous: true,
            ..CloudConfig::default()
        };
        let options = merged(SourceOptions::default(), &config, Cloud::S3);
        assert_eq!(
            (options.region.as_deref(), options.endpoint.as_deref()),
            (Some("eu-west-1"), Some("https://theirs"))
        );
        assert!(options.requester_pays && options.anonymous);
        let mut user = SourceOptions { endpoint: Some("https://mine".to_owned()), ..Default::default() };
        user.store.insert("aws_access_key_id".to_owned(), "A".to_owned());
        let options = merged(user.clone(), &config, Cloud::S3);
        assert_eq!(options.endpoint.as_deref(), Some("https://mine"));
        assert!(!options.anonymous, "there is a key");
        // What is said of one provider's store is not said of the others'.
        let config = CloudConfig { provider: Some(CloudProvider::Azure), ..config };
        assert_eq!(merged(user, &config, Cloud::S3).region, None);
    }

    #[test]
    fn tokens_go_to_no_server_that_a_collection_names() {
        let config = CloudConfig { endpoint: Some("https://theirs".to_owned()), ..CloudConfig::default() };
        let anonymous = |cloud| merged(SourceOptions::default(), &config, cloud).anonymous;
        assert_eq!([Cloud::S3, Cloud::Google, Cloud::Azure].map(anonymous), [false, true, true]);
        let user = SourceOptions { endpoint: Some("https://mine".to_owned()), ..Default::default() };
        assert!(!merged(user, &config, Cloud::Azure).anonymous);
    }

    #[test]
    fn urls_below_an_endpoint_are_those_of_a_bucket() {
        let config = CloudConfig {
            provider: Some(CloudProvider::Aws),
            endpoint: Some("https://eodata.example.com/".to_owned()),
            ..CloudConfig::default()
        };
        let reach = Reach::new(config, &Arc::default());
        let below =
            |url| reach.below_endpoint(&Url::parse(url).unwrap()).map(|(bucket, key)| (bucket.name, key));
        assert_eq!(
            below("https://eodata.example.com/b/d/a%20b.tif"),
            Some(("b".to_owned(), "d/a b.tif".to_owned()))
        );
        for url in
            ["https://eodata.example.com/b/", "https://eodata.example.com/b/k?x=1", "https://example.com/b/k"]
        {
            assert_eq!(below(url), None, "{url}");
        }
    }

    #[test]
    fn containers_have_urls_that_can_be_signed() {
        let signable = |reach: &Reach, href: &str| reach.signable(href).unwrap();
        let plain = Reach::new(CloudConfig::default(), &Arc::default());
        assert_eq!(
            signable(&plain, "abfss://c@acc.dfs.core.windows.net/d/a b.tif").as_deref(),
            Some("https://acc.blob.core.windows.net/c/d/a%20b.tif")
        );
        assert_eq!(signable(&plain, "s3://b/k"), None);
        let mut options = SourceOptions::default();
        options.store.insert("azure_storage_account_name".to_owned(), "mine".to_owned());
        let mine = Reach::new(CloudConfig::default(), &Arc::new(options));
        assert_eq!(signable(&mine, "az://c/k").as_deref(), Some("https://mine.blob.core.windows.net/c/k"));
    }
}
