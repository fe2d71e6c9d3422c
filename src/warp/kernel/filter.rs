//! Separable kernels whose width follows the scale, so that nothing is passed over where the target is
//! coarser than the source.

use super::four::FastBilinear;
use super::{Kernel, Plane, reach, taps};
use crate::warp::sample::Value;
use std::marker::PhantomData;

/// The shape of a kernel.
pub(super) trait Filter: Clone + Send + Sync {
    /// How far it reaches at full scale.
    const RADIUS: u32;
    /// The weight of a pixel at a distance; the sum over all pixels may be any number.
    fn weight(x: f64) -> f64;
}

/// `GWKBilinear`.
#[derive(Clone)]
pub(super) struct Triangle;

impl Filter for Triangle {
    const RADIUS: u32 = 1;
    #[inline(always)]
    fn weight(x: f64) -> f64 {
        let x = x.abs();
        if x <= 1.0 { 1.0 - x } else { 0.0 }
    }
}

/// `GWKCubic`.
#[derive(Clone)]
pub(super) struct CubicConvolution;

impl Filter for CubicConvolution {
    const RADIUS: u32 = 2;
    #[inline(always)]
    fn weight(x: f64) -> f64 {
        let distance = x.abs();
        let square = x * x;
        if distance <= 1.0 {
            square * (1.5 * distance - 2.5) + 1.0
        } else if distance <= 2.0 {
            square * (-0.5 * distance + 2.5) - 4.0 * distance + 2.0
        } else {
            0.0
        }
    }
}

/// `GWKBSpline`: six times the spline.
#[derive(Clone)]
pub(super) struct BSpline;

impl Filter for BSpline {
    const RADIUS: u32 = 2;
    #[inline(always)]
    fn weight(x: f64) -> f64 {
        let (after_two, after_one, before_one) = (x + 2.0, x + 1.0, x - 1.0);
        if after_two <= 0.0 {
            return 0.0;
        }
        let mut right = 0.0;
        if after_one > 0.0 {
            let mut inner = 0.0;
            if x > 0.0 {
                let outer = if before_one > 0.0 { -4.0 * before_one * before_one * before_one } else { 0.0 };
                inner = outer + 6.0 * x * x * x;
            }
            right = inner + -4.0 * after_one * after_one * after_one;
        }
        right + after_two * after_two * after_two
    }
}

/// `GWKResampleNoMasks_SSE2_T`: four columns and four rows at a time.
#[derive(Clone)]
pub(super) struct Fast<F> {
    scale: (f64, f64),
    reach: (isize, isize),
    weights: Vec<f64>,
    filter: PhantomData<F>,
}

impl<F: Filter> Fast<F> {
    pub(super) fn new(scale: (f64, f64)) -> Self {
        Fast {
            scale: (scale.0.min(1.0), scale.1.min(1.0)),
            reach: (reach(F::RADIUS, scale.0), reach(F::RADIUS, scale.1)),
            weights: Vec::new(),
            filter: PhantomData,
        }
    }
}

impl<T: Value, F: Filter> Kernel<T> for Fast<F> {
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, nearest: usize) -> Option<T> {
        let (column, row) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (delta_x, delta_y) = (x - 0.5 - column, y - 0.5 - row);
        let (column, row) = (column as isize, row as isize);
        let (width, height) = (plane.width as isize, plane.height as isize);
        if column >= width || row >= height || self.reach.0 > width || self.reach.1 > height {
            return FastBilinear.value(plane, x, y, nearest);
        }
        let (first, last) = taps(column, plane.width, 1 - self.reach.0, self.reach.0);
        let sum_x = self.set_weights(first, last, delta_x);
        let (first_row, last_row) = taps(row, plane.height, 1 - self.reach.1, self.reach.1);
        let start = (column + first) as usize;
        let count = self.weights.len();
        let samples = |j: isize| {
            let index = (row + j) as usize * plane.stride + start;
            &plane.samples[index..index + count]
        };
        let (mut sum, mut sum_y) = (0.0, 0.0);
        let mut j = first_row;
        while j + 2 < last_row {
            let mut weights = [(j as f64 - delta_y) * self.scale.1; 4];
            for i in 1..4 {
                weights[i] = weights[i - 1] + self.scale.1;
            }
            let weights = weights.map(F::weight);
            sum_y += weights[0] + weights[1] + weights[2] + weights[3];
            for (i, weight) in weights.into_iter().enumerate() {
                sum += weight * row_of_block(samples(j + i as isize), &self.weights);
            }
            j += 4;
        }
        while j <= last_row {
            let weight = F::weight((j as f64 - delta_y) * self.scale.1);
            sum += weight * single_row(samples(j), &self.weights);
            sum_y += weight;
            j += 1;
        }
        Some(T::from_f64(sum / (sum_x * sum_y)))
    }
}

