//! Signers of URLs, which make what is private readable for a while.

mod planetary_computer;
mod signed;

pub use planetary_computer::PlanetaryComputer;
pub(super) use signed::{Signatures, Signed};

use super::ByteSourceError;
use futures::future::BoxFuture;
use rasteret_schema::{Access, AccessError};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Makes signatures for URLs. A collection names the signer of its assets
/// ([`CloudConfig::signer`](rasteret_schema::CloudConfig::signer)); what is stored and shown are plain URLs.
///
/// Signatures are kept while they are good, had anew before their end, and once for however many reads wait for
/// one. A URL that has a signature already is used as it is.
///
/// ```
/// use futures::future::BoxFuture;
/// use rasteret::io::{ByteSources, Signature, SourceOptions, UrlSigner};
/// use rasteret::schema::{Access, AccessError, DocumentRequest};
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
///
/// /// Asks a server for a key that is good for a quarter of an hour.
/// #[derive(Debug)]
/// struct OurArchive;
///
/// impl UrlSigner for OurArchive {
///     fn name(&self) -> &str {
///         "our-archive"
///     }
///
///     fn scope(&self, url: &str) -> Option<String> {
///         url.starts_with("https://archive.example.com/").then(|| "all".to_owned())
///     }
///
///     fn sign<'a>(
///         &'a self,
///         _scope: &'a str,
///         access: &'a dyn Access,
///     ) -> BoxFuture<'a, Result<Signature, AccessError>> {
///         Box::pin(async move {
///             let key = access.fetch(DocumentRequest::get("https://archive.example.com/key")).await?;
///             let expires = Some(SystemTime::now() + Duration::from_secs(900));
///             Ok(Signature { query: format!("key={}", String::from_utf8_lossy(&key.bytes)), expires })
///         })
///     }
/// }
///
/// let sources = ByteSources::new(SourceOptions::default()).with_signer(Arc::new(OurArchive));
/// ```
pub trait UrlSigner: fmt::Debug + Send + Sync {
    /// Its name, by which collections ask for it.
    fn name(&self) -> &str;

    /// What else a signature of this URL is good for, such as a container; the URL itself, if nothing. `None` for
    /// a URL that needs none.
    fn scope(&self, url: &str) -> Option<String>;

    /// Makes a signature for a scope. What it takes, it asks for by `access`, which repeats requests and waits
    /// where servers ask it to.
    ///
    /// # Errors
    ///
    /// If there is none to be had. The error must not hold secrets.
    fn sign<'a>(
        &'a self,
        scope: &'a str,
        access: &'a dyn Access,
    ) -> BoxFuture<'a, Result<Signature, AccessError>>;

    /// A URL with a signature of its scope: as parameters of its query, unless a signer does otherwise.
    fn signed(&self, url: &str, signature: &Signature) -> String {
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}{}", signature.query)
    }
}

/// A signature, which is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// Parameters of a query, as a URL has them, without `?`.
    pub query: String,
    /// When it is no longer accepted, if ever.
    pub expires: Option<SystemTime>,
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// The signer of a name, of those that the user has added and the built-in ones.
pub(super) fn find(name: &str, added: &[Arc<dyn UrlSigner>]) -> Result<Arc<dyn UrlSigner>, ByteSourceError> {
    if let Some(signer) = added.iter().rev().find(|signer| signer.name() == name) {
        return Ok(Arc::clone(signer));
    }
    if name == planetary_computer::NAME {
        return Ok(Arc::new(PlanetaryComputer::default()));
    }
    let mut names: Vec<&str> = added.iter().map(|signer| signer.name()).collect();
    names.push(planetary_computer::NAME);
    names.sort_unstable();
    names.dedup();
    let names = names.join(", ");
    Err(ByteSourceError::Invalid(format!(
        "there is no signer {name:?} of URLs; those that there are: {names}"
    )))
}
