//! Map projections from their keys (`GTIFFetchProjParms` in libgeotiff's `geo_normalize.c`; the
//! setters of `OGRSpatialReference`).

use super::keys::{GeoKeys, id};
use std::fmt::{self, Display};

/// A projection method and its parameters, under the names of WKT 1. As in the keys, angles and lengths
/// are in the units of the CRS.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Projection {
    method: &'static str,
    parameters: Vec<(&'static str, f64)>,
}

impl Projection {
    /// The projection of `ProjMethodGeoKey`; `None` for methods that GDAL does not know either.
    pub fn read(keys: &GeoKeys) -> Option<Projection> {
        const LATITUDE: [u16; 3] =
            [id::NATURAL_ORIGIN_LATITUDE, id::FALSE_ORIGIN_LATITUDE, id::CENTER_LATITUDE];
        const LONGITUDE: [u16; 4] = [
            id::POLE_LONGITUDE,
            id::NATURAL_ORIGIN_LONGITUDE,
            id::FALSE_ORIGIN_LONGITUDE,
            id::CENTER_LONGITUDE,
        ];
        let code = keys.short(id::PROJECTION_METHOD)?;
        let angle = |ids: &[u16]| keys.double(ids).unwrap_or(0.0);
        // Writers do not agree on which of the origins a method has.
        let latitude = angle(&LATITUDE);
        let longitude = angle(if code == POLAR_STEREOGRAPHIC { &LONGITUDE } else { &LONGITUDE[1..] });
        let parallel_1 = angle(&[id::STANDARD_PARALLEL_1]);
        let parallel_2 = angle(&[id::STANDARD_PARALLEL_2]);
        let scale = match code {
            MERCATOR | STEREOGRAPHIC => keys.double(&[id::SCALE_AT_NATURAL_ORIGIN]),
            _ => keys.double(&[id::SCALE_AT_NATURAL_ORIGIN, id::SCALE_AT_CENTER]),
        };
        let scale = scale.unwrap_or(1.0);

        let of_origin = [("latitude_of_origin", latitude), ("central_meridian", longitude)];
        let of_center = [("latitude_of_center", latitude), ("longitude_of_center", longitude)];
        let parallels = [("standard_parallel_1", parallel_1), ("standard_parallel_2", parallel_2)];
        let scaled = [of_origin[0], of_origin[1], ("scale_factor", scale)];
        let oblique = |angles: &[(&'static str, f64)]| [&of_center[..], angles, &scaled[2..]].concat();
        let azimuth = ("azimuth", angle(&[id::AZIMUTH]));
        let rectified = keys.double(&[id::RECTIFIED_GRID_ANGLE]).unwrap_or(90.0);
        let rectified = ("rectified_grid_angle", rectified);

        let (method, mut parameters) = match code {
            TRANSVERSE_MERCATOR => ("Transverse_Mercator", scaled.to_vec()),
            3 => ("Hotine_Oblique_Mercator", oblique(&[azimuth, rectified])),
            4 => ("Laborde_Oblique_Mercator", oblique(&[azimuth])),
            MERCATOR => {
                let has_parallel = keys.double(&[id::STANDARD_PARALLEL_1]).is_some();
                mercator(has_parallel.then_some(parallel_1), latitude, longitude, scale)
            }
            8 => ("Lambert_Conformal_Conic_2SP", [parallels, of_origin].concat()),
            9 => ("Lambert_Conformal_Conic_1SP", scaled.to_vec()),
            10 => ("Lambert_Azimuthal_Equal_Area", of_center.to_vec()),
            11 => ("Albers_Conic_Equal_Area", [parallels, of_center].concat()),
            12 => ("Azimuthal_Equidistant", of_center.to_vec()),
            13 => ("Equidistant_Conic", [parallels, of_center].concat()),
            STEREOGRAPHIC => ("Stereographic", scaled.to_vec()),
            POLAR_STEREOGRAPHIC => ("Polar_Stereographic", scaled.to_vec()),
            16 => ("Oblique_Stereographic", scaled.to_vec()),
            17 if latitude == 0.0 => ("Equirectangular", vec![parallels[0], of_origin[1]]),
            17 => ("Equirectangular", vec![of_origin[0], of_origin[1], parallels[0]]),
            18 => ("Cassini_Soldner", of_origin.to_vec()),
            19 => ("Gnomonic", of_origin.to_vec()),
            20 => ("Miller_Cylindrical", of_center.to_vec()),
            21 => ("Orthographic", of_origin.to_vec()),
            22 => ("Polyconic", of_origin.to_vec()),
            23 => ("Robinson", vec![of_center[1]]),
            24 => ("Sinusoidal", vec![of_center[1]]),
            25 => ("VanDerGrinten", vec![of_origin[1]]),
            26 => ("New_Zealand_Map_Grid", of_origin.to_vec()),
            TRANSVERSE_MERCATOR_SOUTH => (SOUTH_ORIENTATED, scaled.to_vec()),
            28 => ("Cylindrical_Equal_Area", vec![parallels[0], of_origin[1]]),
            9815 => ("Hotine_Oblique_Mercator_Azimuth_Center", oblique(&[azimuth, rectified])),
            _ => return None,
        };
        let shift = |ids: &[u16]| keys.double(ids).unwrap_or(0.0);
        let easting = shift(&[id::FALSE_EASTING, id::CENTER_EASTING, id::FALSE_ORIGIN_EASTING]);
        let northing = shift(&[id::FALSE_NORTHING, id::CENTER_NORTHING, id::FALSE_ORIGIN_NORTHING]);
        parameters.extend([("false_easting", easting), ("false_northing", northing)]);
        Some(Projection { method, parameters })
    }

    /// The projection of a UTM zone by its code in `ProjectionGeoKey`, in units of so many degrees and
    /// metres.
    pub fn utm(code: u16, degrees: f64, metres: f64) -> Option<Projection> {
        let (zone, northing) = match code {
            16001..=16060 => (code - 16000, 0.0),
            16101..=16160 => (code - 16100, 10_000_000.0),
            _ => return None,
        };
        Some(Projection {
            method: "Transverse_Mercator",
            parameters: vec![
                ("latitude_of_origin", 0.0),
                ("central_meridian", (f64::from(zone) * 6.0 - 183.0) / degrees),
                ("scale_factor", 0.9996),
                ("false_easting", 500_000.0 / metres),
                ("false_northing", northing / metres),
            ],
        })
    }

    /// Whether all parameters are numbers.
    pub fn is_finite(&self) -> bool {
        self.parameters.iter().all(|(_, value)| value.is_finite())
    }

    /// The axes, of which some projections have others than east and north.
    pub fn axes(&self) -> &'static str {
        match self.method {
            SOUTH_ORIENTATED => r#"AXIS["Westing",WEST],AXIS["Southing",SOUTH]"#,
            _ => r#"AXIS["Easting",EAST],AXIS["Northing",NORTH]"#,
        }
    }
}

const TRANSVERSE_MERCATOR: u16 = 1;
const MERCATOR: u16 = 7;
const STEREOGRAPHIC: u16 = 14;
const POLAR_STEREOGRAPHIC: u16 = 15;
const TRANSVERSE_MERCATOR_SOUTH: u16 = 27;
const SOUTH_ORIENTATED: &str = "Transverse_Mercator_South_Orientated";

/// The two variants of the Mercator projection (`SetMercator`, `SetMercator2SP`).
fn mercator(
    parallel: Option<f64>,
    latitude: f64,
    longitude: f64,
    scale: f64,
) -> (&'static str, Vec<(&'static str, f64)>) {
    let (parallel, latitude) = match parallel {
        None if latitude != 0.0 && scale == 1.0 => (Some(latitude), 0.0),
        parallel => (parallel, latitude),
    };
    let mut parameters = Vec::with_capacity(5);
    if let Some(parallel) = parallel {
        parameters.push(("standard_parallel_1", parallel));
    }
    if latitude != 0.0 {
        parameters.push(("latitude_of_origin", latitude));
    }
    parameters.push(("central_meridian", longitude));
    if parallel.is_some() {
        return ("Mercator_2SP", parameters);
    }
    parameters.push(("scale_factor", scale));
    ("Mercator_1SP", parameters)
}

