//! The same library from plain code.
//!
//! What takes a while is a future. [`Wait::wait`] runs it to its end on the calling thread; the network
//! and the processors are used as widely as from async code.
//!
//! ```no_run
//! use rasteret::blocking::Wait;
//! use rasteret::{Area, Database};
//!
//! let db = Database::open("field.rasteret")?;
//! let area = Area::bbox([77.55, 13.01, 77.58, 13.08]);
//! let array = db.collection("bangalore")?.read(area).array().wait()?;
//! # Ok::<(), rasteret::Error>(())
//! ```

use futures::Stream;
use futures::executor::BlockingStream;

/// Futures that plain code can wait for.
pub trait Wait: Future + Sized {
    /// Blocks the thread until the result is there.
    ///
    /// On a thread of an async executor, await the future instead: blocking would hold up the
    /// executor's other work.
    fn wait(self) -> Self::Output {
        futures::executor::block_on(self)
    }
}

impl<F: Future> Wait for F {}

/// Streams that plain code can iterate over.
pub trait WaitEach: Stream + Unpin + Sized {
    /// An iterator that blocks the thread until the next item is there. On threads of an async executor, see
    /// [`Wait::wait`].
    fn wait_each(self) -> BlockingStream<Self> {
        futures::executor::block_on_stream(self)
    }
}

impl<S: Stream + Unpin> WaitEach for S {}
