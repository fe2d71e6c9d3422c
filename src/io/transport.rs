//! One request, one response: what the ways to reach an object have in common.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A way to reach objects: a server, a bucket. Decorators add to it what all of them need.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request, and returns as soon as the head of the response is there.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>>;

    /// Which credentials requests carry, or which were looked for: what may help whom access is denied.
    fn credentials(&self) -> String;
}

impl Transport for Arc<dyn Transport> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        (**self).send(request)
    }

    fn credentials(&self) -> String {
        (**self).credentials()
    }
}

/// What an object is called. It may hold secrets.
#[derive(Clone)]
pub struct Object {
    /// Its URL.
    pub url: String,
    /// Its name in its bucket; empty where there is none.
    pub key: String,
}

/// A request for a range of an object.
#[derive(Clone)]
pub struct Request {
    /// The object.
    pub object: Arc<Object>,
    /// The bytes to send. Not empty.
    pub range: Range<u64>,
    /// The strong entity tag that the object must have.
    pub if_match: Option<HeaderValue>,
}

/// The head of a response, and its body to come.
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body, piece by piece. Dropping it ends the request.
    pub body: BoxStream<'static, Result<Bytes, TransportError>>,
}

/// Why there is no response, or its body ends too early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// It may work the next time.
    Transient(String),
    /// The credentials cannot be had, or are of no use.
    Credentials(String),
    /// It will not work the next time either.
    Permanent(String),
}
