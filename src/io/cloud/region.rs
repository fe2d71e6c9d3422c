//! Finds the region of an S3 bucket.
//!
//! S3 answers a request to the wrong region with the header `x-amz-bucket-region`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html>).

use super::super::route::Bucket;
use super::super::transport::{Request, Response, Transport, TransportError};
use super::super::{ByteSourceError, SourceOptions};
use super::credentials::Settings;
use super::store::{Access, Store};
use futures::future::BoxFuture;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Where S3 looks for a bucket when it is not told where it is.
const DEFAULT_REGION: &str = "us-east-1";

/// Connects to the bucket in a region.
type Connect = dyn Fn(&str) -> Result<Arc<dyn Transport>, ByteSourceError> + Send + Sync;

/// A bucket that follows S3 to the region that it is in.
pub struct InRegion {
    connect: Box<Connect>,
    current: Mutex<(String, Arc<dyn Transport>)>,
}

impl fmt::Debug for InRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InRegion").field("current", &self.current).finish_non_exhaustive()
    }
}

impl InRegion {
    /// A bucket in the region that its URL, the options or the settings name.
    pub fn new(
        bucket: Bucket,
        access: Access,
        settings: &Arc<Settings>,
        options: &SourceOptions,
        client: &reqwest::Client,
    ) -> Result<Self, ByteSourceError> {
        let region = named(&bucket, options, settings).unwrap_or(DEFAULT_REGION).to_owned();
        let (settings, options, client) = (Arc::clone(settings), options.clone(), client.clone());
        let connect = move |region: &str| {
            let bucket = Bucket { within: Some(region.to_owned()), ..bucket.clone() };
            let store = Store::new(&bucket, &access, &settings, &options, &client)?;
            Ok(Arc::new(store) as Arc<dyn Transport>)
        };
        Self::over(region, Box::new(connect))
    }

    fn over(region: String, connect: Box<Connect>) -> Result<Self, ByteSourceError> {
        let current = Mutex::new((region.clone(), connect(&region)?));
        Ok(InRegion { connect, current })
    }

    fn current(&self) -> (String, Arc<dyn Transport>) {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The region of a bucket, where its URL, the options or the settings say.
pub fn named<'a>(bucket: &'a Bucket, options: &'a SourceOptions, settings: &'a Settings) -> Option<&'a str> {
    let named = bucket.within.as_deref().or(options.region.as_deref());
    named.or_else(|| settings.get("aws_region")).or_else(|| settings.get("aws_default_region"))
}

impl Transport for InRegion {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let (region, store) = self.current();
            let response = store.send(request.clone()).await?;
            if response.status.is_success() {
                return Ok(response);
            }
            let named = response.headers.get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
            // It becomes a part of a host's name.
            let is_region = |name: &&str| {
                (1..=32).contains(&name.len()) && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            };
            let Some(named) = named.filter(is_region).filter(|named| *named != region) else {
                return Ok(response);
            };
            let store =
                (self.connect)(named).map_err(|error| TransportError::Permanent(error.to_string()))?;
            let found = (named.to_owned(), Arc::clone(&store));
            *self.current.lock().unwrap_or_else(PoisonError::into_inner) = found;
            store.send(request).await
        })
    }

    fn credentials(&self) -> String {
        self.current().1.credentials()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::transport::tests::{Answers, request};
    use futures::executor::block_on;
    use http::StatusCode;

    /// A bucket in one region: S3 sends those away who look for it in another.
    fn bucket(region: &'static str) -> InRegion {
        let connect = move |name: &str| -> Result<Arc<dyn Transport>, ByteSourceError> {
            Ok(if name == region {
                Answers::new([(StatusCode::PARTIAL_CONTENT, None)])
            } else {
                Answers::new([(StatusCode::MOVED_PERMANENTLY, Some(("x-amz-bucket-region", region)))])
            })
        };
        InRegion::over(DEFAULT_REGION.to_owned(), Box::new(connect)).unwrap()
    }

    #[test]
    fn the_region_is_found_and_remembered() {
        let bucket = bucket("eu-central-1");
        for _ in 0..3 {
            let response = block_on(bucket.send(request())).ok().unwrap();
            assert_eq!(response.status, StatusCode::PARTIAL_CONTENT);
            assert_eq!(bucket.current().0, "eu-central-1");
        }
    }

    #[test]
    fn a_region_that_is_none_is_not_followed() {
        for region in ["evil.example.com/", "a b", "", "us-east-1"] {
            let connect = move |_: &str| -> Result<Arc<dyn Transport>, ByteSourceError> {
                Ok(Answers::new([(StatusCode::FORBIDDEN, Some(("x-amz-bucket-region", region)))]))
            };
            let bucket = InRegion::over(DEFAULT_REGION.to_owned(), Box::new(connect)).unwrap();
            let response = block_on(bucket.send(request())).ok().unwrap();
            assert_eq!(
                (response.status, bucket.current().0.as_str()),
                (StatusCode::FORBIDDEN, DEFAULT_REGION)
            );
        }
    }
}
