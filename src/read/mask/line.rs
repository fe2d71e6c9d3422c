//! The pixels along lines: `GDALdllImageLineAllTouched` and `GDALdllImageLine` of GDAL's
//! `alg/llrasterize.cpp`.

use super::Canvas;
use geo_types::Coord;

/// Which edges [`touch`] draws.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edges {
    /// All of them: lines.
    All,
    /// Not those that run along a pixel boundary, and touch pixels on both sides without entering
    /// them: outlines of polygons, whose interior is filled anyway.
    OnlyWhatTheyCross,
}

/// How far from a pixel boundary, in pixels, an edge still counts as running along it
/// (`EPSILON_INTERSECT_ONLY`).
const ALIGNED: f64 = 1e-4;

/// Edges that are this close to vertical or horizontal, in pixels, are drawn so.
const STRAIGHT: f64 = 0.01;

/// The least advance in y, in pixels, where an edge passes through a pixel corner.
const LEAST_STEP: f64 = 1e-9;

/// Sets every pixel that a line touches.
pub(super) fn touch(canvas: &mut Canvas, vertices: &[Coord<f64>], edges: Edges) {
    for pair in vertices.windows(2) {
        touch_segment(canvas, pair[0], pair[1], edges);
    }
}

fn touch_segment(canvas: &mut Canvas, from: Coord<f64>, to: Coord<f64>, edges: Edges) {
    let (width, height) = (canvas.width as f64, canvas.height as f64);
    let outside = (from.y < 0.0 && to.y < 0.0)
        || (from.y > height && to.y > height)
        || (from.x < 0.0 && to.x < 0.0)
        || (from.x > width && to.x > width);
    if outside || ![from.x, from.y, to.x, to.y].iter().all(|value| value.is_finite()) {
        return;
    }
    let (left, right) = if from.x > to.x { (to, from) } else { (from, to) };
    let skipped = |a: f64, b: f64| {
        edges == Edges::OnlyWhatTheyCross
            && (a - a.round()).abs() < ALIGNED
            && (b - b.round()).abs() < ALIGNED
    };

    if left.x.floor() == right.x.floor() || (left.x - right.x).abs() < STRAIGHT {
        if !skipped(left.x, right.x) {
            let (top, bottom) = (left.y.min(right.y), left.y.max(right.y));
            let column = right.x.floor() as i64;
            let last = ((bottom - ALIGNED).floor() as i64).min(canvas.height as i64 - 1);
            for row in (top.floor() as i64).max(0)..=last {
                canvas.set(row, column);
            }
        }
    } else if left.y.floor() == right.y.floor() || (left.y - right.y).abs() < STRAIGHT {
        if !skipped(left.y, right.y) {
            let end = ((right.x - ALIGNED).floor() as i64).saturating_add(1);
            canvas.set_run(left.y.floor() as i64, left.x.floor() as i64, end);
        }
    } else {
        walk(canvas, left, right);
    }
}

/// Steps from pixel to pixel along a sloped edge.
fn walk(canvas: &mut Canvas, left: Coord<f64>, right: Coord<f64>) {
    let (width, height) = (canvas.width as f64, canvas.height as f64);
    let slope = (right.y - left.y) / (right.x - left.x);
    let Coord { mut x, mut y } = left;
    let Coord { x: mut x_end, y: mut y_end } = right;
    if x_end > width {
        y_end -= (x_end - width) * slope;
        x_end = width;
    }
    if x < 0.0 {
        y += (0.0 - x) * slope;
        x = 0.0;
    }
    // The end moves the wrong way where it lies below the window, but what is below is not drawn.
    if y_end > y {
        if y < 0.0 {
            x += (0.0 - y) / slope;
            y = 0.0;
        }
        if y_end >= height {
            x_end += (y_end - height) / slope;
        }
    } else {
        if y >= height {
            x += (height - y) / slope;
            y = height;
        }
        if y_end < 0.0 {
            x_end -= y_end / slope;
        }
    }
    x_end = x_end.min(width);
    // Whatever does not start in the window now does not enter it, but for the roundings of edges so
    // long that their slope means nothing, along which one might step forever.
    if slope.is_nan() || !(0.0..=height).contains(&y) {
        return;
    }
    while x >= 0.0 && x < x_end {
        let (row, column) = (y.floor(), x.floor());
        if (slope < 0.0 && row < 0.0) || (slope > 0.0 && row >= height) {
            break;
        }
        canvas.set(row as i64, column as i64);
        let step_x = (x + 1.0).floor() - x;
        let step_y = step_x * slope;
        if (y + step_y).floor() == row {
            x += step_x;
            y += step_y;
        } else {
            let step_y =
                if slope < 0.0 { (row - y).min(-LEAST_STEP) } else { (row + 1.0 - y).max(LEAST_STEP) };
            x += step_y / slope;
            // Beyond row 2^23 the least step is less than half an ulp, and would not advance.
            y = if slope < 0.0 { (y + step_y).min(y.next_down()) } else { (y + step_y).max(y.next_up()) };
        }
    }
}

/// Sets one pixel for each step along the longer axis: Bresenham's algorithm.
///
/// After `k` steps along the longer axis, the algorithm has gone
/// `⌈(2·k·shorter − longer) / (2·longer)⌉` along the shorter one, so that the part outside of the
/// window needs no stepping.
pub(super) fn trace(canvas: &mut Canvas, vertices: &[Coord<f64>]) {
    for pair in vertices.windows(2) {
        if ![pair[0].x, pair[0].y, pair[1].x, pair[1].y].iter().all(|value| value.is_finite()) {
            continue;
        }
        let pixel = |vertex: Coord<f64>| [vertex.x.floor() as i32, vertex.y.floor() as i32].map(i64::from);
        let (from, to) = (pixel(pair[0]), pixel(pair[1]));
        let delta = [(to[0] - from[0]).abs(), (to[1] - from[1]).abs()];
        let direction = [(to[0] - from[0]).signum(), (to[1] - from[1]).signum()];
        let (long, short) = if delta[0] >= delta[1] { (0, 1) } else { (1, 0) };
        let (longer, shorter) = (i128::from(delta[long]), i128::from(delta[short]));

        // The steps at which the longer axis lies inside the window.
        let last = [canvas.width, canvas.height][long] as i64 - 1;
        let (enter, leave) = if direction[long] < 0 {
            (from[long] - last, from[long])
        } else {
            (-from[long], last - from[long])
        };
        for k in enter.max(0)..=leave.min(delta[long]) {
            let across = match longer {
                0 => 0,
                _ => (2 * i128::from(k) * shorter + longer - 1).div_euclid(2 * longer),
            };
            let mut position = [0; 2];
            position[long] = from[long] + direction[long] * k;
            position[short] = from[short] + direction[short] * across as i64;
            canvas.set(position[1], position[0]);
        }
    }
}
