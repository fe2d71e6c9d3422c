//! What a read costs, counted while it runs, and the progress bar that shows it.

use crate::print::Printer;
use indicatif::ProgressBar;
use rasteret::read::{ReadProgress, ReadStatistics};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts the tiles of a command, which may make several reads, one after the other.
pub struct Meter {
    bar: ProgressBar,
    started: Instant,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    tiles: AtomicU64,
    of_tiles: AtomicU64,
    bytes: AtomicU64,
    requests: AtomicU64,
}

impl Meter {
    pub fn start(printer: &Printer) -> Meter {
        Meter { bar: printer.progress("tiles"), started: Instant::now(), counts: Arc::default() }
    }

    /// What the reads tell their progress.
    pub fn listener(&self) -> impl Fn(ReadProgress) + Send + Sync + 'static {
        let (bar, counts) = (self.bar.clone(), Arc::clone(&self.counts));
        move |progress| {
            let add = |counter: &AtomicU64, n| counter.fetch_add(n, Ordering::AcqRel) + n;
            // Of each read, exactly one call is that of the first tile, and one that of the last.
            if progress.tiles == 1 {
                bar.set_length(add(&counts.of_tiles, progress.of_tiles));
            }
            if progress.tiles == progress.of_tiles {
                add(&counts.bytes, progress.bytes);
                add(&counts.requests, progress.requests);
            }
            bar.set_position(add(&counts.tiles, 1));
        }
    }

    /// What was read so far, in which time.
    pub fn statistics(&self) -> ReadStatistics {
        let count = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        ReadStatistics {
            tiles: count(&self.counts.tiles),
            bytes: count(&self.counts.bytes),
            requests: count(&self.counts.requests),
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
