//! Counts what a build does, and tells whoever wants to know.

use super::summary::BuildProgress;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Called with each step, from the thread that made it; never twice at a time.
pub type Callback = Box<dyn FnMut(BuildProgress) + Send>;

/// Counters of a build.
pub struct Progress {
    state: Mutex<State>,
    requests: AtomicU64,
    bytes: AtomicU64,
}

struct State {
    progress: BuildProgress,
    /// `None` as long as nothing began.
    started: Option<Instant>,
    callback: Option<Callback>,
}

impl State {
    fn elapsed(&self) -> Duration {
        self.started.map_or(Duration::ZERO, |started| started.elapsed())
    }
}

impl Progress {
    pub fn new(callback: Option<Callback>) -> Arc<Self> {
        Arc::new(Progress {
            state: Mutex::new(State { progress: BuildProgress::default(), started: None, callback }),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }

    /// The clock runs from now on, unless it does already.
    pub fn start(&self) {
        self.state().started.get_or_insert_with(Instant::now);
    }

    /// Since the clock runs.
    pub fn elapsed(&self) -> Duration {
        self.state().elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the counts, and tells of it.
    pub fn step(&self, change: impl FnOnce(&mut BuildProgress)) {
        let state = &mut *self.state();
        change(&mut state.progress);
        state.progress.elapsed = state.elapsed();
        if let Some(callback) = &mut state.callback {
            callback(state.progress);
        }
    }

    /// Counts what came over a network.
    pub fn count(&self, requests: u32, bytes: u64) {
        self.requests.fetch_add(requests.into(), Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Requests over a network so far, of those that were answered, repeated ones included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    /// Bytes that came over a network so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}
