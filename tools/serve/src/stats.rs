//! Counts requests and bytes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// What was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stats {
    /// Requests, those that failed included.
    pub requests: u64,
    /// Bytes of bodies that were sent.
    pub bytes: u64,
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests that are being answered.
    pub active: u64,
    /// The most requests that were being answered at one time.
    pub peak: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub struct Counters {
    requests: AtomicU64,
    bytes: AtomicU64,
    connections: AtomicU64,
    active: AtomicU64,
    peak: AtomicU64,
    paths: Mutex<HashMap<String, u64>>,
}

impl Counters {
    /// A connection was accepted.
    pub fn connection(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    /// Bytes were sent.
    pub fn sent(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// A request for a path came; it is active until what is returned is dropped.
    pub fn request(self: &Arc<Self>, path: &str) -> Active {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        *paths.entry(path.to_owned()).or_default() += 1;
        drop(paths);
        self.requests.fetch_add(1, Relaxed);
        let active = self.active.fetch_add(1, Relaxed) + 1;
        self.peak.fetch_max(active, Relaxed);
        Active(Arc::clone(self))
    }

    /// All counters.
    pub fn read(&self) -> Stats {
        Stats {
            requests: self.requests.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            connections: self.connections.load(Relaxed),
            active: self.active.load(Relaxed),
            peak: self.peak.load(Relaxed),
        }
    }

    /// How often each path was asked for.
    pub fn paths(&self) -> HashMap<String, u64> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts anew; what is active stays so.
    pub fn reset(&self) {
        for counter in [&self.requests, &self.bytes, &self.connections] {
            counter.store(0, Relaxed);
        }
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.peak.store(self.active.load(Relaxed), Relaxed);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Active(Arc<Counters>);

impl Active {
    /// Bytes of the answer were sent.
    pub fn sent(&self, bytes: u64) {
        self.0.sent(bytes);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Relaxed);
    }
}
