//! Datasets as Zarr v3, as xarray writes and opens them.
//!
//! A group of arrays: one for each band, in chunks of one time and one geometry, compressed with Zstandard;
//! one for each coordinate; and the grid mapping. The group's own metadata holds that of all arrays
//! (`consolidated_metadata`), which xarray looks for first.

mod existing;

use crate::dataset::{Attributes, DIMENSIONS, Dataset, GRID_MAPPING, Variable};
use crate::error::Result;
use crate::output::folder::NewFolder;
use base64::prelude::{BASE64_STANDARD, Engine};
use existing::check_replaceable;
use half::f16;
use rasteret_schema::{DataType, PixelValue};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zarrs::array::codec::ZstdCodec;
use zarrs::array::{Array, ArrayBuilder, ArrayBytes, ArrayMetadataOptions, FillValue};
use zarrs::filesystem::FilesystemStore;
use zarrs::group::{GroupBuilder, GroupMetadataOptions};
use zarrs::metadata::v3::{AdditionalFieldV3, AdditionalFieldsV3};

/// Rows and columns that a chunk has at most.
const CHUNK: usize = 1024;

/// What Zstandard takes for a good balance.
const LEVEL: i32 = 3;

/// Why a store was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZarrError {
    /// There is something else where the store would go.
    #[error("{} exists and is {what}: choose another path", .path.display())]
    Exists {
        /// Where the store would go.
        path: PathBuf,
        /// What is there.
        what: String,
    },
    /// A band cannot be called so in a store.
    #[error("a band cannot be named {name:?} in a Zarr store: {reason}")]
    BandName {
        /// The band.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The store cannot be written.
    #[error("{}, array {array:?}: {source}{}", .path.display(), crate::remedy::of_output(source.as_ref()))]
    Write {
        /// Where the store would go.
        path: PathBuf,
        /// Which of its arrays; empty for the group.
        array: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ZarrError {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            ZarrError::Exists { .. } => "exists",
            ZarrError::BandName { .. } => "invalid-argument",
            ZarrError::Write { .. } => "write",
        }
    }
}

/// Writes a dataset as a Zarr v3 store, a folder that `xarray.open_zarr` opens.
///
/// The folder appears when it is finished, never in part. A Zarr store that is there already is replaced;
/// anything else is left alone.
///
/// `_FillValue` is the fill value of the band. Bands without one have none, and every pixel of them is read
/// as a sample.
///
/// # Errors
///
/// If there is something else at the path, a band has the name of a coordinate or none that a store can
/// hold, the CRS is unknown, or the folder cannot be written.
pub fn write_zarr(dataset: &Dataset, path: &Path) -> Result<()> {
    for variable in dataset.variables() {
        check_name(&variable.name)?;
    }
    let folder = NewFolder::beside(path, check_replaceable)?;
    let mut writer = Writer::new(&folder.path(), path)?;
    for variable in dataset.variables() {
        writer.variable(variable)?;
    }
    writer.coordinates(dataset)?;
    writer.group(dataset.attributes())?;
    folder.publish()
}

/// That a name is that of a node (Zarr v3, “Node names”), and not of a coordinate.
fn check_name(name: &str) -> Result<(), ZarrError> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.contains(['/', '\\', '\0']) {
        "it has a character that paths may not have"
    } else if name.chars().all(|c| c == '.') || name.starts_with("__") || name == "zarr.json" {
        "the name is reserved"
    } else if name == GRID_MAPPING || DIMENSIONS.contains(&name) {
        "a coordinate has this name"
    } else {
        return Ok(());
    };
    Err(ZarrError::BandName { name: name.to_owned(), reason })
}

/// An array to be written.
struct Layout<'a> {
    name: &'a str,
    dimensions: &'a [&'a str],
    shape: Vec<usize>,
    chunk: Vec<usize>,
    dtype: DataType,
    fill: Option<PixelValue>,
    attributes: Attributes,
}

struct Writer<'a> {
    store: Arc<FilesystemStore>,
    /// Where the store will be, for errors.
    path: &'a Path,
    /// Metadata of the arrays so far, by name.
    metadata: Map<String, Value>,
}

impl<'a> Writer<'a> {
    fn new(folder: &Path, path: &'a Path) -> Result<Self, ZarrError> {
        let store = FilesystemStore::new(folder).map_err(failed(path, ""))?;
        Ok(Writer { store: Arc::new(store), path, metadata: Map::new() })
    }

    fn variable(&mut self, variable: &Variable) -> Result<(), ZarrError> {
        let shape = variable.pixels.shape();
        let [_, _, height, width] = shape;
        let (rows, columns) = (chunk_side(height), chunk_side(width));
        let dtype = variable.pixels.dtype();
        let fill = sample(variable.fill, dtype);
        let array = self.create(Layout {
            name: &variable.name,
            dimensions: &DIMENSIONS,
            shape: shape.to_vec(),
            chunk: vec![1, 1, rows, columns],
            dtype,
            fill: variable.fill,
            attributes: variable.attributes(),
        })?;
        let samples = variable.pixels.to_bytes();
        let planes = samples.par_chunks_exact(height * width * dtype.size()).enumerate();
        let chunks = planes.flat_map(|(plane, samples)| {
            let across = (0..height).into_par_iter().step_by(rows);
            across.flat_map_iter(move |row| {
                (0..width).step_by(columns).map(move |column| (plane, samples, row, column))
            })
        });
        chunks.try_for_each(|(plane, samples, row, column)| {
            let size = dtype.size();
            let mut chunk = fill.repeat(rows * columns);
            let part = columns.min(width - column) * size;
            let lines = samples.chunks_exact(width * size).skip(row);
            for (to, from) in chunk.chunks_exact_mut(columns * size).zip(lines) {
                to[..part].copy_from_slice(&from[column * size..][..part]);
            }
            let index = [plane / shape[1], plane % shape[1], row / rows, column / columns];
            array
                .store_chunk(&index.map(|index| index as u64), ArrayBytes::new_flen(chunk))
                .map_err(failed(self.path, &variable.name))
        })
    }

