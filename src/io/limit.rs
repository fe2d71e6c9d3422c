//! Limits how many requests a host gets at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// The turns of all hosts: a request waits for one, and has it until its response is received.
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

    /// The turns of a host.
    pub fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(self.at_once));
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(new))
    }
}
