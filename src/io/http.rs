//! Plain HTTP.
//!
//! `reqwest` and not the `http` store of `object_store`: that one knows neither queries, by which URLs are
//! signed, nor pauses that servers ask for.

use super::href::scrubbed;
use super::transport::{Request, Response, Transport, TransportError};
use super::{ByteSourceError, SourceOptions};
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, IF_MATCH, RANGE};
use reqwest::redirect::Policy;
use std::error::Error;
use std::ops::Range;
use std::time::Duration;
use tokio::time::timeout;

/// How often a request is redirected at most.
const MAX_REDIRECTIONS: usize = 5;
/// How long a connection that is not used is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The client of all hosts. It keeps connections alive between requests.
///
/// HTTP/1.1 only: a host gives each connection a share of its bandwidth, and many small ranges over one
/// HTTP/2 connection wait for each other's packets.
pub fn client(options: &SourceOptions) -> Result<reqwest::Client, ByteSourceError> {
    let redirect = Policy::custom(|attempt| {
        let was_secure = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
        if was_secure && attempt.url().scheme() != "https" {
            attempt.error("the redirection leads from https to http")
        } else if attempt.previous().len() > MAX_REDIRECTIONS {
            attempt.error("too many redirections")
        } else {
            attempt.follow()
        }
    });
    reqwest::Client::builder()
        .user_agent(concat!("rasteret/", env!("CARGO_PKG_VERSION")))
        .http1_only()
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(options.max_requests_per_host.max(1))
        .tcp_nodelay(true)
        .redirect(redirect)
        // The URL that redirects may be a signed one.
        .referer(false)
        .build()
        .map_err(|error| ByteSourceError::Invalid(cause(&error)))
}

/// A server.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
    patience: Duration,
}

impl Http {
    /// Sends requests with a client.
    pub fn new(client: reqwest::Client, options: &SourceOptions) -> Self {
        Http { client, patience: options.connect_timeout.saturating_add(options.stall_timeout) }
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let mut builder = self
                .client
                .get(&request.object.url)
                .header(RANGE, range_header(&request.range))
                // What is sent is a part of the object as it is, not of a compressed form of it.
                .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some(etag) = request.if_match {
                builder = builder.header(IF_MATCH, etag);
            }
            let sent = timeout(self.patience, builder.send()).await;
            let response = sent.map_err(|_| no_answer(self.patience))?.map_err(failed)?;
            let (status, headers) = (response.status(), response.headers().clone());
            Ok(Response { status, headers, body: response.bytes_stream().map_err(failed).boxed() })
        })
    }

    fn credentials(&self) -> String {
        "no credentials were sent but those in the URL; a URL that was signed may have expired".to_owned()
    }
}

/// The error of a server that does not answer for so long.
pub fn no_answer(patience: Duration) -> TransportError {
    TransportError::Transient(format!("no answer for {patience:?}"))
}

fn range_header(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
}

fn failed(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let cause = cause(&error);
    if error.is_builder() || error.is_redirect() {
        TransportError::Permanent(cause)
    } else {
        TransportError::Transient(cause)
    }
}

/// An error and what caused it, without what may be secret.
pub fn cause(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    scrubbed(&text)
}
