//! What keeps slices from becoming a dataset.

use super::Mosaic;
use crate::read::Slice;
use rasteret_schema::{DataType, PixelValue};

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// There is nothing to label.
    #[error("an array of shape {shape:?} has no pixels to make a dataset of")]
    Empty {
        /// `[N, C, H, W]`.
        shape: [usize; 4],
    },
    /// The parts of an array do not belong together.
    #[error("{what} of the array: {found} instead of {expected}")]
    Inconsistent {
        /// What there is another number of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there would have to be.
        expected: usize,
    },
    /// Rows and columns of a slice do not have one y and one x each, or rows do not run southwards.
    #[error(
        "record {:?}: the geotransform {:?} is rotated or singular, or does not have north up",
        .slice.record_id, .slice.transform.to_array()
    )]
    NotNorthUp {
        /// The slice.
        slice: Box<Slice>,
    },
    /// The pixels of two slices do not fall together.
    #[error(
        "records {:?} and {:?} lie on different pixel grids, {:?} and {:?}: give a `target_crs` or a \
         `resolution`, which put all records on one grid",
        .first.record_id, .second.record_id, .first.transform.to_array(), .second.transform.to_array()
    )]
    DifferentGrids {
        /// A slice.
        first: Box<Slice>,
        /// One on another grid.
        second: Box<Slice>,
    },
    /// Two datasets to be joined have other times, geometries, pixels or CRSs.
    #[error("the datasets have different {what}, so their variables cannot be put side by side")]
    DifferentCoordinates {
        /// What is different.
        what: &'static str,
    },
    /// Two bands have one name.
    #[error("there are two bands {name:?}")]
    DuplicateBand {
        /// The name.
        name: String,
    },
    /// The fill value is not a value of the data type.
    #[error("the fill value {value} is not a value of {dtype}, the data type of band {band:?}")]
    FillValue {
        /// The fill value.
        value: PixelValue,
        /// The band.
        band: String,
        /// Data type of the band.
        dtype: DataType,
    },
    /// There is no such way to combine records.
    #[error("{name:?} is no way to combine records; there are {}", Mosaic::ALL.map(Mosaic::name).join(", "))]
    NoSuchMosaic {
        /// What was asked for.
        name: String,
    },
    /// The dataset would not fit the memory that it may use.
    #[error(
        "the dataset needs {needed} bytes, more than the limit of {limit}: it spans the times and the extent \
         of all slices; choose geometries that lie closer together, a smaller area or fewer records, or \
         raise the limit"
    )]
    TooLarge {
        /// Bytes of the dataset.
        needed: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
}

impl DatasetError {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            DatasetError::DifferentGrids { .. } | DatasetError::NotNorthUp { .. } => "grid-mismatch",
            DatasetError::DifferentCoordinates { .. } => "coordinate-mismatch",
            DatasetError::TooLarge { .. } => "too-large",
            DatasetError::Empty { .. } => "nothing-selected",
            DatasetError::Inconsistent { .. }
            | DatasetError::DuplicateBand { .. }
            | DatasetError::FillValue { .. }
            | DatasetError::NoSuchMosaic { .. } => "invalid-argument",
        }
    }
}
