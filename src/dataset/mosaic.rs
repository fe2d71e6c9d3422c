//! Planes of one grid into one.

use super::DatasetError;
use crate::read::{PixelArray, Sample};
use half::f16;
use ndarray::{Array4, ArrayView1, ArrayView2};
use rasteret_schema::{DataType, PixelValue};
use rayon::prelude::*;
use std::fmt;
use std::str::FromStr;

/// How the records of one time are combined, pixel by pixel, from the samples that are valid.
///
/// A NaN that is valid gives way to any number: it is the result only where there is nothing else.
///
/// `first`, `last`, `min` and `max` give the data type of the samples, and are what `rasterio.merge.merge`
/// gives, except that validity is what the masks say: rasterio takes a pixel for empty that has come to
/// equal the nodata value, or 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mosaic {
    /// The first sample, in the order of the records' ids.
    #[default]
    First,
    /// The last sample.
    Last,
    /// The least sample.
    Min,
    /// The greatest sample.
    Max,
    /// The arithmetic mean: `float64` for integers, as of NumPy's `mean`, else the samples' own data type.
    /// Computed in double precision.
    Mean,
    /// The middle sample, or the mean of the two in the middle. Of the data type of [`Mosaic::Mean`].
    Median,
    /// How many samples there are, as `uint32`; 0 where there are none, so that every pixel is valid.
    Count,
}

impl Mosaic {
    /// Every method.
    pub const ALL: [Mosaic; 7] =
        [Mosaic::First, Mosaic::Last, Mosaic::Min, Mosaic::Max, Mosaic::Mean, Mosaic::Median, Mosaic::Count];

    /// The name, such as `first`.
    pub const fn name(self) -> &'static str {
        match self {
            Mosaic::First => "first",
            Mosaic::Last => "last",
            Mosaic::Min => "min",
            Mosaic::Max => "max",
            Mosaic::Mean => "mean",
            Mosaic::Median => "median",
            Mosaic::Count => "count",
        }
    }

    /// Data type of the result for samples of `dtype`.
    ///
    /// ```
    /// use rasteret::DataType;
    /// use rasteret::dataset::Mosaic;
    /// assert_eq!(Mosaic::First.dtype(DataType::UInt16), DataType::UInt16);
    /// assert_eq!(Mosaic::Mean.dtype(DataType::UInt16), DataType::Float64);
    /// assert_eq!(Mosaic::Median.dtype(DataType::Float32), DataType::Float32);
    /// ```
    pub const fn dtype(self, dtype: DataType) -> DataType {
        match self {
            Mosaic::First | Mosaic::Last | Mosaic::Min | Mosaic::Max => dtype,
            Mosaic::Mean | Mosaic::Median if dtype.is_float() => dtype,
            Mosaic::Mean | Mosaic::Median => DataType::Float64,
            Mosaic::Count => DataType::UInt32,
        }
    }
}

impl fmt::Display for Mosaic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mosaic {
    type Err = DatasetError;

    fn from_str(name: &str) -> Result<Self, DatasetError> {
        let known = Mosaic::ALL.into_iter().find(|mosaic| mosaic.name() == name);
        known.ok_or_else(|| DatasetError::NoSuchMosaic { name: name.to_owned() })
    }
}

/// Samples somewhere on the grid that they are combined on.
pub(super) struct Plane<'a, T> {
    /// `[H, W]`.
    pub pixels: ArrayView2<'a, T>,
    /// Of the same shape.
    pub valid: ArrayView2<'a, bool>,
    /// Row of the grid that the first row lies on.
    pub row: usize,
    /// Column of the grid that the first column lies on.
    pub column: usize,
}

impl<T> Plane<'_, T> {
    /// What lies on a row of the grid: samples, and their validity.
    fn row(&self, row: usize) -> Option<(ArrayView1<'_, T>, ArrayView1<'_, bool>)> {
        let row = row.checked_sub(self.row).filter(|row| *row < self.pixels.nrows())?;
        Some((self.pixels.row(row), self.valid.row(row)))
    }
}

/// A sample that can be combined.
pub(super) trait Value: Sample + PartialOrd + Send + Sync {
    fn is_nan(self) -> bool {
        self.partial_cmp(&self).is_none()
    }
}

impl<T: Sample + PartialOrd + Send + Sync> Value for T {}

/// A sample that means and medians are given as.
pub(super) trait Real: Value {
    fn from_f64(value: f64) -> Self;
}

impl Real for f16 {
    fn from_f64(value: f64) -> Self {
        f16::from_f64(value)
    }
}

impl Real for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

