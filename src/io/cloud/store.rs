//! A bucket as a transport: `object_store` signs and sends, and the heads of responses are kept.

use super::super::href::scrubbed;
use super::super::http::{cause, no_answer};
use super::super::route::{Bucket, Cloud};
use super::super::transport::{Ask, Page, Request, Response, Transport, TransportError};
use super::super::{ByteSourceError, SourceOptions};
use super::credentials::{Settings, prefix};
use super::temporary::TemporaryCredentials;
use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt, stream};
use http::{HeaderMap, StatusCode};
use object_store::Error::InvalidPath;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpService, ReqwestConnector,
};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{ClientOptions, GetOptions, GetRange, GetResult, ObjectStore, RetryConfig};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::timeout;

/// Whether requests are signed.
#[derive(Debug, Clone)]
pub enum Access {
    /// Not signed.
    Anonymous,
    /// Signed with the credentials that are found.
    Signed,
    /// Signed with the credentials of an endpoint (S3).
    Temporary(Arc<TemporaryCredentials>),
}

/// A store whose objects are read, and listed page by page.
pub(super) trait ObjectsAndLists: ObjectStore + PaginatedListStore {}

impl<S: ObjectStore + PaginatedListStore> ObjectsAndLists for S {}

/// A bucket.
pub struct Store {
    store: Arc<dyn ObjectsAndLists>,
    name: String,
    patience: Duration,
    credentials: String,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Store {
    /// Makes ready to send requests; sends none.
    pub fn new(
        bucket: &Bucket,
        access: &Access,
        settings: &Settings,
        options: &SourceOptions,
        client: &reqwest::Client,
    ) -> Result<Self, ByteSourceError> {
        // Requests are repeated by whoever reads.
        let retry = RetryConfig { max_retries: 0, ..Default::default() };
        let credentials = match access {
            Access::Anonymous => "the request was not signed".to_owned(),
            Access::Signed | Access::Temporary(_) => settings.describe(),
        };
        Ok(Store {
            store: connect(bucket, access, settings, options, client, retry)?,
            name: bucket.name.clone(),
            patience: options.connect_timeout.saturating_add(options.stall_timeout),
            credentials,
        })
    }
}

/// The client of a bucket.
pub(super) fn connect(
    bucket: &Bucket,
    access: &Access,
    settings: &Settings,
    options: &SourceOptions,
    client: &reqwest::Client,
    retry: RetryConfig,
) -> Result<Arc<dyn ObjectsAndLists>, ByteSourceError> {
    let allow_http = options.allow_http || settings.is_set(&format!("{}allow_http", prefix(bucket.cloud)));
    let endpoint = options.endpoint.as_deref().or_else(|| settings.endpoint());
    if !allow_http && endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        let reason = "the endpoint has no TLS, and `allow_http` is not set";
        return Err(ByteSourceError::Invalid(reason.to_owned()));
    }
    let client_options =
        ClientOptions::new().with_allow_http(allow_http).with_connect_timeout(options.connect_timeout);
    let connector = Connector { client: client.clone(), connect_timeout: connect_timeout(&client_options) };
    let is_anonymous = matches!(access, Access::Anonymous);
    let endpoint = options.endpoint.clone();
    let store: object_store::Result<Arc<dyn ObjectsAndLists>> = match bucket.cloud {
        Cloud::S3 => {
            let mut builder = apply(AmazonS3Builder::new(), settings, AmazonS3Builder::with_config)
                .with_bucket_name(&bucket.name)
                .with_request_payer(options.requester_pays || settings.is_set("aws_request_payer"))
                .with_skip_signature(is_anonymous)
                .with_client_options(client_options)
                .with_retry(retry)
                .with_http_connector(connector);
            if let Some(region) = bucket.within.as_ref().or(options.region.as_ref()) {
                builder = builder.with_region(region);
            }
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            if let Access::Temporary(credentials) = access {
                builder = builder.with_credentials(Arc::clone(credentials) as _);
            }
            builder.build().map(|store| Arc::new(store) as _)
        }
        Cloud::Google => {
            let builder =
                apply(GoogleCloudStorageBuilder::new(), settings, GoogleCloudStorageBuilder::with_config);
            let mut builder = builder
                .with_bucket_name(&bucket.name)
                .with_skip_signature(is_anonymous)
                .with_client_options(client_options)
                .with_retry(retry)
                .with_http_connector(connector);
            if let Some(endpoint) = endpoint {
                builder = builder.with_base_url(&endpoint);
            }
            builder.build().map(|store| Arc::new(store) as _)
        }
        Cloud::Azure => {
            let builder = apply(MicrosoftAzureBuilder::new(), settings, MicrosoftAzureBuilder::with_config);
            let mut builder = builder
                .with_container_name(&bucket.name)
                .with_skip_signature(is_anonymous)
                .with_client_options(client_options)
                .with_retry(retry)
                .with_http_connector(connector);
            if let Some(account) = &bucket.within {
                builder = builder.with_account(account);
            }
            if let Some(endpoint) = endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            builder.build().map(|store| Arc::new(store) as _)
        }
    };
    store.map_err(|error| ByteSourceError::Invalid(cause(&error)))
}

/// Gives a builder the settings that it knows; whether to sign and who pays is said for each store.
fn apply<B, K: std::str::FromStr>(builder: B, settings: &Settings, with: fn(B, K, String) -> B) -> B {
    let known = settings
        .iter()
        .filter(|(key, _)| !key.ends_with("skip_signature") && !key.ends_with("request_payer"));
    known.fold(builder, |builder, (key, value)| match key.parse() {
        Ok(key) => with(builder, key, value.to_owned()),
        Err(_) => builder,
    })
}

