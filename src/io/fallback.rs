//! Tries a second way where access is denied on the first.

use super::transport::{Request, Response, Transport, TransportError};
use futures::future::BoxFuture;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Which way is taken.
const BOTH: u8 = 0;
const FIRST_ONLY: u8 = 1;
const SECOND_ONLY: u8 = 2;

/// Two ways to reach an object: without credentials, and with such as take a while to look for.
///
/// Most archives are public, so that the first way comes first. What the second gives is remembered.
#[derive(Debug)]
pub struct Fallback {
    first: Arc<dyn Transport>,
    second: Arc<dyn Transport>,
    way: AtomicU8,
}

impl Fallback {
    /// The first way, and after it the second.
    pub fn new(first: Arc<dyn Transport>, second: Arc<dyn Transport>) -> Self {
        Fallback { first, second, way: AtomicU8::new(BOTH) }
    }
}

impl Transport for Fallback {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(async move {
            let way = self.way.load(Relaxed);
            if way == SECOND_ONLY {
                return self.second.send(request).await;
            }
            let response = self.first.send(request.clone()).await?;
            let is_denied = matches!(response.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            if !is_denied || way == FIRST_ONLY {
                return Ok(response);
            }
            match self.second.send(request).await {
                Ok(second) => {
                    if second.status.is_success() {
                        self.way.store(SECOND_ONLY, Relaxed);
                    }
                    Ok(second)
                }
                Err(TransportError::Credentials(_)) => {
                    self.way.store(FIRST_ONLY, Relaxed);
                    Ok(response)
                }
                Err(error) => Err(error),
            }
        })
    }

    fn credentials(&self) -> String {
        self.second.credentials()
    }
}

#[cfg(test)]
mod tests {
    use super::super::transport::tests::{Answers, request};
    use super::*;
    use futures::executor::block_on;

    /// Two ways, the statuses of four requests, and how many requests each way got.
    fn four(first: StatusCode, second: &[StatusCode]) -> (Vec<u16>, [usize; 2]) {
        let first = Answers::new([(first, None)]);
        let second = Answers::new(second.iter().map(|status| (*status, None)));
        let both = Fallback::new(first.clone(), second.clone());
        let send = |_| block_on(both.send(request())).ok().unwrap().status.as_u16();
        let statuses = (0..4).map(send).collect();
        (statuses, [first.requests.load(Relaxed), second.requests.load(Relaxed)])
    }

    #[test]
    fn the_way_that_works_is_remembered() {
        use StatusCode as S;
        assert_eq!(four(S::PARTIAL_CONTENT, &[S::FORBIDDEN]), (vec![206; 4], [4, 0]));
        assert_eq!(four(S::FORBIDDEN, &[S::PARTIAL_CONTENT]), (vec![206; 4], [1, 4]));
        // What fails for another reason says nothing about either.
        assert_eq!(four(S::NOT_FOUND, &[S::PARTIAL_CONTENT]), (vec![404; 4], [4, 0]));
        let recovers = [S::SERVICE_UNAVAILABLE, S::PARTIAL_CONTENT];
        assert_eq!(four(S::UNAUTHORIZED, &recovers), (vec![503, 206, 206, 206], [2, 4]));
    }

    /// Credentials that are looked for in vain.
    #[derive(Debug)]
    struct Nothing;

    impl Transport for Nothing {
        fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
            Box::pin(async { Err(TransportError::Credentials("there are none".to_owned())) })
        }

        fn credentials(&self) -> String {
            "there are none".to_owned()
        }
    }

    #[test]
    fn without_credentials_the_first_answer_counts() {
        let first = Answers::new([(StatusCode::FORBIDDEN, None)]);
        let both = Fallback::new(first.clone(), Arc::new(Nothing));
        for _ in 0..3 {
            assert_eq!(block_on(both.send(request())).ok().unwrap().status, StatusCode::FORBIDDEN);
        }
        assert_eq!((both.way.load(Relaxed), both.credentials().as_str()), (FIRST_ONLY, "there are none"));
    }
}
