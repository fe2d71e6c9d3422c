//! What can go wrong when pixels are brought to another grid.

use crate::crs::CrsError;
use rasteret_schema::{DataType, Geotransform};

/// Why pixels cannot be warped.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WarpError {
    /// A CRS is unknown, or nothing leads from one to the other.
    #[error(transparent)]
    Crs(#[from] CrsError),
    /// A geotransform maps all pixels to a line or a point, or is not finite.
    #[error("the geotransform {0:?} cannot be inverted")]
    SingularTransform(Geotransform),
    /// A grid has no pixels, or more columns or rows than there are 31-bit integers.
    #[error("a grid of {width} × {height} pixels: both must be from 1 to {}", i32::MAX)]
    GridSize {
        /// Columns.
        width: f64,
        /// Rows.
        height: f64,
    },
    /// A pixel size is zero, negative, or not finite.
    #[error("a pixel size of {x} × {y}: both must be positive and finite")]
    Resolution {
        /// In x.
        x: f64,
        /// In y.
        y: f64,
    },
    /// Hardly any point of a grid has coordinates in the other CRS.
    #[error(
        "{failed} of {samples} points of the grid in `{from}` have no coordinates in `{to}`; choose a CRS that covers the area"
    )]
    OutOfDomain {
        /// The points that have none.
        failed: usize,
        /// The points that were tried.
        samples: usize,
        /// The CRS of the points.
        from: String,
        /// The other CRS.
        to: String,
    },
    /// An array does not have the shape that its grid and window say.
    #[error("{what} of shape {shape:?} where {expected:?} is needed")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        shape: [usize; 4],
        /// The shape that it should have.
        expected: [usize; 4],
    },
    /// A source and a target are of different data types.
    #[error("pixels of {source_type} cannot be warped into an array of {target_type}")]
    DataType {
        /// Of the source.
        source_type: DataType,
        /// Of the target.
        target_type: DataType,
    },
    /// A fill value is no value of the data type.
    #[error("the fill value {fill} is not a value of {dtype}")]
    Fill {
        /// The value.
        fill: rasteret_schema::PixelValue,
        /// The data type.
        dtype: DataType,
    },
    /// The result would not fit the memory that it may use.
    #[error(
        "the result needs {needed} bytes, more than the limit of {limit}; choose a coarser or smaller grid"
    )]
    TooLarge {
        /// Bytes of the result.
        needed: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
}
