//! Reads ranges of a remote object: checks what comes, and asks again where that may help.

use super::response::{self, Announced, Refused, Wanted};
use super::retry::{Attempts, Failure};
use super::transport::{Body, Object, Request, Response, Transport};
use super::version::strong_etag;
use super::{ByteSourceError, Fetched, SourceOptions};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::HeaderValue;
use rasteret_schema::ObjectVersion;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The most that is reserved for a body before any of it is there.
const MAX_RESERVED: u64 = 16 << 20;
/// How much of the body of an error is looked at.
const MAX_ERROR_BODY: usize = 8 << 10;

/// An object on a server.
pub struct Remote {
    /// How to reach it.
    pub transport: Arc<dyn Transport>,
    /// Limits how many requests its host gets at once.
    pub turns: Arc<Semaphore>,
    /// What it is called.
    pub object: Arc<Object>,
    /// Where it is, if that is not where it is said to be; without secrets.
    pub opened_as: Option<String>,
    /// The version that it is expected to be.
    pub expected: ObjectVersion,
    /// The version that it was when first read: parts of two versions make no file.
    pub seen: OnceLock<ObjectVersion>,
    /// Timeouts and retries.
    pub options: Arc<SourceOptions>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("transport", &self.transport).finish_non_exhaustive()
    }
}

/// Takes parts of a body, in their order, as soon as each is there.
pub type OnPart<'a> = &'a mut (dyn FnMut(Bytes) + Send);

/// What is still to be handed over.
struct Parts<'a> {
    /// All of it, as it is to be asked for.
    wanted: Wanted,
    /// Lengths of the parts; none where the body is the only one.
    lens: &'a [u64],
    on_part: OnPart<'a>,
}

impl Parts<'_> {
    /// Hands over the next part. It is not asked for again.
    fn hand_over(&mut self, part: Bytes) {
        if let (Some((len, rest)), Wanted::Range(range)) = (self.lens.split_first(), &mut self.wanted) {
            range.start += len;
            self.lens = rest;
        }
        (self.on_part)(part);
    }
}

impl Remote {
    /// Reads what is wanted, with as many attempts as the options allow.
    pub async fn fetch(&self, wanted: Wanted) -> Result<(Fetched, ObjectVersion), ByteSourceError> {
        let mut bytes = Bytes::new();
        let parts = Parts { wanted, lens: &[], on_part: &mut |body| bytes = body };
        let (requests, version) = self.fetch_parts(parts).await?;
        Ok((Fetched { bytes, requests }, version))
    }

    /// Reads adjacent ranges of some lengths in one request, with as many attempts as the options allow.
    /// What an attempt has handed over before it failed is not read again. Returns how many there were.
    pub async fn fetch_each(
        &self,
        start: u64,
        lens: &[u64],
        on_part: OnPart<'_>,
    ) -> Result<u32, ByteSourceError> {
        let wanted = Wanted::Range(start..start + lens.iter().sum::<u64>());
        self.fetch_parts(Parts { wanted, lens, on_part }).await.map(|(requests, _)| requests)
    }

    async fn fetch_parts(&self, mut parts: Parts<'_>) -> Result<(u32, ObjectVersion), ByteSourceError> {
        if parts.wanted.is_empty() {
            let version = self.seen.get().unwrap_or(&self.expected).clone();
            return Ok((0, version));
        }
        let mut attempts = Attempts::new(&self.options, &self.turns);
        loop {
            if let Some(version) = attempts.make(self.attempt(&mut parts)).await? {
                return Ok((attempts.made(), version));
            }
        }
    }

