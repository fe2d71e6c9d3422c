//! The grid that suits a source in another CRS.
//!
//! The sources are `GDALSuggestedWarpOutput2` in GDAL's `alg/gdaltransformer.cpp` and
//! `rasterio.warp.calculate_default_transform` and `aligned_target`.

use super::transform::{PixelTransform, is_in_degrees};
use super::{Grid, WarpError, bounds};
use rasteret_schema::{Crs, Geotransform};

/// What is known of a grid beforehand. By default nothing is: its pixels are square, and as many as the
/// source has along the diagonal.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Suggestion {
    /// As GDAL has it.
    #[default]
    Default,
    /// Width and height of a pixel, in units of the CRS.
    Resolution(f64, f64),
    /// Columns and rows.
    Shape(u32, u32),
    /// Width and height of a pixel, and a point that is a corner of pixels: grids of the same two fit
    /// onto each other (`gdalwarp -tap`, whose point is 0, 0).
    Aligned {
        /// Width and height of a pixel.
        resolution: (f64, f64),
        /// The point.
        origin: (f64, f64),
    },
}

/// The grid in `crs` that shows all of `source`.
///
/// # Errors
/// Where the CRSs are not known or hardly any point has coordinates in the other, or the grid would be too large.
pub fn suggested_grid(source: &Grid, crs: &Crs, suggestion: Suggestion) -> Result<Grid, WarpError> {
    source.check()?;
    let grid = default_grid(source, crs)?;
    let Geotransform { a, c, e, f, .. } = grid.transform;
    let (width, height) = (f64::from(grid.width), f64::from(grid.height));
    match suggestion {
        Suggestion::Default => Ok(grid),
        Suggestion::Resolution(x, y) => {
            let (x, y) = resolution((x, y))?;
            let size = ((width * (a / x)).ceil(), (height * (e / -y)).ceil());
            sized(Geotransform::new(x, 0.0, c, 0.0, -y, f), size, crs)
        }
        Suggestion::Shape(columns, rows) => {
            let (x, y) = (width / f64::from(columns), height / f64::from(rows));
            let transform = Geotransform::new(a * x, 0.0, c, 0.0, e * y, f);
            sized(transform, (f64::from(columns), f64::from(rows)), crs)
        }
        Suggestion::Aligned { resolution: size, origin } => {
            let (x, y) = resolution(size)?;
            let down = |value: f64, origin: f64, step: f64| ((value - origin) / step).floor() * step + origin;
            let up = |value: f64, origin: f64, step: f64| ((value - origin) / step).ceil() * step + origin;
            let (left, right) = (down(c, origin.0, x), up(c + width * a, origin.0, x));
            let (bottom, top) = (down(f + height * e, origin.1, y), up(f, origin.1, y));
            let size = (((right - left) / x).ceil().max(1.0), ((top - bottom) / y).ceil().max(1.0));
            sized(Geotransform::new(x, 0.0, left, 0.0, -y, top), size, crs)
        }
    }
}

fn resolution((x, y): (f64, f64)) -> Result<(f64, f64), WarpError> {
    let is_size = |value: f64| value > 0.0 && value.is_finite();
    if is_size(x) && is_size(y) { Ok((x, y)) } else { Err(WarpError::Resolution { x, y }) }
}

fn sized(transform: Geotransform, (width, height): (f64, f64), crs: &Crs) -> Result<Grid, WarpError> {
    let fits = |size: f64| (1.0..=f64::from(i32::MAX)).contains(&size);
    if !fits(width) || !fits(height) {
        return Err(WarpError::GridSize { width, height });
    }
    Ok(Grid::new(transform, width as u32, height as u32, crs.clone()))
}

/// The extent of points, which begins with the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) least: (f64, f64),
    pub(super) greatest: (f64, f64),
}

impl Extent {
    const NONE: Extent =
        Extent { least: (f64::INFINITY, f64::INFINITY), greatest: (f64::NEG_INFINITY, f64::NEG_INFINITY) };

