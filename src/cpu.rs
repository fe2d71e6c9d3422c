//! Work for processors, awaited by futures of any executor.
//!
//! Planning and decoding take milliseconds to seconds: on the thread of an async executor they would
//! hold up everything else. They run on a pool of threads, one for each processor. It is the library's
//! own: a program that reads from within the global pool of `rayon` would wait for itself there.

use futures::channel::oneshot;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;

/// Runs work on the pool. It may not start if the future is dropped before. A panic is passed on to
/// who awaits.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    let task = move || {
        if !sender.is_canceled() {
            // Nobody listens to a result that was dropped meanwhile.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(work)));
        }
    };
    match pool() {
        Some(pool) => pool.spawn(task),
        None => task(),
    }
    match receiver.await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => resume_unwind(panic),
        // The task sends unless the receiver is gone, and it is here.
        Err(oneshot::Canceled) => unreachable!("the pool drops no task"),
    }
}

/// Fewer pieces of work are done sooner by who asks for them than by threads that have to be woken.
const FEW: usize = 4;

/// Does work for each item, on all processors, and waits for it. Results are in the order of the items.
///
/// # Errors
///
/// One of those of the work, of which no more is begun then.
pub fn map<I: Sync, T: Send, E: Send>(
    items: &[I],
    work: impl Fn(&I) -> Result<T, E> + Sync + Send,
) -> Result<Vec<T>, E> {
    match pool() {
        Some(pool) if items.len() >= FEW => pool.install(|| items.par_iter().map(work).collect()),
        _ => items.iter().map(work).collect(),
    }
}

/// `None` where the system allows no more threads: the work is then done by who asks for it.
fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let build = || ThreadPoolBuilder::new().thread_name(|index| format!("rasteret-{index}")).build();
    POOL.get_or_init(|| build().inspect_err(|error| tracing::warn!("no pool of threads: {error}")).ok())
        .as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn the_global_pool_may_wait_for_it() {
        let sum: usize = (0..1000).into_par_iter().map(|i| block_on(run(move || i))).sum();
        assert_eq!(sum, 999 * 500);
    }

    #[test]
    fn results_are_in_order() {
        for len in [0, 1, 1000] {
            let items: Vec<usize> = (0..len).collect();
            let doubled: Result<Vec<usize>, ()> = map(&items, |item| Ok(2 * item));
            assert_eq!(doubled.unwrap(), (0..len).map(|item| 2 * item).collect::<Vec<_>>());
        }
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(map(&items, |item| if *item == 70 { Err(70) } else { Ok(()) }), Err(70));
        let within = block_on(run(move || map(&items, |item| Ok::<_, ()>(*item)).unwrap().len()));
        assert_eq!(within, 100);
    }

    #[test]
    fn panics_reach_who_awaits() {
        let caught = catch_unwind(|| block_on(run(|| panic!("as expected"))));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"as expected"));
    }
}