    fn coordinates(&mut self, dataset: &Dataset) -> Result<()> {
        let [times, geometries, height, width] = dataset.shape();
        let (y, x) = (dataset.y(), dataset.x());
        let coordinates: [(&str, usize, DataType, &[u8]); 4] = [
            ("time", times, DataType::Int64, bytemuck::cast_slice(dataset.times())),
            ("geometry", geometries, DataType::Int64, bytemuck::cast_slice(dataset.geometries())),
            ("y", height, DataType::Float64, bytemuck::cast_slice(&y)),
            ("x", width, DataType::Float64, bytemuck::cast_slice(&x)),
        ];
        for (name, length, dtype, values) in coordinates {
            let attributes = dataset.coordinate_attributes(name)?;
            self.whole(name, &[name], &[length], dtype, attributes, values)?;
        }
        // A scalar without a meaning, which has the attributes.
        Ok(self.whole(GRID_MAPPING, &[], &[], DataType::Int64, dataset.grid_mapping()?, &[0; 8])?)
    }

    /// Writes an array of one chunk.
    fn whole(
        &mut self,
        name: &str,
        dimensions: &[&str],
        shape: &[usize],
        dtype: DataType,
        attributes: Attributes,
        values: &[u8],
    ) -> Result<(), ZarrError> {
        let (shape, chunk) = (shape.to_vec(), shape.to_vec());
        let layout = Layout { name, dimensions, shape, chunk, dtype, fill: None, attributes };
        let array = self.create(layout)?;
        let first = vec![0; dimensions.len()];
        array.store_chunk(&first, ArrayBytes::new_flen(values)).map_err(failed(self.path, name))
    }

    /// Writes the metadata of an array.
    fn create(&mut self, layout: Layout<'_>) -> Result<Array<FilesystemStore>, ZarrError> {
        let sides = |sides: &[usize]| -> Vec<u64> { sides.iter().map(|side| *side as u64).collect() };
        let mut attributes = layout.attributes;
        if let Some(fill) = layout.fill {
            attributes.insert("_FillValue".to_owned(), fill_attribute(fill, layout.dtype));
        }
        let array = ArrayBuilder::new(
            sides(&layout.shape),
            sides(&layout.chunk),
            layout.dtype.name(),
            FillValue::from(sample(layout.fill, layout.dtype)),
        )
        .bytes_to_bytes_codecs(vec![Arc::new(ZstdCodec::new(LEVEL, false))])
        .dimension_names(Some(layout.dimensions.iter().copied()))
        .attributes(attributes)
        .build(Arc::clone(&self.store), &format!("/{}", layout.name))
        .map_err(failed(self.path, layout.name))?;
        let options = ArrayMetadataOptions::default().with_include_zarrs_metadata(false);
        array.store_metadata_opt(&options).map_err(failed(self.path, layout.name))?;
        let metadata = serde_json::to_value(array.metadata_opt(&options));
        self.metadata.insert(layout.name.to_owned(), metadata.map_err(failed(self.path, layout.name))?);
        Ok(array)
    }

    /// Writes the metadata of the group.
    fn group(self, attributes: Attributes) -> Result<(), ZarrError> {
        let consolidated = json!({ "kind": "inline", "metadata": self.metadata });
        let mut fields = AdditionalFieldsV3::new();
        fields.insert("consolidated_metadata".to_owned(), AdditionalFieldV3::new(consolidated, false));
        GroupBuilder::new()
            .attributes(attributes)
            .additional_fields(fields)
            .build(self.store, "/")
            .map_err(failed(self.path, ""))?
            .store_metadata_opt(&GroupMetadataOptions::default())
            .map_err(failed(self.path, ""))
    }
}

/// The error of an array that cannot be written.
fn failed<E: std::error::Error + Send + Sync + 'static>(path: &Path, array: &str) -> impl Fn(E) -> ZarrError {
    move |source| ZarrError::Write {
        path: path.to_owned(),
        array: array.to_owned(),
        source: Box::new(source),
    }
}

/// Rows of chunks that divide `length` evenly.
fn chunk_side(length: usize) -> usize {
    length.div_ceil(length.div_ceil(CHUNK).max(1)).max(1)
}

/// The bytes of a fill value, or of 0.
fn sample(fill: Option<PixelValue>, dtype: DataType) -> Vec<u8> {
    let sample = fill.and_then(|fill| fill.to_sample(dtype));
    sample.map_or_else(|| vec![0; dtype.size()], |sample| sample.as_bytes().to_vec())
}

/// `_FillValue` as xarray spells it in Zarr v3 (`FillValueCoder` in `xarray/backends/zarr.py`): an integer, or
/// the bytes of a little-endian double in Base64, since JSON has no NaN. The double is what the samples are
/// after rounding to their own precision: readers compare the two.
fn fill_attribute(fill: PixelValue, dtype: DataType) -> Value {
    let value = fill.as_f64();
    let double = match dtype {
        DataType::Float16 => f16::from_f64(value).to_f64(),
        DataType::Float32 => f64::from(value as f32),
        DataType::Float64 => value,
        _ => {
            return match fill {
                PixelValue::Integer(value) => value.into(),
                PixelValue::Unsigned(value) => value.into(),
                PixelValue::Float(value) => value.into(),
            };
        }
    };
    BASE64_STANDARD.encode(double.to_le_bytes()).into()
}

#[cfg(test)]
mod tests;
