//! Answers one request.

use crate::Shared;
use crate::body::{End, Part};
use crate::fault::Fault;
use crate::files::Served;
use crate::range::Asked;
use crate::stats::Active;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, LAST_MODIFIED,
    LOCATION, RANGE, RETRY_AFTER,
};
use http::response::Builder;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Either;
use http_body_util::Full;
use hyper::body::Incoming;
use std::ops::Range;
use std::sync::Arc;

/// Where counters are read (`GET`) and counted anew (`DELETE`).
const STATS: &str = "/__stats";

/// A body: one that is always whole, or a part of a file.
pub type ReplyBody = Either<Full<Bytes>, Part>;

/// Answers a request.
pub async fn reply(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, http::Error> {
    if request.uri().path() == STATS {
        return stats(&shared, request.method());
    }
    let active = shared.counters.request(request.uri().path());
    let fault = shared.faults.next();
    // A timer takes a millisecond at least, even to wait for nothing.
    if !shared.delay.is_zero() {
        tokio::time::sleep(shared.delay).await;
    }
    match &fault {
        Some(Fault::Stall { after: None }) => std::future::pending().await,
        Some(Fault::Delay(delay)) => tokio::time::sleep(*delay).await,
        _ => {}
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return empty(StatusCode::METHOD_NOT_ALLOWED, active);
    }
    match fault {
        Some(Fault::Status(status)) => return empty(StatusCode::from_u16(status)?, active),
        Some(Fault::RetryAfter(status, seconds)) => {
            let builder = Response::builder().status(status).header(RETRY_AFTER, seconds);
            return whole(builder, active);
        }
        Some(Fault::Redirect(to)) => {
            return whole(Response::builder().status(StatusCode::FOUND).header(LOCATION, to), active);
        }
        _ => {}
    }
    match shared.files.get(request.uri().path()) {
        Some(file) => send(&file, &request, fault.as_ref(), active),
        None => empty(StatusCode::NOT_FOUND, active),
    }
}

/// Sends a file or a part of it.
fn send(
    file: &Served,
    request: &Request<Incoming>,
    fault: Option<&Fault>,
    active: Active,
) -> Result<Response<ReplyBody>, http::Error> {
    let headers = request.headers();
    let etag = match fault {
        Some(Fault::OtherEtag) => "\"another-version\"".to_owned(),
        _ => file.etag(),
    };
    let mut builder =
        Response::builder().header(ACCEPT_RANGES, "bytes").header(LAST_MODIFIED, file.last_modified());
    if !matches!(fault, Some(Fault::OtherSize)) {
        builder = builder.header(ETAG, &etag);
        if !matches(headers, &etag) {
            return whole(builder.status(StatusCode::PRECONDITION_FAILED), active);
        }
    }
    let size = file.bytes.len() as u64;
    let said_size = if matches!(fault, Some(Fault::OtherSize)) { size + 1 } else { size };
    let asked = match fault {
        Some(Fault::IgnoreRange) => Asked::Whole,
        _ => Asked::parse(text(headers, RANGE), size),
    };
    let range = match asked {
        Asked::Whole => 0..size,
        Asked::Part(range) => {
            let range = if matches!(fault, Some(Fault::WrongRange)) { other(range, size) } else { range };
            let content = format!("bytes {}-{}/{said_size}", range.start, range.end - 1);
            builder = builder.status(StatusCode::PARTIAL_CONTENT).header(CONTENT_RANGE, content);
            range
        }
        Asked::Unsatisfiable => {
            let builder = builder.status(StatusCode::RANGE_NOT_SATISFIABLE);
            return whole(builder.header(CONTENT_RANGE, format!("bytes */{said_size}")), active);
        }
    };
    let len = range.end - range.start;
    let (sent, said, end) = match fault {
        Some(Fault::Reset { after }) => ((*after).min(len), Some(len), End::Reset),
        Some(Fault::Stall { after: Some(after) }) => ((*after).min(len), Some(len), End::Never),
        Some(Fault::Truncate { after }) => ((*after).min(len), Some((*after).min(len)), End::Done),
        Some(Fault::TruncateChunked { after }) => ((*after).min(len), None, End::Done),
        _ => (len, Some(len), End::Done),
    };
    if let Some(said) = said {
        builder = builder.header(CONTENT_LENGTH, said);
    }
    let body = if request.method() == Method::HEAD {
        Part::new(Bytes::new(), End::Done, active)
    } else {
        // Positions within the file fit `usize`: it is mapped.
        let start = range.start as usize;
        Part::new(file.bytes.slice(start..start + sent as usize), end, active)
    };
    builder.body(Either::Right(body))
}

/// Another range than this one, as long where that is possible.
fn other(range: Range<u64>, size: u64) -> Range<u64> {
    match (range.start, range.end) {
        (start, end) if end < size => start + 1..end + 1,
        (start, end) if start > 0 => start - 1..end - 1,
        (start, end) if end - start > 1 => start..end - 1,
        (start, end) => start..end,
    }
}

/// Whether a precondition holds.
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    text(headers, IF_MATCH)
        .is_none_or(|tags| tags.split(',').any(|tag| matches!(tag.trim(), "*") || tag.trim() == etag))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn empty(status: StatusCode, active: Active) -> Result<Response<ReplyBody>, http::Error> {
    whole(Response::builder().status(status), active)
}

/// A response without a body.
fn whole(builder: Builder, active: Active) -> Result<Response<ReplyBody>, http::Error> {
    builder.header(CONTENT_LENGTH, 0).body(Either::Right(Part::new(Bytes::new(), End::Done, active)))
}

fn stats(shared: &Shared, method: &Method) -> Result<Response<ReplyBody>, http::Error> {
    if method == Method::DELETE {
        shared.counters.reset();
    }
    let json = serde_json::to_vec(&shared.counters.read()).unwrap_or_default();
    let body = Either::Left(Full::new(Bytes::from(json)));
    Response::builder().header(CONTENT_TYPE, "application/json").body(body)
}
