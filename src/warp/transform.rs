//! From the pixels of one grid to those of another: exactly, point by point, and approximately, row by row.
//!
//! The sources are `GDALGenImgProjTransform` and `GDALApproxTransform` in GDAL's
//! `alg/gdaltransformer.cpp`. The formulas are kept in their order, so that coordinates come out with
//! the same bits: a pixel whose centre falls on an edge goes to the same side as with GDAL.

use super::{Grid, WarpError};
use crate::crs::{self, CrsError, Transformer};
use rasteret_schema::Geotransform;

/// The farthest that an approximated coordinate may lie from the exact one, in source pixels: the
/// default of `gdalwarp` and rasterio.
const TOLERANCE: f64 = 0.125;

/// Below this many points, each is transformed.
const FEW: usize = 5;

/// An affine mapping with the roundings of GDAL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affine([f64; 6]);

impl Affine {
    pub(super) fn new(transform: &Geotransform) -> Self {
        Affine(transform.to_gdal())
    }

    /// `GDALInvGeoTransform`.
    pub(super) fn inverse(transform: &Geotransform) -> Result<Self, WarpError> {
        let t = transform.to_gdal();
        let singular = WarpError::SingularTransform(*transform);
        let inverse = if t[2] == 0.0 && t[4] == 0.0 && t[1] != 0.0 && t[5] != 0.0 {
            [-t[0] / t[1], 1.0 / t[1], 0.0, -t[3] / t[5], 0.0, 1.0 / t[5]]
        } else {
            let determinant = t[1] * t[5] - t[2] * t[4];
            let magnitude = t[1].abs().max(t[2].abs()).max(t[4].abs().max(t[5].abs()));
            if determinant.abs() <= 1e-10 * magnitude * magnitude {
                return Err(singular);
            }
            let inverse = 1.0 / determinant;
            [
                (t[2] * t[3] - t[0] * t[5]) * inverse,
                t[5] * inverse,
                -t[2] * inverse,
                (-t[1] * t[3] + t[0] * t[4]) * inverse,
                -t[4] * inverse,
                t[1] * inverse,
            ]
        };
        if inverse.iter().chain(&t).all(|value| value.is_finite()) {
            Ok(Affine(inverse))
        } else {
            Err(singular)
        }
    }

    #[inline(always)]
    pub(super) fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let t = &self.0;
        (t[0] + x * t[1] + y * t[2], t[3] + x * t[4] + y * t[5])
    }

    pub(super) fn apply_all(&self, xs: &mut [f64], ys: &mut [f64]) {
        for (x, y) in xs.iter_mut().zip(ys) {
            (*x, *y) = self.apply(*x, *y);
        }
    }
}

/// Between the pixels of a source and those of a target. Coordinates that cannot be transformed
/// become NaN.
#[derive(Debug, Clone)]
pub(super) struct PixelTransform {
    source: Affine,
    from_source: Affine,
    target: Affine,
    from_target: Affine,
    /// Both ways; `None` where both grids have one CRS.
    between: Option<(Transformer, Transformer)>,
    /// Longitudes of the source are within 180° of this.
    centre: Option<f64>,
    is_translation: bool,
}

impl PixelTransform {
    pub(super) fn new(source: &Grid, target: &Grid) -> Result<Self, WarpError> {
        let forward = Transformer::new(&source.crs, &target.crs)?;
        let backward = Transformer::new(&target.crs, &source.crs)?;
        let is_same = forward.is_identity()?;
        let degrees = is_in_degrees(&source.crs)?;
        let to_source = Affine::inverse(&source.transform)?;
        let between = (!is_same).then_some((forward, backward));
        let near_integer = |value: f64| (value - value.round()).abs() <= 1e-6;
        let (a, b) = (&source.transform, &target.transform);
        let (column, row) = to_source.apply(b.c, b.f);
        Ok(PixelTransform {
            source: Affine::new(a),
            from_source: to_source,
            target: Affine::new(b),
            from_target: Affine::inverse(b)?,
            is_translation: is_same
                && !degrees
                && [a.a, a.b, a.d, a.e] == [b.a, b.b, b.d, b.e]
                && near_integer(column)
                && near_integer(row),
            between,
            centre: degrees.then(|| centre_longitude(source)).flatten(),
        })
    }

