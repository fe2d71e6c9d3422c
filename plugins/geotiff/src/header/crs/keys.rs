//! The GeoKey directory (GeoTIFF 1.1, section 7.1; libgeotiff's `geo_new.c`).

use super::super::directory::Directory;
use super::super::source::Source;
use super::super::tag::Tag;
use rasteret_schema::RasterError;

/// What keys hold that stand for nothing that is registered.
pub(in crate::header) const USER_DEFINED: u16 = 32767;

/// Key ids.
pub(super) mod id {
    pub const MODEL_TYPE: u16 = 1024;
    pub const RASTER_TYPE: u16 = 1025;
    pub const CITATION: u16 = 1026;
    pub const GEOGRAPHIC_CRS: u16 = 2048;
    pub const GEOGRAPHIC_CITATION: u16 = 2049;
    pub const DATUM: u16 = 2050;
    pub const PRIME_MERIDIAN: u16 = 2051;
    pub const GEOGRAPHIC_LINEAR_UNIT: u16 = 2052;
    pub const ANGULAR_UNIT: u16 = 2054;
    pub const ANGULAR_UNIT_SIZE: u16 = 2055;
    pub const ELLIPSOID: u16 = 2056;
    pub const SEMI_MAJOR_AXIS: u16 = 2057;
    pub const SEMI_MINOR_AXIS: u16 = 2058;
    pub const INVERSE_FLATTENING: u16 = 2059;
    pub const PRIME_MERIDIAN_LONGITUDE: u16 = 2061;
    pub const TO_WGS84: u16 = 2062;
    pub const PROJECTED_CRS: u16 = 3072;
    pub const PROJECTED_CITATION: u16 = 3073;
    pub const PROJECTION: u16 = 3074;
    pub const PROJECTION_METHOD: u16 = 3075;
    pub const LINEAR_UNIT: u16 = 3076;
    pub const LINEAR_UNIT_SIZE: u16 = 3077;
    pub const STANDARD_PARALLEL_1: u16 = 3078;
    pub const STANDARD_PARALLEL_2: u16 = 3079;
    pub const NATURAL_ORIGIN_LONGITUDE: u16 = 3080;
    pub const NATURAL_ORIGIN_LATITUDE: u16 = 3081;
    pub const FALSE_EASTING: u16 = 3082;
    pub const FALSE_NORTHING: u16 = 3083;
    pub const FALSE_ORIGIN_LONGITUDE: u16 = 3084;
    pub const FALSE_ORIGIN_LATITUDE: u16 = 3085;
    pub const FALSE_ORIGIN_EASTING: u16 = 3086;
    pub const FALSE_ORIGIN_NORTHING: u16 = 3087;
    pub const CENTER_LONGITUDE: u16 = 3088;
    pub const CENTER_LATITUDE: u16 = 3089;
    pub const CENTER_EASTING: u16 = 3090;
    pub const CENTER_NORTHING: u16 = 3091;
    pub const SCALE_AT_NATURAL_ORIGIN: u16 = 3092;
    pub const SCALE_AT_CENTER: u16 = 3093;
    pub const AZIMUTH: u16 = 3094;
    pub const POLE_LONGITUDE: u16 = 3095;
    pub const RECTIFIED_GRID_ANGLE: u16 = 3096;
    pub const VERTICAL_CRS: u16 = 4096;
    pub const VERTICAL_DATUM: u16 = 4098;
    pub const VERTICAL_UNIT: u16 = 4099;
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Short(u16),
    Doubles(Vec<f64>),
    Text(String),
}

/// The GeoKeys of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::header) struct GeoKeys {
    /// `KeyRevision` and `MinorRevision`: 1, 0 in files of GeoTIFF 1.0.
    revision: (u64, u64),
    keys: Vec<(u16, Value)>,
}

impl GeoKeys {
    /// Reads the keys. A directory that contradicts itself counts as none, as in GDAL.
    pub fn read(source: &Source<'_>, directory: &Directory) -> Result<GeoKeys, RasterError> {
        // The number of keys is 16 bits wide, too.
        let shorts = directory.uints(source, Tag::GeoKeyDirectory, 4 * (1 << 16))?;
        let doubles = directory.floats(source, Tag::GeoDoubleParams)?;
        let text = directory.bytes(source, Tag::GeoAsciiParams)?.unwrap_or_default();
        Ok(Self::parse(&shorts, &doubles, text.strip_suffix(b"\0").unwrap_or(text)).unwrap_or_default())
    }

