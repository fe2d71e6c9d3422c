//! Slices into variables.

use super::grid::Grid;
use super::mosaic::{Plane, Real, Value, combine};
use super::{Dataset, DatasetError, Mosaic, Variable};
use crate::read::{AreaArray, DEFAULT_MEMORY_LIMIT, PixelArray};
use half::f16;
use ndarray::{Array4, s};
use rasteret_schema::{BandMetadata, DataType, PixelValue};
use std::collections::{BTreeMap, BTreeSet};

/// How slices become a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetOptions {
    /// How the records of one time are combined.
    pub mosaic: Mosaic,
    /// Value of pixels that are not valid, instead of the nodata value. Readers take every pixel that has it
    /// for missing, so it should be none that occurs.
    pub fill_value: Option<PixelValue>,
    /// What is known of the bands, in the order of the array; empty where only the array is.
    pub bands: Vec<BandProperties>,
    /// Bytes that the dataset may take.
    pub memory_limit: u64,
}

impl Default for DatasetOptions {
    fn default() -> Self {
        DatasetOptions {
            mosaic: Mosaic::default(),
            fill_value: None,
            bands: Vec::new(),
            memory_limit: DEFAULT_MEMORY_LIMIT,
        }
    }
}

/// What headers say of a band, where those of all records agree.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BandProperties {
    /// The nodata value.
    pub nodata: Option<PixelValue>,
    /// Description, unit, scale and offset.
    pub metadata: BandMetadata,
}

impl Dataset {
    /// Labels an array. Records of one time and geometry are combined; what no record covers is filled.
    ///
    /// The slices may lie anywhere, as long as their pixels fall together: the dataset spans all of them.
    ///
    /// The fill value is the one that `options` give, else the band's nodata value. Where there is none,
    /// floating point bands are filled with NaN. Integers have no such value: those are filled with 0, and
    /// nothing but [`Variable::valid`] tells it from a sample. Counts are valid everywhere.
    ///
    /// # Errors
    ///
    /// If the pixels of two slices do not fall together, the fill value is not one of the data type, or the
    /// dataset would exceed the memory limit.
    pub fn from_array(array: &AreaArray, options: &DatasetOptions) -> Result<Dataset, DatasetError> {
        let shape = array.pixels.shape();
        check(array, options)?;
        let [_, _, height, width] = shape;
        let (grid, placed) = Grid::of(&array.slices, height, width)?;
        let axes = Axes::of(array);
        let shape = [axes.times.len(), axes.geometries.len(), grid.height, grid.width];

        let input = array.pixels.dtype();
        let dtype = options.mosaic.dtype(input);
        // A byte for each pixel says besides whether it is valid.
        let mut sides = shape.into_iter().chain([array.bands.len()]);
        let needed = sides
            .try_fold(dtype.size() as u64 + 1, |bytes, side| bytes.checked_mul(side as u64))
            .unwrap_or(u64::MAX);
        if needed > options.memory_limit {
            return Err(DatasetError::TooLarge { needed, limit: options.memory_limit });
        }

        let mut variables = Vec::with_capacity(array.bands.len());
        for (band, name) in array.bands.iter().enumerate() {
            let properties = options.bands.get(band).cloned().unwrap_or_else(|| BandProperties {
                nodata: array.nodata,
                metadata: BandMetadata::default(),
            });
            let fill = fill(options, properties.nodata, input, name)?;
            let samples = Band {
                array,
                band,
                placed: &placed,
                cells: &axes.cells,
                mosaic: options.mosaic,
                shape,
                fill,
            };
            let (pixels, valid) = samples.combine();
            if fill.is_none() && valid.iter().any(|valid| !valid) {
                tracing::warn!(
                    "band {name:?} is of integers and has no nodata value: pixels without data are 0, as \
                     samples may be; a fill value tells them apart"
                );
            }
            let metadata = metadata(properties.metadata, name, options.mosaic);
            variables.push(Variable { name: name.clone(), pixels, valid, fill, metadata });
        }
        let Axes { times, geometries, records, .. } = axes;
        Ok(Dataset { times, geometries, records, grid, crs: array.crs.clone(), variables })
    }
}

/// That the parts of an array belong together, as those of a read do.
fn check(array: &AreaArray, options: &DatasetOptions) -> Result<(), DatasetError> {
    let shape = array.pixels.shape();
    if shape.contains(&0) {
        return Err(DatasetError::Empty { shape });
    }
    let valid: [usize; 4] = array.valid.dim().into();
    let sides = [("slices", 0), ("bands", 1), ("rows", 2), ("columns", 3)];
    let masks = sides.map(|(what, side)| (what, valid[side], shape[side]));
    let lists = [
        ("descriptions of slices", array.slices.len(), shape[0]),
        ("names of bands", array.bands.len(), shape[1]),
        (
            "properties of bands",
            if options.bands.is_empty() { shape[1] } else { options.bands.len() },
            shape[1],
        ),
    ];
    let different = masks.into_iter().chain(lists).find(|(_, found, expected)| found != expected);
    if let Some((what, found, expected)) = different {
        return Err(DatasetError::Inconsistent { what, found, expected });
    }
    let mut names = BTreeSet::new();
    match array.bands.iter().find(|name| !names.insert(*name)) {
        Some(name) => Err(DatasetError::DuplicateBand { name: name.clone() }),
        None => Ok(()),
    }
}

