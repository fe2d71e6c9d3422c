//! The runtime that network requests run on.
//!
//! Its own, so that reads can be awaited on any executor, and that decoding on the caller's threads
//! never keeps sockets waiting.

use super::ByteSourceError;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Receiving takes little of a processor: two threads saturate a fast network.
const THREADS: usize = 2;

fn runtime() -> Result<&'static Runtime, ByteSourceError> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("rasteret-io")
        .enable_all()
        .build()?;
    // Where two threads come here at once, the runtime of one is used, and that of the other is idle.
    match RUNTIME.set(runtime) {
        Ok(()) => {}
        Err(other) => other.shutdown_background(),
    }
    RUNTIME.get().ok_or_else(|| ByteSourceError::Invalid("the I/O runtime cannot be started".to_owned()))
}

/// Runs a future on the library's runtime, until it is done or no longer awaited.
pub async fn run<T: Send + 'static>(
    work: impl Future<Output = Result<T, ByteSourceError>> + Send + 'static,
) -> Result<T, ByteSourceError> {
    Task(runtime()?.spawn(work)).await
}

/// Lets a future run that nobody awaits.
pub fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = runtime() {
        runtime.spawn(work);
    }
}

/// Runs what reads local files, and thus keeps a thread, beside the runtime.
pub async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ByteSourceError> + Send + 'static,
) -> Result<T, ByteSourceError> {
    Task(runtime()?.spawn_blocking(work)).await
}

/// A task that ends when it is dropped.
struct Task<T>(JoinHandle<Result<T, ByteSourceError>>);

impl<T> Future for Task<T> {
    type Output = Result<T, ByteSourceError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|joined| match joined {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(ByteSourceError::Io(std::io::ErrorKind::Interrupted.into())),
            },
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
