//! From points on one band of one raster to values, without knowing how pixels are read.

use super::grid::{PixelPoint, SampleGrid};
use super::nearest::{Pixel, nearest_valid, square};
use crate::error::{Error, Result};
use crate::read::Sample;
use arrow_array::ListArray;
use arrow_array::builder::{Float64Builder, ListBuilder};
use half::f16;
use rasteret_schema::{DataType, PixelValue, Window};
use std::collections::BTreeMap;

/// The greatest `max_distance_pixels`: what lies farther is no neighbour, and every pixel between is read.
pub const MAX_DISTANCE_PIXELS: u32 = 1024;

/// What is taken of each point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SampleOptions {
    /// Where the pixel that contains a point has no data: how many rows and columns away the nearest one with
    /// data may be. 0 takes the pixel as it is.
    pub max_distance_pixels: u32,
    /// Which points also get the pixels around them.
    pub neighbourhood: Neighbourhood,
}

/// Which points get the `(2r + 1)²` pixels around them, where r is
/// [`max_distance_pixels`](SampleOptions::max_distance_pixels).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Neighbourhood {
    /// None.
    #[default]
    Off,
    /// All.
    Always,
    /// Those whose own pixel has no data.
    IfCenterNodata,
}

impl SampleOptions {
    /// That the options make sense together.
    ///
    /// # Errors
    ///
    /// If they do not, with what to do about it.
    pub fn check(&self) -> Result<()> {
        let problem = match self.max_distance_pixels {
            0 if self.neighbourhood != Neighbourhood::Off => {
                "neighbourhoods need max_distance_pixels of at least 1".to_owned()
            }
            0..=MAX_DISTANCE_PIXELS => return Ok(()),
            distance => format!("max_distance_pixels is {distance}, and {MAX_DISTANCE_PIXELS} at most"),
        };
        Err(Error::InvalidArgument(problem))
    }
}

/// Takes the values of points on one band of a raster.
///
/// ```
/// use rasteret::DataType;
/// use rasteret::sample::{SampleGrid, SampleOptions, Sampler};
/// use rasteret::schema::Geotransform;
///
/// let transform = Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 4.0);
/// let grid = SampleGrid { transform, width: 4, height: 4, tile_width: 16, tile_height: 16 };
/// let points = grid.locate(&[0.5, 2.5], &[3.5, 3.5])?;
/// let mut sampler = Sampler::new(grid, points, DataType::UInt8, None, SampleOptions::default())?;
/// while let windows = sampler.needs()
///     && !windows.is_empty()
/// {
///     for window in windows {
///         // Read them: here, each pixel has the number of its column.
///         let row: Vec<u8> = (window.column as u8..window.column_end() as u8).collect();
///         sampler.provide(window, row.repeat(window.height as usize), None)?;
///     }
/// }
/// assert_eq!(sampler.finish()?.values, [0.0, 2.0]);
/// # Ok::<(), rasteret::Error>(())
/// ```
#[derive(Debug)]
pub struct Sampler {
    grid: SampleGrid,
    points: Vec<PixelPoint>,
    dtype: DataType,
    nodata: Option<PixelValue>,
    options: SampleOptions,
    /// By row and column of the tile.
    tiles: BTreeMap<(u32, u32), Rectangle>,
}

/// What has been read of a tile.
#[derive(Debug)]
struct Rectangle {
    window: Window,
    samples: Vec<u8>,
    valid: Option<Vec<bool>>,
}

/// The values of some points.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Which of the points, ascending.
    pub points: Vec<u32>,
    /// The value of each; of those without data as the raster has it.
    pub values: Vec<f64>,
    /// The pixels around each, row by row from the north, null outside the raster; where these were asked for.
    pub neighbourhoods: Option<ListArray>,
}

