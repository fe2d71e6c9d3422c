//! Whether a response is the one that was asked for.
//!
//! Source: RFC 9110, sections 13 (conditional requests) and 14 (range requests).

use super::transport::Ask;
use super::version::difference;
use super::{ByteSourceError, without_secrets};
use chrono::{DateTime, Utc};
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName, LAST_MODIFIED, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use rasteret_schema::ObjectVersion;
use std::ops::Range;
use std::time::Duration;

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// These bytes, all of them.
    Range(Range<u64>),
    /// So many bytes from the start, or all where there are fewer.
    Start(u64),
    /// So many bytes at the end, or all where there are fewer.
    End(u64),
}

impl Wanted {
    /// What to ask for.
    pub fn ask(&self) -> Ask {
        match self {
            Wanted::Range(range) => Ask::Range(range.clone()),
            Wanted::Start(len) => Ask::Range(0..*len),
            Wanted::End(len) => Ask::Last(*len),
        }
    }

    /// Whether nothing is.
    pub fn is_empty(&self) -> bool {
        match self {
            Wanted::Range(range) => range.is_empty(),
            Wanted::Start(len) | Wanted::End(len) => *len == 0,
        }
    }
}

/// What a response that is the right one announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Length of the body.
    pub len: u64,
    /// The version of the object that the body is a part of.
    pub version: ObjectVersion,
}

/// Why a response is not the one that was asked for.
#[derive(Debug)]
pub enum Refused {
    /// It may be the right one the next time, at best after a pause.
    Transient(String, Option<Duration>),
    /// It may be the right one with other credentials.
    Denied(StatusCode),
    /// It is final.
    Final(ByteSourceError),
}

/// Checks the head of a response against what was asked for, and what is known of the object.
pub fn check(
    status: StatusCode,
    headers: &HeaderMap,
    wanted: &Wanted,
    expected: &[&ObjectVersion],
) -> Result<Announced, Refused> {
    let mut version = version(headers);
    let length: Option<u64> = text(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok());
    match status {
        StatusCode::PARTIAL_CONTENT => {
            let value = text(headers, CONTENT_RANGE).ok_or_else(|| {
                wrong("a partial response does not say which bytes it has (no Content-Range)".to_owned())
            })?;
            let content = ContentRange::parse(value)
                .ok_or_else(|| wrong(format!("Content-Range {:?} cannot be understood", short(value))))?;
            version.size = content.size;
            same_version(&version, expected)?;
            let asked = within(wanted, content.size)?;
            let start = content.range.clone().filter(|range| *range == asked);
            let range = start.ok_or_else(|| {
                wrong(format!(
                    "bytes {}..{} were asked for, Content-Range is {value:?}",
                    asked.start, asked.end
                ))
            })?;
            let len = range.end - range.start;
            match length {
                Some(length) if length != len => Err(Refused::Transient(
                    format!("the response has {length} bytes instead of the {len} that it announces"),
                    None,
                )),
                _ => Ok(Announced { len, version }),
            }
        }
        StatusCode::OK => {
            version.size = length;
            same_version(&version, expected)?;
            // Without a length, a body that was cut off would look like a whole one.
            let size = length.ok_or(Refused::Final(ByteSourceError::RangesNotSupported))?;
            let is_wanted = match wanted {
                Wanted::Range(range) => *range == (0..size),
                Wanted::Start(len) | Wanted::End(len) => size <= *len,
            };
            if is_wanted {
                Ok(Announced { len: size, version })
            } else {
                Err(Refused::Final(ByteSourceError::RangesNotSupported))
            }
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            version.size = text(headers, CONTENT_RANGE).and_then(ContentRange::parse).and_then(|it| it.size);
            same_version(&version, expected)?;
            match (wanted, version.size) {
                // Of an empty object no range can be sent.
                (Wanted::Start(_) | Wanted::End(_), Some(0)) => Ok(Announced { len: 0, version }),
                (Wanted::Range(range), Some(size)) if range.end > size => {
                    Err(Refused::Final(ByteSourceError::BeyondEnd { range: range.clone(), size }))
                }
                _ => Err(wrong(describe(status))),
            }
        }
        StatusCode::PRECONDITION_FAILED => {
            let found = version.etag.map_or(String::new(), |etag| format!(" and is {} now", short(&etag)));
            let tag = expected.iter().find_map(|version| version.etag.as_deref()).unwrap_or_default();
            let difference = format!("its entity tag was {}{found}; the server refuses it", short(tag));
            Err(Refused::Final(ByteSourceError::Changed { difference }))
        }
        _ => Err(refusal(status, headers)),
    }
}

