//! Plain HTTP.
//!
//! `reqwest` and not the `http` store of `object_store`: that one knows neither queries, by which URLs are
//! signed, nor pauses that servers ask for.

use super::href::scrubbed;
use super::transport::{Ask, Request, Response, Transport, TransportError};
use super::{ByteSourceError, SourceOptions};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{StreamExt, TryStreamExt};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, IF_MATCH, LOCATION, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::redirect::Policy;
use std::error::Error;
use std::time::Duration;
use tokio::time::timeout;
use url::Url;

/// Documents are JSON mostly; some servers have them for people too, and ask which is meant.
const DOCUMENTS: &str = "application/geo+json, application/json, */*;q=0.8";
/// Statuses that are followed.
const FOLLOWED: [StatusCode; 5] = [
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::FOUND,
    StatusCode::SEE_OTHER,
    StatusCode::TEMPORARY_REDIRECT,
    StatusCode::PERMANENT_REDIRECT,
];
/// How often a request is redirected at most.
const MAX_REDIRECTIONS: usize = 5;
/// How long a connection that is not used is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// The client of all hosts. It keeps connections alive between requests.
///
/// HTTP/1.1 only: a host gives each connection a share of its bandwidth, and many small ranges over one
/// HTTP/2 connection wait for each other's packets.
pub fn client(options: &SourceOptions, redirect: Policy) -> Result<reqwest::Client, ByteSourceError> {
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

/// Follows redirections. They say nothing that is meant for the first server alone.
pub fn following() -> Policy {
    Policy::custom(|attempt| {
        let refused =
            attempt.previous().last().and_then(|from| refused(from, attempt.url(), attempt.previous().len()));
        match refused {
            Some(why) => attempt.error(why),
            None => attempt.follow(),
        }
    })
}

/// Why a redirection is not followed.
fn refused(from: &Url, to: &Url, redirections: usize) -> Option<&'static str> {
    if from.scheme() == "https" && to.scheme() != "https" {
        Some("the redirection leads from https to http")
    } else if redirections > MAX_REDIRECTIONS {
        Some("too many redirections")
    } else {
        None
    }
}

/// Servers.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
    patience: Duration,
}

impl Http {
    /// Makes ready to send requests.
    pub fn new(options: &SourceOptions) -> Result<Self, ByteSourceError> {
        Ok(Http {
            client: client(options, Policy::none())?,
            patience: options.connect_timeout.saturating_add(options.stall_timeout),
        })
    }

    /// Sends a request to a URL, which may not be the one that it was meant for.
    async fn send_to(
        &self,
        url: &Url,
        request: &Request,
        json: Option<&Bytes>,
        is_same_origin: bool,
    ) -> Result<reqwest::Response, TransportError> {
        let mut builder = match json {
            Some(json) => {
                let kind = HeaderValue::from_static("application/json");
                self.client.post(url.clone()).header(CONTENT_TYPE, kind).body(json.clone())
            }
            None => self.client.get(url.clone()),
        };
        let mut headers = HeaderMap::new();
        match &request.ask {
            Ask::Whole => {
                headers.insert(ACCEPT, HeaderValue::from_static(DOCUMENTS));
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            }
            ask => {
                let range = range_header(ask).ok_or_else(|| {
                    TransportError::Permanent("servers have no lists of their files".to_owned())
                })?;
                builder = builder.header(RANGE, range);
                // What is sent is a part of the object as it is, not of a compressed form of it.
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
        }
        if let Some(etag) = &request.if_match {
            headers.insert(IF_MATCH, etag.clone());
        }
        if let Some(message) = request.message.as_ref().filter(|_| is_same_origin) {
            headers.extend(message.headers.clone());
        }
        let sent = timeout(self.patience, builder.headers(headers).send()).await;
        sent.map_err(|_| no_answer(self.patience))?.map_err(failed)
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let permanent = |error: url::ParseError| TransportError::Permanent(error.to_string());
            let first = Url::parse(&request.object.url).map_err(permanent)?;
            let mut json = request.message.as_ref().and_then(|message| message.json.as_ref());
            let mut redirected = None;
            for redirections in 1.. {
                let url = redirected.as_ref().unwrap_or(&first);
                // Headers may be secrets between us and the first server.
                let is_same_origin = url.origin() == first.origin();
                let response = self.send_to(url, &request, json, is_same_origin).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                let to = headers.get(LOCATION).filter(|_| FOLLOWED.contains(&status));
                let Some(to) = to.and_then(|to| to.to_str().ok()) else {
                    let body = response.bytes_stream().map_err(failed).boxed();
                    return Ok(Response { redirected, ..Response::new(status, headers, body) });
                };
                let to = url.join(to).map_err(permanent)?;
                if let Some(why) = refused(url, &to, redirections) {
                    return Err(TransportError::Permanent(why.to_owned()));
                }
                // Only this one turns what is sent into a plain question; that the others may too is history,
                // and would be answered with what was not asked for (RFC 9110, 15.4).
                if status == StatusCode::SEE_OTHER {
                    json = None;
                }
                redirected = Some(to);
            }
            Err(TransportError::Permanent("too many redirections".to_owned()))
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

/// The value of the `Range` header.
fn range_header(ask: &Ask) -> Option<String> {
    match ask {
        Ask::Range(range) => Some(format!("bytes={}-{}", range.start, range.end.saturating_sub(1))),
        Ask::Last(len) => Some(format!("bytes=-{len}")),
        Ask::Whole | Ask::List(_) => None,
    }
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
