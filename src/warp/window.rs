//! The source pixels that a part of a target needs.
//!
//! The source is `GDALWarpOperation::ComputeSourceWindow` in GDAL's `alg/gdalwarpoperation.cpp`. The
//! window decides more than what is read: kernels of filters are as wide as it is larger than the
//! target.

use super::transform::{PixelTransform, is_in_degrees};
use super::{Grid, Method, WarpError};
use crate::crs::Transformer;
use rasteret_schema::{Crs, Window};

/// Points along an edge, and in rows and columns of a grid.
const STEPS: usize = 21;

/// Where a part of the target comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SourceWindow {
    /// The pixels that are needed; empty where there are none.
    pub(super) window: Window,
    /// How many of its columns and rows are there for the reach of kernels only.
    pub(super) extra: (f64, f64),
    /// What part of the pixels lies in the source.
    pub(super) fill_ratio: f64,
}

/// The least and greatest coordinates of points.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    least: (f64, f64),
    greatest: (f64, f64),
}

impl Bounds {
    const NONE: Bounds =
        Bounds { least: (f64::INFINITY, f64::INFINITY), greatest: (f64::NEG_INFINITY, f64::NEG_INFINITY) };

    fn add(&mut self, x: f64, y: f64) {
        self.least = (self.least.0.min(x), self.least.1.min(y));
        self.greatest = (self.greatest.0.max(x), self.greatest.1.max(y));
    }

    /// How many of the points have no coordinates.
    fn add_all(&mut self, xs: &[f64], ys: &[f64]) -> usize {
        let mut failed = 0;
        for (x, y) in xs.iter().zip(ys) {
            if x.is_nan() || y.is_nan() {
                failed += 1;
            } else {
                self.add(*x, *y);
            }
        }
        failed
    }
}

/// Finds source windows of parts of a target.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    source: &'a Grid,
    target: &'a Grid,
    transform: &'a PixelTransform,
    method: Method,
    has_pole: bool,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        source: &'a Grid,
        target: &'a Grid,
        transform: &'a PixelTransform,
        method: Method,
    ) -> Result<Self, WarpError> {
        let has_pole = poles(source, transform)?.into_iter().any(|(x, y)| {
            (0.0..=f64::from(target.width)).contains(&x) && (0.0..=f64::from(target.height)).contains(&y)
        });
        Ok(Finder { source, target, transform, method, has_pole })
    }

    /// The source window of a part of the target.
    pub(super) fn find(&self, part: Window) -> Result<SourceWindow, WarpError> {
        let mut bounds = Bounds::NONE;
        let corners = corners(part);
        let (mut xs, mut ys) = corners;
        self.transform.to_source(&mut xs, &mut ys)?;
        let every_pixel = xs.iter().any(|x| x.is_nan());
        let (mut samples, mut failed) = self.sample(edges(part, every_pixel), &mut bounds)?;
        // A pole inside a target is no point of its edge, nor is what does not transform at its edge.
        let by_grid = self.has_pole || failed > 0;
        if by_grid {
            (samples, failed) = self.sample(inside(part), &mut bounds)?;
        }
        if failed + FEWEST > samples {
            return Err(WarpError::OutOfDomain {
                failed,
                samples,
                from: self.target.crs.to_string(),
                to: self.source.crs.to_string(),
            });
        }
        if by_grid {
            self.add_source_points(part, &mut bounds)?;
        }
        Ok(self.window(part, bounds, failed > 0))
    }

    fn sample(
        &self,
        (mut xs, mut ys): (Vec<f64>, Vec<f64>),
        bounds: &mut Bounds,
    ) -> Result<(usize, usize), WarpError> {
        self.transform.to_source(&mut xs, &mut ys)?;
        Ok((xs.len(), bounds.add_all(&xs, &ys)))
    }

    /// Adds the points of a grid on the source that come to lie in the part.
    fn add_source_points(&self, part: Window, bounds: &mut Bounds) -> Result<(), WarpError> {
        let (columns, rows) = (f64::from(self.source.width), f64::from(self.source.height));
        let (source_xs, source_ys) = points(ratios(columns), ratios(rows), |x, y| (x * columns, y * rows));
        let (mut xs, mut ys) = (source_xs.clone(), source_ys.clone());
        self.transform.to_target(&mut xs, &mut ys)?;
        let inside_x = f64::from(part.column)..=f64::from(part.column_end());
        let inside_y = f64::from(part.row)..=f64::from(part.row_end());
        for i in 0..xs.len() {
            if inside_x.contains(&xs[i]) && inside_y.contains(&ys[i]) {
                bounds.add(source_xs[i], source_ys[i]);
            }
        }
        Ok(())
    }

    fn window(&self, part: Window, bounds: Bounds, has_failed: bool) -> SourceWindow {
        let size = (self.source.width, self.source.height);
        let (least, greatest) = (bounds.least, bounds.greatest);
        let beside = |least: f64, greatest: f64, size: u32| least > f64::from(size) || greatest < 0.0;
        if beside(least.0, greatest.0, size.0) || beside(least.1, greatest.1, size.1) {
            return SourceWindow { window: Window::new(0, 0, 0, 0), extra: (0.0, 0.0), fill_ratio: 0.0 };
        }
        let radius = if self.transform.is_translation() { 0 } else { self.method.radius() };
        let x = Side::new(least.0, greatest.0, part.width, size.0, radius, has_failed);
        let y = Side::new(least.1, greatest.1, part.height, size.1, radius, has_failed);
        let window = Window::new(x.start, y.start, x.length, y.length);
        SourceWindow {
            window,
            extra: (x.extra, y.extra),
            fill_ratio: window.pixels() as f64 / f64::max(1.0, x.unclipped * y.unclipped),
        }
    }
}