/// Why a response is not the one that was asked for, whatever that was.
pub fn refusal(status: StatusCode, headers: &HeaderMap) -> Refused {
    match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => Refused::Final(ByteSourceError::NotFound),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Refused::Denied(status),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Refused::Transient(describe(status), retry_after(headers, Utc::now()))
        }
        StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED => wrong(describe(status)),
        _ if status.is_server_error() => {
            Refused::Transient(describe(status), retry_after(headers, Utc::now()))
        }
        _ if status.is_redirection() => {
            let to = text(headers, LOCATION).and_then(|to| to.split(['?', '#']).next());
            let to = to.map_or(String::new(), |to| format!(", to {}", short(&without_secrets(to))));
            wrong(format!("{}{to}, which is not followed", describe(status)))
        }
        _ => wrong(describe(status)),
    }
}

/// The part of what is wanted that an object of this size has.
fn within(wanted: &Wanted, size: Option<u64>) -> Result<Range<u64>, Refused> {
    match (wanted, size) {
        (Wanted::Range(range), Some(size)) if range.end > size => {
            Err(Refused::Final(ByteSourceError::BeyondEnd { range: range.clone(), size }))
        }
        (Wanted::Range(range), _) => Ok(range.clone()),
        (Wanted::Start(len), size) => Ok(0..size.map_or(*len, |size| size.min(*len))),
        (Wanted::End(len), Some(size)) => Ok(size.saturating_sub(*len)..size),
        (Wanted::End(_), None) => Err(wrong("Content-Range does not say how long the file is".to_owned())),
    }
}

fn same_version(found: &ObjectVersion, expected: &[&ObjectVersion]) -> Result<(), Refused> {
    match expected.iter().find_map(|expected| difference(expected, found)) {
        Some(difference) => Err(Refused::Final(ByteSourceError::Changed { difference })),
        None => Ok(()),
    }
}

fn version(headers: &HeaderMap) -> ObjectVersion {
    let modified = text(headers, LAST_MODIFIED).and_then(|time| DateTime::parse_from_rfc2822(time).ok());
    ObjectVersion {
        size: None,
        etag: text(headers, ETAG).map(str::to_owned),
        last_modified: modified.map(|time| time.timestamp_micros()),
    }
}

/// The pause that a server asks for, in seconds or as the time of its end.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let end = DateTime::parse_from_rfc2822(value).ok()?;
    Some((end.to_utc() - now).to_std().unwrap_or_default())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn wrong(what: String) -> Refused {
    Refused::Final(ByteSourceError::WrongResponse(what))
}

/// A status as it is shown.
pub fn describe(status: StatusCode) -> String {
    format!("status {status}")
}

/// What a server sends may be of any length.
fn short(text: &str) -> &str {
    text.char_indices().nth(200).map_or(text, |(end, _)| &text[..end])
}

/// The value of a `Content-Range` header.
struct ContentRange {
    range: Option<Range<u64>>,
    size: Option<u64>,
}

