//! Computes target pixels, in parallel over rows.

use super::kernel::area::{Cover, Statistic, WithStatistic, reduce, with_statistic};
use super::kernel::{Kernel, Plane, WithKernel, with_kernel};
use super::plan::Part;
use super::sample::Value;
use super::transform::PixelTransform;
use super::{Method, WarpError};
use crate::crs::CrsError;
use rasteret_schema::Window;
use rayon::prelude::*;

/// Rows that a thread takes at a time.
const ROWS: usize = 16;

/// Says that a target pixel has no source.
const NOWHERE: usize = usize::MAX;

/// Source samples: a window of the source grid.
pub(super) struct Input<'a, T> {
    pub(super) window: Window,
    /// The samples of each band.
    pub(super) bands: Vec<Band<'a, T>>,
}

/// The samples of one band, and which of them are valid, where some are not.
pub(super) struct Band<'a, T> {
    pub(super) samples: &'a [T],
    pub(super) valid: Option<&'a [bool]>,
}

/// Target samples: whole bands of the target grid, one after the other.
pub(super) struct Output<'a, T> {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: &'a mut [T],
    pub(super) valid: &'a mut [bool],
    /// A value that valid pixels must not have.
    pub(super) nodata: Option<T>,
}

/// Rows of all bands of the target.
struct Rows<'a, T> {
    first: usize,
    bands: Vec<(&'a mut [T], &'a mut [bool])>,
}

/// A part of the target with the source pixels that there are for it.
struct Job<'a, T> {
    transform: &'a PixelTransform,
    part: Part,
    /// The source pixels that kernels see.
    window: Window,
    planes: Vec<Plane<'a, T>>,
    nodata: Option<T>,
    /// Whether a corner of the window has no place in the target's CRS.
    ends_nowhere: bool,
}

/// Sets the pixels of a part of the target that are not valid yet and have a source.
pub(super) fn warp_part<T: Value>(
    transform: &PixelTransform,
    method: Method,
    part: Part,
    input: &Input<'_, T>,
    output: &mut Output<'_, T>,
) -> Result<(), WarpError> {
    let Some(window) = part.source.intersection(&input.window) else { return Ok(()) };
    let stride = input.window.width as usize;
    let offset =
        (window.row - input.window.row) as usize * stride + (window.column - input.window.column) as usize;
    let planes: Vec<Plane<'_, T>> = input
        .bands
        .iter()
        .map(|band| Plane {
            samples: &band.samples[offset..],
            valid: band.valid.map(|valid| &valid[offset..]),
            stride,
            width: window.width as usize,
            height: window.height as usize,
        })
        .collect();
    let method = if transform.is_translation() { Method::Nearest } else { method };
    let is_masked = planes.iter().any(|plane| plane.valid.is_some());
    let is_plain = !is_masked && output.nodata.is_none();
    // GDAL's own loops for nearest neighbours copy values as they are.
    let avoids = method != Method::Nearest || !T::HAS_FAST_LOOPS;
    let job = Job {
        transform,
        part,
        window,
        planes,
        nodata: output.nodata.filter(|_| avoids),
        ends_nowhere: is_masked && has_corner_nowhere(transform, window)?,
    };
    let rows = rows(output, part.target);
    match with_statistic::<T, _>(method, Areas { job: &job, rows }) {
        Ok(result) => Ok(result?),
        Err(Areas { rows, .. }) => {
            let size = (window.width, window.height);
            Ok(with_kernel(method, part.scale, size, is_plain, Points { job: &job, rows })?)
        }
    }
}

