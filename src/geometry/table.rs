//! Geometries with the other columns of their table, all in memory.

use super::features::Features;
use super::source::Source;
use super::{GeometryError, TableOptions, geojson};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use geo_types::Geometry;
use rasteret_schema::Crs;
use std::path::Path;

/// Geometries, and what is known of each besides.
///
/// Every geometry has coordinates, all of them finite and, in degrees, with a latitude.
///
/// ```no_run
/// use rasteret::geometry::{GeometryTable, TableOptions};
/// let fields = GeometryTable::open("fields.parquet", &TableOptions::new())?;
/// let area = rasteret::Area::from(fields);
/// # Ok::<(), rasteret::geometry::GeometryError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GeometryTable {
    /// The geometries, one for each row.
    pub geometries: Vec<Geometry<f64>>,
    /// The other columns of the table.
    pub attributes: RecordBatch,
    /// The CRS of the geometries; x comes first.
    pub crs: Crs,
}

impl GeometryTable {
    /// Reads a GeoParquet, Parquet, CSV or GeoJSON file, which its name tells by ending in `.parquet`,
    /// `.geoparquet`, `.pq`, `.csv`, `.geojson` or `.json`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, it is unclear which column holds the geometries or which CRS they are in, or
    /// a geometry is null, empty, damaged, or has coordinates that are not finite.
    pub fn open(path: impl AsRef<Path>, options: &TableOptions) -> Result<GeometryTable, GeometryError> {
        let path = path.as_ref();
        let source = Source::open(path, options)?;
        collect(Features::new(path.display().to_string(), source, options)?)
    }

    /// From Arrow batches of one schema, such as those of a `RecordBatchReader`. A geometry column is WKB,
    /// WKT, or one of GeoArrow's native arrays, as the field's extension type says.
    ///
    /// # Errors
    ///
    /// As [`GeometryTable::open`].
    pub fn from_batches(
        schema: SchemaRef,
        batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>, IntoIter: Send + 'static>,
        options: &TableOptions,
    ) -> Result<GeometryTable, GeometryError> {
        let source = Source::Memory(schema, Box::new(batches.into_iter()));
        collect(Features::new("the table".to_owned(), source, options)?)
    }

    /// From the text of a GeoJSON geometry, feature, or feature collection. Properties become columns; what is
    /// of different types from feature to feature becomes text.
    ///
    /// # Errors
    ///
    /// As [`GeometryTable::open`].
    pub fn from_geojson(text: &str, options: &TableOptions) -> Result<GeometryTable, GeometryError> {
        let table = "the text".to_owned();
        let batch = geojson::features(text).map_err(|reason| GeometryError::Invalid {
            table: table.clone(),
            format: "GeoJSON",
            reason,
        })?;
        collect(Features::new(table, batch.into(), options)?)
    }
}

fn collect(mut features: Features) -> Result<GeometryTable, GeometryError> {
    let mut geometries = Vec::new();
    let mut batches = Vec::new();
    while let Some(batch) = features.next_batch(|geometry| {
        geometries.push(geometry);
        Ok(())
    }) {
        batches.push(batch?);
    }
    let attributes = arrow_select::concat::concat_batches(features.schema(), &batches).map_err(|error| {
        GeometryError::Invalid { table: "the table".to_owned(), format: "Arrow", reason: error.to_string() }
    })?;
    Ok(GeometryTable { geometries, attributes, crs: features.crs().clone() })
}
