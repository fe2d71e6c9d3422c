//! From slices to a labelled dataset.
//!
//! In: the slices of an [`AreaArray`](crate::AreaArray). Out: a [`Dataset`] of one variable for each band,
//! with the dimensions `(time, geometry, y, x)`, the coordinates of each, and what the CF conventions say
//! of them. Nothing is resampled here: pixels must fall together.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `grid` | the grid that covers all slices |
//! | `mosaic` | several records of one time into one |
//! | `assemble` | slices into variables |
//! | `cf` | attributes of coordinates and bands |
//! | `grid_mapping` | attributes of the CRS |

mod assemble;
mod cf;
mod error;
mod grid;
mod grid_mapping;
mod mosaic;

pub use assemble::{BandProperties, DatasetOptions};
pub use cf::Attributes;
pub use error::DatasetError;
pub use mosaic::Mosaic;

use crate::crs::CrsError;
use crate::read::PixelArray;
use grid::Grid;
use ndarray::Array4;
use rasteret_schema::{BandMetadata, Crs, Geotransform, PixelValue};

/// Names of the dimensions of every variable, in order. The coordinates are named after them.
pub const DIMENSIONS: [&str; 4] = ["time", "geometry", "y", "x"];

/// Name of the variable that holds the CRS and the geotransform.
pub const GRID_MAPPING: &str = "spatial_ref";

/// Bands with labels: what `xarray.Dataset` is in Python.
#[derive(Debug, Clone)]
pub struct Dataset {
    times: Vec<i64>,
    geometries: Vec<i64>,
    records: Vec<Vec<String>>,
    grid: Grid,
    crs: Crs,
    variables: Vec<Variable>,
}

/// One band of a dataset.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Name of the band.
    pub name: String,
    /// `[T, G, H, W]`. Pixels that are not valid have the fill value, or 0 where there is none.
    pub pixels: PixelArray,
    /// Of the same shape: whether a record gave a value.
    pub valid: Array4<bool>,
    /// The value of pixels that are not valid: `_FillValue` of the CF conventions.
    pub fill: Option<PixelValue>,
    /// What the header says of the band. Scale and offset are not applied.
    pub metadata: BandMetadata,
}

impl Dataset {
    /// `[T, G, H, W]`.
    pub fn shape(&self) -> [usize; 4] {
        [self.times.len(), self.geometries.len(), self.grid.height, self.grid.width]
    }

    /// The time coordinate: microseconds since 1970, UTC, ascending.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// The geometry coordinate: places in the list of the area's geometries, from 0, ascending.
    pub fn geometries(&self) -> &[i64] {
        &self.geometries
    }

    /// The y coordinate: of pixel centres, descending.
    pub fn y(&self) -> Vec<f64> {
        (0..self.grid.height).map(|row| self.grid.transform.apply(0.0, row as f64 + 0.5).1).collect()
    }

    /// The x coordinate: of pixel centres.
    pub fn x(&self) -> Vec<f64> {
        (0..self.grid.width).map(|column| self.grid.transform.apply(column as f64 + 0.5, 0.0).0).collect()
    }

    /// Geotransform of `y` and `x`.
    pub fn transform(&self) -> Geotransform {
        self.grid.transform
    }

    /// The CRS of `y` and `x`.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// Ids of the records of each time, in the order in which they were combined.
    pub fn records(&self) -> &[Vec<String>] {
        &self.records
    }

    /// The bands.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The band of a name.
    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// Puts the variables of another dataset after those of this one: bands of another data type, which an
    /// array cannot hold.
    ///
    /// # Errors
    ///
    /// If the coordinates differ, or both have a band of one name.
    pub fn join(mut self, other: Dataset) -> Result<Dataset, DatasetError> {
        let differences = [
            ("times", self.times != other.times),
            ("geometries", self.geometries != other.geometries),
            ("pixel grids", self.grid != other.grid),
            ("coordinate reference systems", self.crs != other.crs),
        ];
        if let Some((what, _)) = differences.into_iter().find(|(_, different)| *different) {
            return Err(DatasetError::DifferentCoordinates { what });
        }
        if let Some(twice) = other.variables.iter().find(|variable| self.variable(&variable.name).is_some()) {
            return Err(DatasetError::DuplicateBand { name: twice.name.clone() });
        }
        self.variables.extend(other.variables);
        Ok(self)
    }

    /// Attributes of the dataset itself.
    pub fn attributes(&self) -> Attributes {
        cf::dataset(self)
    }

    /// Attributes of a coordinate, by the name of its dimension; none for another name.
    ///
    /// # Errors
    ///
    /// If the CRS is unknown.
    pub fn coordinate_attributes(&self, dimension: &str) -> Result<Attributes, CrsError> {
        cf::coordinate(dimension, &self.crs)
    }

    /// Attributes of the grid mapping: the CRS and the geotransform.
    ///
    /// # Errors
    ///
    /// If the CRS is unknown.
    pub fn grid_mapping(&self) -> Result<Attributes, CrsError> {
        grid_mapping::grid_mapping(&self.crs, &self.grid.transform)
    }
}

impl Variable {
    /// Attributes of the band but for `_FillValue`, which every format spells in its own way.
    pub fn attributes(&self) -> Attributes {
        cf::variable(&self.metadata)
    }
}