fn has_corner_nowhere(transform: &PixelTransform, window: Window) -> Result<bool, CrsError> {
    for y in [window.row, window.row_end()] {
        for x in [window.column, window.column_end()] {
            if !transform.has_target(f64::from(x), f64::from(y))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The rows of a part, some for each thread at a time; whole rows of the target.
fn rows<'a, T>(output: &'a mut Output<'_, T>, part: Window) -> Vec<Rows<'a, T>> {
    let (width, plane) = (output.width, output.width * output.height);
    let range = part.row as usize * width..part.row_end() as usize * width;
    let count = (part.height as usize).div_ceil(ROWS);
    let mut all: Vec<Rows<'a, T>> =
        (0..count).map(|i| Rows { first: part.row as usize + i * ROWS, bands: Vec::new() }).collect();
    let bands = output.pixels.chunks_mut(plane).zip(output.valid.chunks_mut(plane));
    for (pixels, valid) in bands {
        let pixels = pixels[range.clone()].chunks_mut(width * ROWS);
        let valid = valid[range.clone()].chunks_mut(width * ROWS);
        for (rows, band) in all.iter_mut().zip(pixels.zip(valid)) {
            rows.bands.push(band);
        }
    }
    all
}

impl<T: Value> Job<'_, T> {
    /// Runs `action` for each row: its number, and of each band the plane and the part's pixels in that row.
    fn for_each_row<'r, S: Send>(
        &self,
        rows: Vec<Rows<'r, T>>,
        scratch: impl Fn() -> S + Sync + Send,
        action: impl Fn(&mut S, usize, &mut [(&mut [T], &mut [bool])]) -> Result<(), CrsError> + Sync + Send,
    ) -> Result<(), CrsError> {
        let target = self.part.target;
        let columns = target.column as usize..target.column_end() as usize;
        rows.into_par_iter().try_for_each_init(scratch, |scratch, rows| {
            let Some((pixels, _)) = rows.bands.first() else { return Ok(()) };
            let width = pixels.len() / ((target.row_end() as usize - rows.first).min(ROWS));
            let mut bands: Vec<_> = rows
                .bands
                .into_iter()
                .map(|(pixels, valid)| (pixels.chunks_exact_mut(width), valid.chunks_exact_mut(width)))
                .collect();
            for row in rows.first..(rows.first + ROWS).min(target.row_end() as usize) {
                let mut parts: Vec<_> = bands
                    .iter_mut()
                    .filter_map(|(pixels, valid)| {
                        let (pixels, valid) = (pixels.next()?, valid.next()?);
                        Some((&mut pixels[columns.clone()], &mut valid[columns.clone()]))
                    })
                    .collect();
                action(scratch, row, &mut parts)?;
            }
            Ok(())
        })
    }
}

/// Computes every pixel from the surroundings of its centre.
struct Points<'a, 'b, T> {
    job: &'a Job<'a, T>,
    rows: Vec<Rows<'b, T>>,
}

/// Where the centres of a row lie: relative to the window, and in which of its pixels.
struct Centres {
    xs: Vec<f64>,
    ys: Vec<f64>,
    nearest: Vec<usize>,
}

impl<T: Value> WithKernel<T> for Points<'_, '_, T> {
    type Output = Result<(), CrsError>;

    fn run(self, kernel: impl Kernel<T>) -> Self::Output {
        let job = self.job;
        let width = job.part.target.width as usize;
        let scratch = || {
            let centres =
                Centres { xs: vec![0.0; width], ys: vec![0.0; width], nearest: vec![NOWHERE; width] };
            (centres, kernel.clone())
        };
        job.for_each_row(self.rows, scratch, |(centres, kernel), row, bands| {
            job.locate(row, centres)?;
            for (plane, (pixels, valid)) in job.planes.iter().zip(bands) {
                job.point_row(kernel, plane, centres, pixels, valid)?;
            }
            Ok(())
        })
    }
}

impl<T: Value> Job<'_, T> {
    /// Finds the centres of a row in the source (`GWKCheckAndComputeSrcOffsets`).
    fn locate(&self, row: usize, centres: &mut Centres) -> Result<(), CrsError> {
        let Centres { xs, ys, nearest } = centres;
        let first = f64::from(self.part.target.column) + 0.5;
        let y = row as f64 + 0.5;
        self.transform.row_to_source(first, y, xs, ys)?;
        let (left, top) = (f64::from(self.window.column), f64::from(self.window.row));
        let (width, height) = (f64::from(self.window.width), f64::from(self.window.height));
        let stride = self.planes.first().map_or(0, |plane| plane.stride);
        let places = xs.iter_mut().zip(ys.iter_mut()).zip(nearest.iter_mut());
        for (i, ((x, y_), nearest)) in places.enumerate() {
            let is_inside = |x: f64, y: f64| {
                x >= left && y >= top && x + EPSILON <= left + width && y + EPSILON <= top + height
            };
            if !is_inside(*x, *y_) {
                // What lies just beside the source, approximately, is worth an exact look.
                let is_near =
                    *x > left - 1.0 && *y_ > top - 1.0 && *x < left + width + 1.0 && *y_ < top + height + 1.0;
                if is_near {
                    (*x, *y_) = self.transform.point_to_source(first + i as f64, y)?;
                }
                if !is_near || !is_inside(*x, *y_) {
                    *nearest = NOWHERE;
                    continue;
                }
            }
            let column = ((*x + EPSILON) as usize - left as usize).min(self.window.width as usize - 1);
            let line = ((*y_ + EPSILON) as usize - top as usize).min(self.window.height as usize - 1);
            *x -= left;
            *y_ -= top;
            *nearest = line * stride + column;
        }
        Ok(())
    }

    #[inline]
    fn point_row(
        &self,
        kernel: &mut impl Kernel<T>,
        plane: &Plane<'_, T>,
        centres: &Centres,
        pixels: &mut [T],
        valid: &mut [bool],
    ) -> Result<(), CrsError> {
        let places = centres.xs.iter().zip(&centres.ys).zip(&centres.nearest);
        for (((x, y), nearest), (pixel, valid)) in places.zip(pixels.iter_mut().zip(valid)) {
            let mut nearest = *nearest;
            if nearest == NOWHERE || *valid {
                continue;
            }
            if plane.valid.is_some_and(|valid| !valid[nearest]) {
                match self.neighbour(plane, nearest)? {
                    Some(neighbour) => nearest = neighbour,
                    None => continue,
                }
            }
            if let Some(value) = kernel.value(plane, *x, *y, nearest) {
                *pixel = match self.nodata {
                    Some(nodata) => value.avoiding(nodata),
                    None => value,
                };
                *valid = true;
            }
        }
        Ok(())
    }

    /// A valid pixel beside one that is not, where the source reaches beyond what the target's CRS can
    /// show (`GWKAdjustSrcOffsetOnEdge`).
    #[cold]
    fn neighbour(&self, plane: &Plane<'_, T>, index: usize) -> Result<Option<usize>, CrsError> {
        if !self.ends_nowhere {
            return Ok(None);
        }
        let (column, row) = (index % plane.stride, index / plane.stride);
        let (x, y) = (f64::from(self.window.column) + column as f64, f64::from(self.window.row) + row as f64);
        for (x, y) in [(x, y), (x, y + 1.0), (x + 1.0, y)] {
            if !self.transform.has_target(x, y)? {
                let neighbours = [
                    (column + 1 < plane.width).then(|| index + 1),
                    (row + 1 < plane.height).then(|| index + plane.stride),
                    (column > 0).then(|| index - 1),
                    (row > 0).then(|| index - plane.stride),
                ];
                let is_valid = |index: &usize| plane.valid.is_none_or(|valid| valid[*index]);
                return Ok(neighbours.into_iter().flatten().find(is_valid));
            }
        }
        Ok(None)
    }
}

