//! What can be wrong with a table of geometries.

use crate::crs::CrsError;
use arrow_schema::DataType;

/// Why a table gives no geometries. Rows are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// The file cannot be read.
    #[error("cannot read {table}: {source}")]
    Read {
        /// The file.
        table: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what its name says.
    #[error("{table} is not valid {format}: {reason}")]
    Invalid {
        /// The file.
        table: String,
        /// What it should be.
        format: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// The file's name ends in something else.
    #[error(
        "{table} is no table that can be read: its name ends in neither .parquet, .geoparquet, .csv, .geojson \
         nor .json"
    )]
    Unrecognised {
        /// The file.
        table: String,
    },
    /// A row has no usable geometry.
    #[error("{table}, row {row}: {problem}")]
    Row {
        /// The file.
        table: String,
        /// Which row.
        row: u64,
        /// What is wrong with it.
        problem: RowProblem,
    },
    /// A coordinate in a CSV file is none.
    #[error("{table}, line {line}, column {column:?}: `{value}` is no finite number")]
    Number {
        /// The file.
        table: String,
        /// Line, counted from 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// Nothing says where the geometries are.
    #[error(
        "{table} has no geometry column and no columns lon and lat, longitude and latitude, or x and y; name the \
         columns to use. It has {}", list(.columns)
    )]
    NoGeometry {
        /// The file.
        table: String,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// There are several geometry columns.
    #[error("{table} has several geometry columns; name one of {}", list(.columns))]
    SeveralGeometries {
        /// The file.
        table: String,
        /// The geometry columns.
        columns: Vec<String>,
    },
    /// A column that was asked for does not exist.
    #[error("{table} has no column {column:?}; it has {}", list(.columns))]
    NoSuchColumn {
        /// The file.
        table: String,
        /// What was asked for.
        column: String,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// A column cannot hold geometries or coordinates.
    #[error("{table}, column {column:?}: {reason}, and its type is {data_type}")]
    ColumnType {
        /// The file.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        data_type: DataType,
        /// What is needed.
        reason: String,
    },
    /// A geometry column has no CRS, and none was given.
    #[error("{table}, column {column:?}: nothing says which CRS the geometries are in; name it")]
    NoCrs {
        /// The file.
        table: String,
        /// The column.
        column: String,
    },
    /// The CRS cannot be used.
    #[error("{table}: {source}")]
    Crs {
        /// The file.
        table: String,
        /// Why.
        source: CrsError,
    },
    /// The edges of the geometries are not straight lines.
    #[error("{table}, column {column:?}: the edges are {edges}, and only planar ones can be read")]
    Edges {
        /// The file.
        table: String,
        /// The column.
        column: String,
        /// What they are.
        edges: String,
    },
    /// A column of the table has the name of a column of the output.
    #[error(
        "the columns {} are also columns of the output; rename them, or choose the columns to keep", list(.columns)
    )]
    Collision {
        /// The columns.
        columns: Vec<String>,
    },
}

/// What is wrong with the geometry of one row.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RowProblem {
    /// The geometry, or a coordinate, is null.
    #[error("there is no geometry")]
    Missing,
    /// The geometry has no coordinates.
    #[error("the geometry is empty")]
    Empty,
    /// A coordinate is NaN or infinite.
    #[error("the vertex ({x}, {y}) is not finite")]
    NotFinite {
        /// Easting or longitude.
        x: f64,
        /// Northing or latitude.
        y: f64,
    },
    /// A latitude lies beyond a pole.
    #[error("the latitude of ({x}, {y}) is not within -90..=90; is x before y?")]
    Latitude {
        /// Longitude.
        x: f64,
        /// Latitude.
        y: f64,
    },
    /// The geometry is of another type.
    #[error("a point is needed, and this is a {0}")]
    NotAPoint(&'static str),
    /// The geometry cannot be decoded.
    #[error("{0}")]
    Undecodable(String),
}

fn list(columns: &[String]) -> String {
    columns.join(", ")
}
