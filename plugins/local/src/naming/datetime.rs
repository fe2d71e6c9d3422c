//! Dates and times in names.

use chrono::{DateTime, NaiveDate, NaiveTime};
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// A time of day, of which seconds and fractions may be missing.
const TIME: &str = r"(?<hour>\d{2}):?(?<minute>\d{2})(?::?(?<second>\d{2})(?:\.(?<fraction>\d{1,9}))?)?Z?";

/// A time of day within a name: seconds are what tells it from another number.
const TIME_WITHIN_NAMES: &str = r"(?<hour>\d{2}):?(?<minute>\d{2}):?(?<second>\d{2})Z?";

/// How a date may be written where it stands alone.
static WRITTEN: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    compile(&[
        &format!(r"^(?<year>\d{{4}})-?(?<month>\d{{2}})-?(?<day>\d{{2}})[Tt _-]?{TIME}$"),
        &format!(r"^(?<year>\d{{4}})-?(?<doy>\d{{3}})T{TIME}$"),
        r"^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$",
        r"^(?<year>\d{4})[-_./](?<month>\d{1,2})[-_./](?<day>\d{1,2})$",
        r"^(?<year>\d{4})-?(?<doy>\d{3})$",
        r"^(?<year>\d{4})[-_./]?(?<month>\d{2})$",
        r"^(?<year>\d{4})$",
    ])
});

/// How a date may be written within a name, where other numbers are around it. Years of four digits
/// alone are not dates: too many numbers look like them.
static WITHIN_NAMES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let year = r"(?<year>(?:19|20)\d{2})";
    let formats = [
        format!(r"{year}(?<month>\d{{2}})(?<day>\d{{2}})[Tt_-]{TIME_WITHIN_NAMES}"),
        format!(r"{year}-(?<month>\d{{2}})-(?<day>\d{{2}})[Tt _-]{TIME_WITHIN_NAMES}"),
        format!(r"{year}(?<month>\d{{2}})(?<day>\d{{2}})"),
        format!(r"{year}[-_.](?<month>\d{{1,2}})[-_.](?<day>\d{{1,2}})"),
        // MODIS and VIIRS: `MOD13Q1.A2024001.h25v06`.
        format!(r"A{year}(?<doy>\d{{3}})"),
    ];
    compile(&formats.map(|format| format!(r"(?:^|\D){format}(?:\D|$)")))
});

/// How a date may be spread over folders.
static WITHIN_FOLDERS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    compile(&[
        r"(?:^|/)(?<year>(?:19|20)\d{2})/(?<month>\d{1,2})/(?<day>\d{1,2})(?:/|$)",
        r"(?:^|/)year=(?<year>\d{4})/month=(?<month>\d{1,2})(?:/day=(?<day>\d{1,2}))?(?:/|$)",
    ])
});

fn compile(patterns: &[impl AsRef<str>]) -> Vec<Regex> {
    patterns.iter().map(|pattern| Regex::new(pattern.as_ref()).expect("the patterns are tested")).collect()
}

/// The time that a text says, in microseconds since 1970, UTC: RFC 3339, or a date as names have it
/// (`20240103T052231`, `2024-01-03`, `2024003`, `202401`, `2024`).
pub(crate) fn parse(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    WRITTEN.iter().find_map(|format| from_parts(&format.captures(text)?))
}

/// The first date within a name.
pub(crate) fn find(name: &str) -> Option<i64> {
    WITHIN_NAMES
        .iter()
        .filter_map(|format| first_valid(format, name))
        .min_by_key(|(at, _)| at.start)
        .map(|(_, time)| time)
}

/// The date of a path: of the file's name, else of the nearest folder that has one, else of nested
/// folders (`2024/01/03`, `year=2024/month=1`).
pub(crate) fn find_in_path(path: &str) -> Option<i64> {
    path.rsplit('/')
        .find_map(find)
        .or_else(|| WITHIN_FOLDERS.iter().find_map(|format| Some(first_valid(format, path)?.1)))
}

/// The first match that is a date of the calendar. Matches may share the character between them.
fn first_valid(format: &Regex, text: &str) -> Option<(Range<usize>, i64)> {
    let mut from = 0;
    loop {
        let captures = format.captures_at(text, from)?;
        let year = captures.name("year")?;
        if let Some(time) = from_parts(&captures) {
            return Some((year.range(), time));
        }
        from = year.end();
    }
}

