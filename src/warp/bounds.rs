//! What the extent of a source in another CRS is beyond the points at its edges: poles and the meridian
//! opposite to a projection's centre.
//!
//! The sources are `GDALSuggestedWarpOutput2` in GDAL's `alg/gdaltransformer.cpp` and
//! `OGRProjCT::TransformBounds` in `ogr/ogrct.cpp`.

use super::suggest::Extent;
use super::transform::{PixelTransform, is_in_degrees};
use super::{Grid, WarpError};
use crate::crs::{self, CrsError, Transformer};
use rasteret_schema::Crs;

/// Adds all longitudes where a pole lies on the source. The target is in degrees.
pub(super) fn add_poles(
    source: &Grid,
    transform: &PixelTransform,
    extent: &mut Extent,
) -> Result<(), WarpError> {
    const EPSILON: f64 = 1e-5;
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    for pole in [-90.0, 90.0] {
        let (x, y) = transform.point_to_source(0.0, pole)?;
        let is_on = |at: f64, size: f64| at >= -EPSILON && at <= size + EPSILON;
        if !is_on(x, width) || !is_on(y, height) {
            continue;
        }
        let (mut xs, mut ys) = ([x], [y]);
        transform.to_target(&mut xs, &mut ys)?;
        if (ys[0] - pole).abs() <= 1e-6 {
            (extent.least.0, extent.greatest.0) = (-180.0, 180.0);
            if pole < 0.0 {
                extent.least.1 = pole;
            } else {
                extent.greatest.1 = pole;
            }
        }
    }
    Ok(())
}

/// Points between the corners, along each edge.
const BETWEEN: usize = 2;

/// Adds the bounds of the source's box.
pub(super) fn add_bounds(
    source: &Grid,
    crs: &Crs,
    transform: &PixelTransform,
    extent: &mut Extent,
) -> Result<(), WarpError> {
    let Some(forward) = transform.forward() else { return Ok(()) };
    let t = &source.transform;
    let (right, bottom) = (t.c + t.a * f64::from(source.width), t.f + t.e * f64::from(source.height));
    let area = Area { least: (t.c.min(right), t.f.min(bottom)), greatest: (t.c.max(right), t.f.max(bottom)) };
    let (mut xs, mut ys) = area.ring();
    transform.wrap(&mut xs);
    forward.transform_where_possible(&mut xs, &mut ys)?;
    if is_in_degrees(crs)? {
        return add_degrees(&area, transform, (&xs, &ys), extent);
    }
    // As with infinity in GDAL, one point that cannot be transformed leaves nothing to add but what follows.
    if xs.iter().chain(&ys).all(|value| value.is_finite()) {
        xs.iter().zip(&ys).for_each(|(x, y)| extent.add(*x, *y));
        add_opposite(&area, source, crs, forward, extent)?;
    }
    Ok(())
}

/// A box in the source's CRS.
struct Area {
    least: (f64, f64),
    greatest: (f64, f64),
}

impl Area {
    /// Points around it, from the upper left corner downwards.
    fn ring(&self) -> (Vec<f64>, Vec<f64>) {
        let sides = BETWEEN + 1;
        let (left, bottom) = self.least;
        let (right, top) = self.greatest;
        let (step_x, step_y) = ((right - left) / sides as f64, (top - bottom) / sides as f64);
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for side in 0..4 {
            for i in 0..sides {
                let i = i as f64;
                let (x, y) = match side {
                    0 => (left, top - i * step_y),
                    1 => (left + i * step_x, bottom),
                    2 => (right, bottom + i * step_y),
                    _ => (right - i * step_x, top),
                };
                xs.push(x);
                ys.push(y);
            }
        }
        (xs, ys)
    }

    fn contains(&self, x: f64, y: f64) -> bool {
        x >= self.least.0 && x <= self.greatest.0 && y >= self.least.1 && y <= self.greatest.1
    }
}

