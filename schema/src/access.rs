//! How source adapters reach what they read.
//!
//! The engine implements [`Access`] once, for servers, object stores and local files alike: credentials,
//! signed URLs, limits and repeated attempts are its business. An adapter asks for documents, ranges and
//! lists by href, and knows nothing else of networks.

use crate::ObjectVersion;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of a document at most, where a request does not say: a page of a STAC API has about 1 MB.
pub const MAX_DOCUMENT_BYTES: u64 = 256 << 20;

/// A way to files, objects and servers. Hrefs are paths, or URLs of `file`, `http`, `https`, `s3`, `gs`, `az`.
pub trait Access: fmt::Debug + Send + Sync {
    /// Asks a server for a document, or reads a file or an object whole. What may pass (a server that is busy,
    /// a connection that breaks) is tried again.
    fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>>;

    /// Opens a file or an object whose parts are read one by one.
    fn open<'a>(&'a self, href: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>>;

    /// The files below a folder or prefix, at any depth, sorted by href. Plain HTTP servers have no such lists.
    fn list<'a>(&'a self, folder: &'a str) -> BoxStream<'a, Result<ListedFile, AccessError>>;
}

/// A file or an object of which parts are read.
pub trait RandomAccess: fmt::Debug + Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Which version of it is read.
    fn version(&self) -> ObjectVersion;

    /// The bytes of a range: exactly as many as it is long, or an error.
    fn read(&self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, AccessError>>;
}

/// A request for a document.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentRequest {
    /// Where it is.
    pub href: String,
    /// JSON to send (POST). Without it the document is just asked for (GET). Servers only.
    pub json: Option<Bytes>,
    /// More headers, as name and value. They may be secret. Servers only.
    pub headers: Vec<(String, String)>,
    /// A longer document is an error, noticed before it is held.
    pub max_bytes: u64,
}

impl DocumentRequest {
    /// A plain request.
    pub fn get(href: impl Into<String>) -> Self {
        DocumentRequest { href: href.into(), json: None, headers: Vec::new(), max_bytes: MAX_DOCUMENT_BYTES }
    }

    /// A request that sends JSON.
    pub fn post(href: impl Into<String>, json: impl Into<Bytes>) -> Self {
        DocumentRequest { json: Some(json.into()), ..Self::get(href) }
    }
}

impl fmt::Debug for DocumentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("DocumentRequest")
            .field("href", &plain_href(&self.href))
            .field("post", &self.json.is_some())
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it came from, redirections followed: what relative hrefs in it are relative to.
    pub href: String,
    /// All of it.
    pub bytes: Bytes,
}

/// A file in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFile {
    /// An href that [`Access::open`] opens.
    pub href: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Why something cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{href}: {message}")]
pub struct AccessError {
    /// What was asked for, without secrets.
    pub href: String,
    /// Kind of failure.
    pub kind: AccessErrorKind,
    /// What is wrong, and what may help; of a server, with the start of what it said.
    pub message: String,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessErrorKind {
    /// There is no such thing.
    NotFound,
    /// It may not be read.
    Denied,
    /// The request is not understood, by the server or on the way to it.
    Invalid,
    /// It is larger than allowed.
    TooLarge,
    /// It was attempted again, in vain.
    Unavailable,
}

impl AccessErrorKind {
    /// Its short name, as in [`RasterError::kind`](crate::RasterError::kind).
    pub fn name(self) -> &'static str {
        match self {
            AccessErrorKind::NotFound => "not-found",
            AccessErrorKind::Denied => "access-denied",
            AccessErrorKind::Invalid => "invalid",
            AccessErrorKind::TooLarge => "too-large",
            AccessErrorKind::Unavailable => "unavailable",
        }
    }
}

/// An href without what signs it: what may be stored, shown and exported.
///
/// The parameters of a query that carry permission go (those of Amazon's, Google's and Azure's signed URLs,
/// and what is called a token or a key), as do user and password. What names the object stays, such as
/// `versionId`.
///
/// ```
/// use rasteret_schema::access::plain_href;
/// assert_eq!(plain_href("https://h/a.tif?versionId=2&X-Amz-Signature=abc&X-Amz-Date=1"), "https://h/a.tif?versionId=2");
/// assert_eq!(plain_href("https://me:secret@h/a.tif?sv=2022&sr=c&sig=abc"), "https://h/a.tif");
/// assert_eq!(plain_href("scenes/what?.tif"), "scenes/what?.tif");
/// ```
pub fn plain_href(href: &str) -> String {
    let Some((scheme, rest)) = href.split_once("://") else { return href.to_owned() };
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    // `abfss://container@account…` has no user there.
    let authority = if is_http { authority.rsplit('@').next().unwrap_or_default() } else { authority };
    let parameters: Vec<&str> = query.into_iter().flat_map(|query| query.split('&')).collect();
    let name = |parameter: &&str| parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
    // Azure's parameters have names of two letters, which mean something else elsewhere.
    let is_azure = parameters.iter().any(|parameter| name(parameter) == "sig");
    let kept: Vec<&str> = parameters
        .into_iter()
        .filter(|parameter| {
            let name = name(parameter);
            !(signs(&name) || (is_azure && AZURE.contains(&name.as_str())))
        })
        .collect();
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    format!("{scheme}://{authority}{path}{query}")
}

/// Parameters of shared access signatures:
/// <https://learn.microsoft.com/en-us/rest/api/storageservices/create-user-delegation-sas>.
const AZURE: [&str; 20] = [
    "sv", "st", "se", "sr", "sp", "sig", "sip", "spr", "ss", "srt", "si", "sdd", "ses", "skoid", "sktid",
    "skt", "ske", "sks", "skv", "saoid",
];

/// Whether a parameter of this name, in lower case, carries permission.
fn signs(name: &str) -> bool {
    const EXACT: [&str; 16] = [
        "awsaccesskeyid",
        "signature",
        "expires",
        "googleaccessid",
        "key-pair-id",
        "policy",
        "token",
        "access_token",
        "accesstoken",
        "auth",
        "authorization",
        "api_key",
        "apikey",
        "key",
        "password",
        "sig",
    ];
    name.starts_with("x-amz-") || name.starts_with("x-goog-") || EXACT.contains(&name)
}