impl<F: Filter> Fast<F> {
    /// Sets the weights of columns, and gives their sum.
    #[inline(always)]
    fn set_weights(&mut self, first: isize, last: isize, delta: f64) -> f64 {
        let scale = self.scale.0;
        self.weights.clear();
        let mut sum = 0.0;
        let mut i = first;
        while i + 2 < last {
            let mut weights = [(i as f64 - delta) * scale; 4];
            for i in 1..4 {
                weights[i] = weights[i - 1] + scale;
            }
            let weights = weights.map(F::weight);
            sum += weights[0] + weights[1] + weights[2] + weights[3];
            self.weights.extend(weights);
            i += 4;
        }
        while i <= last {
            let weight = F::weight((i as f64 - delta) * scale);
            sum += weight;
            self.weights.push(weight);
            i += 1;
        }
        sum
    }
}

/// The sum of a row of a block of four.
#[inline(always)]
fn row_of_block<T: Value>(samples: &[T], weights: &[f64]) -> f64 {
    let (mut lanes, samples, weights) = lanes(samples, weights);
    if samples.len() >= 2 {
        lanes[0] += samples[0].to_f64() * weights[0];
        lanes[1] += samples[1].to_f64() * weights[1];
    }
    let mut sum = horizontal(lanes);
    if samples.len() % 2 == 1 {
        let last = samples.len() - 1;
        sum += samples[last].to_f64() * weights[last];
    }
    sum
}

/// The sum of a row outside of such blocks.
#[inline(always)]
fn single_row<T: Value>(samples: &[T], weights: &[f64]) -> f64 {
    let (lanes, samples, weights) = lanes(samples, weights);
    samples
        .iter()
        .zip(weights)
        .fold(horizontal(lanes), |sum, (sample, weight)| sum + sample.to_f64() * weight)
}

/// Sums of every fourth product, and what is left.
#[inline(always)]
fn lanes<'a, T: Value>(samples: &'a [T], weights: &'a [f64]) -> ([f64; 4], &'a [T], &'a [f64]) {
    let (blocks, rest) = samples.as_chunks::<4>();
    let (weight_blocks, weight_rest) = weights.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for (samples, weights) in blocks.iter().zip(weight_blocks) {
        for lane in 0..4 {
            lanes[lane] += samples[lane].to_f64() * weights[lane];
        }
    }
    (lanes, rest, weight_rest)
}

#[inline(always)]
fn horizontal(lanes: [f64; 4]) -> f64 {
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
}

/// `GWKResample`: without what is not valid.
#[derive(Clone)]
pub(super) struct General<F> {
    scale: (f64, f64),
    reach: (isize, isize),
    weights: Vec<f64>,
    filter: PhantomData<F>,
}

impl<F: Filter> General<F> {
    pub(super) fn new(scale: (f64, f64)) -> Self {
        General {
            scale: (scale.0.min(1.0), scale.1.min(1.0)),
            reach: (reach(F::RADIUS, scale.0), reach(F::RADIUS, scale.1)),
            weights: Vec::new(),
            filter: PhantomData,
        }
    }
}

impl<T: Value, F: Filter> Kernel<T> for General<F> {
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, _: usize) -> Option<T> {
        let (column, row) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (delta_x, delta_y) = (x - 0.5 - column, y - 0.5 - row);
        let (column, row) = (column as isize, row as isize);
        // Where the radius is odd, the kernel begins a pixel earlier.
        let begin = (F::RADIUS as isize + 1) % 2;
        let (first, last) = taps(column, plane.width, begin - self.reach.0, self.reach.0);
        let (first_row, last_row) = taps(row, plane.height, begin - self.reach.1, self.reach.1);
        self.weights.clear();
        self.weights.extend((first..=last).map(|i| F::weight((i as f64 - delta_x) * self.scale.0)));
        let (mut sum, mut total) = (0.0, 0.0);
        for j in first_row..=last_row {
            let index = (row + j) as usize * plane.stride + (column + first) as usize;
            let range = index..index + self.weights.len();
            let samples = plane.samples[range.clone()].iter().zip(&self.weights);
            let (mut row_sum, mut row_total) = (0.0, 0.0);
            let mut add = |(sample, weight): (&T, &f64)| {
                row_sum += sample.to_f64() * weight;
                row_total += weight;
            };
            match plane.valid {
                None => samples.for_each(&mut add),
                Some(valid) => {
                    let valid = samples.zip(&valid[range]).filter(|(_, valid)| **valid);
                    valid.map(|(pair, _)| pair).for_each(&mut add);
                }
            }
            let weight = F::weight((j as f64 - delta_y) * self.scale.1);
            sum += row_sum * weight;
            total += row_total * weight;
        }
        if total < 0.000001 {
            None
        } else if total < 0.99999 || total > 1.00001 {
            Some(T::from_f64(sum / total))
        } else {
            Some(T::from_f64(sum))
        }
    }
}
