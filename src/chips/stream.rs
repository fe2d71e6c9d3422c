//! Chips one after the other, read ahead in the background.
//!
//! A thread of its own drives the reads, because futures that nobody polls stand still, and who trains a model on a
//! chip polls nothing meanwhile. It does little: pixels are fetched and decoded elsewhere. A chip holds one of
//! as many permits as chips may be read ahead, from before it is read until it is handed over.

use super::chip::Chip;
use super::set::ChipSet;
use crate::error::{Error, Result};
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::executor::{BlockingStream, block_on, block_on_stream};
use futures::future::{AbortHandle, abortable};
use futures::stream::{self, Stream, StreamExt};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Chips in order. Dropping it ends the reads that are under way.
pub struct ChipStream {
    receiver: UnboundedReceiver<(Result<Chip>, Option<OwnedSemaphorePermit>)>,
    abort: AbortHandle,
    driver: Option<JoinHandle<()>>,
    remaining: u64,
}

impl fmt::Debug for ChipStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChipStream").field("remaining", &self.remaining).finish_non_exhaustive()
    }
}

impl ChipStream {
    pub(super) fn new(set: ChipSet) -> Result<ChipStream> {
        let (sender, receiver) = unbounded();
        let (remaining, ahead) = (set.len(), set.shared.prefetch);
        let permits = Arc::new(Semaphore::new(ahead.min(Semaphore::MAX_PERMITS)));
        let reads = stream::iter(0..remaining)
            // In order, so that no chip holds the permit that one before it waits for. The semaphore is never
            // closed.
            .then(move |position| {
                let permits = Arc::clone(&permits);
                async move { (position, permits.acquire_owned().await.ok()) }
            })
            .map(move |(position, permit)| {
                let set = set.clone();
                async move { (set.read(position).await, permit) }
            })
            .buffered(ahead)
            // Nobody listens to chips that were dropped meanwhile.
            .for_each(move |chip| {
                let _ = sender.unbounded_send(chip);
                std::future::ready(())
            });
        let (reads, abort) = abortable(reads);
        let drive = move || {
            let _ = block_on(reads);
        };
        let driver = std::thread::Builder::new()
            .name("rasteret-chips".to_owned())
            .spawn(drive)
            .map_err(|source| Error::Io { what: "a thread to read chips".to_owned(), source })?;
        Ok(ChipStream { receiver, abort, driver: Some(driver), remaining })
    }
}

impl Stream for ChipStream {
    type Item = Result<Chip>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_next_unpin(context).map(|received| match received {
            Some((chip, _permit)) => {
                self.remaining -= 1;
                Some(chip)
            }
            None => {
                // Where chips are missing, the thread ended in a panic, which is passed on.
                if let Some(Err(panic)) = self.driver.take().map(JoinHandle::join) {
                    std::panic::resume_unwind(panic);
                }
                None
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let remaining = usize::try_from(self.remaining);
        (remaining.unwrap_or(usize::MAX), remaining.ok())
    }
}

impl Drop for ChipStream {
    fn drop(&mut self) {
        self.abort.abort();
        if let Some(driver) = self.driver.take() {
            // It has nothing left to do. Its panic, if any, is of chips that nobody wants.
            let _ = driver.join();
        }
    }
}

/// Chips in order, for plain code. Dropping it ends the reads that are under way.
#[derive(Debug)]
pub struct ChipIterator(BlockingStream<ChipStream>);

impl ChipIterator {
    pub(super) fn new(stream: ChipStream) -> ChipIterator {
        ChipIterator(block_on_stream(stream))
    }
}

impl Iterator for ChipIterator {
    type Item = Result<Chip>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
