//! Counting the files that are done.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Tells a callback how many files are done, one by one.
#[derive(Clone)]
pub(crate) struct Progress {
    callback: Callback,
    total: usize,
    done: Arc<Mutex<usize>>,
}

/// Receives how many files are done, and how many there are.
pub(crate) type Callback = Arc<dyn Fn(usize, usize) + Send + Sync>;

impl Progress {
    pub(crate) fn new(callback: Callback, total: usize) -> Self {
        Progress { callback, total, done: Arc::default() }
    }

    /// Counts a file. The callback is called under a lock, so that it sees the count rise.
    pub(crate) fn one_more(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        (self.callback)(*done, self.total);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("done", &self.done).field("total", &self.total).finish()
    }
}
