//! Tables as Parquet, and as GeoParquet 1.1 where they have geometries.

use crate::crs::vertices::for_each_vertex;
use crate::error::{Error, Result};
use crate::geometry::typed_geometry_from_wkb;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::io::Write;

/// Rows that are given to the encoder at once.
const ROWS: usize = 1024;
/// Bytes that a row group may take while it is made.
const ROW_GROUP: usize = 128 << 20;

/// Writes batches of one schema as a Parquet file, compressed with zstd. Columns of WKB, which their field tells
/// by the extension type `geoarrow.wkb`, are described as GeoParquet has it; the first is the primary one.
///
/// ```
/// # use arrow_array::{ArrayRef, Int32Array, RecordBatch};
/// use rasteret::output::ParquetWriter;
/// let column: ArrayRef = std::sync::Arc::new(Int32Array::from(vec![1, 2]));
/// let batch = RecordBatch::try_from_iter([("n", column)])?;
/// let mut writer = ParquetWriter::new(Vec::new(), batch.schema())?;
/// writer.write(&batch)?;
/// let file = writer.finish()?;
/// assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
/// # Ok::<(), rasteret::Error>(())
/// ```
pub struct ParquetWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    geometries: Vec<GeometryColumn>,
}

/// What GeoParquet says of a column.
struct GeometryColumn {
    index: usize,
    name: String,
    /// PROJJSON, or null where it is unknown.
    crs: Value,
    types: BTreeSet<String>,
    /// West, south, east, north; infinite the other way round where there is no vertex.
    bounds: [f64; 4],
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Starts a file.
    ///
    /// # Errors
    ///
    /// If a column is of a type that Parquet does not have.
    pub fn new(out: W, schema: SchemaRef) -> Result<ParquetWriter<W>> {
        let geometries = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| {
                let extension = field.metadata().get(EXTENSION_TYPE_NAME_KEY);
                *field.data_type() == DataType::Binary && extension.is_some_and(|name| name == "geoarrow.wkb")
            })
            .map(|(index, field)| GeometryColumn {
                index,
                name: field.name().clone(),
                crs: field
                    .metadata()
                    .get(EXTENSION_TYPE_METADATA_KEY)
                    .and_then(|text| serde_json::from_str::<Value>(text).ok()?.get("crs").cloned())
                    .unwrap_or_default(),
                types: BTreeSet::new(),
                bounds: [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
            })
            .collect();
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        Ok(ParquetWriter { writer: ArrowWriter::try_new(out, schema, Some(properties))?, geometries })
    }

    /// Adds rows.
    ///
    /// # Errors
    ///
    /// If the schema is another, a geometry is damaged, or the output fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for column in &mut self.geometries {
            column.add(batch)?;
        }
        for start in (0..batch.num_rows()).step_by(ROWS) {
            self.writer.write(&batch.slice(start, ROWS.min(batch.num_rows() - start)))?;
            if self.writer.in_progress_size() > ROW_GROUP {
                self.writer.flush()?;
            }
        }
        Ok(())
    }

    /// Ends the file, and returns what it was written to.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub fn finish(mut self) -> Result<W> {
        if let Some(primary) = self.geometries.first() {
            let columns: Map<String, Value> =
                self.geometries.iter().map(|column| (column.name.clone(), column.describe())).collect();
            let geo = json!({ "version": "1.1.0", "primary_column": primary.name, "columns": columns });
            self.writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_string()));
        }
        Ok(self.writer.into_inner()?)
    }
}

impl GeometryColumn {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let mismatch = || Error::InvalidArgument(format!("column {:?} is no WKB", self.name));
        let column = batch.columns().get(self.index).ok_or_else(mismatch)?;
        let column = column.as_binary_opt::<i32>().ok_or_else(mismatch)?;
        for bytes in column.iter().flatten() {
            let (name, geometry) = typed_geometry_from_wkb(bytes)
                .map_err(|problem| Error::InvalidArgument(format!("column {:?}: {problem}", self.name)))?;
            self.types.insert(name);
            let [west, south, east, north] = &mut self.bounds;
            for_each_vertex(&geometry, &mut |vertex| {
                (*west, *south) = (west.min(vertex.x), south.min(vertex.y));
                (*east, *north) = (east.max(vertex.x), north.max(vertex.y));
            });
        }
        Ok(())
    }

    fn describe(&self) -> Value {
        let mut column = json!({ "encoding": "WKB", "geometry_types": self.types, "crs": self.crs });
        if self.bounds.iter().all(|bound| bound.is_finite()) {
            column["bbox"] = json!(self.bounds);
        }
        column
    }
}
