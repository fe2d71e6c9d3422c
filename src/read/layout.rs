//! The one shape, data type and CRS of an array.

use super::request::ReadOptions;
use super::scene::Scene;
use crate::error::{Error, Result};
use rasteret_schema::{Crs, DataType, PixelValue};
use std::collections::BTreeMap;

/// What all planes of an array have in common, and the values that fill them.
pub struct Layout {
    /// `[N, C, H, W]`.
    pub shape: [usize; 4],
    /// Of all samples.
    pub dtype: DataType,
    /// Of all pixels.
    pub crs: Crs,
    /// One for each plane: N × C.
    pub planes: Vec<PlaneValues>,
    /// The nodata value, where all planes have the same.
    pub nodata: Option<PixelValue>,
}

/// The values without data of one plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneValues {
    /// The raster's nodata value, where its data type has it.
    pub nodata: Option<PixelValue>,
    /// What is written outside the area and for sparse tiles.
    pub fill: PixelValue,
}

impl Layout {
    /// Finds what the scenes have in common.
    ///
    /// # Errors
    ///
    /// If they do not have one shape, CRS and data type, the fill value does not fit, or the array
    /// would exceed the memory limit.
    pub fn new(scenes: &[Scene], options: ReadOptions) -> Result<Self> {
        let crs =
            single(scenes.iter().map(|scene| (scene.crs.clone(), &scene.record_id)), |crs| crs.to_string())
                .map_err(|systems| Error::SeveralCrs { systems })?;
        let (height, width) = single(
            scenes.iter().map(|scene| ((scene.window.height, scene.window.width), &scene.record_id)),
            |(h, w)| format!("{h} × {w}"),
        )
        .map_err(|shapes| Error::ShapeMismatch { shapes })?;
        let mut dtypes = Vec::new();
        let mut nodata = Vec::new();
        for band in scenes.iter().flat_map(|scene| scene.bands.iter()) {
            let header = band.header.get()?;
            // Access to the header has checked that there is an image.
            let dtype = header.image(0).map_or(DataType::UInt8, |image| image.dtype);
            dtypes.push((dtype, &band.location.band));
            nodata.push(header.nodata()?.filter(|value| value.fits(dtype)));
        }
        let dtype = single(dtypes.into_iter(), DataType::to_string)
            .map_err(|dtypes| Error::DataTypeMismatch { dtypes })?;
        if let Some(fill) = options.fill_value.filter(|fill| !fill.fits(dtype)) {
            return Err(Error::InvalidArgument(format!("the fill value {fill} is not a value of {dtype}")));
        }
        let planes: Vec<PlaneValues> = nodata
            .into_iter()
            .map(|nodata| PlaneValues {
                nodata,
                fill: options.fill_value.or(nodata).unwrap_or(PixelValue::Integer(0)),
            })
            .collect();
        let same_nodata = planes.windows(2).all(|pair| same(pair[0].nodata, pair[1].nodata));
        let layout = Layout {
            shape: [scenes.len(), scenes[0].bands.len(), height as usize, width as usize],
            dtype,
            crs,
            nodata: planes[0].nodata.filter(|_| same_nodata),
            planes,
        };
        // A byte for each pixel says besides whether it is valid.
        let needed =
            layout.shape.iter().try_fold(dtype.size() as u64 + 1, |bytes, n| bytes.checked_mul(*n as u64));
        match needed {
            Some(needed) if needed <= options.memory_limit => Ok(layout),
            _ => Err(Error::TooLarge { needed: needed.unwrap_or(u64::MAX), limit: options.memory_limit }),
        }
    }
}

/// NaN is one nodata value.
fn same(a: Option<PixelValue>, b: Option<PixelValue>) -> bool {
    let is_nan = |value: Option<PixelValue>| value.is_some_and(|value| value.as_f64().is_nan());
    a == b || is_nan(a) && is_nan(b)
}

/// The value that all have, or a list of the values, each with how many have it and one that does.
fn single<'a, T: PartialEq>(
    values: impl Iterator<Item = (T, &'a String)>,
    name: impl Fn(&T) -> String,
) -> Result<T, String> {
    let mut seen: Vec<(T, usize, &'a String)> = Vec::new();
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
    let mut by_name: BTreeMap<String, (usize, &String)> = BTreeMap::new();
    for (value, count, owner) in &seen {
        by_name.insert(name(value), (*count, owner));
    }
    let texts =
        by_name.iter().take(8).map(|(name, (count, owner))| format!("{name} ({count}, such as {owner})"));
    Err(texts.collect::<Vec<_>>().join(", "))
}
