//! From source pixels to the value of one target pixel.
//!
//! | file | methods |
//! | --- | --- |
//! | `four` | bilinear and cubic, from 2 × 2 and 4 × 4 pixels |
//! | `filter` | bilinear, cubic and cubic spline, from as many pixels as the scale asks for |
//! | `lanczos` | the windowed sinc |
//! | `area` | what is computed of all pixels that a target pixel covers |
//!
//! The source is GDAL's `alg/gdalwarpkernel.cpp`. Sums are in the order that they have there, so that
//! values that lie between two integers are rounded to the same one.

pub(super) mod area;
mod filter;
mod four;
mod lanczos;

use super::Method;
use super::sample::Value;
use filter::{BSpline, CubicConvolution, Triangle};

/// The source pixels that a kernel sees, of one band.
#[derive(Clone, Copy)]
pub(super) struct Plane<'a, T> {
    /// From the upper left one; a row is `stride` samples.
    pub(super) samples: &'a [T],
    /// Which of them are valid, where some are not.
    pub(super) valid: Option<&'a [bool]>,
    pub(super) stride: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl<T: Value> Plane<'_, T> {
    #[inline(always)]
    fn is_valid(&self, index: usize) -> bool {
        self.valid.is_none_or(|valid| valid[index])
    }

    #[inline(always)]
    fn is_valid_run<const N: usize>(&self, index: usize) -> bool {
        self.valid.is_none_or(|valid| valid[index..index + N].iter().all(|valid| *valid))
    }

    #[inline(always)]
    fn run<const N: usize>(&self, index: usize) -> [f64; N] {
        let samples = &self.samples[index..index + N];
        std::array::from_fn(|i| samples[i].to_f64())
    }

    #[inline(always)]
    fn value(&self, index: usize) -> f64 {
        self.samples[index].to_f64()
    }
}

/// Computes pixels from the surroundings of a point. Not shared between threads: it keeps its weights.
pub(super) trait Kernel<T>: Clone + Send + Sync {
    /// The value at `(x, y)` in pixels of the plane; `nearest` is the index of the pixel that it lies in.
    /// `None` where there is too little that is valid.
    fn value(&mut self, plane: &Plane<'_, T>, x: f64, y: f64, nearest: usize) -> Option<T>;
}

/// What is done with the [`Kernel`] of a method.
pub(super) trait WithKernel<T> {
    type Output;
    fn run(self, kernel: impl Kernel<T>) -> Self::Output;
}

/// Runs `action` with the kernel that GDAL would take. `is_plain` says that all source pixels are valid
/// and no value is to be avoided.
pub(super) fn with_kernel<T: Value, A: WithKernel<T>>(
    method: Method,
    scale: (f64, f64),
    size: (u32, u32),
    is_plain: bool,
    action: A,
) -> A::Output {
    let is_fast = is_plain && T::HAS_FAST_LOOPS;
    let is_fine = scale.0 >= 0.95 && scale.1 >= 0.95;
    let is_float = T::DTYPE.is_float();
    if !is_fast && (size.0 == 1 || size.1 == 1) {
        return action.run(Nearest);
    }
    match method {
        Method::Bilinear if is_fine && is_fast => action.run(four::FastBilinear),
        Method::Bilinear if is_fine => action.run(four::Bilinear),
        Method::Bilinear if is_fast => action.run(filter::Fast::<Triangle>::new(scale)),
        Method::Bilinear => action.run(filter::General::<Triangle>::new(scale)),
        Method::Cubic if is_fine && is_fast => action.run(four::FastCubic),
        Method::Cubic if is_fine => action.run(four::Cubic),
        Method::Cubic if is_fast => action.run(filter::Fast::<CubicConvolution>::new(scale)),
        Method::Cubic => action.run(filter::General::<CubicConvolution>::new(scale)),
        Method::CubicSpline if is_fast && !is_float => action.run(filter::Fast::<BSpline>::new(scale)),
        Method::CubicSpline => action.run(filter::General::<BSpline>::new(scale)),
        Method::Lanczos => action.run(lanczos::Lanczos::new(scale)),
        _ => action.run(Nearest),
    }
}

/// The pixel itself.
#[derive(Clone)]
pub(super) struct Nearest;

impl<T: Value> Kernel<T> for Nearest {
    #[inline(always)]
    fn value(&mut self, plane: &Plane<'_, T>, _: f64, _: f64, nearest: usize) -> Option<T> {
        plane.is_valid(nearest).then(|| plane.samples[nearest])
    }
}

/// The first and last tap of a kernel along one side, relative to `at`, without those beyond the plane.
#[inline(always)]
fn taps(at: isize, size: usize, first: isize, last: isize) -> (isize, isize) {
    (first.max(-at), last.min(size as isize - 1 - at))
}

/// How far a kernel of `radius` at full scale reaches, in source pixels.
fn reach(radius: u32, scale: f64) -> isize {
    let radius = f64::from(radius);
    // The cast saturates; the taps are cut at the plane's edges.
    (if scale < 1.0 { (radius / scale).ceil() } else { radius }) as isize
}
