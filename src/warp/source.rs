//! What goes in and what comes out.

use super::execute::{Band, Input, Output, warp_part};
use super::plan::{Cost, parts};
use super::sample::Value;
use super::transform::PixelTransform;
use super::{Grid, Method, WarpError};
use crate::read::{DEFAULT_MEMORY_LIMIT, PixelArray};
use half::f16;
use ndarray::Array4;
use rasteret_schema::{DataType, PixelValue, Window};
use rayon::prelude::*;

/// Pixels of a window of the source grid.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Which pixels of the grid these are.
    pub window: Window,
    /// `[1, C, H, W]`: bands, and the window's rows and columns.
    pub pixels: &'a PixelArray,
    /// Of the same shape: which samples are valid. All, where there is none.
    pub valid: Option<&'a Array4<bool>>,
    /// Samples of this value are not valid either.
    pub nodata: Option<PixelValue>,
    /// Whether a pixel is left out only where all its bands are invalid, and counts as valid in all
    /// bands elsewhere. `rasterio.warp.reproject` treats several bands so (`UNIFIED_SRC_NODATA=YES`); else each
    /// band is treated as if it were the only one.
    pub unified: bool,
}

impl<'a> Source<'a> {
    /// Pixels that are all valid.
    pub fn new(window: Window, pixels: &'a PixelArray) -> Self {
        Source { window, pixels, valid: None, nodata: None, unified: false }
    }
}

/// Pixels of a target grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Warped {
    /// Where they lie.
    pub grid: Grid,
    /// `[1, C, H, W]`.
    pub pixels: PixelArray,
    /// Of the same shape: which pixels have a value.
    pub valid: Array4<bool>,
    /// The value of the others. Where one was chosen, no computed integer is equal to it.
    pub fill: Option<PixelValue>,
}

impl Warped {
    /// Pixels without a value. They are `fill`, or else 0.
    ///
    /// # Errors
    /// Where `fill` is no value of the data type, or memory would not do.
    pub fn new(
        grid: &Grid,
        bands: usize,
        dtype: DataType,
        fill: Option<PixelValue>,
    ) -> Result<Warped, WarpError> {
        grid.check()?;
        let size = (grid.height as usize, grid.width as usize);
        let needed = (u64::from(grid.width) * u64::from(grid.height))
            .saturating_mul(bands as u64)
            .saturating_mul(dtype.size() as u64 + 1);
        let limit = DEFAULT_MEMORY_LIMIT;
        if needed > limit || usize::try_from(needed).is_err() {
            return Err(WarpError::TooLarge { needed, limit });
        }
        let shape = [1, bands, size.0, size.1];
        let mut pixels = PixelArray::zeros(dtype, shape);
        if let Some(fill) = fill {
            let sample = fill.to_sample(dtype).ok_or(WarpError::Fill { fill, dtype })?;
            sample.fill(pixels.as_bytes_mut());
        }
        Ok(Warped { grid: grid.clone(), pixels, valid: Array4::from_elem(shape, false), fill })
    }
}

/// The way from a source grid to a target grid: made once, it serves any number of bands and rasters.
#[derive(Debug, Clone)]
pub struct Warp {
    source: Grid,
    target: Grid,
    method: Method,
    transform: PixelTransform,
}

impl Warp {
    /// Fails where a grid cannot be, or nothing leads from one CRS to the other.
    pub fn new(source: &Grid, target: &Grid, method: Method) -> Result<Warp, WarpError> {
        source.check()?;
        target.check()?;
        let transform = PixelTransform::new(source, target)?;
        Ok(Warp { source: source.clone(), target: target.clone(), method, transform })
    }

    /// The source pixels that the target needs, with the reach of the method's kernel; `None` where the
    /// grids do not meet. With less, pixels at the edges of what is given are computed from what there is.
    ///
    /// # Errors
    /// [`WarpError::OutOfDomain`] where hardly any point of the target has coordinates in the source's CRS.
    pub fn source_window(&self) -> Result<Option<Window>, WarpError> {
        // Large targets are computed in parts, whose edges curve beyond those of the whole by less than this.
        const MARGIN: u32 = 2;
        let parts = self.parts(Cost { source: 0.0, target: 0.0 })?;
        let whole = parts.iter().map(|part| part.source).reduce(|a, b| {
            let (column, row) = (a.column.min(b.column), a.row.min(b.row));
            let (width, height) =
                (a.column_end().max(b.column_end()) - column, a.row_end().max(b.row_end()) - row);
            Window { column, row, width, height }
        });
        Ok(whole.and_then(|window| {
            let (column, row) = (window.column.saturating_sub(MARGIN), window.row.saturating_sub(MARGIN));
            let wider = Window {
                column,
                row,
                width: window.column_end() + MARGIN - column,
                height: window.row_end() + MARGIN - row,
            };
            wider.intersection(&self.source.whole())
        }))
    }

    /// The target's pixels from those of one source. `fill` is the value of those that have none, and of none that
    /// has one; where it is `None`, that is the source's nodata value, else 0 for want of another.
    pub fn warp(&self, source: &Source<'_>, fill: Option<PixelValue>) -> Result<Warped, WarpError> {
        let [_, bands, ..] = source.pixels.shape();
        let fill = fill.or_else(|| source.nodata.filter(|value| value.fits(source.pixels.dtype())));
        let mut target = Warped::new(&self.target, bands, source.pixels.dtype(), fill)?;
        self.warp_into(source, &mut target)?;
        Ok(target)
    }

