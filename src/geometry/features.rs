//! Rows of a table with their geometries.

use super::column::{self, GeometryColumn, Place};
use super::source::{Batches, Source};
use super::{GeometryError, RowProblem, TableOptions};
use crate::crs::vertices::for_each_vertex;
use crate::crs::{self, Kind};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use geo_types::Geometry;
use rasteret_schema::Crs;
use std::sync::Arc;

/// The rows of a table, batch by batch.
pub(super) struct Features {
    table: String,
    batches: Batches,
    geometry: GeometryColumn,
    /// Name of the geometry column; empty where there are two of coordinates.
    geometry_name: String,
    geographic: bool,
    /// Which columns of a batch are not geometries.
    attributes: Vec<usize>,
    schema: SchemaRef,
    next_row: u64,
}

impl Features {
    pub fn new(table: String, source: Source, options: &TableOptions) -> Result<Features, GeometryError> {
        let schema = source.schema();
        let mut geometry = GeometryColumn::find(&table, &schema, source.geo(), options)?;
        let kind = crs::describe(&geometry.crs)
            .map_err(|source| GeometryError::Crs { table: table.clone(), source })?
            .kind;
        let needed = match geometry.place {
            Place::Geometry(index, _) => vec![index],
            Place::Xy(x, y) => vec![x, y],
        };
        let kept: Vec<usize> = match &options.columns {
            Some(names) => {
                names.iter().map(|name| column::index_of(&table, &schema, name)).collect::<Result<_, _>>()?
            }
            // Columns of coordinates are the user's own, too.
            None => (0..schema.fields().len())
                .filter(|index| !matches!(geometry.place, Place::Geometry(place, _) if place == *index))
                .collect(),
        };
        let mut read = [needed, kept.clone()].concat();
        read.sort_unstable();
        read.dedup();
        let position = |index: usize| read.partition_point(|&other| other < index);
        let mut geometry_name = String::new();
        geometry.place = match geometry.place {
            Place::Geometry(index, encoding) => {
                geometry_name.clone_from(schema.field(index).name());
                Place::Geometry(position(index), encoding)
            }
            Place::Xy(x, y) => Place::Xy(position(x), position(y)),
        };
        let mut attributes: Vec<usize> = kept.iter().map(|&index| position(index)).collect();
        attributes.sort_unstable();
        attributes.dedup();
        let fields: Vec<_> = attributes.iter().map(|&index| schema.fields()[read[index]].clone()).collect();
        Ok(Features {
            batches: source.read(&table, read)?,
            table,
            geometry,
            geometry_name,
            geographic: kind == Kind::Geographic,
            attributes,
            schema: Arc::new(Schema::new(fields)),
            next_row: 0,
        })
    }

    /// The CRS of the geometries.
    pub fn crs(&self) -> &Crs {
        &self.geometry.crs
    }

    /// The columns besides the geometries.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Number of the row that comes next.
    pub fn next_row(&self) -> u64 {
        self.next_row
    }

    /// Gives the geometries of the next batch of rows to `visit`, one by one, and returns their other
    /// columns; `None` after the last.
    pub fn next_batch(
        &mut self,
        mut visit: impl FnMut(Geometry<f64>) -> Result<(), RowProblem>,
    ) -> Option<Result<RecordBatch, GeometryError>> {
        let batch = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        Some(self.visit(&batch, &mut visit))
    }

    fn visit(
        &mut self,
        batch: &RecordBatch,
        visit: &mut impl FnMut(Geometry<f64>) -> Result<(), RowProblem>,
    ) -> Result<RecordBatch, GeometryError> {
        let invalid =
            |reason: String| GeometryError::Invalid { table: self.table.clone(), format: "table", reason };
        let decode = column::decoder(batch, self.geometry.place)
            .ok_or_else(|| invalid("a column is of another type than the schema says".to_owned()))?;
        for row in 0..batch.num_rows() {
            let geometry =
                decode(row).and_then(|geometry| check(&geometry, self.geographic).map(|()| geometry));
            if let (Some(edges), Ok(geometry)) = (&self.geometry.edges, &geometry)
                && !matches!(geometry, Geometry::Point(_) | Geometry::MultiPoint(_))
            {
                return Err(GeometryError::Edges {
                    table: self.table.clone(),
                    column: self.geometry_name.clone(),
                    edges: edges.clone(),
                });
            }
            geometry.and_then(&mut *visit).map_err(|problem| GeometryError::Row {
                table: self.table.clone(),
                row: self.next_row + row as u64,
                problem,
            })?;
        }
        let columns = self.attributes.iter().map(|&index| batch.column(index).clone()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let attributes = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| invalid(error.to_string()))?;
        self.next_row += batch.num_rows() as u64;
        Ok(attributes)
    }
}

/// That there are coordinates, and that they mean something.
fn check(geometry: &Geometry<f64>, geographic: bool) -> Result<(), RowProblem> {
    let mut result = Err(RowProblem::Empty);
    for_each_vertex(geometry, &mut |vertex| {
        let (x, y) = (vertex.x, vertex.y);
        if result == Err(RowProblem::Empty) {
            result = Ok(());
        }
        if result.is_ok() && !(x.is_finite() && y.is_finite()) {
            result = Err(RowProblem::NotFinite { x, y });
        }
        if result.is_ok() && geographic && !(-90.0..=90.0).contains(&y) {
            result = Err(RowProblem::Latitude { x, y });
        }
    });
    result
}
