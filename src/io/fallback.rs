//! Tries a second way where access is denied on the first.

use super::transport::{Request, Response, Transport, TransportError};
use futures::future::BoxFuture;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Which way is taken.
const BOTH: u8 = 0;
const FIRST_ONLY: u8 = 1;
const SECOND_ONLY: u8 = 2;

/// Two ways to reach an object: without credentials, and with such as take a while to look for.
///
/// Most archives are public, so that the first way comes first. What the second gives is remembered.
#[derive(Debug)]
pub struct Fallback {
    first: Arc<dyn Transport>,
    second: Arc<dyn Transport>,
    way: AtomicU8,
}

impl Fallback {
    /// The first way, and after it the second.
    pub fn new(first: Arc<dyn Transport>, second: Arc<dyn Transport>) -> Self {
        Fallback { first, second, way: AtomicU8::new(BOTH) }
    }
}

impl Transport for Fallback {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let way = self.way.load(Relaxed);
            if way == SECOND_ONLY {
                return self.second.send(request).await;
            }
            let response = self.first.send(request.clone()).await?;
            let is_denied = matches!(response.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            if !is_denied || way == FIRST_ONLY {
                return Ok(response);
            }
            match self.second.send(request).await {
                Ok(second) => {
                    if second.status.is_success() {
                        self.way.store(SECOND_ONLY, Relaxed);
                    }
                    Ok(second)
                }
                Err(TransportError::Credentials(_)) => {
                    self.way.store(FIRST_ONLY, Relaxed);
                    Ok(response)
                }
                Err(error) => Err(error),
            }
        })
    }

    fn credentials(&self) -> String {
        self.second.credentials()
    }
}
