//! Geographic CRSs from their keys: datum, ellipsoid, prime meridian, angular unit (`GTIFGetDefn` in
//! libgeotiff's `geo_normalize.c`, `GTIFGetOGISDefnAsOSR` in GDAL's `gt_wkt_srs.cpp`).

use super::citation::Citation;
use super::epsg::{self, Ellipsoid, Meridian};
use super::keys::{GeoKeys, USER_DEFINED, id};
use super::wkt::{Authority, Quoted, datum_name};
use std::fmt::{self, Display};

/// A geographic CRS, spelled out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Geographic {
    code: Option<u16>,
    name: String,
    datum_code: Option<u16>,
    datum_name: String,
    ellipsoid: Ellipsoid,
    meridian: Meridian,
    pub unit: AngularUnit,
    /// Parameters of a position vector transformation to WGS 84.
    to_wgs84: Option<[f64; 7]>,
}

/// A unit of angles.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AngularUnit {
    code: Option<u16>,
    name: String,
    pub degrees: f64,
}

impl Geographic {
    /// `None` for a CRS that is named by a code which is not known, and not spelled out either.
    pub fn read(keys: &GeoKeys) -> Option<Geographic> {
        let code = keys.code(id::GEOGRAPHIC_CRS);
        let registered = code.and_then(epsg::geographic);
        if code.is_some() && registered.is_none() && keys.double(&[id::SEMI_MAJOR_AXIS]).is_none() {
            return None;
        }
        // Names are registered, too: citations only count for what isn't.
        let citation = match registered {
            Some(_) => Citation::default(),
            None => Citation::of_geographic(keys.text(id::GEOGRAPHIC_CITATION).unwrap_or_default()),
        };
        // A key that holds "user-defined" takes back what another code implies.
        let code_or = |key, implied: Option<u16>| match keys.short(key) {
            Some(USER_DEFINED | 0) => None,
            Some(code) => Some(code),
            None => implied,
        };
        let datum_code = code_or(id::DATUM, registered.as_ref().map(|crs| crs.datum));
        let datum = datum_code.and_then(epsg::datum);
        let ellipsoid_code = code_or(id::ELLIPSOID, datum.as_ref().map(|datum| datum.ellipsoid));
        let ellipsoid = ellipsoid(keys, ellipsoid_code.and_then(epsg::ellipsoid), citation.ellipsoid)?;
        let unit_code = code_or(id::ANGULAR_UNIT, registered.as_ref().map(|crs| crs.angular_unit));
        let unit = AngularUnit::read(keys, unit_code, citation.angular_unit);
        let implied = registered.as_ref().and_then(|crs| epsg::datum(crs.datum)).map(|datum| datum.meridian);
        let meridian_code = code_or(id::PRIME_MERIDIAN, implied);
        let meridian = meridian(keys, meridian_code.and_then(epsg::meridian), citation.meridian, &unit);
        let datum_name = match (citation.datum, &datum) {
            (Some(name), _) => name,
            (None, Some(datum)) => datum_name(datum.name),
            (None, None) => "unknown".to_owned(),
        };
        let to_wgs84 = match keys.doubles(id::TO_WGS84) {
            [x, y, z] => Some([*x, *y, *z, 0.0, 0.0, 0.0, 0.0]),
            [x, y, z, rx, ry, rz, scale, ..] => Some([*x, *y, *z, *rx, *ry, *rz, *scale]),
            _ => None,
        };
        // PROJ knows better ways from registered datums to WGS 84 (`OSR_STRIP_TOWGS84` in GDAL).
        let to_wgs84 =
            to_wgs84.filter(|_| datum.is_none() && !epsg::is_datum(&datum_name, super::wkt::datum_name));
        let name = registered.map(|crs| crs.name.to_owned()).or(citation.name);
        Some(Geographic {
            code: code.filter(|code| epsg::geographic(*code).is_some()),
            name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| datum_name.clone()),
            datum_code: datum.map(|datum| datum.code),
            datum_name,
            ellipsoid,
            meridian,
            unit,
            to_wgs84,
        })
    }

    /// Whether all numbers are numbers that a CRS can have.
    pub fn is_finite(&self) -> bool {
        let numbers = [
            self.ellipsoid.semi_major,
            self.ellipsoid.inverse_flattening,
            self.meridian.longitude,
            self.unit.degrees,
        ];
        numbers.iter().chain(self.to_wgs84.iter().flatten()).all(|number| number.is_finite())
            && self.ellipsoid.semi_major > 0.0
            && self.unit.degrees > 0.0
    }
}

