//! Attempts: in their host's turns, repeated after pauses, within a bounded time.

use super::transport::TransportError;
use super::{ByteSourceError, SourceOptions};
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};

/// The longest pause between two attempts, unless the server asks for a longer one.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// Why an attempt failed.
#[derive(Debug)]
pub enum Failure {
    /// It may work the next time, at best after the pause that the server asks for.
    Transient(String, Option<Duration>),
    /// It will not work the next time either.
    Final(ByteSourceError),
    /// Something that it takes was attempted again and again, in vain.
    GivenUp(String),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Transient(cause) => Failure::Transient(cause, None),
            TransportError::Credentials(reason) => Failure::Final(ByteSourceError::AccessDenied { reason }),
            TransportError::GivenUp(cause) => Failure::GivenUp(cause),
            TransportError::Permanent(cause) => Failure::Final(ByteSourceError::WrongResponse(cause)),
        }
    }
}

/// The attempts at one thing.
pub struct Attempts<'a> {
    options: &'a SourceOptions,
    turns: &'a Semaphore,
    start: Instant,
    end: Instant,
    made: u32,
}

impl<'a> Attempts<'a> {
    /// None was made yet.
    pub fn new(options: &'a SourceOptions, turns: &'a Semaphore) -> Self {
        let start = Instant::now();
        Attempts { options, turns, start, end: start + options.timeout, made: 0 }
    }

    /// How many were made.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Makes one, when its host has a turn for it. `None` where it failed and another may work: it is time
    /// for that one.
    ///
    /// # Errors
    ///
    /// If it failed for good, or was the last one.
    pub async fn make<T>(
        &mut self,
        attempt: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Option<T>, ByteSourceError> {
        let waiting = Instant::now();
        let turn = self.turns.acquire().await;
        let turn = turn.map_err(|closed| ByteSourceError::Invalid(closed.to_string()))?;
        // A long queue is no fault of the host.
        self.end += waiting.elapsed();
        self.made += 1;
        let outcome = timeout_at(self.end, attempt).await;
        drop(turn);
        let (cause, asked) = match outcome {
            Ok(Ok(value)) => return Ok(Some(value)),
            Ok(Err(Failure::Final(error))) => return Err(error),
            Ok(Err(Failure::GivenUp(cause))) => return Err(self.unreachable(cause)),
            Ok(Err(Failure::Transient(cause, asked))) => (cause, asked),
            Err(_) => ("it takes too long".to_owned(), None),
        };
        let (attempts, pause) = (self.made, asked.unwrap_or_default().max(self.pause()));
        let is_last = attempts > self.options.retries || self.end.duration_since(Instant::now()) <= pause;
        if is_last {
            let cause = match asked {
                Some(asked) => format!("{cause}, to be repeated after {} s", asked.as_secs()),
                None => cause,
            };
            return Err(self.unreachable(cause));
        }
        tracing::debug!(attempts, ?pause, cause, "a request failed; it is repeated after a pause");
        sleep(pause).await;
        Ok(None)
    }

    fn unreachable(&self, cause: String) -> ByteSourceError {
        ByteSourceError::Unreachable { attempts: self.made, elapsed: self.start.elapsed(), cause }
    }

    /// Twice as long after each attempt, and random within half of it, so that many clients that failed
    /// at once do not come back at once.
    fn pause(&self) -> Duration {
        let doublings = self.made.saturating_sub(1).min(16);
        let doubled = self.options.backoff.saturating_mul(1 << doublings).min(MAX_PAUSE);
        let random = RandomState::new().hash_one(self.made) as u32;
        doubled.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX))
    }
}
