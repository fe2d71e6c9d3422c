//! Where the pixels lie: geotransform, ground control points, and the CRS.
//!
//! The rules are those of GDAL (`GTiffDataset::LoadGeoreferencingAndPamIfNeeded`).

use super::crs::vertical::Vertical;
use super::crs::{self, GeoKeys};
use super::directory::Directory;
use super::source::Source;
use super::tag::Tag;
use rasteret_schema::{BandMetadata, Georeference, Geotransform, RasterError};

/// Reads the georeference out of the directory of the full resolution. Heights that it defines go to
/// the bands.
pub(super) fn read(
    source: &Source<'_>,
    directory: &Directory,
    bands: &mut [BandMetadata],
) -> Result<Georeference, RasterError> {
    let keys = GeoKeys::read(source, directory)?;
    let pixel_is_point = keys.is_pixel_is_point();
    let tiepoints = directory.floats(source, Tag::ModelTiepoint)?;
    let scale = directory.floats(source, Tag::ModelPixelScale)?;
    let matrix = directory.floats(source, Tag::ModelTransformation)?;
    let transform = transform(&scale, &tiepoints, &matrix).map(|transform| {
        // Coordinates of pixel centres become those of corners, half a pixel to the upper left.
        if pixel_is_point { transform.translated(-0.5, -0.5) } else { transform }
    });
    let ground_control_points = match transform {
        Some(_) => 0,
        None => u32::try_from(tiepoints.len() / 6).unwrap_or(u32::MAX),
    };
    let crs = crs::read(&keys)?;
    if let (Some(_), Some(vertical)) = (&crs, crs::vertical::read(&keys)) {
        set_heights(bands, &vertical, &scale, &tiepoints);
    }
    Ok(Georeference { transform, crs, pixel_is_point, ground_control_points })
}

/// Unit of all bands, and scale and offset of the only one, where the third dimension of the
/// georeference gives these.
fn set_heights(bands: &mut [BandMetadata], vertical: &Vertical, scale: &[f64], tiepoints: &[f64]) {
    for band in bands.iter_mut() {
        band.unit.get_or_insert_with(|| vertical.unit.clone());
    }
    if let ([band], true) = (bands, vertical.is_reported)
        && let ([x, y, scale, ..], [_, _, z, _, _, height, ..]) = (scale, tiepoints)
        && *x != 0.0
        && *y != 0.0
        && [scale, z, height].iter().any(|value| **value != 0.0)
    {
        band.scale = *scale;
        band.offset = -z * scale + height;
    }
}

fn transform(scale: &[f64], tiepoints: &[f64], matrix: &[f64]) -> Option<Geotransform> {
    match (scale, matrix) {
        ([x, y, ..], _) if *x != 0.0 && *y != 0.0 => {
            let [column, row, _, easting, northing, ..] = *tiepoints else { return None };
            // The scale of y counts downwards. A negative one, which would mean south-up, GDAL takes
            // for a mistake of the writer; south-up files have a transformation matrix.
            let (a, e) = (*x, -y.abs());
            Some(Geotransform::new(a, 0.0, easting - column * a, 0.0, e, northing - row * e))
        }
        (_, [a, b, _, c, d, e, _, f, _, _, _, _, _, _, _, _]) => {
            Some(Geotransform::new(*a, *b, *c, *d, *e, *f))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIEPOINT: [f64; 6] = [2.0, 3.0, 0.0, 1000.0, 5000.0, 0.0];

    #[test]
    fn scale_and_tiepoint() {
        let north_up = Geotransform::new(10.0, 0.0, 980.0, 0.0, -20.0, 5060.0);
        assert_eq!(transform(&[10.0, 20.0, 0.0], &TIEPOINT, &[]), Some(north_up));
        assert_eq!(transform(&[10.0, -20.0], &TIEPOINT, &[]), Some(north_up));
        assert_eq!(transform(&[10.0, 20.0, 0.0], &[], &[1.0; 16]), None);
        assert_eq!(transform(&[], &TIEPOINT, &[]), None);
    }

    #[test]
    fn heights() {
        let vertical = Vertical { unit: "foot".to_owned(), is_reported: true };
        let mut bands = vec![BandMetadata::default()];
        set_heights(&mut bands, &vertical, &[10.0, 10.0, 0.5], &[0.0, 0.0, 4.0, 0.0, 0.0, 100.0]);
        assert_eq!((bands[0].scale, bands[0].offset), (0.5, 98.0));
        assert_eq!(bands[0].unit.as_deref(), Some("foot"));
        let mut bands = vec![BandMetadata { unit: Some("m".to_owned()), ..BandMetadata::default() }];
        set_heights(&mut bands, &vertical, &[10.0, 10.0, 0.0], &[0.0; 6]);
        assert_eq!((bands[0].scale, bands[0].unit.as_deref()), (1.0, Some("m")));
    }

    #[test]
    fn matrix() {
        let mut matrix = [0.0; 16];
        (matrix[0], matrix[3], matrix[5], matrix[7]) = (0.5, -180.0, 0.5, -90.0);
        let south_up = Geotransform::new(0.5, 0.0, -180.0, 0.0, 0.5, -90.0);
        assert_eq!(transform(&[0.0; 3], &TIEPOINT, &matrix), Some(south_up));
        assert_eq!(transform(&[], &[], &matrix[..12]), None);
    }
}
