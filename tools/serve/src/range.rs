//! The `Range` header: RFC 9110, section 14.

use std::ops::Range;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The whole file: there is no such header, or none that must be understood.
    Whole,
    /// These bytes of it.
    Part(Range<u64>),
    /// Bytes that it does not have.
    Unsatisfiable,
}

impl Asked {
    /// Understands the value of the header, for a file of so many bytes.
    pub fn parse(value: Option<&str>, size: u64) -> Asked {
        let range = value.and_then(|value| value.trim().strip_prefix("bytes="));
        let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else {
            return Asked::Whole;
        };
        let range = match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
            (Ok(first), Err(_)) if last.is_empty() => first..size,
            (Err(_), Ok(len)) if first.is_empty() => size.saturating_sub(len)..size,
            _ => return Asked::Whole,
        };
        if range.start < range.end { Asked::Part(range) } else { Asked::Unsatisfiable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let parse = |value| Asked::parse(Some(value), 10);
        assert_eq!(parse("bytes=2-4"), Asked::Part(2..5));
        assert_eq!(parse("bytes=2-"), Asked::Part(2..10));
        assert_eq!(parse("bytes=-3"), Asked::Part(7..10));
        assert_eq!(parse("bytes=-30"), Asked::Part(0..10));
        assert_eq!(parse("bytes=8-99"), Asked::Part(8..10));
        assert_eq!(parse("bytes=10-12"), Asked::Unsatisfiable);
        assert_eq!(parse("bytes=-0"), Asked::Unsatisfiable);
        for whole in ["bytes=4-2", "bytes=0-1,3-4", "rows=1-2", "bytes=a-b", ""] {
            assert_eq!(parse(whole), Asked::Whole, "{whole}");
        }
        assert_eq!(Asked::parse(None, 10), Asked::Whole);
        assert_eq!(Asked::parse(Some("bytes=0-0"), 0), Asked::Unsatisfiable);
    }
}