    pub(super) fn parse(shorts: &[u64], doubles: &[f64], text: &[u8]) -> Option<GeoKeys> {
        let [0..=1, major, minor, count, entries @ ..] = shorts else { return None };
        let entries = entries.chunks_exact(4).take(usize::try_from(*count).ok()?);
        let keys = entries.map(|entry| {
            let [id, location, count, offset] = *entry else { return None };
            let range = usize::try_from(offset).ok()?..usize::try_from(offset.checked_add(count)?).ok()?;
            let value = match location {
                0 if count == 1 => Value::Short(u16::try_from(offset).ok()?),
                34735 => Value::Short(u16::try_from(*shorts.get(range)?.first()?).ok()?),
                34736 => Value::Doubles(doubles.get(range)?.to_vec()),
                34737 => Value::Text(key_text(text, range)?),
                _ => return None,
            };
            Some((u16::try_from(id).ok()?, value))
        });
        Some(GeoKeys { revision: (*major, *minor), keys: keys.collect::<Option<_>>()? })
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether coordinates are those of pixel centres.
    pub fn is_pixel_is_point(&self) -> bool {
        self.short(id::RASTER_TYPE) == Some(2)
    }

    /// Whether the keys follow GeoTIFF 1.0, not 1.1.
    pub(super) fn is_version_1_0(&self) -> bool {
        self.revision == (1, 0)
    }

    fn value(&self, id: u16) -> Option<&Value> {
        // Of a key that occurs twice the last counts.
        self.keys.iter().rev().find(|(key, _)| *key == id).map(|(_, value)| value)
    }

    pub(super) fn short(&self, id: u16) -> Option<u16> {
        match self.value(id)? {
            Value::Short(value) => Some(*value),
            _ => None,
        }
    }

    /// A code of the EPSG dataset; none if the key says that there is none.
    pub(super) fn code(&self, id: u16) -> Option<u16> {
        self.short(id).filter(|code| (1..USER_DEFINED).contains(code))
    }

    pub(super) fn doubles(&self, id: u16) -> &[f64] {
        match self.value(id) {
            Some(Value::Doubles(values)) => values,
            _ => &[],
        }
    }

    /// The first of some keys that holds a number.
    pub(super) fn double(&self, ids: &[u16]) -> Option<f64> {
        ids.iter().find_map(|id| self.doubles(*id).first().copied())
    }

    pub(super) fn text(&self, id: u16) -> Option<&str> {
        match self.value(id)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A text of `GeoAsciiParamsTag`, which ends in `|`. One that is said to go on behind the tag ends with it.
fn key_text(text: &[u8], range: std::ops::Range<usize>) -> Option<String> {
    let is_off_by_one = range.end == text.len() + 1;
    if range.end > text.len() && range.start >= text.len() && !is_off_by_one {
        return None;
    }
    let text = text.get(range.start..range.end.min(text.len()))?;
    let text = text.strip_suffix(b"|").unwrap_or(text);
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    Some(String::from_utf8_lossy(&text[..end]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        let shorts = [1, 1, 0, 4, 1024, 0, 1, 2, 1026, 34737, 7, 0, 2057, 34736, 2, 1, 2049, 34737, 4, 7];
        let keys = GeoKeys::parse(&shorts, &[0.0, 6378137.0, 1.0], b"WGS 84|abc").unwrap();
        assert_eq!(keys.short(id::MODEL_TYPE), Some(2));
        assert_eq!(keys.text(id::CITATION), Some("WGS 84"));
        assert_eq!(keys.text(id::GEOGRAPHIC_CITATION), Some("abc"));
        assert_eq!(keys.doubles(id::SEMI_MAJOR_AXIS), [6378137.0, 1.0]);
        assert_eq!(keys.short(id::CITATION), None);
        assert_eq!(keys.double(&[id::FALSE_EASTING, id::SEMI_MAJOR_AXIS]), Some(6378137.0));
    }

    #[test]
    fn a_corrupt_directory_has_no_keys() {
        let parse = |shorts: &[u64]| GeoKeys::parse(shorts, &[1.0], b"ab|");
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&[2, 1, 0, 1, 1024, 0, 1, 2]), None);
        assert_eq!(parse(&[1, 1, 0, 1, 2057, 34736, 1, 1]), None);
        assert_eq!(parse(&[1, 1, 0, 1, 1026, 34737, 3, 9]), None);
        assert_eq!(parse(&[1, 1, 0, 1, 1024, 0, 2, 2]), None);
        // Keys that are announced, but not there, are not missed.
        assert_eq!(parse(&[1, 1, 0, 9, 1024, 0, 1, 2]).map(|keys| keys.keys.len()), Some(1));
    }
}
