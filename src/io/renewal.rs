//! What is good for a while, and had anew before that is over: signatures, temporary credentials.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Mutex;

/// How long before its end a thing is renewed, at most; one that is short-lived, a quarter of its time before.
const MARGIN: Duration = Duration::from_secs(300);
/// A thing that is younger is not renewed because it was refused: another one would be refused too.
const MIN_AGE: Duration = Duration::from_secs(1);

/// Holds a thing while it is good. However many ask for another one, it is had once.
#[derive(Debug)]
pub struct Renewed<T, E> {
    state: Mutex<State<T, E>>,
}

#[derive(Debug)]
struct State<T, E> {
    held: Option<Arc<Held<T>>>,
    /// When having it failed last, and why.
    failure: Option<(Instant, E)>,
}

/// A thing that is good for a while.
#[derive(Debug)]
pub struct Held<T> {
    /// The thing.
    pub value: T,
    obtained: Instant,
    renew_at: Option<SystemTime>,
    expires: Option<SystemTime>,
}

impl<T> Held<T> {
    fn new(value: T, expires: Option<SystemTime>) -> Self {
        let now = SystemTime::now();
        let margin = |end: SystemTime| (end.duration_since(now).unwrap_or_default() / 4).min(MARGIN);
        let renew_at = expires.map(|end| end.checked_sub(margin(end)).unwrap_or(end));
        Held { value, obtained: Instant::now(), renew_at, expires }
    }

    /// Whether another one may be accepted where this one was refused.
    pub fn may_have_expired(&self) -> bool {
        self.obtained.elapsed() >= MIN_AGE
    }
}

impl<T, E: Clone> Renewed<T, E> {
    /// Nothing is held yet.
    pub fn new() -> Self {
        Renewed { state: Mutex::new(State { held: None, failure: None }) }
    }

    /// The thing that is held, where it is good for some time yet and not the one that was `refused`; else
    /// another one, with the time of its end.
    pub async fn get(
        &self,
        refused: Option<&Arc<Held<T>>>,
        obtain: impl Future<Output = Result<(T, Option<SystemTime>), E>>,
    ) -> Result<Arc<Held<T>>, E> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        let is_past = |time: Option<SystemTime>| time.is_some_and(|time| time <= SystemTime::now());
        let is_refused = |held: &Arc<Held<T>>| refused.is_some_and(|refused| Arc::ptr_eq(refused, held));
        if let Some(held) = state.held.as_ref().filter(|held| !is_past(held.renew_at) && !is_refused(held)) {
            return Ok(Arc::clone(held));
        }
        // Whoever waited while another asked in vain need not ask again.
        if let Some((_, failure)) = state.failure.as_ref().filter(|(at, _)| *at >= asked) {
            return Err(failure.clone());
        }
        match obtain.await {
            Ok((value, expires)) => {
                let held = Arc::new(Held::new(value, expires));
                *state = State { held: Some(Arc::clone(&held)), failure: None };
                Ok(held)
            }
            Err(error) => {
                // It was to be renewed before it had to be.
                if let Some(held) =
                    state.held.as_ref().filter(|held| !is_past(held.expires) && !is_refused(held))
                {
                    return Ok(Arc::clone(held));
                }
                state.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::future::join_all;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    /// Hands out numbers that are good for some time.
    struct Numbers {
        asked: AtomicU32,
        held: Renewed<u32, &'static str>,
    }

    impl Numbers {
        fn new() -> Self {
            Numbers { asked: AtomicU32::new(0), held: Renewed::new() }
        }

        async fn get(
            &self,
            refused: Option<&Arc<Held<u32>>>,
            good_for: Option<Duration>,
        ) -> Result<Arc<Held<u32>>, &'static str> {
            let obtain = async {
                let number = self.asked.fetch_add(1, Relaxed);
                futures::future::poll_fn(yield_once()).await;
                match good_for {
                    Some(time) => Ok((number, Some(SystemTime::now() + time))),
                    None => Err("there is none"),
                }
            };
            self.held.get(refused, obtain).await
        }
    }

    fn yield_once() -> impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<()> {
        let mut is_ready = false;
        move |context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut is_ready, true) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        }
    }

    #[test]
    fn one_is_had_for_all_and_renewed_before_its_end() {
        let numbers = Numbers::new();
        let hour = Some(Duration::from_secs(3600));
        let all = block_on(join_all((0..50).map(|_| numbers.get(None, hour))));
        assert!(all.iter().all(|held| held.as_ref().unwrap().value == 0));
        let first = all[0].clone().unwrap();
        assert!(
            first.expires.unwrap().duration_since(first.renew_at.unwrap()).unwrap()
                > Duration::from_secs(299)
        );
        // One that was refused is not handed out again; one that others had refused before may be.
        assert_eq!(block_on(numbers.get(Some(&first), Some(Duration::from_millis(40)))).unwrap().value, 1);
        assert_eq!(block_on(numbers.get(Some(&first), hour)).unwrap().value, 1);
        std::thread::sleep(Duration::from_millis(32));
        // Within its last quarter it still serves, if no other is to be had.
        assert_eq!(block_on(numbers.get(None, None)).map(|held| held.value), Ok(1));
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(block_on(numbers.get(None, None)).map(|held| held.value), Err("there is none"));
        assert_eq!(block_on(numbers.get(None, hour)).unwrap().value, 4);
    }

    #[test]
    fn a_failure_is_shared_by_those_who_wait() {
        let numbers = Numbers::new();
        let all = block_on(join_all((0..50).map(|_| numbers.get(None, None))));
        assert!(all.iter().all(Result::is_err));
        assert_eq!(numbers.asked.load(Relaxed), 1);
        assert!(block_on(numbers.get(None, None)).is_err());
        assert_eq!(numbers.asked.load(Relaxed), 2);
    }
}