impl ContentRange {
    fn parse(value: &str) -> Option<Self> {
        let (unit, rest) = value.trim().split_once(' ')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, size) = rest.split_once('/')?;
        let size = match size.trim() {
            "*" => None,
            size => Some(size.parse().ok()?),
        };
        let range = match range.trim() {
            "*" => None,
            range => {
                let (first, last) = range.split_once('-')?;
                let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
                let end = last.checked_add(1)?;
                (first < end && size.is_none_or(|size| end <= size)).then_some(())?;
                Some(first..end)
            }
        };
        Some(ContentRange { range, size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers<const N: usize>(pairs: [(HeaderName, &'static str); N]) -> HeaderMap {
        pairs.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
    }

    fn partial(content: &'static str, wanted: Wanted) -> Result<Announced, Refused> {
        check(StatusCode::PARTIAL_CONTENT, &headers([(CONTENT_RANGE, content)]), &wanted, &[])
    }

    #[test]
    fn content_ranges() {
        let exact = partial("bytes 2-4/10", Wanted::Range(2..5)).unwrap();
        assert_eq!((exact.len, exact.version.size), (3, Some(10)));
        assert_eq!(partial("Bytes 2-4/*", Wanted::Range(2..5)).unwrap().version.size, None);
        assert_eq!(partial("bytes 0-9/10", Wanted::Start(100)).unwrap().len, 10);
        assert_eq!(partial("bytes 0-99/1000", Wanted::Start(100)).unwrap().len, 100);
        assert_eq!(partial("bytes 900-999/1000", Wanted::End(100)).unwrap().len, 100);
        assert_eq!(partial("bytes 0-9/10", Wanted::End(100)).unwrap().len, 10);
        for wrong in ["bytes 0-99/1000", "bytes 900-998/1000", "bytes 900-999/*"] {
            assert!(partial(wrong, Wanted::End(100)).is_err(), "{wrong}");
        }
        for wrong in [
            "bytes 1-4/10",
            "bytes 2-5/10",
            "bytes 2-3/10",
            "bytes 4-2/10",
            "bytes 2-4/4",
            "bytes */10",
            "2-4/10",
            "items 2-4/10",
            "bytes 2-4",
            "bytes -4/10",
            "bytes 2-18446744073709551615/*",
            "bytes 2-4/-1",
            "",
        ] {
            let refused = partial(wrong, Wanted::Range(2..5)).unwrap_err();
            assert!(matches!(refused, Refused::Final(_)), "{wrong}: {refused:?}");
        }
        // A part of the start is not all of it.
        assert!(partial("bytes 0-49/1000", Wanted::Start(100)).is_err());
        assert!(matches!(
            partial("bytes 2-3/4", Wanted::Range(2..5)),
            Err(Refused::Final(ByteSourceError::BeyondEnd { size: 4, .. }))
        ));
    }

    #[test]
    fn whole_bodies() {
        let whole =
            |wanted, length| check(StatusCode::OK, &headers([(CONTENT_LENGTH, length)]), &wanted, &[]);
        assert_eq!(whole(Wanted::Start(100), "10").unwrap().len, 10);
        assert_eq!(whole(Wanted::End(100), "10").unwrap().len, 10);
        assert_eq!(whole(Wanted::Range(0..10), "10").unwrap().len, 10);
        for refused in
            [whole(Wanted::Start(9), "10"), whole(Wanted::Range(1..10), "10"), whole(Wanted::Start(9), "x")]
        {
            assert!(
                matches!(refused, Err(Refused::Final(ByteSourceError::RangesNotSupported))),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn pauses() {
        let now = DateTime::parse_from_rfc3339("2024-05-01T10:00:00Z").unwrap().to_utc();
        let pause = |value| retry_after(&headers([(RETRY_AFTER, value)]), now);
        assert_eq!(pause("120"), Some(Duration::from_secs(120)));
        assert_eq!(pause("Wed, 01 May 2024 10:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(pause("Wed, 01 May 2024 09:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!((pause("soon"), pause("-5")), (None, None));
    }
}