impl Sampler {
    /// For points as [`SampleGrid::locate`] gives them, on a band with samples of one type and perhaps a nodata
    /// value.
    ///
    /// # Errors
    ///
    /// If the options make no sense.
    pub fn new(
        grid: SampleGrid,
        points: Vec<PixelPoint>,
        dtype: DataType,
        nodata: Option<PixelValue>,
        options: SampleOptions,
    ) -> Result<Sampler> {
        options.check()?;
        Ok(Sampler { grid, points, dtype, nodata, options, tiles: BTreeMap::new() })
    }

    /// What has to be [provided](Sampler::provide) next: at most one window of each tile, by rows of tiles. First
    /// it is the pixels of the points; then, where these have no data, those around them. Empty once there is all
    /// that is needed.
    pub fn needs(&self) -> Vec<Window> {
        let mut needed: BTreeMap<(u32, u32), Window> = BTreeMap::new();
        for point in &self.points {
            for (tile, part) in self.grid.parts(self.grid.around(point, self.reach(point))) {
                needed.entry(tile).and_modify(|window| *window = union(window, &part)).or_insert(part);
            }
        }
        needed
            .into_iter()
            .filter_map(|(tile, window)| match self.tiles.get(&tile) {
                Some(known) if window.intersection(&known.window) == Some(window) => None,
                // What has been read of the tile is replaced, so it is read again with the rest.
                Some(known) => Some(union(&window, &known.window)),
                None => Some(window),
            })
            .collect()
    }

    /// How far around a point pixels are needed, as far as is known.
    fn reach(&self, point: &PixelPoint) -> u32 {
        let radius = self.options.max_distance_pixels;
        match self.options.neighbourhood {
            _ if radius == 0 => 0,
            Neighbourhood::Always => radius,
            _ => match self.pixel(point.column, point.row) {
                Some(centre) if !centre.valid => radius,
                _ => 0,
            },
        }
    }

    /// The samples of a window that is needed, row by row in native byte order, and which of them are valid; where
    /// the raster has no mask, the nodata value says that. NaN is never valid.
    ///
    /// # Errors
    ///
    /// If there are more of them than the window has pixels, or fewer, or the window lies in several tiles.
    pub fn provide(&mut self, window: Window, samples: Vec<u8>, valid: Option<Vec<bool>>) -> Result<()> {
        let pixels = usize::try_from(window.pixels()).unwrap_or(usize::MAX);
        let fits = samples.len() / self.dtype.size() == pixels
            && samples.len().is_multiple_of(self.dtype.size())
            && valid.as_ref().is_none_or(|valid| valid.len() == pixels);
        let mut tiles = self.grid.parts(window);
        let (Some((tile, _)), None, true) = (tiles.next(), tiles.next(), fits) else {
            return Err(Error::InvalidArgument(format!(
                "{} bytes are not the samples of {window:?}, or this is not one tile's",
                samples.len()
            )));
        };
        self.tiles.insert(tile, Rectangle { window, samples, valid });
        Ok(())
    }

    /// The values.
    ///
    /// # Errors
    ///
    /// If something is still needed, or there are more than 2³¹ pixels around points.
    pub fn finish(self) -> Result<Samples> {
        if !self.needs().is_empty() {
            return Err(incomplete());
        }
        let radius = self.options.max_distance_pixels;
        let mut values = Vec::with_capacity(self.points.len());
        let mut neighbourhoods = match self.options.neighbourhood {
            Neighbourhood::Off => None,
            _ => Some(ListBuilder::new(Float64Builder::new())),
        };
        for point in &self.points {
            let centre = self.pixel(point.column, point.row).ok_or_else(incomplete)?;
            let nearest = match centre.valid || radius == 0 {
                true => None,
                false => nearest_valid(&self.grid, point, radius, |column, row| self.pixel(column, row)),
            };
            values.push(nearest.unwrap_or(centre.value));
            if let Some(lists) = &mut neighbourhoods {
                let wanted = self.options.neighbourhood == Neighbourhood::Always || !centre.valid;
                if wanted {
                    self.append_neighbourhood(point, lists)?;
                }
                lists.append(wanted);
            }
        }
        let points = self.points.iter().map(|point| point.point).collect();
        Ok(Samples { points, values, neighbourhoods: neighbourhoods.map(|mut lists| lists.finish()) })
    }