impl Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"PROJECTION["{}"]"#, self.method)?;
        self.parameters.iter().try_for_each(|(name, value)| write!(f, r#",PARAMETER["{name}",{value}]"#))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mercator_variants() {
        let text = |parallel, latitude, scale| {
            let (method, parameters) = mercator(parallel, latitude, 10.0, scale);
            Projection { method, parameters }.to_string()
        };
        assert_eq!(
            text(None, 0.0, 0.9),
            r#"PROJECTION["Mercator_1SP"],PARAMETER["central_meridian",10],PARAMETER["scale_factor",0.9]"#
        );
        let two_parallels = r#"PROJECTION["Mercator_2SP"],PARAMETER["standard_parallel_1",42],PARAMETER["central_meridian",10]"#;
        assert_eq!(text(None, 42.0, 1.0), two_parallels);
        assert_eq!(text(Some(42.0), 0.0, 0.9), two_parallels);
    }

    #[test]
    fn utm_zones() {
        let south = Projection::utm(16133, 1.0, 1.0).unwrap();
        assert_eq!(south.parameters[1], ("central_meridian", 15.0));
        assert_eq!(south.parameters[4], ("false_northing", 10_000_000.0));
        assert_eq!(Projection::utm(16061, 1.0, 1.0), None);
    }
}
