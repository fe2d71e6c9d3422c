//! The vertical part of compound CRSs, as far as it says something about values: their unit
//! (`GTiffRasterBand::GetUnitType`, `GTIFGetOGISDefnAsOSR`).

use super::epsg;
use super::keys::{GeoKeys, USER_DEFINED, id};

/// What the vertical keys say about the values of a raster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::header) struct Vertical {
    /// Name of the unit of heights.
    pub unit: String,
    /// Whether GDAL reports the compound CRS. Of files of GeoTIFF 1.0 it reports the horizontal part.
    pub is_reported: bool,
}

/// `None` if there are no vertical keys, or these make no vertical CRS.
pub(in crate::header) fn read(keys: &GeoKeys) -> Option<Vertical> {
    let key = |id| keys.short(id).unwrap_or(0);
    let (mut crs, datum, unit) = (key(id::VERTICAL_CRS), key(id::VERTICAL_DATUM), key(id::VERTICAL_UNIT));
    // Codes of private use mean nothing to others.
    if (crs, datum, unit) == (0, 0, 0) || [crs, datum, unit].iter().any(|code| *code > USER_DEFINED) {
        return None;
    }
    match crs {
        // GeoTIFF 1.0 took codes of datums for those of CRSs.
        5101..=5112 if keys.is_version_1_0() && datum == 0 => crs += 600,
        5171 if keys.is_version_1_0() => crs = 5773,
        5001..=5033 if datum == 0 => crs = 0,
        _ => {}
    }
    let unit = match crs {
        // A code that is none of a vertical CRS is one of a CRS with ellipsoidal heights, or none.
        1..USER_DEFINED => epsg::unit_of_vertical(crs)?,
        _ => Some(unit).filter(|unit| (1..USER_DEFINED).contains(unit)).unwrap_or(METRE),
    };
    let unit = epsg::length(unit)?.name;
    Some(Vertical { unit, is_reported: !keys.is_version_1_0() })
}

const METRE: u16 = 9001;

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(minor: u64, crs: u64, datum: u64, unit: u64) -> Option<String> {
        let shorts = [1, 1, minor, 3, 4096, 0, 1, crs, 4098, 0, 1, datum, 4099, 0, 1, unit];
        read(&GeoKeys::parse(&shorts, &[], b"").unwrap()).map(|vertical| vertical.unit)
    }

    #[test]
    fn units() {
        assert_eq!(unit(1, 5773, 0, 0).as_deref(), Some("metre"));
        assert_eq!(unit(1, 8228, 0, 0).as_deref(), Some("foot"));
        assert_eq!(unit(1, 0, 5103, 9003).as_deref(), Some("US survey foot"));
        assert_eq!(unit(0, 5103, 0, 0).as_deref(), Some("metre"));
        assert_eq!(unit(1, 4979, 0, 0), None);
        assert_eq!(unit(1, 40000, 0, 0), None);
        assert_eq!(unit(1, 0, 0, 0), None);
    }
}
