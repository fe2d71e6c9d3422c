//! GeoKeys: the CRS of a GeoTIFF (OGC 19-008r4, section 7).

use super::ifd::{Field, Value, tag};
use std::collections::BTreeMap;

/// Key ids of GeoKeys, as section 7.4 names them.
pub mod key {
    /// Kind of model CRS: 1 projected, 2 geographic.
    pub const MODEL_TYPE: u16 = 1024;
    /// What pixels are: 1 areas, 2 points.
    pub const RASTER_TYPE: u16 = 1025;
    /// Name of the CRS.
    pub const CITATION: u16 = 1026;
    /// EPSG code of a geographic CRS.
    pub const GEODETIC_CRS: u16 = 2048;
    /// Name of the geographic CRS.
    pub const GEODETIC_CITATION: u16 = 2049;
    /// EPSG code of a geodetic datum.
    pub const GEODETIC_DATUM: u16 = 2050;
    /// EPSG code of the unit of angles.
    pub const ANGULAR_UNITS: u16 = 2054;
    /// EPSG code of an ellipsoid.
    pub const ELLIPSOID: u16 = 2056;
    /// Semi-major axis of the ellipsoid.
    pub const SEMI_MAJOR_AXIS: u16 = 2057;
    /// Inverse flattening of the ellipsoid.
    pub const INVERSE_FLATTENING: u16 = 2059;
    /// EPSG code of a projected CRS.
    pub const PROJECTED_CRS: u16 = 3072;
    /// Name of the projected CRS.
    pub const PROJECTED_CITATION: u16 = 3073;
    /// EPSG code of a projection.
    pub const PROJECTION: u16 = 3074;
    /// Code of a projection method: 10 Lambert azimuthal equal area, and so on.
    pub const PROJECTION_METHOD: u16 = 3075;
    /// EPSG code of the unit of lengths.
    pub const LINEAR_UNITS: u16 = 3076;
    /// False easting.
    pub const FALSE_EASTING: u16 = 3082;
    /// False northing.
    pub const FALSE_NORTHING: u16 = 3083;
    /// Longitude of the projection's centre.
    pub const CENTER_LONGITUDE: u16 = 3088;
    /// Latitude of the projection's centre.
    pub const CENTER_LATITUDE: u16 = 3089;
    /// The code that says "defined by other keys".
    pub const USER_DEFINED: u16 = 32767;
}

/// The value of a GeoKey.
#[derive(Debug, Clone, PartialEq)]
pub enum GeoKeyValue {
    /// A code.
    Short(u16),
    /// A number.
    Double(f64),
    /// Text, of ASCII without `|`.
    Ascii(String),
}

/// The GeoKeys of a file, by key id.
///
/// ```
/// use rasteret_geotiff::write::{GeoKeyValue, GeoKeys, key};
/// let keys = GeoKeys::projected(3857);
/// assert_eq!(keys.get(key::PROJECTED_CRS), Some(&GeoKeyValue::Short(3857)));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GeoKeys(BTreeMap<u16, GeoKeyValue>);

impl GeoKeys {
    /// A geographic CRS of the EPSG registry, and nothing else: readers take a unit that is said besides
    /// for that of the CRS, in place of the registry's.
    pub fn geographic(epsg: u16) -> Self {
        GeoKeys::default()
            .with(key::MODEL_TYPE, GeoKeyValue::Short(2))
            .with(key::GEODETIC_CRS, GeoKeyValue::Short(epsg))
    }

    /// A projected CRS of the EPSG registry, and nothing else, as [`GeoKeys::geographic`].
    pub fn projected(epsg: u16) -> Self {
        GeoKeys::default()
            .with(key::MODEL_TYPE, GeoKeyValue::Short(1))
            .with(key::PROJECTED_CRS, GeoKeyValue::Short(epsg))
    }

    /// A UTM zone, 1 to 60, on WGS 84, with the keys that GDAL writes; metres, as all of them are in.
    pub fn utm(zone: u8, north: bool) -> Self {
        let (base, hemisphere) = if north { (32600, 'N') } else { (32700, 'S') };
        GeoKeys::projected(base + u16::from(zone))
            .with(key::CITATION, GeoKeyValue::Ascii(format!("WGS 84 / UTM zone {zone}{hemisphere}")))
            .with(key::GEODETIC_CITATION, GeoKeyValue::Ascii("WGS 84".to_owned()))
            .with(key::ANGULAR_UNITS, GeoKeyValue::Short(9102))
            .with(key::LINEAR_UNITS, GeoKeyValue::Short(9001))
    }

    /// With one more key, which replaces an earlier value.
    pub fn with(mut self, key: u16, value: GeoKeyValue) -> Self {
        self.0.insert(key, value);
        self
    }

    /// The value of a key.
    pub fn get(&self, key: u16) -> Option<&GeoKeyValue> {
        self.0.get(&key)
    }

    /// The tags that hold the keys.
    pub(super) fn fields(&self) -> Vec<Field> {
        // Header: version 1, revision 1.0, number of keys. Then id, tag of the value, count, value
        // or index of each key.
        let mut directory = vec![1, 1, 0, self.0.len() as u16];
        let (mut doubles, mut text) = (Vec::new(), String::new());
        for (key, value) in &self.0 {
            let entry = match value {
                GeoKeyValue::Short(code) => [*key, 0, 1, *code],
                GeoKeyValue::Double(number) => {
                    doubles.push(*number);
                    [*key, tag::GEO_DOUBLE_PARAMS, 1, doubles.len() as u16 - 1]
                }
                GeoKeyValue::Ascii(value) => {
                    let start = text.len() as u16;
                    text.push_str(value);
                    text.push('|');
                    [*key, tag::GEO_ASCII_PARAMS, value.len() as u16 + 1, start]
                }
            };
            directory.extend(entry);
        }
        let mut fields = vec![Field::new(tag::GEO_KEY_DIRECTORY, Value::Short(directory))];
        if !doubles.is_empty() {
            fields.push(Field::new(tag::GEO_DOUBLE_PARAMS, Value::Double(doubles)));
        }
        if !text.is_empty() {
            fields.push(Field::new(tag::GEO_ASCII_PARAMS, Value::Ascii(text)));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_its_units_itself() {
        // 2263 is in US survey feet, 4807 in grads.
        let of = |keys: GeoKeys| keys.fields().remove(0).value;
        assert_eq!(
            of(GeoKeys::projected(2263)),
            Value::Short(vec![1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 2263])
        );
        assert_eq!(
            of(GeoKeys::geographic(4807)),
            Value::Short(vec![1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4807])
        );
    }

    #[test]
    fn utm_keys_are_those_of_gdal() {
        let keys = GeoKeys::utm(43, true).with(key::RASTER_TYPE, GeoKeyValue::Short(1));
        let directory = vec![
            1, 1, 0, 7, 1024, 0, 1, 1, 1025, 0, 1, 1, 1026, 34737, 22, 0, 2049, 34737, 7, 22, 2054, 0, 1,
            9102, 3072, 0, 1, 32643, 3076, 0, 1, 9001,
        ];
        let fields = keys.fields();
        assert_eq!(fields[0].value, Value::Short(directory));
        assert_eq!(fields[1].value, Value::Ascii("WGS 84 / UTM zone 43N|WGS 84|".to_owned()));
    }
}
