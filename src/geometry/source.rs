//! What tables are read from.

use super::csv::CsvSource;
use super::geoparquet::{GeoMetadata, ParquetSource};
use super::{GeometryError, geojson};
use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use rasteret_schema::Crs;
use std::fs::File;
use std::path::Path;

/// Rows that are read at once.
pub(super) const ROWS: usize = 65_536;

/// Batches of rows.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, GeometryError>> + Send>;

/// How a table is read: which columns hold the geometries, and what else is kept.
///
/// ```
/// use rasteret::geometry::TableOptions;
/// let options = TableOptions::new().xy("easting", "northing").crs(rasteret::Crs::from_epsg(32643));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableOptions {
    pub(super) geometry_column: Option<String>,
    pub(super) xy: Option<(String, String)>,
    pub(super) crs: Option<Crs>,
    pub(super) columns: Option<Vec<String>>,
}

impl TableOptions {
    /// As the table says: its primary geometry column, else the one column that is tagged as GeoArrow, else
    /// the columns `lon` and `lat`, `longitude` and `latitude`, or `x` and `y`. All other columns are kept.
    pub fn new() -> TableOptions {
        TableOptions::default()
    }

    /// The column of geometries.
    pub fn geometry_column(self, name: impl Into<String>) -> TableOptions {
        TableOptions { geometry_column: Some(name.into()), ..self }
    }

    /// Two columns of coordinates instead of one of geometries: easting or longitude, northing or latitude.
    pub fn xy(self, x: impl Into<String>, y: impl Into<String>) -> TableOptions {
        TableOptions { xy: Some((x.into(), y.into())), ..self }
    }

    /// The CRS, whatever the table says. Without it, columns of coordinates are in EPSG:4326.
    pub fn crs(self, crs: Crs) -> TableOptions {
        TableOptions { crs: Some(crs), ..self }
    }

    /// The columns to keep besides the geometries, in the order of the table.
    pub fn columns(self, names: impl IntoIterator<Item = impl Into<String>>) -> TableOptions {
        TableOptions { columns: Some(names.into_iter().map(Into::into).collect()), ..self }
    }
}

/// A table that has not been read yet.
pub(super) enum Source {
    Parquet(Box<ParquetSource>),
    Csv(CsvSource),
    Memory(SchemaRef, Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>),
}

impl Source {
    /// A file, by the ending of its name.
    pub fn open(path: &Path, options: &TableOptions) -> Result<Source, GeometryError> {
        let table = path.display().to_string();
        let read = |source| GeometryError::Read { table: table.clone(), source };
        let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("parquet" | "geoparquet" | "pq") => {
                let file = File::open(path).map_err(read)?;
                Ok(Source::Parquet(Box::new(ParquetSource::new(&table, file)?)))
            }
            Some("csv") => Ok(Source::Csv(CsvSource::open(path, options)?)),
            Some("geojson" | "json") => {
                let text = std::fs::read_to_string(path).map_err(read)?;
                let invalid =
                    |reason| GeometryError::Invalid { table: table.clone(), format: "GeoJSON", reason };
                Ok(Source::from(geojson::features(&text).map_err(invalid)?))
            }
            _ => Err(GeometryError::Unrecognised { table }),
        }
    }

    pub fn schema(&self) -> SchemaRef {
        match self {
            Source::Parquet(source) => source.builder.schema().clone(),
            Source::Csv(source) => source.schema(),
            Source::Memory(schema, _) => schema.clone(),
        }
    }

    pub fn geo(&self) -> Option<&GeoMetadata> {
        match self {
            Source::Parquet(source) => source.geo.as_ref(),
            _ => None,
        }
    }

    /// The columns at the given positions, which ascend.
    pub fn read(self, table: &str, columns: Vec<usize>) -> Result<Batches, GeometryError> {
        let invalid = {
            let table = table.to_owned();
            move |error: ArrowError| GeometryError::Invalid {
                table: table.clone(),
                format: "Arrow",
                reason: error.to_string(),
            }
        };
        Ok(match self {
            Source::Parquet(source) => source.read(table, &columns)?,
            Source::Csv(source) => {
                Box::new(source.map(move |batch| batch?.project(&columns).map_err(&invalid)))
            }
            Source::Memory(schema, batches) => Box::new(batches.map(move |batch| {
                let batch = batch.map_err(&invalid)?;
                // What the schema promises is relied on below.
                let batch =
                    RecordBatch::try_new(schema.clone(), batch.columns().to_vec()).map_err(&invalid)?;
                batch.project(&columns).map_err(&invalid)
            })),
        })
    }
}

impl From<RecordBatch> for Source {
    fn from(batch: RecordBatch) -> Source {
        Source::Memory(batch.schema(), Box::new(std::iter::once(Ok(batch))))
    }
}
