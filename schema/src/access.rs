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
/// The parameters of a query that carry permission go (those of the signed URLs of Amazon, Google, Azure, CloudFront
/// and their like, and what is called a token or a key), as do user, password and, of `http` URLs, the fragment.
/// What names the object stays, such as `versionId`.
///
/// ```
/// use rasteret_schema::access::plain_href;
/// assert_eq!(plain_href("https://h/a.tif?versionId=2&X-Amz-Signature=abc&X-Amz-Date=1"), "https://h/a.tif?versionId=2");
/// assert_eq!(plain_href("https://me:secret@h/a.tif?sv=2022&sr=c&sig=abc"), "https://h/a.tif");
/// assert_eq!(plain_href("scenes/what?.tif"), "scenes/what?.tif");
/// ```
pub fn plain_href(href: &str) -> String {
    let Some((scheme, rest)) = href.split_once("://") else { return href.to_owned() };
    let is = |schemes: &[&str]| schemes.iter().any(|name| scheme.eq_ignore_ascii_case(name));
    // Elsewhere it is a part of an object's name.
    let rest = if is(&["http", "https"]) { rest.split('#').next().unwrap_or_default() } else { rest };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        // A container, not a user: `abfss://container@account…`.
        Some((user, _)) if is(&["abfs", "abfss", "az"]) && !user.contains(':') => authority,
        Some((_, host)) => host,
        None => authority,
    };
    let parameters: Vec<&str> = query.into_iter().flat_map(|query| query.split('&')).collect();
    let name = |parameter: &&str| parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<String> = parameters.iter().map(name).collect();
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
    let (is_azure, is_signed) = (has(&["sig"]), has(&SIGNATURES));
    let kept: Vec<&str> = (parameters.into_iter().zip(&names))
        .filter(|(_, name)| {
            let name = name.as_str();
            let goes = permits(name)
                || (is_azure && AZURE.contains(&name))
                || (is_signed && (SIGNED_WITH.contains(&name) || name.starts_with("response-")));
            !goes
        })
        .map(|(parameter, _)| parameter)
        .collect();
    let query = if query.is_none() || (kept.is_empty() && !names.is_empty()) {
        String::new()
    } else {
        format!("?{}", kept.join("&"))
    };
    format!("{scheme}://{authority}{path}{query}")
}

/// Parameters of Azure's shared access signatures, which have names so short that they mean something else elsewhere:
/// <https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas>, `create-service-sas`.
const AZURE: [&str; 28] = [
    "sv", "st", "se", "sr", "sp", "sip", "spr", "ss", "srt", "si", "sdd", "ses", "skoid", "sktid", "skt",
    "ske", "sks", "skv", "saoid", "suoid", "scid", "sduoid", "skdutid", "rscc", "rscd", "rsce", "rscl",
    "rsct",
];

/// Parameters that are signatures, of Amazon, Google, CloudFront and those who do as they do.
const SIGNATURES: [&str; 6] =
    ["x-amz-signature", "x-goog-signature", "x-oss-signature", "x-obs-signature", "q-signature", "signature"];

/// Parameters that come with a signature and make no sense, or are refused, without it.
const SIGNED_WITH: [&str; 5] = ["expires", "policy", "hash-algorithm", "x-id", "a-userid"];