/// The time that groups named `year`, `month`, `day` or `doy`, `hour`, `minute`, `second` and
/// `fraction` make up; what is missing is the earliest. `None` for what is not in the calendar.
pub(crate) fn from_parts(captures: &Captures<'_>) -> Option<i64> {
    let part = |name: &str, missing: u32| match captures.name(name) {
        Some(digits) => digits.as_str().parse::<u32>().ok(),
        None => Some(missing),
    };
    let year = captures.name("year")?.as_str().parse().ok()?;
    let date = match captures.name("doy") {
        Some(_) => NaiveDate::from_yo_opt(year, part("doy", 1)?)?,
        None => NaiveDate::from_ymd_opt(year, part("month", 1)?, part("day", 1)?)?,
    };
    let micros = match captures.name("fraction") {
        Some(digits) => format!("{:0<6.6}", digits.as_str()).parse().ok()?,
        None => 0,
    };
    let time =
        NaiveTime::from_hms_micro_opt(part("hour", 0)?, part("minute", 0)?, part("second", 0)?, micros)?;
    Some(date.and_time(time).and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> Option<i64> {
        Some(DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
    }

    #[test]
    fn written_dates() {
        for (text, expected) in [
            ("20240103T052231", "2024-01-03T05:22:31Z"),
            ("20240103052231", "2024-01-03T05:22:31Z"),
            ("2024-01-03 05:22", "2024-01-03T05:22:00Z"),
            ("2024-01-03T05:22:31.024Z", "2024-01-03T05:22:31.024Z"),
            ("2024-01-03T05:22:31+02:00", "2024-01-03T03:22:31Z"),
            ("2024003T052231", "2024-01-03T05:22:31Z"),
            ("20240103", "2024-01-03T00:00:00Z"),
            ("2024_1_3", "2024-01-03T00:00:00Z"),
            ("2024366", "2024-12-31T00:00:00Z"),
            ("2024-02", "2024-02-01T00:00:00Z"),
            ("202402", "2024-02-01T00:00:00Z"),
            ("1984", "1984-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(text), utc(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_in_the_calendar_is_not_a_date() {
        for text in ["20241303", "2023-02-29", "2023366", "20240103T250000", "20240103T056100", "x", "", "99"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(find("scene_20201301_20200114"), utc("2020-01-14T00:00:00Z"));
        assert_eq!(find("scene_20241303"), None);
    }

    #[test]
    fn dates_within_names() {
        for (name, expected) in [
            ("LC08_L2SP_028030_20200114_20200824_02_T1", Some("2020-01-14T00:00:00Z")),
            ("20240103_052231_12_2414_3B_AnalyticMS_SR_8b_clip", Some("2024-01-03T05:22:31Z")),
            ("scene_20200114_2020_v1", Some("2020-01-14T00:00:00Z")),
            ("m_3807708_sw_18_060_20180813", Some("2018-08-13T00:00:00Z")),
            ("MOD13Q1.A2024001.h25v06.061.2024020", Some("2024-01-01T00:00:00Z")),
            ("bremen_sea_ice_conc_2022_9_9", Some("2022-09-09T00:00:00Z")),
            ("ndvi-2024-01-03-v2", Some("2024-01-03T00:00:00Z")),
            ("Copernicus_DSM_COG_10_N12_00_E077_00_DEM", None),
            ("tile_2048_1024", None),
            ("120240103", None),
        ] {
            assert_eq!(find(name), expected.and_then(utc), "{name}");
        }
    }

    #[test]
    fn dates_within_paths() {
        for (path, expected) in [
            ("data/20230101/scene_20240103", "2024-01-03T00:00:00Z"),
            ("20220101/20230101/dem", "2023-01-01T00:00:00Z"),
            ("data/2024/1/03/dem", "2024-01-03T00:00:00Z"),
            ("data/year=2024/month=2/dem", "2024-02-01T00:00:00Z"),
        ] {
            assert_eq!(find_in_path(path), utc(expected), "{path}");
        }
        assert_eq!(find_in_path("data/2024/13/03/dem"), None);
    }

    proptest! {
        #[test]
        fn every_day_is_found(days in -25_000i64..47_000, seconds in 0i64..86_400) {
            let time = DateTime::from_timestamp(days * 86_400 + seconds, 0).unwrap();
            let day = DateTime::from_timestamp(days * 86_400, 0).unwrap();
            for format in ["%Y%m%dT%H%M%S", "%Y%m%d_%H%M%S", "%Y-%m-%dT%H:%M:%S"] {
                let name = format!("x_{}_B04", time.format(format));
                prop_assert_eq!(find(&name), Some(time.timestamp_micros()), "{}", name);
            }
            for format in ["%Y%m%d", "%Y-%m-%d", "%Y_%m_%d", "A%Y%j"] {
                let name = format!("x.{}.B04", day.format(format));
                prop_assert_eq!(find(&name), Some(day.timestamp_micros()), "{}", name);
            }
        }

        #[test]
        fn any_text_is_fine(text in "\\PC{0,40}", digits in "[0-9T_./-]{0,30}") {
            for text in [text, digits] {
                let _ = (parse(&text), find(&text), find_in_path(&text));
            }
        }
    }
}