/// An ellipsoid whose registered axes the keys may override.
fn ellipsoid(keys: &GeoKeys, registered: Option<Ellipsoid>, name: Option<String>) -> Option<Ellipsoid> {
    let semi_major = keys.double(&[id::SEMI_MAJOR_AXIS]).filter(|axis| *axis != 0.0);
    let Some(semi_major) = semi_major.or(registered.as_ref().map(|ellipsoid| ellipsoid.semi_major)) else {
        // What GDAL does when nothing is known of the ellipsoid.
        const WGS84: u16 = 7030;
        return epsg::ellipsoid(WGS84);
    };
    let of_axes = |semi_minor: f64| {
        // As close to a sphere as GDAL takes for one (`OSRCalcInvFlattening`).
        if (semi_major - semi_minor).abs() < 0.1 { 0.0 } else { semi_major / (semi_major - semi_minor) }
    };
    let inverse_flattening =
        match (keys.double(&[id::INVERSE_FLATTENING]), keys.double(&[id::SEMI_MINOR_AXIS])) {
            (Some(infinite), _) if infinite.is_infinite() => 0.0,
            (Some(inverse_flattening), _) => inverse_flattening,
            (None, Some(semi_minor)) => of_axes(semi_minor),
            (None, None) => registered.as_ref().map_or(0.0, |ellipsoid| ellipsoid.inverse_flattening),
        };
    match registered {
        Some(registered)
            if (registered.semi_major - semi_major).abs() < 1e-6
                && (registered.inverse_flattening - inverse_flattening).abs() < 1e-8 =>
        {
            Some(registered)
        }
        _ => {
            let name = name.unwrap_or_else(|| "unknown".to_owned());
            Some(Ellipsoid { code: None, name, semi_major, inverse_flattening })
        }
    }
}

/// A prime meridian, given by its code or else by its longitude.
fn meridian(
    keys: &GeoKeys,
    registered: Option<Meridian>,
    name: Option<String>,
    unit: &AngularUnit,
) -> Meridian {
    registered.unwrap_or_else(|| {
        let longitude = keys.double(&[id::PRIME_MERIDIAN_LONGITUDE]).unwrap_or(0.0) * unit.degrees;
        let implied = if longitude == 0.0 { "Greenwich" } else { "unknown" };
        Meridian { code: None, name: name.unwrap_or_else(|| implied.to_owned()), longitude }
    })
}

impl AngularUnit {
    fn read(keys: &GeoKeys, code: Option<u16>, name: Option<String>) -> AngularUnit {
        // Sexagesimal notations are about how numbers are written, not about the unit.
        const DEGREE: u16 = 9122;
        let (code, known, degrees) = match code {
            Some(9101) => (code, "radian", 1f64.to_degrees()),
            Some(9102 | 9107 | 9108 | 9110 | DEGREE) => (Some(DEGREE), "degree", 1.0),
            Some(9103) => (code, "arc-minute", 1.0 / 60.0),
            Some(9104) => (code, "arc-second", 1.0 / 3600.0),
            Some(9105) => (code, "grad", 0.9),
            Some(9106) => (code, "gon", 0.9),
            Some(9109) => (code, "microradian", 1e-6f64.to_degrees()),
            _ => {
                // GDAL takes the size only where the unit has a name.
                let size = keys.double(&[id::ANGULAR_UNIT_SIZE]).filter(|_| name.is_some());
                let name = name.unwrap_or_else(|| "degree".to_owned());
                return AngularUnit { code: None, name, degrees: size.map_or(1.0, f64::to_degrees) };
            }
        };
        AngularUnit { code, name: known.to_owned(), degrees }
    }
}

impl Display for Geographic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Geographic { ellipsoid, meridian, unit, .. } = self;
        write!(f, "GEOGCS[{},DATUM[{},", Quoted(&self.name), Quoted(&self.datum_name))?;
        let Ellipsoid { name, semi_major, inverse_flattening, code } = ellipsoid;
        write!(f, "SPHEROID[{},{semi_major},{inverse_flattening}{}]", Quoted(name), Authority(*code))?;
        if let Some([x, y, z, rx, ry, rz, scale]) = self.to_wgs84 {
            write!(f, ",TOWGS84[{x},{y},{z},{rx},{ry},{rz},{scale}]")?;
        }
        write!(f, "{}]", Authority(self.datum_code))?;
        let longitude = meridian.longitude / unit.degrees;
        write!(f, ",PRIMEM[{},{longitude}{}]", Quoted(&meridian.name), Authority(meridian.code))?;
        let radians = unit.degrees.to_radians();
        write!(f, ",UNIT[{},{radians}{}]{}]", Quoted(&unit.name), Authority(unit.code), Authority(self.code))
    }
}
