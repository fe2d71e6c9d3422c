//! Geometries as well-known binary and text (OGC 06-103r4, clauses 7 and 8).

use super::RowProblem;
use geo_traits::to_geo::ToGeoGeometry;
use geo_types::Geometry;
use wkb::writer::WriteOptions;

/// The geometry that well-known binary, ISO or extended, encodes. What is read is checked against the
/// number of bytes that there are.
pub(crate) fn geometry_from_wkb(bytes: &[u8]) -> Result<Geometry<f64>, RowProblem> {
    let wkb = wkb::reader::read_wkb(bytes)
        .map_err(|error| RowProblem::Undecodable(format!("invalid WKB: {error}")))?;
    // An empty point is one of NaNs.
    wkb.try_to_geometry().ok_or(RowProblem::Empty)
}

/// The same with the name that GeoParquet has for its type, such as `Polygon Z`.
pub(crate) fn typed_geometry_from_wkb(bytes: &[u8]) -> Result<(String, Geometry<f64>), RowProblem> {
    let geometry = geometry_from_wkb(bytes)?;
    // The header of ISO and of extended WKB: byte order, then the type with its dimensions.
    let code = match bytes {
        [0, a, b, c, d, ..] => u32::from_be_bytes([*a, *b, *c, *d]),
        [_, a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0,
    };
    let has_z = code & 0x8000_0000 != 0 || matches!(code & 0xffff, 1000..2000 | 3000..4000);
    Ok((type_name(&geometry).to_owned() + if has_z { " Z" } else { "" }, geometry))
}

/// The name of a geometry's type.
pub(super) fn type_name(geometry: &Geometry<f64>) -> &'static str {
    match geometry {
        Geometry::Point(_) => "Point",
        Geometry::MultiPoint(_) => "MultiPoint",
        Geometry::Line(_) | Geometry::LineString(_) => "LineString",
        Geometry::MultiLineString(_) => "MultiLineString",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "Polygon",
        Geometry::MultiPolygon(_) => "MultiPolygon",
        Geometry::GeometryCollection(_) => "GeometryCollection",
    }
}

/// A geometry as ISO well-known binary, little endian.
pub(crate) fn geometry_to_wkb(geometry: &Geometry<f64>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    wkb::writer::write_geometry(&mut bytes, geometry, &WriteOptions::default())
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The geometry that well-known text describes; the error says why there is none.
pub(crate) fn geometry_from_wkt(text: &str) -> Result<Geometry<f64>, String> {
    /// The parser recurses into collections.
    const DEEPEST: usize = 64;
    let depth = text.bytes().try_fold((0_usize, 0_usize), |(depth, deepest), byte| match byte {
        b'(' => Some((depth + 1, deepest.max(depth + 1))),
        b')' => Some((depth.checked_sub(1)?, deepest)),
        _ => Some((depth, deepest)),
    });
    if depth.is_none_or(|(_, deepest)| deepest > DEEPEST) {
        return Err("parentheses do not match, or are nested too deeply".to_owned());
    }
    let wkt: wkt::Wkt<f64> = text.parse().map_err(|reason: &str| reason.to_owned())?;
    Geometry::try_from(wkt).map_err(|error: wkt::geo_types_from_wkt::Error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo_types::{MultiPolygon, polygon};
    use proptest::prelude::*;

    #[test]
    fn counts_are_not_believed() {
        for kind in [2_u32, 3, 4, 5, 6, 7, 1003, 3006] {
            let mut bytes = vec![1];
            bytes.extend(kind.to_le_bytes());
            bytes.extend(u32::MAX.to_le_bytes());
            bytes.extend([0; 40]);
            assert!(matches!(geometry_from_wkb(&bytes), Err(RowProblem::Undecodable(_))), "type {kind}");
        }
        let mut deep = [1, 7, 0, 0, 0, 1, 0, 0, 0].repeat(100_000);
        deep.extend([1, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert!(geometry_from_wkb(&deep).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes: Vec<u8>, kind in 0_u32..8, dimension in 0_u32..4) {
            let _ = geometry_from_wkb(&bytes);
            let mut typed = vec![1];
            typed.extend((kind + 1000 * dimension).to_le_bytes());
            typed.append(&mut bytes);
            let _ = geometry_from_wkb(&typed);
        }

        #[test]
        fn damage_does_not_panic(at in 0_usize..200, byte: u8) {
            let square = polygon![(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.)];
            let mut bytes = geometry_to_wkb(&MultiPolygon(vec![square.clone(), square]).into()).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = geometry_from_wkb(&bytes);
            let _ = geometry_from_wkb(&bytes[..at]);
        }
    }
}
