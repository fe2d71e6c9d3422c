//! The EPSG dataset, as far as user-defined CRSs refer to it. `epsg.py` writes the table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The lines of the table by kind and code, without these. `epsg.py` says what a line holds.
static TABLE: LazyLock<BTreeMap<(&str, u16), &str>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let (kind, rest) = line.split_once('\t')?;
        let (code, values) = rest.split_once('\t')?;
        Some(((kind, code.parse().ok()?), values))
    };
    include_str!("epsg.tsv").lines().filter_map(row).collect()
});

/// An ellipsoid.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ellipsoid {
    pub code: Option<u16>,
    pub name: String,
    /// Semi-major axis in metres.
    pub semi_major: f64,
    /// 0 for a sphere.
    pub inverse_flattening: f64,
}

/// A prime meridian.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Meridian {
    pub code: Option<u16>,
    pub name: String,
    /// Degrees east of Greenwich.
    pub longitude: f64,
}

/// A geodetic datum.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Datum {
    pub code: u16,
    pub name: &'static str,
    pub ellipsoid: u16,
    pub meridian: u16,
}

/// A geographic CRS.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Geographic {
    pub name: &'static str,
    pub datum: u16,
    pub angular_unit: u16,
}

/// A unit of length.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Length {
    pub code: Option<u16>,
    pub name: String,
    pub metres: f64,
}

/// The values of a line.
fn fields<const N: usize>(values: &'static str) -> Option<[&'static str; N]> {
    let mut row = [""; N];
    let mut fields = values.split('\t');
    for field in &mut row {
        *field = fields.next()?;
    }
    Some(row)
}

fn find<const N: usize>(kind: &'static str, code: u16) -> Option<[&'static str; N]> {
    fields(TABLE.get(&(kind, code))?)
}

pub(super) fn ellipsoid(code: u16) -> Option<Ellipsoid> {
    let [name, semi_major, inverse_flattening] = find("ellipsoid", code)?;
    Some(Ellipsoid {
        code: Some(code),
        name: name.to_owned(),
        semi_major: semi_major.parse().ok()?,
        inverse_flattening: inverse_flattening.parse().ok()?,
    })
}

pub(super) fn meridian(code: u16) -> Option<Meridian> {
    let [name, longitude] = find("meridian", code)?;
    Some(Meridian { code: Some(code), name: name.to_owned(), longitude: longitude.parse().ok()? })
}

pub(super) fn datum(code: u16) -> Option<Datum> {
    let [name, ellipsoid, meridian] = find("datum", code)?;
    Some(Datum { code, name, ellipsoid: ellipsoid.parse().ok()?, meridian: meridian.parse().ok()? })
}

/// Whether a datum of this name is registered, spelled as in WKT.
pub(super) fn is_datum(name: &str, wkt_name: impl Fn(&str) -> String) -> bool {
    let mut datums = TABLE.range(("datum", 0)..=("datum", u16::MAX));
    datums.any(|(_, values)| {
        let known = values.split('\t').next().unwrap_or_default();
        wkt_name(known).eq_ignore_ascii_case(name)
    })
}

pub(super) fn geographic(code: u16) -> Option<Geographic> {
    let [name, datum, angular_unit] = find("geographic", code)?;
    Some(Geographic { name, datum: datum.parse().ok()?, angular_unit: angular_unit.parse().ok()? })
}

pub(super) fn length(code: u16) -> Option<Length> {
    let [name, metres] = find("length", code)?;
    Some(Length { code: Some(code), name: name.to_owned(), metres: metres.parse().ok()? })
}

/// The code of the linear unit of a projected CRS.
pub(super) fn unit_of_projected(code: u16) -> u16 {
    const METRE: u16 = 9001;
    unit_of("projected", code).unwrap_or(METRE)
}

/// The code of the unit of a vertical CRS; `None` if there is no such CRS.
pub(super) fn unit_of_vertical(code: u16) -> Option<u16> {
    unit_of("vertical", code)
}

/// The unit of the run of codes that a code lies in.
fn unit_of(kind: &'static str, code: u16) -> Option<u16> {
    let (_, values) = TABLE.range((kind, 0)..=(kind, code)).next_back()?;
    let [last, unit] = fields(values)?;
    (code <= last.parse().ok()?).then(|| unit.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups() {
        let wgs84 = geographic(4326).unwrap();
        assert_eq!((wgs84.name, wgs84.datum), ("WGS 84", 6326));
        assert_eq!(datum(6326).map(|datum| (datum.ellipsoid, datum.meridian)), Some((7030, 8901)));
        assert_eq!(ellipsoid(7030).map(|ellipsoid| ellipsoid.inverse_flattening), Some(298.257223563));
        assert_eq!(meridian(8903).map(|meridian| meridian.longitude), Some(2.33722917));
        assert_eq!(length(9003).map(|length| length.name), Some("US survey foot".to_owned()));
        assert_eq!(geographic(1), None);
    }

    #[test]
    fn units_of_axes() {
        assert_eq!(unit_of_projected(2225), 9003);
        assert_eq!(unit_of_projected(32633), 9001);
        assert_eq!(unit_of_vertical(5773), Some(9001));
        assert_eq!(unit_of_vertical(8228), Some(9002));
        assert_eq!(unit_of_vertical(4326), None);
    }

    #[test]
    fn every_row_is_complete() {
        for (kind, code) in TABLE.keys() {
            let is_complete = match *kind {
                "datum" => datum(*code).is_some_and(|datum| {
                    ellipsoid(datum.ellipsoid).is_some() && meridian(datum.meridian).is_some()
                }),
                "geographic" => geographic(*code).is_some_and(|crs| datum(crs.datum).is_some()),
                "ellipsoid" => ellipsoid(*code).is_some(),
                "meridian" => meridian(*code).is_some(),
                "length" => length(*code).is_some(),
                "projected" | "vertical" => unit_of(kind, *code).is_some_and(|unit| length(unit).is_some()),
                _ => false,
            };
            assert!(is_complete, "{kind} {code}");
        }
    }
}