/// With fewer points than this, there is no window.
const FEWEST: usize = 5;

/// Columns or rows of a window.
struct Side {
    start: u32,
    length: u32,
    extra: f64,
    unclipped: f64,
}

impl Side {
    fn new(least: f64, greatest: f64, target: u32, size: u32, radius: u32, has_failed: bool) -> Side {
        let near = |value: f64| if (value.round() - value).abs() < 1e-6 { value.round() } else { value };
        let (least, greatest) = (near(least), near(greatest));
        let scale = (f64::from(target) / (greatest - least)).max(1e-3);
        let mut radius = if scale < 0.95 { (f64::from(radius) / scale).ceil() } else { f64::from(radius) };
        if has_failed {
            radius += 10.0;
        }
        let whole = f64::from(size);
        // The casts saturate, and what is clipped fits.
        let first = least.max(0.0).trunc();
        let last = greatest.ceil().min(whole);
        let raw = (greatest - least).min(whole - first).max(0.0);
        // Nearly all is all: it helps where a source ends at the antimeridian.
        let (start, length) = if last - first > 0.9 * whole {
            (0.0, whole)
        } else {
            let start = (first - radius).min(whole).max(0.0);
            (start, (last - start + radius).min(whole - start).max(0.0))
        };
        Side {
            start: start as u32,
            length: length as u32,
            extra: length - raw,
            unclipped: greatest - least + 2.0 * radius,
        }
    }
}

fn corners(part: Window) -> ([f64; 4], [f64; 4]) {
    let (left, right) = (f64::from(part.column), f64::from(part.column_end()));
    let (top, bottom) = (f64::from(part.row), f64::from(part.row_end()));
    ([left, right, left, right], [top, top, bottom, bottom])
}

/// Points along the edges of a part: at each pixel, or [`STEPS`] along each.
fn edges(part: Window, every_pixel: bool) -> (Vec<f64>, Vec<f64>) {
    let ([left, right, ..], [top, _, bottom, _]) = corners(part);
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    let mut add = |x: f64, y: f64| {
        xs.push(x);
        ys.push(y);
    };
    if every_pixel {
        for i in 0..=part.width {
            add(left + f64::from(i), top);
            add(left + f64::from(i), bottom);
        }
        for i in 1..part.height {
            add(left, top + f64::from(i));
            add(right, top + f64::from(i));
        }
        return (xs, ys);
    }
    let step = 1.0 / (STEPS - 1) as f64;
    let mut ratio = 0.0;
    while ratio <= 1.0 + step * 0.5 {
        let (x, y) = (ratio * f64::from(part.width) + left, ratio * f64::from(part.height) + top);
        add(x, top);
        add(x, bottom);
        add(left, y);
        add(right, y);
        ratio += step;
    }
    (xs, ys)
}

/// Points of a grid on a part. As in GDAL, the first and last are half a column from the edge in both
/// directions.
fn inside(part: Window) -> (Vec<f64>, Vec<f64>) {
    let (width, height) = (f64::from(part.width), f64::from(part.height));
    let (left, top) = (f64::from(part.column), f64::from(part.row));
    points(ratios(width), ratios(width), |x, y| (x * width + left, y * height + top))
}

/// Where on a side of `size` pixels the points of a grid are: evenly spaced, and half a pixel from both ends.
fn ratios(size: f64) -> impl Iterator<Item = f64> + Clone {
    let step = 1.0 / (STEPS - 1) as f64;
    (0..STEPS + 2).map(move |i| match i {
        0 => 0.5 / size,
        i if i <= STEPS => (i - 1) as f64 * step,
        _ => 1.0 - 0.5 / size,
    })
}

fn points(
    columns: impl Iterator<Item = f64> + Clone,
    rows: impl Iterator<Item = f64>,
    place: impl Fn(f64, f64) -> (f64, f64),
) -> (Vec<f64>, Vec<f64>) {
    rows.flat_map(|y| columns.clone().map(move |x| (x, y))).map(|(x, y)| place(x, y)).unzip()
}

/// Target pixel coordinates of both poles, as far as they have some.
fn poles(source: &Grid, transform: &PixelTransform) -> Result<Vec<(f64, f64)>, WarpError> {
    /// The longitude of a pole itself may not survive a projection.
    const LATITUDES: [f64; 2] = [-89.9999, 89.9999];
    let mut found = Vec::new();
    for latitude in LATITUDES {
        if is_in_degrees(&source.crs)? {
            // As in GDAL, which takes degrees for coordinates of the target here.
            found.push(transform.place_in_target(0.0, latitude));
            continue;
        }
        // A planet other than ours has no way from this CRS.
        let Ok(from_degrees) = Transformer::new(&Crs::crs84(), &source.crs) else { continue };
        let to_degrees = Transformer::new(&source.crs, &Crs::crs84())?;
        let (mut x, mut y) = ([0.0], [latitude]);
        from_degrees.transform_where_possible(&mut x, &mut y)?;
        let (mut back_x, mut back_y) = (x, y);
        to_degrees.transform_where_possible(&mut back_x, &mut back_y)?;
        let is_back = back_x[0].abs() <= 0.1 && (back_y[0] - latitude).abs() <= 0.1;
        if is_back && let Some(place) = transform.crs_to_target(x[0], y[0])? {
            found.push(place);
        }
    }
    Ok(found)
}
