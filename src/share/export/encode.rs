//! Rows as row groups of Parquet.

use super::ExportError;
use super::geo::Footprints;
use super::layout::{Layout, Rows};
use super::plan::GROUP_ROWS;
use crate::error::Result;
use arrow_array::{Array, RecordBatch, new_null_array};
use arrow_schema::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, SchemaDescriptor, TypePtr};
use rasteret_schema::record::{ASSETS, GEOMETRY, ID};
use rasteret_schema::share::CREATED_BY;
use std::io::{Write, sink};
use std::sync::Arc;

/// Bytes of a row group, not compressed.
const GROUP_BYTES: usize = 32 << 20;
/// Bytes of rows, with their headers, that are made and encoded at once.
const SLICE_BYTES: usize = 2 << 20;
/// Rows of a page at most: readers that know page indexes skip as finely as this.
const PAGE_ROWS: usize = 8_192;

/// Makes row groups. Can be used by several threads at once.
pub struct Encoder {
    layout: Layout,
    parquet: TypePtr,
    properties: WriterPropertiesPtr,
    factory: ArrowRowGroupWriterFactory,
    slice: usize,
    group: usize,
}

/// A row group, encoded.
pub struct RowGroup {
    pub columns: Vec<ArrowColumnChunk>,
    pub rows: usize,
    pub footprints: Footprints,
    /// Whether its headers are [whole](crate::share::SharedRows::whole_headers).
    pub whole_headers: bool,
    /// Hrefs that are not below what they were to be relative to.
    pub hrefs_kept: u64,
}

impl Encoder {
    /// For rows that have about so many bytes, with their headers.
    pub fn new(layout: Layout, row_bytes: usize) -> Result<Self> {
        let schema = layout.schema();
        check_types(schema)?;
        let parquet = ArrowSchemaConverter::new().convert(schema)?;
        let properties = Arc::new(properties(&parquet));
        let parquet = parquet.root_schema_ptr();
        let writer = SerializedFileWriter::new(sink(), Arc::clone(&parquet), Arc::clone(&properties))?;
        let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
        let row_bytes = row_bytes.max(1);
        Ok(Encoder {
            layout,
            parquet,
            properties,
            factory,
            slice: (SLICE_BYTES / row_bytes).clamp(1, PAGE_ROWS),
            group: (GROUP_BYTES / row_bytes).clamp(1, GROUP_ROWS),
        })
    }

    /// The schema of the files.
    pub fn schema(&self) -> &SchemaRef {
        self.layout.schema()
    }

    /// A file for its row groups. Nothing is said of Arrow's schema yet.
    pub fn writer<W: Write + Send>(&self, out: W) -> Result<SerializedFileWriter<W>> {
        Ok(SerializedFileWriter::new(out, Arc::clone(&self.parquet), Arc::clone(&self.properties))?)
    }

    /// Rows of a row group.
    pub fn group_rows(&self) -> usize {
        self.group
    }

    /// Encodes rows of the store as a row group; as several, should they be larger than rows are on average.
    pub fn encode(&self, rows: &RecordBatch, records: &[u64]) -> Result<Vec<RowGroup>> {
        let mut groups = Vec::new();
        let mut open: Option<OpenGroup> = None;
        for start in (0..records.len()).step_by(self.slice) {
            let len = self.slice.min(records.len() - start);
            let numbers = records.get(start..start + len).unwrap_or_default();
            let rows = self.layout.rows(&rows.slice(start, len), numbers)?;
            let group = match &mut open {
                Some(group) => group,
                none => none.insert(OpenGroup::new(&self.factory)?),
            };
            group.write(&rows)?;
            if group.bytes() >= GROUP_BYTES {
                groups.extend(open.take().map(OpenGroup::close).transpose()?);
            }
        }
        groups.extend(open.map(OpenGroup::close).transpose()?);
        Ok(groups)
    }
}

struct OpenGroup {
    writers: Vec<ArrowColumnWriter>,
    rows: usize,
    footprints: Footprints,
    whole_headers: bool,
    hrefs_kept: u64,
}

impl OpenGroup {
    fn new(factory: &ArrowRowGroupWriterFactory) -> Result<Self> {
        // The number of a row group matters to encrypted files only.
        Ok(OpenGroup {
            writers: factory.create_column_writers(0)?,
            rows: 0,
            footprints: Footprints::default(),
            whole_headers: true,
            hrefs_kept: 0,
        })
    }

    fn write(&mut self, Rows { batch, whole_headers, hrefs_kept }: &Rows) -> Result<()> {
        let mut writers = self.writers.iter_mut();
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            for (leaf, writer) in compute_leaves(field, column)?.iter().zip(&mut writers) {
                writer.write(leaf)?;
            }
        }
        self.rows += batch.num_rows();
        self.whole_headers &= whole_headers;
        self.hrefs_kept += hrefs_kept;
        self.footprints.add(batch)
    }

    fn bytes(&self) -> usize {
        self.writers.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
    }

    fn close(self) -> Result<RowGroup> {
        let OpenGroup { writers, rows, footprints, whole_headers, hrefs_kept } = self;
        let columns = writers.into_iter().map(ArrowColumnWriter::close).collect::<Result<_, _>>()?;
        Ok(RowGroup { columns, rows, footprints, whole_headers, hrefs_kept })
    }
}

/// Bytes of a batch in memory, without what is beside its rows.
pub fn bytes_of(batch: &RecordBatch) -> usize {
    let bytes = |column: &Arc<dyn Array>| {
        column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(bytes).sum()
}

/// Says which column is of a type that Parquet does not have: each is written once.
fn check_types(schema: &Schema) -> Result<(), ExportError> {
    for field in schema.fields() {
        if let Err(error) = write_null(field) {
            tracing::debug!("{}: {error}", field.name());
            return Err(ExportError::ColumnType {
                column: field.name().clone(),
                data_type: field.data_type().to_string(),
            });
        }
    }
    Ok(())
}

fn write_null(field: &Field) -> parquet::errors::Result<()> {
    let field = field.clone().with_nullable(true);
    let schema = Schema::new(vec![field.clone()]);
    let parquet = ArrowSchemaConverter::new().convert(&schema)?.root_schema_ptr();
    let writer = SerializedFileWriter::new(sink(), parquet, Arc::default())?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::new(schema));
    let null = new_null_array(field.data_type(), 1);
    for (leaf, mut writer) in compute_leaves(&field, &null)?.iter().zip(factory.create_column_writers(0)?) {
        writer.write(leaf)?;
    }
    Ok(())
}

/// How columns are written: by zstd, with statistics of each page, and dictionaries where values recur.
fn properties(parquet: &SchemaDescriptor) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_created_by(format!("{CREATED_BY}{}", env!("CARGO_PKG_VERSION")))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page);
    for leaf in parquet.columns() {
        let parts: Vec<&str> = leaf.path().parts().iter().map(String::as_str).collect();
        let path = || ColumnPath::new(leaf.path().parts().to_vec());
        let is_unique = match parts.as_slice() {
            [ID] | [GEOMETRY] => true,
            [ASSETS, .., "href"] => true,
            [column, "tile_offsets" | "tile_byte_counts", ..] if column.ends_with("_metadata") => {
                // They ascend, or vary little: differences are a fraction of the numbers. Nobody searches by them.
                properties = properties
                    .set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED)
                    .set_column_statistics_enabled(path(), EnabledStatistics::Chunk);
                true
            }
            _ => false,
        };
        if is_unique {
            properties = properties.set_column_dictionary_enabled(path(), false);
        }
    }
    properties.build()
}
