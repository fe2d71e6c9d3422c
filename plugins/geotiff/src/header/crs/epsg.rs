//! The EPSG dataset, as far as user-defined CRSs refer to it. `epsg.py` writes the table.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// Lines of tab-separated fields: kind, code, values. `epsg.py` says which.
const TABLE: &str = include_str!("epsg.tsv");

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

fn rows<const N: usize>(kind: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    TABLE.lines().filter_map(move |line| {
        let fields = line.strip_prefix(kind)?.strip_prefix('\t')?;
        let mut fields = fields.splitn(N, '\t');
        let mut row = [""; N];
        row.iter_mut().for_each(|field| *field = fields.next().unwrap_or_default());
        Some(row)
    })
}

fn find<const N: usize>(kind: &'static str, code: u16) -> Option<[&'static str; N]> {
    rows(kind).find(|row: &[&str; N]| row[0].parse() == Ok(code))
}

pub(super) fn ellipsoid(code: u16) -> Option<Ellipsoid> {
    let [_, name, semi_major, inverse_flattening] = find("ellipsoid", code)?;
    Some(Ellipsoid {
        code: Some(code),
        name: name.to_owned(),
        semi_major: semi_major.parse().ok()?,
        inverse_flattening: inverse_flattening.parse().ok()?,
    })
}

pub(super) fn meridian(code: u16) -> Option<Meridian> {
    let [_, name, longitude] = find("meridian", code)?;
    Some(Meridian { code: Some(code), name: name.to_owned(), longitude: longitude.parse().ok()? })
}

pub(super) fn datum(code: u16) -> Option<Datum> {
    let [_, name, ellipsoid, meridian] = find("datum", code)?;
    Some(Datum { code, name, ellipsoid: ellipsoid.parse().ok()?, meridian: meridian.parse().ok()? })
}

/// Whether a datum of this name is registered, spelled as in WKT.
pub(super) fn is_datum(name: &str, wkt_name: impl Fn(&str) -> String) -> bool {
    rows("datum").any(|[_, known, _, _]: [&str; 4]| wkt_name(known).eq_ignore_ascii_case(name))
}

pub(super) fn geographic(code: u16) -> Option<Geographic> {
    let [_, name, datum, angular_unit] = find("geographic", code)?;
    Some(Geographic { name, datum: datum.parse().ok()?, angular_unit: angular_unit.parse().ok()? })
}

pub(super) fn length(code: u16) -> Option<Length> {
    let [_, name, metres] = find("length", code)?;
    Some(Length { code: Some(code), name: name.to_owned(), metres: metres.parse().ok()? })
}

/// Units of CRSs: runs of codes, in order, and the unit of each.
type Units = Vec<(RangeInclusive<u16>, u16)>;

/// Every header with a projected CRS is looked up here, so the table is read only once.
static PROJECTED: LazyLock<Units> = LazyLock::new(|| units("projected"));
static VERTICAL: LazyLock<Units> = LazyLock::new(|| units("vertical"));

fn units(kind: &'static str) -> Units {
    let run =
        |[first, last, unit]: [&str; 3]| Some((first.parse().ok()?..=last.parse().ok()?, unit.parse().ok()?));
    rows(kind).filter_map(run).collect()
}

fn unit_of(units: &Units, code: u16) -> Option<u16> {
    let run = units.partition_point(|(codes, _)| *codes.end() < code);
    units.get(run).filter(|(codes, _)| codes.contains(&code)).map(|(_, unit)| *unit)
}

/// The code of the linear unit of a projected CRS.
pub(super) fn unit_of_projected(code: u16) -> u16 {
    const METRE: u16 = 9001;
    unit_of(&PROJECTED, code).unwrap_or(METRE)
}

/// The code of the unit of a vertical CRS; `None` if there is no such CRS.
pub(super) fn unit_of_vertical(code: u16) -> Option<u16> {
    unit_of(&VERTICAL, code)
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
        assert!(rows("datum").all(|[code, ..]: [&str; 4]| datum(code.parse().unwrap()).is_some()));
        for [_, _, code, _] in rows("geographic") {
            let datum = datum(code.parse().unwrap()).unwrap();
            assert!(ellipsoid(datum.ellipsoid).is_some() && meridian(datum.meridian).is_some(), "{datum:?}");
        }
        assert!(rows("length").all(|[code, ..]: [&str; 3]| length(code.parse().unwrap()).is_some()));
    }
}
