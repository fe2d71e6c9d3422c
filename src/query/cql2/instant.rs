//! Points in time.

use super::error::FilterError;
use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Nanoseconds of a day.
pub(super) const DAY: i128 = 86_400_000_000_000;

/// A point in time, or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instant {
    /// Nanoseconds since 1970, UTC; the first of the day.
    pub(super) nanos: i128,
    /// Whether the whole day is meant, where that makes a difference.
    pub(super) is_day: bool,
}

impl Instant {
    /// Reads a date, or a date and a time as RFC 3339 and SQL write it; UTC where no offset is given.
    ///
    /// # Errors
    ///
    /// [`FilterError::Invalid`] for anything else.
    pub(super) fn parse(text: &str) -> Result<Instant, FilterError> {
        let text = text.trim();
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Instant { nanos: nanos(date.and_time(chrono::NaiveTime::MIN)), is_day: true });
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Instant { nanos: nanos(time.naive_utc()), is_day: false });
        }
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|time| Instant { nanos: nanos(time), is_day: false })
            .ok_or_else(|| {
                FilterError::Invalid(format!(
                    "{text:?} is not a time: write 2024-01-31 or 2024-01-31T10:30:00Z"
                ))
            })
    }
}

fn nanos(time: NaiveDateTime) -> i128 {
    let time = time.and_utc();
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times() {
        let parse = |text: &str| Instant::parse(text).map(|it| (it.nanos, it.is_day)).ok();
        assert_eq!(parse("1970-01-02"), Some((DAY, true)));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some((0, false)));
        assert_eq!(parse("1970-01-01 00:00:00.000000001"), Some((1, false)));
        assert_eq!(parse("1969-12-31T23:59:59.5Z"), Some((-500_000_000, false)));
        for text in ["", "2024", "2024-13-01", "yesterday", "2024-01-01T25:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