    fn append_neighbourhood(
        &self,
        point: &PixelPoint,
        lists: &mut ListBuilder<Float64Builder>,
    ) -> Result<()> {
        let radius = self.options.max_distance_pixels;
        let length = lists.values().values_slice().len() as u64 + (2 * u64::from(radius) + 1).pow(2);
        if length > i32::MAX as u64 {
            let (needed, limit) = (length * 8, i32::MAX as u64 * 8);
            return Err(Error::TooLarge { needed, limit });
        }
        for (column, row) in square(radius, self.grid.transform.is_south_up()) {
            let place = |centre: u32, offset: i64, size: u32| {
                u32::try_from(i64::from(centre) + offset).ok().filter(|place| *place < size)
            };
            let column = place(point.column, column, self.grid.width);
            let value = match column.zip(place(point.row, row, self.grid.height)) {
                Some((column, row)) => Some(self.pixel(column, row).ok_or_else(incomplete)?.value),
                None => None,
            };
            lists.values().append_option(value);
        }
        Ok(())
    }

    /// A pixel, if it has been read.
    fn pixel(&self, column: u32, row: u32) -> Option<Pixel> {
        let Rectangle { window, samples, valid } = self.tiles.get(&self.grid.tile_of(column, row))?;
        let (x, y) = (column.checked_sub(window.column)?, row.checked_sub(window.row)?);
        if x >= window.width || y >= window.height {
            return None;
        }
        let index = y as usize * window.width as usize + x as usize;
        let size = self.dtype.size();
        let sample = samples.get(index * size..(index + 1) * size)?;
        let (value, is_nodata) = decode(self.dtype, sample, self.nodata);
        let valid = match valid {
            Some(valid) => *valid.get(index)?,
            None => !is_nodata,
        };
        Some(Pixel { value, valid: valid && !value.is_nan() })
    }
}

fn incomplete() -> Error {
    Error::InvalidArgument("not all pixels that the sampler needs were provided".to_owned())
}

/// The smallest window that holds both.
fn union(a: &Window, b: &Window) -> Window {
    let (column, row) = (a.column.min(b.column), a.row.min(b.row));
    let (width, height) = (a.column_end().max(b.column_end()) - column, a.row_end().max(b.row_end()) - row);
    Window { column, row, width, height }
}

/// A sample, and whether it is the nodata value, as GDAL compares them.
fn decode(dtype: DataType, sample: &[u8], nodata: Option<PixelValue>) -> (f64, bool) {
    fn typed<T: Sample>(sample: &[u8], nodata: Option<PixelValue>) -> (f64, bool) {
        let value: T = bytemuck::pod_read_unaligned(sample);
        let nodata = nodata.and_then(|nodata| nodata.to_sample(T::DTYPE));
        let is_nodata =
            nodata.is_some_and(|nodata| value.is_nodata(bytemuck::pod_read_unaligned(nodata.as_bytes())));
        (value.to_value(), is_nodata)
    }
    let decode = match dtype {
        DataType::UInt8 => typed::<u8>,
        DataType::Int8 => typed::<i8>,
        DataType::UInt16 => typed::<u16>,
        DataType::Int16 => typed::<i16>,
        DataType::UInt32 => typed::<u32>,
        DataType::Int32 => typed::<i32>,
        DataType::UInt64 => typed::<u64>,
        DataType::Int64 => typed::<i64>,
        DataType::Float16 => typed::<f16>,
        DataType::Float32 => typed::<f32>,
        DataType::Float64 => typed::<f64>,
    };
    decode(sample, nodata)
}
