//! Areas and points from tables.
//!
//! In: GeoParquet, Parquet, CSV and GeoJSON files, and Arrow tables in memory. Out: geometries with the
//! other columns of their table ([`GeometryTable`]), or points, batch by batch, with theirs ([`Points`]).
//! Coordinates are x before y, whatever the CRS says of axis order, as GeoParquet and GeoArrow have it.
//! No pixel is known here.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `table`, `points` | what comes out |
//! | `features` | rows with their geometries, from any source |
//! | `source` | what can be read, with `geoparquet`, `csv` and `geojson` |
//! | `column` | which column holds the geometries, how, and in which CRS |
//! | `encoding` | WKB and WKT |
//! | `geoarrow` | GeoArrow's native arrays |
//!
//! The `geoparquet` and `geoarrow` crates are not used to read: their readers assert what a file says of
//! itself, and a file that lies would end the process.

mod column;
mod csv;
mod encoding;
mod error;
mod features;
mod geoarrow;
mod geojson;
mod geoparquet;
mod points;
mod source;
mod table;

pub(crate) use self::csv::read_csv;
pub(crate) use column::ColumnGeometries;
pub(crate) use encoding::{geometry_from_wkb, geometry_from_wkt, geometry_to_wkb, typed_geometry_from_wkb};
pub use error::{GeometryError, RowProblem};
pub use points::{PointBatch, Points};
pub use source::TableOptions;
pub use table::GeometryTable;

#[cfg(test)]
mod tests;
