//! `GWKResampleOptimizedLanczos`.

use super::{Kernel, Plane, reach, taps};
use crate::warp::sample::Value;
use std::f64::consts::PI;

const RADIUS: u32 = 3;

/// The windowed sinc of radius 3.
#[derive(Clone)]
pub(super) struct Lanczos {
    x: Side,
    y: Side,
}

/// Columns or rows.
#[derive(Clone)]
struct Side {
    scale: f64,
    reach: isize,
    /// Cosine and sine of π·scale and of a third of it.
    step: [f64; 4],
    weights: Vec<f64>,
}

impl Lanczos {
    pub(super) fn new(scale: (f64, f64)) -> Self {
        Lanczos { x: Side::new(scale.0), y: Side::new(scale.1) }
    }
}

impl<T: Value> Kernel<T> for Lanczos {
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, _: usize) -> Option<T> {
        let (column, first) = self.x.set_weights(x, plane.width)?;
        let (row, first_row) = self.y.set_weights(y, plane.height)?;
        let (xs, ys) = (&self.x.weights, &self.y.weights);
        let row_at = |j: usize| {
            let index = (row + first_row + j as isize) as usize * plane.stride + (column + first) as usize;
            index..index + xs.len()
        };
        let Some(valid) = plane.valid else {
            let total = xs.iter().fold(0.0, |a, b| a + b) * ys.iter().fold(0.0, |a, b| a + b);
            let sum = ys.iter().enumerate().fold(0.0, |sum, (j, weight)| {
                let samples = plane.samples[row_at(j)].iter().zip(xs);
                sum + samples.fold(0.0, |sum, (sample, weight)| sum + sample.to_f64() * weight) * weight
            });
            return normalised(sum, total);
        };
        let (mut sum, mut total, mut count) = (0.0, 0.0, 0);
        for (j, weight_y) in ys.iter().enumerate() {
            let samples = plane.samples[row_at(j)].iter().zip(&valid[row_at(j)]);
            for ((sample, _), weight_x) in samples.zip(xs).filter(|((_, valid), _)| **valid) {
                let weight = weight_y * weight_x;
                sum += sample.to_f64() * weight;
                total += weight;
                count += 1;
            }
        }
        if count < ys.len() * xs.len() / 2 { None } else { normalised(sum, total) }
    }
}

/// The mean, where there is enough weight for one.
#[inline(always)]
fn normalised<T: Value>(sum: f64, weight: f64) -> Option<T> {
    if weight < 0.000001 {
        None
    } else if weight < 0.99999 || weight > 1.00001 {
        Some(T::from_f64(sum * (1.0 / weight)))
    } else {
        Some(T::from_f64(sum))
    }
}

impl Side {
    fn new(scale: f64) -> Self {
        let cosine_third = (PI / 3.0 * scale).cos();
        let sine_third = (1.0 - cosine_third * cosine_third).sqrt();
        let cosine = (4.0 * cosine_third * cosine_third - 3.0) * cosine_third;
        let sine = (1.0 - cosine * cosine).sqrt();
        Side {
            scale,
            reach: reach(RADIUS, scale),
            step: [cosine, sine, cosine_third, sine_third],
            weights: Vec::new(),
        }
    }

    /// The pixel that the kernel stands on, and the first tap relative to it. `None` where the plane has no
    /// pixel within its reach.
    fn set_weights(&mut self, place: f64, size: usize) -> Option<(isize, isize)> {
        let at = (place - 0.5).floor();
        let delta = place - 0.5 - at;
        let at = at as isize;
        let (mut first, mut last) = taps(at, size, -self.reach, self.reach);
        let scale = self.scale.min(1.0);
        let radius = f64::from(RADIUS);
        while first <= last && (first as f64 - delta) * scale < -radius {
            first += 1;
        }
        while first <= last && (last as f64 - delta) * scale > radius {
            last -= 1;
        }
        if first > last {
            return None;
        }
        self.weights.clear();
        if self.scale < 1.0 {
            self.scaled(first, last, delta)
        } else {
            self.whole(first, last, delta)
        }
        Some((at, first))
    }

    /// By the addition theorems, from one tap to the next.
    fn scaled(&mut self, first: isize, last: isize, delta: f64) {
        const THREE_PI_PI: f64 = 3.0 * PI * PI;
        let [step_cosine, step_sine, step_cosine_third, step_sine_third] = self.step;
        let mut x = (first as f64 - delta) * self.scale;
        let third = PI / 3.0 * x;
        let (mut cosine_third, mut sine_third) = (third.cos(), third.sin());
        let mut sine = (3.0 - 4.0 * sine_third * sine_third) * sine_third;
        let mut cosine = (4.0 * cosine_third * cosine_third - 3.0) * cosine_third;
        for tap in first..=last {
            if tap > first {
                x += self.scale;
                let new_sine = sine * step_cosine + cosine * step_sine;
                let new_sine_third = sine_third * step_cosine_third + cosine_third * step_sine_third;
                let new_cosine = cosine * step_cosine - sine * step_sine;
                let new_cosine_third = cosine_third * step_cosine_third - sine_third * step_sine_third;
                (sine, cosine) = (new_sine, new_cosine);
                (sine_third, cosine_third) = (new_sine_third, new_cosine_third);
            }
            self.weights.push(if x == 0.0 { 1.0 } else { THREE_PI_PI * sine * sine_third / (x * x) });
        }
    }

    /// At full scale, the product of both sines has one of three values.
    fn whole(&mut self, first: isize, last: isize, delta: f64) {
        const SINE_OF_THIRD: f64 = 0.866_025_403_784_438_6;
        let sine_third = ((-PI / 3.0) * delta).sin();
        let square = sine_third * sine_third;
        let cosine_third = (1.0 - square).sqrt();
        let sine = (3.0 - 4.0 * square) * sine_third;
        let factor = (3.0 / (PI * PI)) * sine;
        let half = -0.5 * factor * sine_third;
        let other = SINE_OF_THIRD * factor * cosine_third;
        let products = [factor * sine_third, half - other, half + other];
        self.weights.extend((first..=last).map(|tap| {
            let x = tap as f64 - delta;
            if x == 0.0 { 1.0 } else { products[((tap + 3) % 3) as usize] / (x * x) }
        }));
    }
}