/// Combines the planes of each cell into one: `[T, G, H, W]`, where cell `t * G + g` holds the planes of
/// a time and a geometry, all within `H` × `W`. Also says which pixels got a value; the others keep `fill`,
/// a value of [`Mosaic::dtype`], or 0. Means and medians are given as `R`.
pub(super) fn combine<T: Value, R: Real>(
    mosaic: Mosaic,
    cells: &[Vec<Plane<'_, T>>],
    shape: [usize; 4],
    fill: Option<PixelValue>,
) -> (PixelArray, Array4<bool>)
where
    PixelArray: From<Array4<T>> + From<Array4<R>>,
{
    match mosaic {
        Mosaic::First => rows(cells, shape, fill, pick(|_: T, old: T| old.is_nan()), Option::take),
        Mosaic::Last => rows(cells, shape, fill, pick(|new: T, _| !new.is_nan()), Option::take),
        Mosaic::Min => rows(cells, shape, fill, pick(|new: T, old| new < old || old.is_nan()), Option::take),
        Mosaic::Max => rows(cells, shape, fill, pick(|new: T, old| new > old || old.is_nan()), Option::take),
        Mosaic::Mean => rows(cells, shape, fill, Mean::add::<T>, Mean::take::<R>),
        Mosaic::Median => rows(cells, shape, fill, Median::add::<T>, Median::take::<R>),
        Mosaic::Count => rows(cells, shape, fill, count::<T>, |count| Some(std::mem::take(count))),
    }
}

/// Makes each row of the result: `add` takes in the valid samples of a pixel one after the other, `take`
/// gives what they come to and leaves nothing behind.
fn rows<T: Value, A: Clone + Default, O: Value>(
    cells: &[Vec<Plane<'_, T>>],
    shape: [usize; 4],
    fill: Option<PixelValue>,
    add: impl Fn(&mut A, T) + Sync,
    take: impl Fn(&mut A) -> Option<O> + Sync,
) -> (PixelArray, Array4<bool>)
where
    PixelArray: From<Array4<O>>,
{
    let [_, _, height, width] = shape;
    let fill = fill.and_then(|fill| fill.to_sample(O::DTYPE));
    let fill = fill.map_or(O::zeroed(), |fill| bytemuck::pod_read_unaligned(fill.as_bytes()));
    let mut pixels = Array4::from_elem(shape, fill);
    let mut valid = Array4::from_elem(shape, false);
    // Both have just been made, in row-major order.
    let out = pixels.as_slice_mut().unwrap_or_default().par_chunks_exact_mut(width);
    let found = valid.as_slice_mut().unwrap_or_default().par_chunks_exact_mut(width);
    let state = || vec![A::default(); width];
    out.zip(found).enumerate().for_each_init(state, |state, (index, (out, found))| {
        for plane in &cells[index / height] {
            let Some((pixels, valid)) = plane.row(index % height) else { continue };
            let state = state.iter_mut().skip(plane.column);
            for ((state, pixel), _) in state.zip(pixels).zip(valid).filter(|(_, valid)| **valid) {
                add(state, *pixel);
            }
        }
        for ((state, out), found) in state.iter_mut().zip(out).zip(found) {
            if let Some(value) = take(state) {
                *out = value;
                *found = true;
            }
        }
    });
    (pixels.into(), valid)
}

/// One of the samples: the first, unless `wins(new, old)`.
fn pick<T: Copy>(wins: impl Fn(T, T) -> bool) -> impl Fn(&mut Option<T>, T) {
    move |picked, new| {
        if picked.is_none_or(|old| wins(new, old)) {
            *picked = Some(new);
        }
    }
}

fn count<T: Value>(count: &mut u32, new: T) {
    *count += u32::from(!new.is_nan());
}

/// A mean in the making.
#[derive(Debug, Clone, Default)]
struct Mean {
    sum: f64,
    count: u32,
    nan: bool,
}

impl Mean {
    fn add<T: Value>(&mut self, new: T) {
        if new.is_nan() {
            self.nan = true;
        } else {
            self.sum += new.to_value();
            self.count += 1;
        }
    }

    fn take<R: Real>(&mut self) -> Option<R> {
        let Mean { sum, count, nan } = std::mem::take(self);
        // 0 / 0 is NaN.
        (count > 0 || nan).then(|| R::from_f64(sum / f64::from(count)))
    }
}

/// A median in the making: the numbers so far. Its memory is used again for other pixels.
#[derive(Debug, Clone, Default)]
struct Median {
    values: Vec<f64>,
    nan: bool,
}

impl Median {
    fn add<T: Value>(&mut self, new: T) {
        if new.is_nan() {
            self.nan = true;
        } else {
            self.values.push(new.to_value());
        }
    }

    fn take<R: Real>(&mut self) -> Option<R> {
        let median = match self.values.len() {
            0 => self.nan.then_some(f64::NAN),
            count => {
                let (below, upper, _) = self.values.select_nth_unstable_by(count / 2, f64::total_cmp);
                let lower = below.iter().copied().max_by(f64::total_cmp);
                Some(if count % 2 == 1 { *upper } else { lower.unwrap_or(*upper).midpoint(*upper) })
            }
        };
        self.values.clear();
        self.nan = false;
        median.map(R::from_f64)
    }
}

#[cfg(test)]
mod tests;
