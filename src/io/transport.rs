//! One request, one response: what the ways to reach an object have in common.

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use url::Url;

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

/// A request.
#[derive(Clone)]
pub struct Request {
    /// The object; of a list, what the names of the objects in it begin with.
    pub object: Arc<Object>,
    /// What is asked for.
    pub ask: Ask,
    /// The strong entity tag that the object must have.
    pub if_match: Option<HeaderValue>,
    /// What is said besides. To servers only.
    pub message: Option<Arc<Message>>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// These bytes of an object. Not none.
    Range(Range<u64>),
    /// So many bytes at its end. Not none.
    Last(u64),
    /// All of it.
    Whole,
    /// A page of the list of objects: the first, or the one of this token.
    List(Option<String>),
}

/// What is said to a server besides what is asked for.
#[derive(Default)]
pub struct Message {
    /// JSON that is sent to it (POST).
    pub json: Option<Bytes>,
    /// More headers. They may be secret.
    pub headers: HeaderMap,
}

/// A body to come, piece by piece. Dropping it ends the request.
pub type Body = BoxStream<'static, Result<Bytes, TransportError>>;

/// The head of a response, and its body to come.
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// Where it came from, if not from where it was asked for.
    pub redirected: Option<Url>,
    /// A page of a list, where that was asked for and is there.
    pub page: Option<Page>,
}

impl Response {
    /// The answer to a request for an object.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Response { status, headers, body, redirected: None, page: None }
    }
}

/// A page of a list of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Names and sizes of objects.
    pub objects: Vec<(String, u64)>,
    /// Token of the next page.
    pub next: Option<String>,
}

/// Why there is no response, or its body ends too early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// It may work the next time.
    Transient(String),
    /// The credentials cannot be had, or are of no use.
    Credentials(String),
    /// Something that it takes was asked for again and again, in vain.
    GivenUp(String),
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
            Box::pin(async move { Ok(Response::new(status, headers, stream::empty().boxed())) })
        }

        fn credentials(&self) -> String {
            "none".to_owned()
        }
    }

    /// Any request.
    pub fn request() -> Request {
        let object = Arc::new(Object { url: "https://example.com/a".to_owned(), key: "a".to_owned() });
        Request { object, ask: Ask::Range(0..1), if_match: None, message: None }
    }
}