    /// Whether target pixels are source pixels, in whole columns and rows.
    pub(super) fn is_translation(&self) -> bool {
        self.is_translation
    }

    /// Whether both grids have one CRS.
    pub(super) fn is_same_crs(&self) -> bool {
        self.between.is_none()
    }

    /// From the source's to the target's CRS, where these differ.
    pub(super) fn forward(&self) -> Option<&Transformer> {
        self.between.as_ref().map(|(forward, _)| forward)
    }

    /// From the target's to the source's CRS, where these differ.
    pub(super) fn backward(&self) -> Option<&Transformer> {
        self.between.as_ref().map(|(_, backward)| backward)
    }

    /// Target to source pixels, in place.
    pub(super) fn to_source(&self, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
        self.target.apply_all(xs, ys);
        if let Some((_, backward)) = &self.between {
            backward.transform_where_possible(xs, ys)?;
        }
        self.wrap(xs);
        self.from_source.apply_all(xs, ys);
        Ok(())
    }

    /// Source to target pixels, in place.
    pub(super) fn to_target(&self, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
        self.source.apply_all(xs, ys);
        self.wrap(xs);
        if let Some((forward, _)) = &self.between {
            forward.transform_where_possible(xs, ys)?;
        }
        self.from_target.apply_all(xs, ys);
        Ok(())
    }

    /// The target pixel of coordinates in the target's CRS.
    pub(super) fn place_in_target(&self, x: f64, y: f64) -> (f64, f64) {
        self.from_target.apply(x, y)
    }

    /// The target pixel of coordinates in the source's CRS.
    pub(super) fn crs_to_target(&self, x: f64, y: f64) -> Result<Option<(f64, f64)>, CrsError> {
        let (mut xs, mut ys) = ([x], [y]);
        if let Some((forward, _)) = &self.between {
            forward.transform_where_possible(&mut xs, &mut ys)?;
        }
        let place = self.from_target.apply(xs[0], ys[0]);
        Ok((!place.0.is_nan()).then_some(place))
    }

    /// Whether a source pixel coordinate has a place in the target's CRS.
    pub(super) fn has_target(&self, x: f64, y: f64) -> Result<bool, CrsError> {
        let (mut xs, mut ys) = ([x], [y]);
        self.to_target(&mut xs, &mut ys)?;
        Ok(!xs[0].is_nan())
    }

    /// One target pixel coordinate, exactly.
    pub(super) fn point_to_source(&self, x: f64, y: f64) -> Result<(f64, f64), CrsError> {
        let (mut xs, mut ys) = ([x], [y]);
        self.to_source(&mut xs, &mut ys)?;
        Ok((xs[0], ys[0]))
    }

    /// The source pixels of the target's `(first + i, y)`, for each `i` of `xs`: exact where the error
    /// of an interpolation between its ends would be more than [`TOLERANCE`] in the middle, and
    /// interpolated elsewhere.
    pub(super) fn row_to_source(
        &self,
        first: f64,
        y: f64,
        xs: &mut [f64],
        ys: &mut [f64],
    ) -> Result<(), CrsError> {
        let count = xs.len();
        if count <= FEW {
            return self.each(first, y, xs, ys);
        }
        let middle = (count - 1) / 2;
        let mut x = [first, first + middle as f64, first + (count - 1) as f64];
        let mut transformed = [y; 3];
        self.to_source(&mut x, &mut transformed)?;
        if x.iter().any(|x| x.is_nan()) {
            return self.each(first, y, xs, ys);
        }
        self.split(first, y, xs, ys, [(x[0], transformed[0]), (x[1], transformed[1]), (x[2], transformed[2])])
    }

    fn each(&self, first: f64, y: f64, xs: &mut [f64], ys: &mut [f64]) -> Result<(), CrsError> {
        for (i, x) in xs.iter_mut().enumerate() {
            *x = first + i as f64;
        }
        ys.fill(y);
        self.to_source(xs, ys)
    }

