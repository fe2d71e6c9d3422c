//! What is computed of all pixels that a target pixel covers (`GWKAverageOrModeThread`).

use super::Plane;
use crate::warp::Method;
use crate::warp::sample::Value;
use std::collections::HashMap;

/// How far beyond a pixel's edge a coordinate may lie and still be on it.
const EPSILON: f64 = 1e-10;

/// The source pixels that a target pixel covers.
#[derive(Debug, Clone, Copy)]
pub(in crate::warp) struct Cover {
    x: Extent,
    y: Extent,
}

/// Columns or rows, from the first to before the last.
#[derive(Debug, Clone, Copy)]
struct Extent {
    first: usize,
    last: usize,
    from: f64,
    to: f64,
}

impl Cover {
    /// The pixels between two corners of a target pixel, in pixels of a plane of the given size. Where the
    /// source wraps around the globe, the greater x lies beyond its width. `None` beside the plane.
    pub(in crate::warp) fn new(
        (from_x, to_x): (f64, f64),
        (from_y, to_y): (f64, f64),
        (width, height): (usize, usize),
        wraps: bool,
    ) -> Option<Cover> {
        let x = Extent::new(from_x, to_x, width, if wraps { 2 * width } else { width })?;
        let y = Extent::new(from_y, to_y, height, height)?;
        Some(Cover { x, y })
    }
}

impl Extent {
    fn new(from: f64, to: f64, size: usize, end: usize) -> Option<Extent> {
        let is_beside = !(to > -EPSILON && from < size as f64 + EPSILON);
        if is_beside {
            return None;
        }
        // The casts saturate, and what is clipped fits.
        let first = (from + EPSILON).floor().max(0.0) as usize;
        let mut last = ((to - EPSILON).ceil().max(0.0) as usize).min(end);
        if first == last && last < size {
            last += 1;
        }
        Some(Extent { first, last, from, to })
    }

    /// How much of a column or row is covered.
    #[inline(always)]
    fn weight(&self, at: usize) -> f64 {
        if at == self.first {
            if self.first + 1 == self.last { 1.0 } else { 1.0 - (self.from - self.first as f64) }
        } else if at + 1 == self.last {
            1.0 - (self.last as f64 - self.to)
        } else {
            1.0
        }
    }
}

/// Something that is computed of values one after the other.
pub(in crate::warp) trait Statistic<T>: Send + Sync {
    /// Whether the values' weights matter.
    const WEIGHTED: bool = false;
    /// A new one of the same kind.
    fn fresh(&self) -> Self;
    fn add(&mut self, value: T, weight: f64);
    /// The result, after which the next pixel begins; `None` where nothing was added.
    fn finish(&mut self) -> Option<T>;
}

/// The statistic of the valid pixels under a cover.
#[inline(always)]
pub(in crate::warp) fn reduce<T: Value, S: Statistic<T>>(
    plane: &Plane<'_, T>,
    cover: &Cover,
    statistic: &mut S,
) -> Option<T> {
    for row in cover.y.first..cover.y.last {
        let weight_y = if S::WEIGHTED { cover.y.weight(row) } else { 1.0 };
        let mut add = |column: usize, sample: T| {
            let weight = if S::WEIGHTED { weight_y * cover.x.weight(column) } else { 1.0 };
            statistic.add(sample, weight);
        };
        let start = row * plane.stride;
        if plane.valid.is_none() && cover.x.last <= plane.width {
            let columns = cover.x.first..cover.x.last.max(cover.x.first);
            let samples = &plane.samples[start + columns.start..start + columns.end];
            columns.zip(samples).for_each(|(column, sample)| add(column, *sample));
            continue;
        }
        for column in cover.x.first..cover.x.last {
            let index = start + if column < plane.width { column } else { column % plane.width };
            if plane.is_valid(index) {
                add(column, plane.samples[index]);
            }
        }
    }
    statistic.finish()
}

/// What is done with the [`Statistic`] of a method.
pub(in crate::warp) trait WithStatistic<T> {
    type Output;
    fn run(self, statistic: impl Statistic<T>) -> Self::Output;
}

/// Runs `action` with the statistic of a method, if it has one.
pub(in crate::warp) fn with_statistic<T: Value, A: WithStatistic<T>>(
    method: Method,
    action: A,
) -> Result<A::Output, A> {
    Ok(match method {
        Method::Average => action.run(Average::default()),
        Method::Mode if T::FEW_VALUES => action.run(CountedMode::<T>::default()),
        Method::Mode => action.run(Mode { counts: HashMap::new(), best: None::<(T, u32)> }),
        Method::Max => {
            action.run(Extreme { is_better: |new, old| new > old, start: f64::MIN, best: None::<T> })
        }
        Method::Min => {
            action.run(Extreme { is_better: |new, old| new < old, start: f64::MAX, best: None::<T> })
        }
        Method::Med => action.run(Quantile { part: 0.5, values: Vec::<T>::new() }),
        Method::Q1 => action.run(Quantile { part: 0.25, values: Vec::<T>::new() }),
        Method::Q3 => action.run(Quantile { part: 0.75, values: Vec::<T>::new() }),
        _ => return Err(action),
    })
}