/// Whether a parameter of this name, in lower case, carries permission, or says whose it is.
fn permits(name: &str) -> bool {
    const BEGINNINGS: [&str; 7] = ["x-amz-", "x-goog-", "x-oss-", "x-obs-", "x-cos-", "q-", "x-ms-"];
    const NAMES: [&str; 36] = [
        "access_token",
        "accesskeyid",
        "accesstoken",
        "api-key",
        "api_key",
        "apikey",
        "auth",
        "authorization",
        "awsaccesskeyid",
        "bearer",
        "client_secret",
        "googleaccessid",
        "hdnea",
        "hdnts",
        "jwt",
        "key",
        "key-pair-id",
        "ocp-apim-subscription-key",
        "ossaccesskeyid",
        "passwd",
        "password",
        "pwd",
        "sas",
        "secret",
        "security-token",
        "session_token",
        "sessiontoken",
        "sig",
        "signature",
        "subscription-key",
        "subscription_key",
        "token",
        "user_token",
        "usertoken",
        "x-api-key",
        "x-token",
    ];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) || NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// URLs as the signers of the clouds make them (signatures shortened), and what stays of them.
    const SIGNED: [(&str, &str); 12] = [
        // Amazon, version 4; and version 2.
        (
            "https://b.s3.us-west-2.amazonaws.com/d/a.tif?response-content-type=image%2Ftiff&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=ASIA%2F20240501%2Fus-west-2%2Fs3%2Faws4_request&X-Amz-Date=20240501T000000Z&X-Amz-Expires=900\
             &X-Amz-SignedHeaders=host&X-Amz-Security-Token=TOKEN&X-Amz-Signature=SIGNATURE&x-id=GetObject&versionId=3",
            "https://b.s3.us-west-2.amazonaws.com/d/a.tif?versionId=3",
        ),
        (
            "https://b.s3.amazonaws.com/a.tif?AWSAccessKeyId=AKIA&Signature=SIGNATURE&Expires=1714521600&x-amz-security-token=TOKEN",
            "https://b.s3.amazonaws.com/a.tif",
        ),
        // As NASA's servers redirect.
        (
            "https://d1.cloudfront.net/s3/a.tif?A-userid=me&X-Amz-Credential=ASIA&X-Amz-Signature=SIGNATURE",
            "https://d1.cloudfront.net/s3/a.tif",
        ),
        // Google, version 4; and version 2.
        (
            "https://storage.googleapis.com/b/a.tif?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=me%40p.iam.gserviceaccount.com\
             &X-Goog-Date=20240501T000000Z&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature=SIGNATURE&generation=7",
            "https://storage.googleapis.com/b/a.tif?generation=7",
        ),
        (
            "https://storage.googleapis.com/b/a.tif?GoogleAccessId=me%40p.iam.gserviceaccount.com&Expires=1714521600&Signature=SIGNATURE",
            "https://storage.googleapis.com/b/a.tif",
        ),
        // Azure, as Planetary Computer has it; and of an account.
        (
            "https://naipeuwest.blob.core.windows.net/naip/a.tif?st=2024-05-01T00%3A00%3A00Z&se=2024-05-02T00%3A00%3A00Z&sp=rl&sv=2021-06-08\
             &sr=c&skoid=1&sktid=2&skt=2024-05-01T00%3A00%3A00Z&ske=2024-05-08T00%3A00%3A00Z&sks=b&skv=2021-06-08&sig=SIGNATURE",
            "https://naipeuwest.blob.core.windows.net/naip/a.tif",
        ),
        (
            "https://acc.blob.core.windows.net/c/a.tif?snapshot=2024-05-01T00:00:00Z&sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2024&spr=https\
             &sig=SIGNATURE&rsct=image%2Ftiff",
            "https://acc.blob.core.windows.net/c/a.tif?snapshot=2024-05-01T00:00:00Z",
        ),
        // CloudFront.
        (
            "https://d1.cloudfront.net/a.tif?Policy=POLICY&Signature=SIGNATURE&Key-Pair-Id=K1&Hash-Algorithm=SHA256",
            "https://d1.cloudfront.net/a.tif",
        ),
        // Keys and tokens of servers of tiles and catalogues.
        ("https://h/search?limit=10&token=next:abc&api_key=KEY", "https://h/search?limit=10"),
        ("https://me:secret@h:8080/a.tif#part", "https://h:8080/a.tif"),
        ("s3://KEY:SECRET@bucket/a.tif", "s3://bucket/a.tif"),
        (
            "abfss://c@acc.dfs.core.windows.net/a.tif?sv=1&sig=SIGNATURE",
            "abfss://c@acc.dfs.core.windows.net/a.tif",
        ),
    ];

    #[test]
    fn what_signs_goes_and_what_names_stays() {
        for (signed, plain) in SIGNED {
            assert_eq!(plain_href(signed), plain);
            assert_eq!(plain_href(plain), plain);
        }
        for plain in [
            "https://h/a.tif?versionId=2",
            "https://h/wcs?service=WCS&version=2.0.1&sv=1&expires=never&policy=open&st=2024",
            "https://h/a?b?c=1",
            "https://h/a.tif?",
            "s3://b/what?.tif",
            "s3://b/a#1.tif",
            "az://c/a b.tif",
            "/data/what?sig=1.tif",
            "",
        ] {
            assert_eq!(plain_href(plain), plain);
        }
    }
}