    /// `ends` are the exact coordinates of the first, the middle and the last point.
    fn split(
        &self,
        first: f64,
        y: f64,
        xs: &mut [f64],
        ys: &mut [f64],
        ends: [(f64, f64); 3],
    ) -> Result<(), CrsError> {
        let count = xs.len();
        let middle = (count - 1) / 2;
        let length = (first + (count - 1) as f64) - first;
        let delta_x = (ends[2].0 - ends[0].0) / length;
        let delta_y = (ends[2].1 - ends[0].1) / length;
        let distance = (first + middle as f64) - first;
        let error = ((ends[0].0 + delta_x * distance) - ends[1].0).abs()
            + ((ends[0].1 + delta_y * distance) - ends[1].1).abs();
        // NaN is not more than anything.
        if !(error > TOLERANCE) {
            for (i, (x, y)) in xs.iter_mut().zip(ys).enumerate() {
                let distance = i as f64;
                *x = ends[0].0 + delta_x * distance;
                *y = ends[0].1 + delta_y * distance;
            }
            return Ok(());
        }
        let (few_left, few_right) = (middle <= FEW, count - middle <= FEW);
        let at = |index: usize| first + index as f64;
        let mut x = [
            at(middle.saturating_sub(1) / 2),
            at(middle.saturating_sub(1)),
            at(middle + (count - middle - 1) / 2),
        ];
        let mut transformed = [y; 3];
        let needed = match (few_left, few_right) {
            (false, false) => 0..3,
            (false, true) => 0..2,
            (true, false) => 2..3,
            (true, true) => 0..0,
        };
        self.to_source(&mut x[needed.clone()], &mut transformed[needed.clone()])?;
        // As in GDAL, where neither half is long enough for an interpolation, all is exact.
        let all = needed.is_empty() || x[needed].iter().any(|x| x.is_nan());
        let (left_x, right_x) = xs.split_at_mut(middle);
        let (left_y, right_y) = ys.split_at_mut(middle);
        if few_left || all {
            self.each(first, y, left_x, left_y)?;
        } else {
            let ends = [ends[0], (x[0], transformed[0]), (x[1], transformed[1])];
            self.split(first, y, left_x, left_y, ends)?;
        }
        if few_right || all {
            self.each(at(middle), y, right_x, right_y)
        } else {
            let ends = [ends[1], (x[2], transformed[2]), ends[2]];
            self.split(at(middle), y, right_x, right_y, ends)
        }
    }

    /// Brings longitudes of the source near its centre.
    pub(super) fn wrap(&self, xs: &mut [f64]) {
        let Some(centre) = self.centre else { return };
        for x in xs {
            if *x < centre - 180.0 {
                *x += 360.0;
            } else if *x > centre + 180.0 {
                *x -= 360.0;
            }
        }
    }
}

/// Whether coordinates are degrees of longitude and latitude.
pub(super) fn is_in_degrees(crs: &rasteret_schema::Crs) -> Result<bool, CrsError> {
    let description = crs::describe(crs)?;
    Ok(description.kind == crs::Kind::Geographic && (description.unit.factor.to_degrees() - 1.0).abs() < 1e-9)
}

/// The middle of a grid in degrees, where it spans no more than a turn (`InsertCenterLong` in GDAL,
/// which keeps six digits of it).
fn centre_longitude(grid: &Grid) -> Option<f64> {
    let affine = Affine::new(&grid.transform);
    let (columns, rows) = (f64::from(grid.width), f64::from(grid.height));
    let corners =
        [(0.0, 0.0), (columns, 0.0), (0.0, rows), (columns, rows)].map(|(x, y)| affine.apply(x, y).0);
    let least = corners.into_iter().fold(f64::INFINITY, f64::min);
    let greatest = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let pixel = grid.transform.a.abs().max(grid.transform.b.abs());
    (greatest - least <= 360.0 + pixel * 1.05).then(|| {
        let centre = (greatest + least) / 2.0;
        format!("{centre:.5e}").parse().unwrap_or(centre)
    })
}