    /// Sets those pixels of a target that have no value yet.
    ///
    /// # Errors
    /// Where arrays do not fit their grids or each other, or nothing can be transformed.
    pub fn warp_into(&self, source: &Source<'_>, target: &mut Warped) -> Result<(), WarpError> {
        let [_, bands, ..] = source.pixels.shape();
        let size = |width: u32, height: u32| [1, bands, height as usize, width as usize];
        let source_shape = size(source.window.width, source.window.height);
        let target_shape = size(self.target.width, self.target.height);
        check("source pixels", source.pixels.shape(), source_shape)?;
        if let Some(valid) = source.valid {
            check("source validity", valid.dim().into(), source_shape)?;
        }
        check("target pixels", target.pixels.shape(), target_shape)?;
        check("target validity", target.valid.dim().into(), target_shape)?;
        if source.window.intersection(&self.source.whole()) != Some(source.window) {
            let what = Window::new(0, 0, self.source.width, self.source.height);
            return Err(WarpError::Shape {
                what: "source window",
                shape: size(source.window.column_end(), source.window.row_end()),
                expected: size(what.width, what.height),
            });
        }
        let (source_type, target_type) = (source.pixels.dtype(), target.pixels.dtype());
        if source_type != target_type {
            return Err(WarpError::DataType { source_type, target_type });
        }
        match source_type {
            DataType::UInt8 => self.run::<u8>(source, target),
            DataType::Int8 => self.run::<i8>(source, target),
            DataType::UInt16 => self.run::<u16>(source, target),
            DataType::Int16 => self.run::<i16>(source, target),
            DataType::UInt32 => self.run::<u32>(source, target),
            DataType::Int32 => self.run::<i32>(source, target),
            DataType::UInt64 => self.run::<u64>(source, target),
            DataType::Int64 => self.run::<i64>(source, target),
            DataType::Float16 => self.run::<f16>(source, target),
            DataType::Float32 => self.run::<f32>(source, target),
            DataType::Float64 => self.run::<f64>(source, target),
        }
    }

    fn run<T: Value>(&self, source: &Source<'_>, target: &mut Warped) -> Result<(), WarpError> {
        let [_, bands, ..] = source.pixels.shape();
        let as_value = |value: PixelValue| {
            value.to_sample(T::DTYPE).map(|sample| bytemuck::pod_read_unaligned::<T>(sample.as_bytes()))
        };
        let bytes = source.pixels.to_bytes();
        let samples: &[T] = bytemuck::cast_slice(&bytes);
        let mask = source.valid.map(|valid| valid.as_standard_layout());
        let mask = mask.as_ref().and_then(|mask| mask.as_slice());
        let valid = validity(samples, mask, source.nodata.and_then(as_value), bands, source.unified);
        let plane = source.window.pixels() as usize;
        let input = Input {
            window: source.window,
            bands: samples
                .chunks_exact(plane)
                .zip(&valid)
                .map(|(samples, valid)| Band { samples, valid: valid.as_deref() })
                .collect(),
        };
        let bits = |has_mask: bool| (T::DTYPE.size() as f64 * 8.0 + f64::from(has_mask)) * bands as f64;
        let cost = Cost { source: bits(source.nodata.is_some()), target: bits(target.fill.is_some()) };
        let mut output = Output {
            width: target.grid.width as usize,
            height: target.grid.height as usize,
            pixels: bytemuck::cast_slice_mut(target.pixels.as_bytes_mut()),
            valid: target.valid.as_slice_mut().unwrap_or_default(),
            nodata: target.fill.and_then(as_value),
        };
        for part in self.parts(cost)? {
            warp_part(&self.transform, self.method, part, &input, &mut output)?;
        }
        Ok(())
    }

    fn parts(&self, cost: Cost) -> Result<Vec<super::plan::Part>, WarpError> {
        parts(&self.source, &self.target, &self.transform, self.method, cost)
    }
}

fn check(what: &'static str, shape: [usize; 4], expected: [usize; 4]) -> Result<(), WarpError> {
    if shape == expected { Ok(()) } else { Err(WarpError::Shape { what, shape, expected }) }
}

/// For each band, which samples are valid, where some are not.
fn validity<T: Value>(
    samples: &[T],
    mask: Option<&[bool]>,
    nodata: Option<T>,
    bands: usize,
    unified: bool,
) -> Vec<Option<Vec<bool>>> {
    let plane = samples.len() / bands.max(1);
    let ranges = (0..bands).map(|band| band * plane..(band + 1) * plane);
    let mut all: Vec<Option<Vec<bool>>> = ranges
        .map(|range| band_validity(&samples[range.clone()], mask.map(|mask| &mask[range]), nodata))
        .collect();
    if unified && bands > 1 {
        let merged = all.iter().cloned().reduce(|a, b| {
            let (mut a, b) = (a?, b?);
            a.iter_mut().zip(b).for_each(|(a, b)| *a |= b);
            Some(a)
        });
        let merged = merged.flatten().filter(|valid| valid.iter().any(|valid| !valid));
        all.fill(merged);
    }
    all
}

fn band_validity<T: Value>(samples: &[T], mask: Option<&[bool]>, nodata: Option<T>) -> Option<Vec<bool>> {
    /// Samples that a thread takes at a time.
    const CHUNK: usize = 1 << 16;
    if mask.is_none() && nodata.is_none() {
        return None;
    }
    let mut valid = mask.map_or_else(|| vec![true; samples.len()], <[bool]>::to_vec);
    let chunks = valid.par_chunks_mut(CHUNK).zip(samples.par_chunks(CHUNK));
    let has_holes = chunks.map(|(valid, samples)| {
        if let Some(nodata) = nodata {
            valid.iter_mut().zip(samples).for_each(|(valid, sample)| *valid &= !sample.is_nodata(nodata));
        }
        valid.contains(&false)
    });
    has_holes.reduce(|| false, |a, b| a | b).then_some(valid)
}
