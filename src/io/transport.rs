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

#[cfg(test)]
pub mod tests {
    use super::*;
    use futures::StreamExt;
    use futures::stream;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// A transport that gives its answers in turn, the last one again and again.
    #[derive(Debug)]
    pub struct Answers {
        answers: Vec<(StatusCode, Option<(&'static str, &'static str)>)>,
        pub requests: AtomicUsize,
    }

    impl Answers {
        /// Statuses, and a header for each.
        pub fn new(
            answers: impl IntoIterator<Item = (StatusCode, Option<(&'static str, &'static str)>)>,
        ) -> Arc<Self> {
            Arc::new(Answers { answers: answers.into_iter().collect(), requests: AtomicUsize::new(0) })
        }
    }

    impl Transport for Answers {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
            let turn = self.requests.fetch_add(1, Relaxed).min(self.answers.len() - 1);
            let (status, header) = self.answers[turn];
            let headers = header
                .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)));
            let headers = headers.into_iter().collect();
            Box::pin(async move { Ok(Response { status, headers, body: stream::empty().boxed() }) })
        }

        fn credentials(&self) -> String {
            "none".to_owned()
        }
    }

    /// Any request.
    pub fn request() -> Request {
        let object = Arc::new(Object { url: "https://example.com/a".to_owned(), key: "a".to_owned() });
        Request { object, range: 0..1, if_match: None }
    }
}