fn add_degrees(
    area: &Area,
    transform: &PixelTransform,
    (xs, ys): (&[f64], &[f64]),
    extent: &mut Extent,
) -> Result<(), WarpError> {
    let Some(backward) = transform.backward() else { return Ok(()) };
    let has_pole = |latitude: f64| -> Result<bool, CrsError> {
        let (mut x, mut y) = ([0.0], [latitude]);
        backward.transform_where_possible(&mut x, &mut y)?;
        Ok(area.least.0 < x[0] && x[0] < area.greatest.0 && area.least.1 < y[0] && y[0] < area.greatest.1)
    };
    let failed = |values: &[f64]| values.iter().any(|value| value.is_nan());
    let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = |values: &[f64]| values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if has_pole(90.0)? {
        extent.add_bounds((-180.0, least(ys)), (180.0, 90.0));
    } else if has_pole(-90.0)? {
        if !failed(ys) {
            extent.add_bounds((-180.0, -90.0), (180.0, greatest(ys)));
        }
    } else if !failed(ys)
        && let Some((west, east)) = longitudes(xs)
    {
        extent.add_bounds((west, least(ys)), (east, greatest(ys)));
    }
    Ok(())
}

/// The least and greatest longitude of a ring that may cross the antimeridian; where it does so once, the
/// west is greater than the east.
fn longitudes(xs: &[f64]) -> Option<(f64, f64)> {
    let known: Vec<f64> = xs.iter().copied().filter(|x| !x.is_nan()).collect();
    let mut previous = *known.last()?;
    let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut west, mut east) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut crossings, mut is_east, mut is_west) = (0, false, false);
    for x in known {
        let delta = previous - x;
        if delta >= 200.0 {
            if crossings == 0 {
                (west, east) = (least, x);
            }
            crossings += 1;
            (is_east, is_west) = (false, true);
        } else if delta <= -200.0 {
            if crossings == 0 {
                (west, east) = (x, greatest);
            }
            crossings += 1;
            (is_east, is_west) = (true, false);
        }
        if is_east {
            west = west.min(x);
        }
        if is_west {
            east = east.max(x);
        }
        least = least.min(x);
        greatest = greatest.max(x);
        previous = x;
    }
    Some(match crossings {
        2 => (west, east),
        4 => (-180.0, 180.0),
        _ => (least, greatest),
    })
}

/// Adds the poles and the points on the meridian opposite to the projection's centre that lie in the area.
fn add_opposite(
    area: &Area,
    source: &Grid,
    crs: &Crs,
    forward: &Transformer,
    extent: &mut Extent,
) -> Result<(), WarpError> {
    const EPSILON: f64 = 1e-8;
    let wkt = crs::to_wkt2(crs)?;
    let parameter = |names: &[&str]| names.iter().find_map(|name| parameter(&wkt, name)).unwrap_or(0.0);
    let meridian =
        parameter(&["Longitude of natural origin", "Longitude of false origin", "Longitude of origin"]);
    let parallel = parameter(&["Latitude of natural origin", "Latitude of false origin"]);
    // The planet of another CRS has no degrees that are known here.
    let Ok(from_degrees) = Transformer::new(&Crs::crs84(), &source.crs) else { return Ok(()) };
    let mut add = |longitude: f64, latitude: f64| -> Result<bool, CrsError> {
        let (mut x, mut y) = ([longitude], [latitude]);
        from_degrees.transform_where_possible(&mut x, &mut y)?;
        if !area.contains(x[0], y[0]) {
            return Ok(false);
        }
        forward.transform_where_possible(&mut x, &mut y)?;
        if x[0].is_nan() {
            return Ok(false);
        }
        extent.add(x[0], y[0]);
        Ok(true)
    };
    let is_mercator = wkt.contains("METHOD[\"Mercator (variant A)\"")
        || wkt.contains("Popular Visualisation Pseudo Mercator");
    let end = if is_mercator && meridian == 0.0 { 85.051_128_779_806_6 } else { 90.0 };
    let mut pole = None;
    for sign in [-1.0, 1.0] {
        if add(meridian, sign * (end - EPSILON))? {
            pole = Some(sign * end);
        }
    }
    let latitudes = [(meridian != 0.0).then_some(parallel), pole.filter(|pole| *pole != parallel)];
    for latitude in latitudes.into_iter().flatten() {
        for sign in [-1.0, 1.0] {
            add((meridian + sign * (180.0 - EPSILON) + 180.0) % 360.0 - 180.0, latitude)?;
        }
    }
    Ok(())
}

/// The value of a parameter in WKT 2.
fn parameter(wkt: &str, name: &str) -> Option<f64> {
    let start = wkt.find(&format!("PARAMETER[\"{name}\","))?;
    let value = wkt[start..].splitn(3, ',').nth(1)?;
    value.trim_end_matches(']').parse().ok()
}
