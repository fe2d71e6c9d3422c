//! How a target is cut into parts, and what each needs.
//!
//! The sources are `GDALWarpOperation::CollectChunkListInternal` in GDAL's `alg/gdalwarpoperation.cpp`
//! and the head of `GDALWarpKernel::PerformWarp` in `alg/gdalwarpkernel.cpp`.

use super::transform::PixelTransform;
use super::window::{Finder, SourceWindow};
use super::{Grid, Method, WarpError};
use rasteret_schema::Window;

/// GDAL's default of the memory for one part.
const PART_BITS: f64 = 64.0 * 1024.0 * 1024.0 * 8.0;

/// A part of the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    /// Its pixels.
    pub(super) target: Window,
    /// The source pixels that it needs.
    pub(super) source: Window,
    /// Target pixels for each source pixel, in columns and rows.
    pub(super) scale: (f64, f64),
}

/// What one pixel costs, in bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) source: f64,
    pub(super) target: f64,
}

/// The parts of a target that have a source.
pub(super) fn parts(
    source: &Grid,
    target: &Grid,
    transform: &PixelTransform,
    method: Method,
    cost: Cost,
) -> Result<Vec<Part>, WarpError> {
    let finder = Finder::new(source, target, transform, method)?;
    let mut parts = Vec::new();
    // Where nothing at all can be transformed, that is an error; a part without a source is left out.
    let whole = finder.find(target.whole())?;
    let mut waiting = vec![(target.whole(), Some(whole))];
    while let Some((window, found)) = waiting.pop() {
        let found = match found {
            Some(found) => found,
            None => match finder.find(window) {
                Ok(found) => found,
                Err(WarpError::OutOfDomain { .. }) => continue,
                Err(error) => return Err(error),
            },
        };
        if must_split(window, &found, cost) {
            let [first, second] = halves(window);
            waiting.extend([(second, None), (first, None)]);
        } else if found.window.pixels() > 0 {
            let scale = scale(window, &found, transform)?;
            parts.push(Part { target: window, source: found.window, scale });
        }
    }
    Ok(parts)
}

fn must_split(target: Window, found: &SourceWindow, cost: Cost) -> bool {
    let bits = cost.source * found.window.pixels() as f64 + cost.target * target.pixels() as f64;
    let is_much = bits > PART_BITS && (target.width > 2 || target.height > 2);
    let is_mostly_outside = found.fill_ratio > 0.0 && found.fill_ratio < 0.5;
    is_much || is_mostly_outside && (target.width > 100 || target.height > 100)
}

fn halves(window: Window) -> [Window; 2] {
    if window.width > window.height {
        let half = window.width / 2;
        [
            Window { width: half, ..window },
            Window { column: window.column + half, width: window.width - half, ..window },
        ]
    } else {
        let half = window.height / 2;
        [
            Window { height: half, ..window },
            Window { row: window.row + half, height: window.height - half, ..window },
        ]
    }
}

fn scale(target: Window, found: &SourceWindow, transform: &PixelTransform) -> Result<(f64, f64), WarpError> {
    let mut x = side_scale(target.width, found.window.width, found.extra.0);
    let y = side_scale(target.height, found.window.height, found.extra.1);
    // A source that wraps around the globe looks far wider than it is.
    if y / x > 100.0
        && let Some(sampled) = sampled_scale(target, transform)?
    {
        x = sampled;
    }
    Ok((x, y))
}

fn side_scale(target: u32, source: u32, extra: f64) -> f64 {
    let (target, source) = (f64::from(target), f64::from(source));
    let mut scale = target / (source - extra);
    if source >= target && source <= target + extra {
        scale = 1.0;
    }
    if scale < 1.0 {
        let inverse = 1.0 / scale;
        let whole = (inverse + 0.5).trunc();
        if (inverse - whole).abs() < 0.05 {
            scale = 1.0 / whole;
        }
    }
    scale
}

/// The mean scale in x at points of a grid, without those that are far smaller than the greatest.
fn sampled_scale(target: Window, transform: &PixelTransform) -> Result<Option<f64>, WarpError> {
    const MOST: u32 = 10;
    let at = |i: u32, count: u32, size: u32| {
        if count == 1 { 0.0 } else { f64::from(i) * f64::from(size) / f64::from(count - 1) }
    };
    let (columns, rows) = (target.width.min(MOST), target.height.min(MOST));
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (at(column, columns, target.width), at(row, rows, target.height));
            let step = |i: u32, count: u32| if i == count - 1 { -1.0 } else { 1.0 };
            xs.extend([x, x + step(column, columns), x]);
            ys.extend([y, y, y + step(row, rows)]);
        }
    }
    transform.to_source(&mut xs, &mut ys)?;
    let scales: Vec<f64> = xs
        .chunks_exact(3)
        .filter(|x| x.iter().all(|x| !x.is_nan()))
        .map(|x| 1.0 / (x[1] - x[0]).abs().max((x[2] - x[0]).abs()))
        .collect();
    let greatest = scales.iter().copied().fold(0.0, f64::max);
    let (sum, count) = scales
        .iter()
        .filter(|scale| **scale > greatest / 10.0)
        .fold((0.0, 0_u32), |(sum, count), scale| (sum + scale, count + 1));
    Ok((count > 0).then(|| sum / f64::from(count)))
}
