//! The one shape, data type and CRS of an array.

use super::band::SceneBand;
use super::request::ReadOptions;
use super::scene::Scene;
use crate::error::{Error, Result};
use rasteret_schema::{Crs, DataType, PixelValue};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What all planes of an array have in common, whatever record and band it is of.
pub struct Layout {
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
    /// Of all samples.
    pub dtype: DataType,
    /// Of all pixels.
    pub crs: Crs,
    /// The nodata value, where all planes have the same.
    pub nodata: Option<PixelValue>,
}

impl Layout {
    /// Finds what the scenes have in common.
    ///
    /// # Errors
    ///
    /// If they do not have one shape, CRS and data type, the fill value does not fit, or the array
    /// would exceed the memory limit.
    pub fn new(scenes: &[Scene], options: &ReadOptions) -> Result<Self> {
        let crs = single(scenes.iter().map(|scene| (scene.grid.crs.clone(), &scene.record.id)), |crs| {
            crs.to_string()
        })
        .map_err(|systems| Error::SeveralCrs { systems })?;
        let (height, width) = single(
            scenes.iter().map(|scene| ((scene.grid.height, scene.grid.width), &scene.record.id)),
            |(h, w)| format!("{h} × {w}"),
        )
        .map_err(|shapes| Error::ShapeMismatch { shapes })?;
        let dtype = data_type(scenes.iter().flat_map(|scene| &scene.record.bands), options)?;
        let mut nodata = scenes.iter().flat_map(|scene| &scene.record.bands).map(|band| band.nodata);
        let first = nodata.next().flatten();
        let layout = Layout {
            shape: [scenes.len(), scenes[0].record.bands.len(), height as usize, width as usize],
            dtype,
            crs,
            nodata: first.filter(|_| nodata.all(|other| same_nodata(first, other))),
        };
        // A byte for each pixel says besides whether it is valid.
        let bytes =
            layout.shape.iter().try_fold(dtype.size() as u64 + 1, |bytes, n| bytes.checked_mul(*n as u64));
        within_memory(bytes, options)?;
        Ok(layout)
    }
}

/// The one data type of bands.
///
/// # Errors
///
/// If there are several, or the fill value does not fit.
pub fn data_type<'a>(
    bands: impl Iterator<Item = &'a Arc<SceneBand>>,
    options: &ReadOptions,
) -> Result<DataType> {
    let dtypes = bands.map(|band| (band.dtype, &band.location));
    let dtype = single(dtypes, DataType::to_string).map_err(|dtypes| Error::DataTypeMismatch { dtypes })?;
    match options.fill_value.filter(|fill| !fill.fits(dtype)) {
        Some(fill) => Err(Error::InvalidArgument(format!("the fill value {fill} is not a value of {dtype}"))),
        None => Ok(dtype),
    }
}

/// Whether a result may be as large; `None` is larger than can be counted.
///
/// # Errors
///
/// [`Error::TooLarge`].
pub fn within_memory(bytes: Option<u64>, options: &ReadOptions) -> Result<()> {
    match bytes {
        Some(bytes) if bytes <= options.memory_limit => Ok(()),
        _ => Err(Error::TooLarge { needed: bytes.unwrap_or(u64::MAX), limit: options.memory_limit }),
    }
}

/// Whether two nodata values are one; NaN is.
pub fn same_nodata(a: Option<PixelValue>, b: Option<PixelValue>) -> bool {
    let is_nan = |value: Option<PixelValue>| value.is_some_and(|value| value.as_f64().is_nan());
    a == b || is_nan(a) && is_nan(b)
}

/// The value that all have, or a list of the values, each with how many have it and one that does.
fn single<'a, T: PartialEq, O: fmt::Display + 'a>(
    values: impl Iterator<Item = (T, &'a O)>,
    name: impl Fn(&T) -> String,
) -> Result<T, String> {
    let mut seen: Vec<(T, usize, &'a O)> = Vec::new();
    for (value, owner) in values {
        match seen.iter_mut().find(|(other, ..)| *other == value) {
            Some((_, count, _)) => *count += 1,
            None => seen.push((value, 1, owner)),
        }
    }
    if seen.len() == 1
        && let Some((value, ..)) = seen.pop()
    {
        return Ok(value);
    }
    let mut by_name: BTreeMap<String, (usize, &O)> = BTreeMap::new();
    for (value, count, owner) in &seen {
        by_name.insert(name(value), (*count, owner));
    }
    let texts =
        by_name.iter().take(8).map(|(name, (count, owner))| format!("{name} ({count}, such as {owner})"));
    Err(texts.collect::<Vec<_>>().join(", "))
}