/// The coordinates that do not come from the grid, and the slices of each cell.
struct Axes {
    times: Vec<i64>,
    geometries: Vec<i64>,
    /// Ids for each time.
    records: Vec<Vec<String>>,
    /// Slices of each time and geometry, in the array's order.
    cells: Vec<Vec<usize>>,
}

impl Axes {
    fn of(array: &AreaArray) -> Axes {
        let ascending = |values: &mut dyn Iterator<Item = i64>| -> BTreeMap<i64, usize> {
            let values: BTreeSet<i64> = values.collect();
            values.into_iter().enumerate().map(|(place, value)| (value, place)).collect()
        };
        let geometry = |index: usize| i64::try_from(index).unwrap_or(i64::MAX);
        let times = ascending(&mut array.slices.iter().map(|slice| slice.datetime));
        let geometries = ascending(&mut array.slices.iter().map(|slice| geometry(slice.geometry_index)));
        let mut records = vec![Vec::new(); times.len()];
        let mut cells = vec![Vec::new(); times.len() * geometries.len()];
        for (index, slice) in array.slices.iter().enumerate() {
            let (time, place) = (times[&slice.datetime], geometries[&geometry(slice.geometry_index)]);
            cells[time * geometries.len() + place].push(index);
            let records: &mut Vec<String> = &mut records[time];
            if !records.contains(&slice.record_id) {
                records.push(slice.record_id.clone());
            }
        }
        Axes {
            times: times.into_keys().collect(),
            geometries: geometries.into_keys().collect(),
            records,
            cells,
        }
    }
}

/// The fill value of a band whose samples are of `input`.
fn fill(
    options: &DatasetOptions,
    nodata: Option<PixelValue>,
    input: DataType,
    band: &str,
) -> Result<Option<PixelValue>, DatasetError> {
    let dtype = options.mosaic.dtype(input);
    if options.mosaic == Mosaic::Count {
        return Ok(None);
    }
    match options.fill_value {
        Some(value) if value.fits(dtype) => Ok(Some(value)),
        Some(value) => Err(DatasetError::FillValue { value, band: band.to_owned(), dtype }),
        None => {
            let nodata = nodata.filter(|value| input == dtype && value.fits(dtype));
            Ok(nodata.or(dtype.is_float().then_some(PixelValue::Float(f64::NAN))))
        }
    }
}

/// What is known of a band whose records have been combined.
fn metadata(band: BandMetadata, name: &str, mosaic: Mosaic) -> BandMetadata {
    match mosaic {
        Mosaic::Count => BandMetadata {
            description: Some(format!("number of samples of {name}")),
            unit: Some("1".to_owned()),
            ..BandMetadata::default()
        },
        _ => band,
    }
}

/// The samples of a band, and what becomes of them.
struct Band<'a> {
    array: &'a AreaArray,
    band: usize,
    placed: &'a [(usize, usize)],
    cells: &'a [Vec<usize>],
    mosaic: Mosaic,
    shape: [usize; 4],
    fill: Option<PixelValue>,
}

impl Band<'_> {
    fn combine(&self) -> (PixelArray, Array4<bool>) {
        match &self.array.pixels {
            PixelArray::UInt8(pixels) => self.combine_as::<u8, f64>(pixels),
            PixelArray::Int8(pixels) => self.combine_as::<i8, f64>(pixels),
            PixelArray::UInt16(pixels) => self.combine_as::<u16, f64>(pixels),
            PixelArray::Int16(pixels) => self.combine_as::<i16, f64>(pixels),
            PixelArray::UInt32(pixels) => self.combine_as::<u32, f64>(pixels),
            PixelArray::Int32(pixels) => self.combine_as::<i32, f64>(pixels),
            PixelArray::UInt64(pixels) => self.combine_as::<u64, f64>(pixels),
            PixelArray::Int64(pixels) => self.combine_as::<i64, f64>(pixels),
            PixelArray::Float16(pixels) => self.combine_as::<f16, f16>(pixels),
            PixelArray::Float32(pixels) => self.combine_as::<f32, f32>(pixels),
            PixelArray::Float64(pixels) => self.combine_as::<f64, f64>(pixels),
        }
    }

    fn combine_as<T: Value, R: Real>(&self, pixels: &Array4<T>) -> (PixelArray, Array4<bool>)
    where
        PixelArray: From<Array4<T>> + From<Array4<R>>,
    {
        let plane = |slice: &usize| {
            let (row, column) = self.placed[*slice];
            let at = s![*slice, self.band, .., ..];
            Plane { pixels: pixels.slice(at), valid: self.array.valid.slice(at), row, column }
        };
        let cells: Vec<Vec<Plane<'_, T>>> =
            self.cells.iter().map(|slices| slices.iter().map(plane).collect()).collect();
        combine::<T, R>(self.mosaic, &cells, self.shape, self.fill)
    }
}