    pub(super) fn add(&mut self, x: f64, y: f64) {
        self.add_bounds((x, y), (x, y));
    }

    pub(super) fn add_bounds(&mut self, least: (f64, f64), greatest: (f64, f64)) {
        self.least = (self.least.0.min(least.0), self.least.1.min(least.1));
        self.greatest = (self.greatest.0.max(greatest.0), self.greatest.1.max(greatest.1));
    }
}

/// Points on a source and what becomes of them.
struct Samples {
    /// Steps along a side.
    steps: usize,
    /// Whether they are all over the source, and not at its edges only.
    all_over: bool,
    xs: Vec<f64>,
    ys: Vec<f64>,
}

fn default_grid(source: &Grid, crs: &Crs) -> Result<Grid, WarpError> {
    let to_crs = Grid::new(Geotransform::new(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), 1, 1, crs.clone());
    let transform = PixelTransform::new(source, &to_crs)?;
    if transform.is_same_crs() && source.transform.is_axis_aligned() {
        return Ok(Grid { crs: crs.clone(), ..north_up(source) });
    }
    let samples = Samples::new(source, &transform)?;
    let (mut extent, failed) = samples.extent(source, &transform)?;
    if failed + 10 > samples.xs.len() {
        return Err(WarpError::OutOfDomain {
            failed,
            samples: samples.xs.len(),
            from: source.crs.to_string(),
            to: crs.to_string(),
        });
    }
    let to_degrees = is_in_degrees(crs)? && !is_in_degrees(&source.crs)?;
    if to_degrees {
        bounds::add_poles(source, &transform, &mut extent)?;
    }
    if source.transform.is_axis_aligned() {
        bounds::add_bounds(source, crs, &transform, &mut extent)?;
    }
    let size = pixel_size(source, &samples, &extent);
    let (width, height) = (
        ((extent.greatest.0 - extent.least.0) / size + 0.5).floor(),
        ((extent.greatest.1 - extent.least.1) / size + 0.5).floor(),
    );
    let fits = |size: f64| (1.0..f64::from(i32::MAX)).contains(&size);
    if !fits(width) || !fits(height) {
        return Err(WarpError::GridSize { width, height });
    }
    let fit = Fit { transform: &transform, extent, width, height };
    let transform = fit.transform(size, to_degrees)?;
    sized(transform, (width, height), crs)
}

fn north_up(source: &Grid) -> Grid {
    let mut grid = source.clone();
    if grid.transform.e >= 0.0 {
        grid.transform.f += f64::from(grid.height) * grid.transform.e;
        grid.transform.e = -grid.transform.e;
    }
    grid
}

impl Samples {
    /// Along the edges, or all over where some of these do not come back from the other CRS.
    fn new(source: &Grid, transform: &PixelTransform) -> Result<Samples, WarpError> {
        const STEP: f64 = 50.0;
        let steps = (f64::from(source.width.min(source.height)) / STEP + 0.5) as usize;
        let steps = steps.clamp(20, 100);
        let (width, height) = (f64::from(source.width), f64::from(source.height));
        let step = 1.0 / steps as f64;
        let ratio = |i: usize| if i == steps { 1.0 } else { i as f64 * step };
        let along =
            |place: &dyn Fn(f64) -> (f64, f64)| (0..=steps).map(|i| place(ratio(i))).collect::<Vec<_>>();
        let edges = [
            along(&|ratio| (ratio * width, 0.0)),
            along(&|ratio| (ratio * width, height)),
            along(&|ratio| (0.0, ratio * height)),
            along(&|ratio| (width, ratio * height)),
        ];
        let (places_x, places_y): (Vec<f64>, Vec<f64>) = edges.into_iter().flatten().unzip();
        let (mut xs, mut ys) = (places_x.clone(), places_y.clone());
        transform.to_target(&mut xs, &mut ys)?;
        let has_failed = xs.iter().any(|x| x.is_nan());
        one_side_of_antimeridian(transform, &mut xs, &ys)?;
        let mut come_back = !has_failed;
        if come_back {
            let (mut back_x, mut back_y) = (xs.clone(), ys.clone());
            transform.to_source(&mut back_x, &mut back_y)?;
            let (most_x, most_y) = (width / steps as f64, height / steps as f64);
            // NaN is near nothing.
            let near = |a: f64, b: f64, most: f64| (a - b).abs() <= most;
            come_back = (0..xs.len())
                .all(|i| near(back_x[i], places_x[i], most_x) && near(back_y[i], places_y[i], most_y));
        }
        if come_back {
            return Ok(Samples { steps, all_over: false, xs, ys });
        }
        let (mut xs, mut ys): (Vec<f64>, Vec<f64>) = (0..=steps)
            .flat_map(|row| (0..=steps).map(move |column| (column, row)))
            .map(|(column, row)| (ratio(column) * width, ratio(row) * height))
            .unzip();
        transform.to_target(&mut xs, &mut ys)?;
        Ok(Samples { steps, all_over: true, xs, ys })
    }

