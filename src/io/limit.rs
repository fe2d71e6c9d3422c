//! Limits how many requests a host gets at once.

use super::transport::{Request, Response, Transport, TransportError};
use futures::StreamExt;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// A transport that waits for its turn. A turn ends with the body of the response.
#[derive(Debug)]
pub struct Limited<T> {
    inner: T,
    turns: Arc<Semaphore>,
}

impl<T> Limited<T> {
    /// Requests over `inner` take turns with all that share the semaphore.
    pub fn new(inner: T, turns: Arc<Semaphore>) -> Self {
        Limited { inner, turns }
    }
}

impl<T: Transport> Transport for Limited<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let turn = Arc::clone(&self.turns).acquire_owned().await;
            let turn = turn.map_err(|closed| TransportError::Permanent(closed.to_string()))?;
            let mut response = self.inner.send(request).await?;
            response.body = response
                .body
                .inspect(move |_| {
                    let _until_dropped = &turn;
                })
                .boxed();
            Ok(response)
        })
    }

    fn credentials(&self) -> String {
        self.inner.credentials()
    }
}

/// The semaphores of all hosts.
#[derive(Debug)]
pub struct HostLimits {
    at_once: usize,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl HostLimits {
    /// Each host gets `at_once` requests, at least one.
    pub fn new(at_once: usize) -> Self {
        HostLimits { at_once: at_once.clamp(1, Semaphore::MAX_PERMITS), hosts: Mutex::default() }
    }

    /// The semaphore of a host.
    pub fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(self.at_once));
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(new))
    }
}