/// How far beyond its edge a coordinate may lie and still be in a pixel.
const EPSILON: f64 = 1e-10;

/// Computes every pixel from the source pixels that it covers.
struct Areas<'a, 'b, T> {
    job: &'a Job<'a, T>,
    rows: Vec<Rows<'b, T>>,
}

/// The upper left and lower right corners of the pixels of a row, and what these cover.
struct Corners {
    upper: (Vec<f64>, Vec<f64>),
    lower: (Vec<f64>, Vec<f64>),
    covers: Vec<Option<Cover>>,
}

impl<T: Value> WithStatistic<T> for Areas<'_, '_, T> {
    type Output = Result<(), CrsError>;

    fn run(self, statistic: impl Statistic<T>) -> Self::Output {
        let job = self.job;
        let width = job.part.target.width as usize;
        let zeros = || (vec![0.0; width], vec![0.0; width]);
        let scratch = || {
            let corners = Corners { upper: zeros(), lower: zeros(), covers: vec![None; width] };
            (corners, statistic.fresh())
        };
        job.for_each_row(self.rows, scratch, |(corners, statistic), row, bands| {
            job.cover(row, corners)?;
            for (plane, (pixels, valid)) in job.planes.iter().zip(bands) {
                let cells = pixels.iter_mut().zip(valid.iter_mut());
                for (cover, (pixel, valid)) in corners.covers.iter().zip(cells) {
                    let Some(cover) = cover.as_ref().filter(|_| !*valid) else { continue };
                    if let Some(value) = reduce(plane, cover, statistic) {
                        *pixel = job.nodata.map_or(value, |nodata| value.avoiding(nodata));
                        *valid = true;
                    }
                }
            }
            Ok(())
        })
    }
}

impl<T: Value> Job<'_, T> {
    /// Finds what the pixels of a row cover.
    fn cover(&self, row: usize, corners: &mut Corners) -> Result<(), CrsError> {
        let Corners { upper, lower, covers } = corners;
        let first = f64::from(self.part.target.column);
        self.transform.row_to_source(first, row as f64, &mut upper.0, &mut upper.1)?;
        self.transform.row_to_source(first + 1.0, row as f64 + 1.0, &mut lower.0, &mut lower.1)?;
        let (left, top) = (f64::from(self.window.column), f64::from(self.window.row));
        let (width, height) = (f64::from(self.window.width), f64::from(self.window.height));
        let margin = |scale: f64| 2.0 * (1.0 / scale).ceil().max(1.0);
        let (margin_x, margin_y) = (margin(self.part.scale.0), margin(self.part.scale.1));
        let scale = self.part.scale.0;
        let wrap_threshold = f64::from((self.window.width / 10).min(2));
        for (i, cover) in covers.iter_mut().enumerate() {
            *cover = None;
            let (x, y) = ((upper.0[i], lower.0[i]), (upper.1[i], lower.1[i]));
            let is_near = |at: f64, start: f64, size: f64, margin: f64| {
                at - start >= -margin && at - start - size <= margin
            };
            if ![x.0, x.1].iter().all(|x| is_near(*x, left, width, margin_x))
                || ![y.0, y.1].iter().all(|y| is_near(*y, top, height, margin_y))
            {
                continue;
            }
            let (mut from, mut to) = (x.0.min(x.1), x.0.max(x.1));
            // A pixel on the antimeridian covers the first and the last columns, and none between.
            let spans = self.window.column == 0
                && from * scale < wrap_threshold
                && (width - to) * scale < wrap_threshold;
            let mut wraps = false;
            if spans {
                let middle = self.transform.point_to_source(first + i as f64 + 0.5, row as f64)?;
                if middle.0 < from {
                    wraps = true;
                    (from, to) = (to, from + width);
                }
            }
            let y = (y.0.min(y.1) - top, y.0.max(y.1) - top);
            let size = (self.window.width as usize, self.window.height as usize);
            *cover = Cover::new((from - left, to - left), y, size, wraps);
        }
        Ok(())
    }
}