impl Transport for Store {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            if request.message.is_some() {
                let why = "headers and JSON can be sent to servers only, not to an object store";
                return Err(TransportError::Permanent(why.to_owned()));
            }
            let exchange = Arc::new(Exchange::default());
            let result = timeout(self.patience, self.answer(request, &exchange)).await;
            let is_sent = exchange.is_sent.load(Relaxed);
            let result = result.map_err(|_| match is_sent {
                true => no_answer(self.patience),
                // Who hands out credentials does not answer: that is no better the next time.
                false => {
                    let text = format!("{}; no answer for {:?}", self.credentials, self.patience);
                    TransportError::Credentials(text)
                }
            })?;
            match (exchange.head.get(), result) {
                (Some((status, headers)), Ok(Answer::Object(object))) => {
                    let body = object.into_stream().map_err(|error| TransportError::Transient(cause(&error)));
                    Ok(Response::new(*status, headers.clone(), body.boxed()))
                }
                (Some((status, headers)), Ok(Answer::Page(page))) => {
                    let response = Response::new(*status, headers.clone(), stream::empty().boxed());
                    Ok(Response { page: Some(page), ..response })
                }
                // The store has read the body of the response, and quotes it.
                (Some((status, headers)), Err(error)) => {
                    let text = cause(&error);
                    let body = match status.is_success() {
                        true => Err(TransportError::Permanent(text)),
                        false => Ok(Bytes::from(text)),
                    };
                    let body = stream::once(async { body }).boxed();
                    Ok(Response::new(*status, headers.clone(), body))
                }
                (None, Err(error)) if is_sent => Err(TransportError::Transient(cause(&error))),
                (None, Err(error @ (object_store::Error::NotSupported { .. } | InvalidPath { .. }))) => {
                    Err(TransportError::Permanent(cause(&error)))
                }
                (None, Err(error)) => {
                    let why = scrubbed(&cause(&error));
                    Err(TransportError::Credentials(format!("{}; {why}", self.credentials)))
                }
                (None, Ok(_)) => {
                    Err(TransportError::Permanent("the request was not sent by the client".to_owned()))
                }
            }
        })
    }

    fn credentials(&self) -> String {
        self.credentials.clone()
    }
}

/// What a store answers.
enum Answer {
    Object(GetResult),
    Page(Page),
}

impl Store {
    async fn answer(&self, request: Request, exchange: &Arc<Exchange>) -> object_store::Result<Answer> {
        let range = match request.ask {
            Ask::Range(range) => Some(GetRange::Bounded(range)),
            Ask::Last(len) => Some(GetRange::Suffix(len)),
            Ask::Whole => None,
            Ask::List(page_token) => {
                let mut options = PaginatedListOptions { page_token, ..Default::default() };
                options.extensions.insert(Arc::clone(exchange));
                let prefix = Some(request.object.key.as_str()).filter(|prefix| !prefix.is_empty());
                let listed = self.store.list_paginated(prefix, options).await?;
                let objects = listed.result.objects.into_iter();
                let objects = objects.map(|object| (String::from(object.location), object.size)).collect();
                return Ok(Answer::Page(Page { objects, next: listed.page_token }));
            }
        };
        let path = Path::parse(&request.object.key)?;
        let mut options = GetOptions {
            range,
            if_match: request.if_match.and_then(|etag| etag.to_str().ok().map(str::to_owned)),
            ..Default::default()
        };
        options.extensions.insert(Arc::clone(exchange));
        self.store.get_opts(&path, options).await.map(Answer::Object)
    }
}

/// What became of a request. It goes with the request, as an extension.
#[derive(Debug, Default)]
struct Exchange {
    is_sent: AtomicBool,
    head: OnceLock<(StatusCode, HeaderMap)>,
}

/// Connects stores by the client that all hosts share.
#[derive(Debug)]
struct Connector {
    client: reqwest::Client,
    connect_timeout: Option<String>,
}

fn connect_timeout(options: &ClientOptions) -> Option<String> {
    options.get_config_value(&ClientConfigKey::ConnectTimeout)
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // The machine's metadata service has a short timeout of its own: there often is none.
        if connect_timeout(options) != self.connect_timeout {
            return ReqwestConnector::default().connect(options);
        }
        let allow_http = options.get_config_value(&ClientConfigKey::AllowHttp);
        let allow_http = allow_http.as_deref() == Some("true");
        Ok(HttpClient::new(Recorder { client: self.client.clone(), allow_http }))
    }
}

/// Sends requests, and keeps the heads of responses.
#[derive(Debug)]
struct Recorder {
    client: reqwest::Client,
    allow_http: bool,
}

#[async_trait]
impl HttpService for Recorder {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if !self.allow_http && request.uri().scheme_str() != Some("https") {
            let refused = std::io::Error::other("the endpoint has no TLS, and `allow_http` is not set");
            return Err(HttpError::new(HttpErrorKind::Unknown, refused));
        }
        let exchange = request.extensions().get::<Arc<Exchange>>().cloned();
        if let Some(exchange) = &exchange {
            exchange.is_sent.store(true, Relaxed);
        }
        let response = self.client.call(request).await?;
        if let Some(exchange) = exchange {
            // Requests are sent once, so that nothing is there already.
            let _ = exchange.head.set((response.status(), response.headers().clone()));
        }
        Ok(response)
    }
}
