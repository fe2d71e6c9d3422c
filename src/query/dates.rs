//! Dates and date ranges as users write them.

use crate::error::{Error, Result};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};

/// Both ends of a span of time, inclusive, in microseconds since 1970, UTC; `None` is open.
pub type Span = (Option<i64>, Option<i64>);

/// Reads `START/END`: dates or datetimes, either end open as `..` or empty; or a single date, which
/// is the whole of that day, month or year. A bare end date includes that whole day.
///
/// ```
/// use rasteret::query::dates::parse_range;
/// let (start, end) = parse_range("2024-01-01/2024-03-31")?;
/// assert_eq!(start, Some(1_704_067_200_000_000));
/// assert_eq!(end, Some(1_711_929_600_000_000 - 1));
/// assert_eq!(parse_range("../2024-03-31T12:00:00Z")?, (None, Some(1_711_886_400_000_000)));
/// # Ok::<(), rasteret::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::InvalidArgument`] for text that is no date, and for an end before its start.
pub fn parse_range(text: &str) -> Result<Span> {
    let (start, end) = text.split_once('/').unwrap_or((text, text));
    let open = |part: &str| part.is_empty() || part == "..";
    let (start, end) = (start.trim(), end.trim());
    let from = if open(start) { None } else { Some(parse(start)?.0) };
    let to = if open(end) { None } else { Some(parse(end)?.1) };
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Error::InvalidArgument(format!("the date range {text:?} ends before it starts")));
    }
    Ok((from, to))
}

/// First and last microsecond of a date or datetime.
fn parse(text: &str) -> Result<(i64, i64)> {
    if let Ok(datetime) = DateTime::parse_from_rfc3339(text) {
        let at = datetime.timestamp_micros();
        return Ok((at, at));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(datetime) = NaiveDateTime::parse_from_str(text, format) {
            let at = datetime.and_utc().timestamp_micros();
            return Ok((at, at));
        }
    }
    let invalid = || {
        Error::InvalidArgument(format!(
            "{text:?} is not a date: write 2024, 2024-01, 2024-01-31 or 2024-01-31T10:30:00Z"
        ))
    };
    let first = ["", "-01", "-01-01"]
        .iter()
        .find_map(|rest| NaiveDate::parse_from_str(&format!("{text}{rest}"), "%Y-%m-%d").ok())
        .ok_or_else(invalid)?;
    let next = match text.split('-').filter(|part| !part.is_empty()).count() {
        1 => NaiveDate::from_ymd_opt(first.year() + 1, 1, 1),
        2 => first.checked_add_months(chrono::Months::new(1)),
        _ => first.succ_opt(),
    };
    let midnight = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    Ok((midnight(first), midnight(next.ok_or_else(invalid)?) - 1))
}

/// A time as RFC 3339 text, with as many decimals as it needs.
pub fn to_text(micros: i64) -> String {
    match DateTime::from_timestamp_micros(micros) {
        Some(time) => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        None => format!("{micros} µs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> (Option<String>, Option<String>) {
        let (start, end) = parse_range(text).unwrap();
        (start.map(to_text), end.map(to_text))
    }

    #[test]
    fn ends_are_inclusive() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(span("2024-02"), (text("2024-02-01T00:00:00Z"), text("2024-02-29T23:59:59.999999Z")));
        assert_eq!(span("2023/.."), (text("2023-01-01T00:00:00Z"), None));
        assert_eq!(
            span("2024-01-01T10:00:00+05:30/2024-01-02"),
            (text("2024-01-01T04:30:00Z"), text("2024-01-02T23:59:59.999999Z"))
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["yesterday", "2024-13-01", "2024-02-30", "2024-03-01/2024-01-01", "20240101x"] {
            assert_eq!(parse_range(text).unwrap_err().kind(), "invalid-argument", "{text}");
        }
    }
}
