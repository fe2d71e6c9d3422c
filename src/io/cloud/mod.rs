//! Buckets of object stores.
//!
//! `object_store` finds credentials, keeps them fresh, and signs requests. Responses are checked and
//! requests are repeated by [`Remote`](super::remote::Remote), as for any other server.

mod credentials;
mod region;
mod store;
mod temporary;

use super::fallback::Fallback;
use super::route::{Bucket, Cloud};
use super::transport::Transport;
use super::{ByteSourceError, SourceOptions};
use credentials::Settings;
use object_store::aws::resolve_bucket_region;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use region::InRegion;
use std::sync::Arc;
use store::{Access, Store};
use temporary::WithTemporary;

pub use temporary::TemporaryCredentials;

/// Whether options or, where `or_environment`, the environment ask for the protocol of the object store
/// rather than plain HTTP.
pub fn is_asked_for(cloud: Cloud, options: &SourceOptions, or_environment: bool) -> bool {
    let prefix = credentials::prefix(cloud);
    let by_options = options.store.keys().any(|key| key.to_ascii_lowercase().starts_with(prefix));
    let pays = options.requester_pays && cloud == Cloud::S3;
    by_options || pays || (or_environment && Settings::gather(cloud, options).has_credentials())
}

/// Whether options have credentials of the object store.
pub fn has_credentials(cloud: Cloud, options: &SourceOptions) -> bool {
    Settings::given(cloud, options).has_credentials()
}

/// The account of Azure that is set.
pub fn account(options: &SourceOptions) -> Option<String> {
    Settings::gather(Cloud::Azure, options).get("azure_storage_account_name").map(str::to_owned)
}

/// Reaches the objects of a bucket: signed, where there are credentials; else without a signature and,
/// where that is denied, with the credentials of the machine that this runs on.
pub fn bucket(
    bucket: &Bucket,
    options: &SourceOptions,
    client: &reqwest::Client,
    temporary: Option<Arc<TemporaryCredentials>>,
) -> Result<Arc<dyn Transport>, ByteSourceError> {
    check_options(options)?;
    let settings = Arc::new(Settings::gather(bucket.cloud, options));
    let store = |access| -> Result<Arc<dyn Transport>, ByteSourceError> {
        let is_elsewhere = options.endpoint.is_some() || settings.endpoint().is_some();
        if bucket.cloud == Cloud::S3 && !is_elsewhere {
            return Ok(Arc::new(InRegion::new(bucket.clone(), access, &settings, options, client)?));
        }
        Ok(Arc::new(Store::new(bucket, &access, &settings, options, client)?))
    };
    if options.anonymous || settings.is_anonymous() {
        store(Access::Anonymous)
    } else if let Some(temporary) = temporary {
        let inner = store(Access::Temporary(Arc::clone(&temporary)))?;
        Ok(Arc::new(WithTemporary::new(inner, temporary)))
    } else if settings.has_credentials() {
        store(Access::Signed)
    } else {
        Ok(Arc::new(Fallback::new(store(Access::Anonymous)?, store(Access::Signed)?)))
    }
}

/// A bucket to write to, and which credentials it is written with. Requests are repeated as often as the options say.
pub async fn for_writing(
    bucket: &Bucket,
    options: &SourceOptions,
    client: &reqwest::Client,
) -> Result<(Arc<dyn ObjectStore>, String), ByteSourceError> {
    check_options(options)?;
    let settings = Settings::gather(bucket.cloud, options);
    let is_anonymous = options.anonymous || settings.is_anonymous();
    let access = if is_anonymous { Access::Anonymous } else { Access::Signed };
    let is_elsewhere = options.endpoint.is_some() || settings.endpoint().is_some();
    let mut bucket = bucket.clone();
    if bucket.cloud == Cloud::S3 && !is_elsewhere && region::named(&bucket, options, &settings).is_none() {
        // Where the bucket does not say, the first request will.
        bucket.within = resolve_bucket_region(&bucket.name, &ClientOptions::new()).await.ok();
    }
    let backoff = BackoffConfig { init_backoff: options.backoff, ..Default::default() };
    let retry =
        RetryConfig { backoff, max_retries: options.retries as usize, retry_timeout: options.timeout };
    let store = store::connect(&bucket, &access, &settings, options, client, retry)?;
    Ok((store, if is_anonymous { "the request was not signed".to_owned() } else { settings.describe() }))
}

fn check_options(options: &SourceOptions) -> Result<(), ByteSourceError> {
    match options.store.keys().find(|key| !credentials::is_known(key)) {
        Some(unknown) => {
            Err(ByteSourceError::Invalid(format!("there is no option {unknown:?} of an object store")))
        }
        None => Ok(()),
    }
}
