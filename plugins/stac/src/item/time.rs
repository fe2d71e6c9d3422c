//! Times as STAC writes them: RFC 3339, and what is written instead.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Microseconds since 1970, UTC. What says no offset is in UTC, as pystac takes it.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let with_offset = || {
        DateTime::parse_from_rfc3339(text)
            .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
            .ok()
    };
    let without_offset = || {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
            .ok()
    };
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    with_offset()
        .map(|time| time.timestamp_micros())
        .or_else(|| without_offset().or_else(date).map(|time| time.and_utc().timestamp_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let cases = [
            ("2024-01-01T00:00:00Z", Some(1_704_067_200_000_000)),
            ("2024-01-01t05:30:00.25+05:30", Some(1_704_067_200_250_000)),
            ("2024-01-01T00:00:00+0000", Some(1_704_067_200_000_000)),
            ("2024-01-01T00:00:00.1234567Z", Some(1_704_067_200_123_456)),
            ("2024-01-01T00:00:00", Some(1_704_067_200_000_000)),
            ("2024-01-01", Some(1_704_067_200_000_000)),
            ("1969-12-31T23:59:59.9999999Z", Some(-1)),
            ("2024-02-30T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
