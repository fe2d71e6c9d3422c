//! How documents are asked for: with the user's headers, which go to no other server than they are meant for.

use crate::json;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Access, DocumentRequest, SourceError};
use serde_json::{Map, Value};
use std::pin::Pin;
use std::sync::Arc;
use url::{Origin, Url};

/// Reads JSON documents.
#[derive(Clone)]
pub(crate) struct Reader {
    pub access: Arc<dyn Access>,
    headers: Vec<(String, String)>,
    /// Where the headers go.
    origin: Option<Origin>,
}

/// What is asked of a server, or of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    pub href: String,
    /// What is sent by POST; without it, the request is a GET.
    pub body: Option<Map<String, Value>>,
    /// Headers that a server asked for in a link.
    pub headers: Vec<(String, String)>,
}

impl Request {
    pub fn get(href: impl Into<String>) -> Self {
        Request { href: href.into(), body: None, headers: Vec::new() }
    }
}

/// A JSON document.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    /// Where it came from, redirections followed.
    pub href: String,
    pub json: Value,
}

/// A document that is on its way, or has come.
pub(crate) type Loading = Pin<Box<MaybeDone<BoxFuture<'static, Result<Loaded, SourceError>>>>>;

impl Reader {
    /// `root` is the URL that the headers are meant for.
    pub fn new(access: Arc<dyn Access>, headers: Vec<(String, String)>, root: &str) -> Self {
        Reader { access, headers, origin: origin(root) }
    }

    /// The headers that go to an href.
    pub fn headers_for(&self, href: &str) -> &[(String, String)] {
        let is_theirs = self.origin.is_some() && origin(href) == self.origin;
        if is_theirs { &self.headers } else { &[] }
    }

    /// Asks for a document, once it is polled.
    pub fn loading(&self, request: Request) -> Loading {
        Box::pin(maybe_done(self.load(request)))
    }

    /// Asks for a document, and waits for it.
    pub fn load(&self, request: Request) -> BoxFuture<'static, Result<Loaded, SourceError>> {
        let mut headers = self.headers_for(&request.href).to_vec();
        for (name, value) in request.headers {
            if !headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(&name)) {
                headers.push((name, value));
            }
        }
        let access = Arc::clone(&self.access);
        Box::pin(async move {
            let plain = plain_href(&request.href);
            let document = match request.body {
                None => DocumentRequest::get(request.href),
                Some(body) => {
                    let json = serde_json::to_vec(&body)
                        .map_err(|error| SourceError::Read { what: plain.clone(), source: error.into() })?;
                    DocumentRequest::post(request.href, json)
                }
            };
            let document = access.fetch(DocumentRequest { headers, ..document }).await?;
            let json = json::parse(&document.bytes).map_err(|error| {
                let start: String = String::from_utf8_lossy(&document.bytes).chars().take(60).collect();
                SourceError::Invalid(format!("{plain} is not JSON: {error}; it begins with {start:?}"))
            })?;
            Ok(Loaded { href: document.href, json })
        })
    }
}

fn origin(href: &str) -> Option<Origin> {
    Url::parse(href).ok().map(|url| url.origin()).filter(Origin::is_tuple)
}

/// What an error is called in a [`SourceFailure`](rasteret_schema::SourceFailure).
pub(crate) fn kind(error: &SourceError) -> &'static str {
    match error {
        SourceError::NotFound(_) => "not-found",
        SourceError::Access(error) => error.kind.name(),
        SourceError::Invalid(_) => "invalid",
        SourceError::Read { .. } => "unavailable",
    }
}
