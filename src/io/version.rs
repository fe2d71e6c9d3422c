//! Versions of one object.

use chrono::DateTime;
use rasteret_schema::ObjectVersion;

/// How an object differs from the version that is expected; `None` where it does not, as far as is known.
pub fn difference(expected: &ObjectVersion, found: &ObjectVersion) -> Option<String> {
    if let (Some(expected), Some(found)) = (expected.size, found.size)
        && expected != found
    {
        return Some(format!("it had {expected} bytes and has {found} now"));
    }
    // The entity tag says whether the content is the same; the time, only when it was put there.
    if let (Some(expected), Some(found)) = (&expected.etag, &found.etag) {
        // A cache on the way may turn a strong tag into a weak one: RFC 9110, 8.8.3.2, weak comparison.
        let opaque = |etag: &str| etag.strip_prefix("W/").unwrap_or(etag).to_owned();
        return (opaque(expected) != opaque(found))
            .then(|| format!("its entity tag was {expected} and is {found} now"));
    }
    let (expected, found) = (expected.last_modified?, found.last_modified?);
    (expected != found).then(|| match (time(expected), time(found)) {
        (Some(expected), Some(found)) => format!("it was of {expected} and is of {found} now"),
        _ => "it was written to since".to_owned(),
    })
}

fn time(micros: i64) -> Option<String> {
    DateTime::from_timestamp_micros(micros).map(|time| time.to_rfc3339())
}

/// The entity tag, where it is one that says that the bytes are the same (RFC 9110, 8.8.1).
pub fn strong_etag(version: &ObjectVersion) -> Option<&str> {
    version.etag.as_deref().filter(|etag| etag.starts_with('"') && etag.len() > 2)
}