    /// The extent of what could be transformed, and how many points could not. Between a point that could
    /// and one that could not, or two of different signs, the place where it changes is sought.
    fn extent(&self, source: &Grid, transform: &PixelTransform) -> Result<(Extent, usize), WarpError> {
        let mut extent = Extent::NONE;
        let mut failed = 0;
        let per_side = self.steps + 1;
        for i in 0..self.xs.len() {
            let (column, row) = match i {
                _ if self.all_over => (i % per_side, i / per_side),
                i if i < per_side => (i, 0),
                i if i < 2 * per_side => (i - per_side, self.steps),
                _ => (0, 0),
            };
            if column > 0 && (!self.xs[i - 1].is_nan() || !self.xs[i].is_nan()) {
                let y = row as f64 * f64::from(source.height) / self.steps as f64;
                self.seek_break(source, transform, (i, column), y, &mut extent)?;
            }
            if self.xs[i].is_nan() {
                failed += 1;
            } else {
                extent.add(self.xs[i], self.ys[i]);
            }
        }
        Ok((extent, failed))
    }

    fn seek_break(
        &self,
        source: &Grid,
        transform: &PixelTransform,
        (i, column): (usize, usize),
        y: f64,
        extent: &mut Extent,
    ) -> Result<(), WarpError> {
        const HALVINGS: usize = 16;
        let place = |column: usize| column as f64 * f64::from(source.width) / self.steps as f64;
        let (mut before, mut after) = (place(column - 1), place(column));
        // NaN where there are no coordinates.
        let (mut out_before, mut out_after) = (self.xs[i - 1], self.xs[i]);
        for _ in 0..HALVINGS {
            if out_before * out_after >= 0.0 {
                break;
            }
            let middle = (before + after) / 2.0;
            let (mut x, mut y) = ([middle], [y]);
            transform.to_target(&mut x, &mut y)?;
            let is_left_of_break = if x[0].is_nan() {
                out_before.is_nan()
            } else {
                extent.add(x[0], y[0]);
                !(out_before.is_nan() || out_before * x[0] < 0.0)
            };
            match (x[0].is_nan(), is_left_of_break) {
                (true, true) => before = middle,
                (true, false) if out_after.is_nan() => after = middle,
                (true, false) => break,
                (false, true) => (before, out_before) = (middle, x[0]),
                (false, false) => (after, out_after) = (middle, x[0]),
            }
        }
        Ok(())
    }
}

/// Where all longitudes are of one sign, ±180° is of that sign too.
fn one_side_of_antimeridian(transform: &PixelTransform, xs: &mut [f64], ys: &[f64]) -> Result<(), WarpError> {
    let is_at = |x: f64, sign: f64| (x + sign * 180.0).abs() < 1e-8;
    let is_on_side = |x: f64, sign: f64| (sign * x > 0.0 && sign * x <= 180.0) || is_at(x, sign);
    let mut known = xs.iter().copied().filter(|x| !x.is_nan());
    let Some(first) = known.next() else { return Ok(()) };
    let Some(sign) = [-1.0, 1.0].into_iter().find(|sign| is_on_side(first, *sign)) else { return Ok(()) };
    if !known.all(|x| is_on_side(x, sign)) {
        return Ok(());
    }
    for (x, y) in xs.iter_mut().zip(ys).filter(|(x, _)| is_at(**x, sign)) {
        let (mut both, mut y) = ([sign * -180.0, sign * 180.0], [*y; 2]);
        transform.to_source(&mut both, &mut y)?;
        if (both[0] - both[1]).abs() < 1e-8 && (y[0] - y[1]).abs() < 1e-8 {
            *x = sign * 180.0;
        }
    }
    Ok(())
}

