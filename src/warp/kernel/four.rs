//! Bilinear and cubic interpolation between neighbouring pixels, where the target is as fine as the source.

use super::{Kernel, Plane};
use crate::warp::sample::Value;

/// Below this much weight of valid pixels there is no value.
const LEAST_WEIGHT: f64 = 0.00001;

/// `GWKBilinearResampleNoMasks4SampleT`.
#[derive(Clone)]
pub(super) struct FastBilinear;

impl<T: Value> Kernel<T> for FastBilinear {
    #[inline(always)]
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, _: usize) -> Option<T> {
        let (column, row) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (ratio_x, ratio_y) = (1.5 - (x - column), 1.5 - (y - row));
        let (column, row) = (column as isize, row as isize);
        let is_inside =
            column >= 0 && row >= 0 && column + 1 < plane.width as isize && row + 1 < plane.height as isize;
        if is_inside {
            let index = row as usize * plane.stride + column as usize;
            let [a, b] = plane.run::<2>(index);
            let [c, d] = plane.run::<2>(index + plane.stride);
            let upper = a * ratio_x + b * (1.0 - ratio_x);
            let lower = c * ratio_x + d * (1.0 - ratio_x);
            return Some(T::from_f64(upper * ratio_y + lower * (1.0 - ratio_y)));
        }
        const ORDER: [(isize, isize); 4] = [(0, 0), (1, 0), (1, 1), (0, 1)];
        edge(plane, (column, row), (ratio_x, ratio_y), ORDER)
    }
}

/// `GWKBilinearResample4Sample`.
#[derive(Clone)]
pub(super) struct Bilinear;

impl<T: Value> Kernel<T> for Bilinear {
    #[inline(always)]
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, _: usize) -> Option<T> {
        const ORDER: [(isize, isize); 4] = [(0, 0), (1, 0), (0, 1), (1, 1)];
        let (column, row) = ((x - 0.5).floor(), (y - 0.5).floor());
        let side = |at: f64, place: f64| {
            if at == -1.0 { (0, 1.0) } else { (at as isize, 1.5 - (place - at)) }
        };
        let ((column, ratio_x), (row, ratio_y)) = (side(column, x), side(row, y));
        edge(plane, (column, row), (ratio_x, ratio_y), ORDER)
    }
}

/// The mean of those of the 2 × 2 pixels that are valid, added in the given order.
#[inline(always)]
fn edge<T: Value>(
    plane: &Plane<'_, T>,
    at: (isize, isize),
    ratio: (f64, f64),
    order: [(isize, isize); 4],
) -> Option<T> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (right, down) in order {
        let (column, row) = (at.0 + right, at.1 + down);
        if column < 0 || row < 0 || column >= plane.width as isize || row >= plane.height as isize {
            continue;
        }
        let index = row as usize * plane.stride + column as usize;
        if !plane.is_valid(index) {
            continue;
        }
        let weight_x = if right == 0 { ratio.0 } else { 1.0 - ratio.0 };
        let weight_y = if down == 0 { ratio.1 } else { 1.0 - ratio.1 };
        let weight = weight_x * weight_y;
        weights += weight;
        sum += plane.value(index) * weight;
    }
    if weights < LEAST_WEIGHT {
        None
    } else if weights == 1.0 {
        Some(T::from_f64(sum))
    } else {
        Some(T::from_f64(sum / weights))
    }
}

/// `GWKCubicComputeWeights`.
#[inline(always)]
fn cubic_weights(x: f64) -> [f64; 4] {
    let half = 0.5 * x;
    let three = 3.0 * x;
    let half_square = half * x;
    [
        half * (-1.0 + x * (2.0 - x)),
        1.0 + half_square * (-5.0 + three),
        half * (1.0 + x * (4.0 - three)),
        half_square * (-1.0 + x),
    ]
}

#[inline(always)]
fn dot(a: [f64; 4], b: [f64; 4]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
}

/// The index of the first of 4 × 4 pixels, and how far the point lies from the one after it; `None` at the
/// edge of the plane.
#[inline(always)]
fn four_by_four<T>(plane: &Plane<'_, T>, x: f64, y: f64) -> Option<(usize, f64, f64)> {
    let (column, row) = ((x - 0.5) as isize, (y - 0.5) as isize);
    let is_inside =
        column >= 1 && row >= 1 && column + 2 < plane.width as isize && row + 2 < plane.height as isize;
    is_inside.then(|| {
        let first = (row - 1) as usize * plane.stride + (column - 1) as usize;
        (first, x - 0.5 - column as f64, y - 0.5 - row as f64)
    })
}

/// `GWKCubicResampleNoMasks4SampleT`.
#[derive(Clone)]
pub(super) struct FastCubic;

impl<T: Value> Kernel<T> for FastCubic {
    #[inline(always)]
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, nearest: usize) -> Option<T> {
        let Some((first, delta_x, delta_y)) = four_by_four(plane, x, y) else {
            return FastBilinear.value(plane, x, y, nearest);
        };
        let weights = cubic_weights(delta_x);
        let [a, b, c, d] =
            std::array::from_fn(|row| dot(weights, plane.run::<4>(first + row * plane.stride)));
        let square = delta_y * delta_y;
        let cube = square * delta_y;
        let value = b + 0.5
            * (delta_y * (c - a)
                + square * (2.0 * a - 5.0 * b + 4.0 * c - d)
                + cube * (3.0 * (b - c) + d - a));
        Some(T::from_f64(value))
    }
}

/// `GWKCubicResample4Sample`: bilinear where any of the pixels is not valid.
#[derive(Clone)]
pub(super) struct Cubic;

impl<T: Value> Kernel<T> for Cubic {
    #[inline(always)]
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, nearest: usize) -> Option<T> {
        let Some((first, delta_x, delta_y)) = four_by_four(plane, x, y) else {
            return Bilinear.value(plane, x, y, nearest);
        };
        if !(0..4).all(|row| plane.is_valid_run::<4>(first + row * plane.stride)) {
            return Bilinear.value(plane, x, y, nearest);
        }
        let weights = cubic_weights(delta_x);
        let rows = std::array::from_fn(|row| dot(weights, plane.run::<4>(first + row * plane.stride)));
        Some(T::from_f64(dot(cubic_weights(delta_y), rows)))
    }
}
