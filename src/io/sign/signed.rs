//! Signs the URLs that requests go to.

use super::super::renewal::{Held, Renewed};
use super::super::transport::{Object, Request, Response, Transport, TransportError};
use super::super::{ByteSources, without_secrets};
use super::{Signature, UrlSigner};
use futures::future::BoxFuture;
use http::StatusCode;
use rasteret_schema::{AccessError, AccessErrorKind};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// How many scopes are remembered at most: where each URL is one, there are very many.
const MAX_SCOPES: usize = 4096;

/// The signature of a scope.
type OfScope = Arc<Renewed<Signature, AccessError>>;

/// The signatures that are good, of all signers.
#[derive(Debug, Default)]
pub struct Signatures(Mutex<HashMap<(String, String), OfScope>>);

impl Signatures {
    fn of(&self, signer: &str, scope: &str) -> OfScope {
        let mut scopes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (signer.to_owned(), scope.to_owned());
        if scopes.len() >= MAX_SCOPES && !scopes.contains_key(&key) {
            scopes.clear();
        }
        Arc::clone(scopes.entry(key).or_insert_with(|| Arc::new(Renewed::new())))
    }
}

/// A server whose URLs have to be signed.
pub struct Signed {
    inner: Arc<dyn Transport>,
    signer: Arc<dyn UrlSigner>,
    signatures: Arc<Signatures>,
    /// What signers reach their servers by.
    access: ByteSources,
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("signer", &self.signer).finish_non_exhaustive()
    }
}

impl Signed {
    /// Signs what is sent by `inner`.
    pub fn new(
        inner: Arc<dyn Transport>,
        signer: Arc<dyn UrlSigner>,
        signatures: Arc<Signatures>,
        access: ByteSources,
    ) -> Self {
        Signed { inner, signer, signatures, access }
    }

    async fn signature(
        &self,
        of_scope: &Renewed<Signature, AccessError>,
        scope: &str,
        refused: Option<&Arc<Held<Signature>>>,
    ) -> Result<Arc<Held<Signature>>, TransportError> {
        let obtain = async {
            let signature = self.signer.sign(scope, &self.access).await?;
            let expires: Option<SystemTime> = signature.expires;
            tracing::debug!(
                signer = self.signer.name(),
                scope = without_secrets(scope),
                "a signature was made"
            );
            Ok((signature, expires))
        };
        of_scope.get(refused, obtain).await.map_err(|error: AccessError| {
            let text = format!("the URL cannot be signed by {}: {error}", self.signer.name());
            match error.kind {
                AccessErrorKind::Unavailable => TransportError::GivenUp(text),
                _ => TransportError::Credentials(text),
            }
        })
    }

    async fn send_signed(
        &self,
        request: &Request,
        signature: &Signature,
    ) -> Result<Response, TransportError> {
        let url = self.signer.signed(&request.object.url, signature);
        let object = Arc::new(Object { url, key: request.object.key.clone() });
        self.inner.send(Request { object, ..request.clone() }).await
    }
}

impl Transport for Signed {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let Some(scope) = self.signer.scope(&request.object.url) else {
                return self.inner.send(request).await;
            };
            let of_scope = self.signatures.of(self.signer.name(), &scope);
            let held = self.signature(&of_scope, &scope, None).await?;
            let response = self.send_signed(&request, &held.value).await?;
            let is_denied = matches!(response.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            // Clocks differ, and keys are changed: it may have ended before its time.
            if !is_denied || !held.may_have_expired() {
                return Ok(response);
            }
            let renewed = self.signature(&of_scope, &scope, Some(&held)).await?;
            self.send_signed(&request, &renewed.value).await
        })
    }

    fn credentials(&self) -> String {
        format!("the URL was signed by {}", self.signer.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_do_not_pile_up() {
        let signatures = Signatures::default();
        let first = signatures.of("signer", "0");
        assert!(Arc::ptr_eq(&first, &signatures.of("signer", "0")));
        for scope in 0..3 * MAX_SCOPES {
            signatures.of("signer", &scope.to_string());
        }
        assert!(signatures.0.lock().unwrap().len() <= MAX_SCOPES);
    }
}