/// The weighted mean, corrected with every value.
#[derive(Default)]
struct Average {
    mean: f64,
    weight: f64,
}

impl<T: Value> Statistic<T> for Average {
    const WEIGHTED: bool = true;

    fn fresh(&self) -> Self {
        Average::default()
    }

    #[inline(always)]
    fn add(&mut self, value: T, weight: f64) {
        if weight > 0.0 {
            self.weight += weight;
            self.mean += (weight / self.weight) * (value.to_f64() - self.mean);
        }
    }

    #[inline(always)]
    fn finish(&mut self) -> Option<T> {
        let Average { mean, weight } = std::mem::take(self);
        (weight > 0.0).then(|| T::from_f64(mean))
    }
}

/// The most frequent value.
struct Mode<T> {
    counts: HashMap<u64, u32>,
    best: Option<(T, u32)>,
}

impl<T: Value> Mode<T> {
    fn count(&mut self, value: T, count: u32) {
        if self.best.is_none_or(|(_, most)| count > most) {
            self.best = Some((value, count));
        }
    }
}

impl<T: Value> Statistic<T> for Mode<T> {
    fn fresh(&self) -> Self {
        Mode { counts: HashMap::new(), best: None }
    }

    fn add(&mut self, value: T, _: f64) {
        // Each NaN is a value of its own.
        let is_nan = value.partial_cmp(&value).is_none();
        let count = if is_nan {
            1
        } else {
            let count = self.counts.entry(value.bits()).or_default();
            *count += 1;
            *count
        };
        self.count(value, count);
    }

    fn finish(&mut self) -> Option<T> {
        self.counts.clear();
        self.best.take().map(|(value, _)| value)
    }
}

/// The most frequent of few values.
struct CountedMode<T> {
    counts: Vec<u32>,
    seen: Vec<T>,
    best: Option<(T, u32)>,
}

impl<T> Default for CountedMode<T> {
    fn default() -> Self {
        CountedMode { counts: vec![0; 1 << (8 * size_of::<T>())], seen: Vec::new(), best: None }
    }
}

impl<T: Value> Statistic<T> for CountedMode<T> {
    fn fresh(&self) -> Self {
        CountedMode::default()
    }

    #[inline(always)]
    fn add(&mut self, value: T, _: f64) {
        let count = &mut self.counts[value.index()];
        *count += 1;
        if *count == 1 {
            self.seen.push(value);
        }
        if self.best.is_none_or(|(_, most)| *count > most) {
            self.best = Some((value, *count));
        }
    }

    #[inline(always)]
    fn finish(&mut self) -> Option<T> {
        for value in self.seen.drain(..) {
            self.counts[value.index()] = 0;
        }
        self.best.take().map(|(value, _)| value)
    }
}

/// The greatest or least value; NaN is neither.
struct Extreme<T, F> {
    is_better: F,
    /// What there is where all values are NaN.
    start: f64,
    best: Option<T>,
}

impl<T: Value, F: Fn(T, T) -> bool + Copy + Send + Sync> Statistic<T> for Extreme<T, F> {
    fn fresh(&self) -> Self {
        Extreme { is_better: self.is_better, start: self.start, best: None }
    }

    #[inline(always)]
    fn add(&mut self, value: T, _: f64) {
        let best = self.best.get_or_insert_with(|| {
            let is_nan = value.partial_cmp(&value).is_none();
            if is_nan { T::from_f64(self.start) } else { value }
        });
        if (self.is_better)(value, *best) {
            *best = value;
        }
    }

    #[inline(always)]
    fn finish(&mut self) -> Option<T> {
        self.best.take()
    }
}

/// The value below which a part of all values lies.
struct Quantile<T> {
    part: f32,
    values: Vec<T>,
}

impl<T: Value> Statistic<T> for Quantile<T> {
    fn fresh(&self) -> Self {
        Quantile { part: self.part, values: Vec::new() }
    }

    #[inline(always)]
    fn add(&mut self, value: T, _: f64) {
        self.values.push(value);
    }

    fn finish(&mut self) -> Option<T> {
        if self.values.is_empty() {
            return None;
        }
        // In single precision, as in GDAL.
        let index = (self.part * self.values.len() as f32 - 1.0).ceil().max(0.0) as usize;
        let index = index.min(self.values.len() - 1);
        let (_, value, _) = self
            .values
            .select_nth_unstable_by(index, |a, b| a.partial_cmp(b).unwrap_or_else(|| nan_last(*a, *b)));
        let value = *value;
        self.values.clear();
        Some(value)
    }
}

fn nan_last<T: Value>(a: T, b: T) -> std::cmp::Ordering {
    a.to_f64().is_nan().cmp(&b.to_f64().is_nan())
}