    async fn attempt(&self, parts: &mut Parts<'_>) -> Result<ObjectVersion, Failure> {
        let expected = [Some(&self.expected), self.seen.get()];
        let expected: Vec<&ObjectVersion> = expected.into_iter().flatten().collect();
        let if_match = expected.iter().find_map(|version| strong_etag(version));
        let request = Request {
            object: Arc::clone(&self.object),
            ask: parts.wanted.ask(),
            message: None,
            if_match: if_match.and_then(|etag| HeaderValue::from_str(etag).ok()),
        };
        let response = self.transport.send(request).await.map_err(Failure::from)?;
        let announced = response::check(response.status, &response.headers, &parts.wanted, &expected);
        let Announced { len, version } = match announced {
            Ok(announced) => announced,
            Err(Refused::Final(error)) => return Err(Failure::Final(error)),
            Err(Refused::Transient(cause, pause)) => return Err(Failure::Transient(cause, pause)),
            Err(Refused::Denied(status)) => {
                let said = response::describe(status);
                let body = start_of_body(response.body, self.options.stall_timeout).await;
                let code = error_code(&body).map_or(String::new(), |code| format!(" ({code})"));
                let credentials = self.transport.credentials();
                let led =
                    self.opened_as.as_ref().map_or(String::new(), |url| format!("; it is opened as {url}"));
                let reason = format!("{said}{code}; {credentials}{led}");
                return Err(Failure::Final(ByteSourceError::AccessDenied { reason }));
            }
        };
        // Another read may have been first; then the version is the same, or it is noticed here.
        let seen = self.seen.get_or_init(|| version.clone());
        if let Some(difference) = super::version::difference(seen, &version) {
            return Err(Failure::Final(ByteSourceError::Changed { difference }));
        }
        self.receive(response, len, parts).await?;
        Ok(version)
    }

    /// Receives a body of a known length.
    async fn receive(&self, response: Response, len: u64, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut body = response.body;
        let mut chunk = Bytes::new();
        let mut received = 0;
        while received < len {
            let part_len = parts.lens.first().map_or(len, |part| *part).min(len - received);
            // A part that comes in one piece is not copied.
            let mut part = BytesMut::new();
            let last = loop {
                let missing = part_len - part.len() as u64;
                if chunk.len() as u64 >= missing {
                    break chunk.split_to(missing as usize);
                }
                if part.is_empty() {
                    part.reserve(usize::try_from(part_len.min(MAX_RESERVED)).unwrap_or_default());
                }
                part.extend_from_slice(&chunk);
                chunk = self.chunk(&mut body, received + part.len() as u64, len).await?;
            };
            received += part_len;
            parts.hand_over(if part.is_empty() {
                last
            } else {
                part.extend_from_slice(&last);
                part.freeze()
            });
        }
        if !chunk.is_empty() {
            let cause = format!("the response has more than {len} bytes");
            return Err(Failure::Final(ByteSourceError::WrongResponse(cause)));
        }
        Ok(())
    }

    /// The next bytes of a body, of which so many have been received.
    async fn chunk(&self, body: &mut Body, received: u64, len: u64) -> Result<Bytes, Failure> {
        let stall = self.options.stall_timeout;
        match timeout(stall, body.next()).await {
            Err(_) => {
                let cause = format!("nothing came for {stall:?}, after {received} of {len} bytes");
                Err(Failure::Transient(cause, None))
            }
            Ok(None) => {
                let cause = format!("the response ended after {received} of {len} bytes");
                Err(Failure::Transient(cause, None))
            }
            Ok(Some(chunk)) => chunk.map_err(Failure::from),
        }
    }
}

/// The start of the body of an error, or as much of it as comes in time.
pub async fn start_of_body(mut body: Body, patience: Duration) -> String {
    let mut start = Vec::new();
    let receive = async {
        while let Some(Ok(chunk)) = body.next().await {
            start.extend_from_slice(&chunk);
            if start.len() >= MAX_ERROR_BODY {
                break;
            }
        }
    };
    // What came in time is enough.
    let _ = timeout(patience, receive).await;
    start.truncate(MAX_ERROR_BODY);
    String::from_utf8_lossy(&start).into_owned()
}

/// The error code in the body of an object store's response: the only part of it that is sure not to
/// repeat what was signed.
pub fn error_code(body: &str) -> Option<String> {
    let (code, _) = body.split_once("<Code>")?.1.split_once("</Code>")?;
    (code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric())).then(|| code.to_owned())
}