/// As long along the diagonal as the source's pixels are.
fn pixel_size(source: &Grid, samples: &Samples, extent: &Extent) -> f64 {
    let (first, last) = (0, samples.xs.len() - 1);
    let mut delta = (samples.xs[last] - samples.xs[first], samples.ys[last] - samples.ys[first]);
    if delta.0.is_nan() || delta.1.is_nan() || delta.0 == 0.0 || delta.1 == 0.0 {
        delta = (extent.greatest.0 - extent.least.0, extent.greatest.1 - extent.least.1);
    }
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    (delta.0 * delta.0 + delta.1 * delta.1).sqrt() / (width * width + height * height).sqrt()
}

/// A number of pixels that is fitted to an extent.
struct Fit<'a> {
    transform: &'a PixelTransform,
    extent: Extent,
    width: f64,
    height: f64,
}

impl Fit<'_> {
    fn transform(&self, size: f64, to_degrees: bool) -> Result<Geotransform, WarpError> {
        const RATIOS: [f64; 5] = [0.0, 0.001, 0.01, 0.1, 1.0];
        let (left, top) = (self.extent.least.0, self.extent.greatest.1);
        let (mut size_x, mut size_y) = (size, size);
        for ratio in RATIOS {
            let smaller = size_x - size_x * ratio / self.width;
            let right = left + self.width * smaller;
            let edge = |ratio: f64| (right, top - size_y * ratio * self.height);
            if self.is_somewhere(edge, (smaller, size_y))? {
                size_x = smaller;
                break;
            }
        }
        for ratio in RATIOS {
            let smaller = size_y - size_y * ratio / self.height;
            let bottom = top - self.height * smaller;
            let edge = |ratio: f64| (left + size_x * ratio * self.width, bottom);
            if self.is_somewhere(edge, (size_x, smaller))? {
                size_y = smaller;
                break;
            }
        }
        let (right, bottom) = (self.extent.greatest.0, self.extent.least.1);
        let new_right = left + self.width * size_x;
        if to_degrees && (right <= 180.0 && new_right > 180.0 || right == 180.0) {
            size_x = (180.0 - left) / self.width;
        }
        let new_bottom = top - self.height * size_y;
        if to_degrees && bottom >= -90.0 && new_bottom < -90.0 {
            size_y = (top + 90.0) / self.height;
        }
        Ok(Geotransform::new(size_x, 0.0, left, 0.0, -size_y, top))
    }

    /// Whether any point of an edge of the grid is a place on the source, to and fro.
    fn is_somewhere(&self, edge: impl Fn(f64) -> (f64, f64), size: (f64, f64)) -> Result<bool, WarpError> {
        let mut ratios = Vec::new();
        let mut ratio = 0.0;
        while ratio <= 1.01 {
            if ratio > 0.99 {
                ratio = 1.0;
            }
            ratios.push(ratio);
            ratio += 0.05;
        }
        let (expected_x, expected_y): (Vec<f64>, Vec<f64>) = ratios.into_iter().map(edge).unzip();
        let (mut xs, mut ys) = (expected_x.clone(), expected_y.clone());
        self.transform.to_source(&mut xs, &mut ys)?;
        self.transform.to_target(&mut xs, &mut ys)?;
        Ok((0..xs.len())
            .any(|i| (xs[i] - expected_x[i]).abs() <= size.0 && (ys[i] - expected_y[i]).abs() <= size.1))
    }
}
