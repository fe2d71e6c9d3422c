//! Points, batch by batch.

use super::encoding::type_name;
use super::features::Features;
use super::source::{ROWS, Source};
use super::{GeometryError, RowProblem, TableOptions};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use geo_types::Geometry;
use rasteret_schema::Crs;
use std::path::Path;
use std::sync::Arc;

/// Points with the other columns of their table: an iterator of batches, so that not all need to be in memory
/// at once.
///
/// ```
/// use rasteret::geometry::Points;
/// let mut points = Points::new(vec![77.5, 77.6], vec![13.0, 13.1]);
/// assert_eq!(points.crs().epsg(), Some(4326));
/// let batch = points.next().unwrap()?;
/// assert_eq!((batch.first_index, batch.x[1], batch.y[1]), (0, 77.6, 13.1));
/// # Ok::<(), rasteret::geometry::GeometryError>(())
/// ```
pub struct Points {
    crs: Crs,
    schema: SchemaRef,
    batches: Box<dyn Iterator<Item = Result<PointBatch, GeometryError>> + Send>,
}

/// Some of the points.
#[derive(Debug, Clone, PartialEq)]
pub struct PointBatch {
    /// How many points come before these.
    pub first_index: u64,
    /// Eastings or longitudes, all finite.
    pub x: Vec<f64>,
    /// Northings or latitudes, as many.
    pub y: Vec<f64>,
    /// The other columns of the table, with a row for each point.
    pub attributes: RecordBatch,
}

impl Points {
    /// Points without other columns, in EPSG:4326. Coordinates beyond the shorter vector are left out; those
    /// that are not finite lie on no raster.
    pub fn new(x: Vec<f64>, y: Vec<f64>) -> Points {
        let schema: SchemaRef = Arc::new(Schema::empty());
        let empty = schema.clone();
        let len = x.len().min(y.len());
        let batches = (0..len).step_by(ROWS).map(move |start| {
            let end = len.min(start + ROWS);
            let options = RecordBatchOptions::new().with_row_count(Some(end - start));
            Ok(PointBatch {
                first_index: start as u64,
                x: x[start..end].to_vec(),
                y: y[start..end].to_vec(),
                attributes: RecordBatch::try_new_with_options(empty.clone(), Vec::new(), &options).map_err(
                    |error| GeometryError::Invalid {
                        table: "the points".to_owned(),
                        format: "Arrow",
                        reason: error.to_string(),
                    },
                )?,
            })
        });
        Points { crs: Crs::from_epsg(4326), schema, batches: Box::new(batches) }
    }

    /// Opens a GeoParquet, Parquet, CSV or GeoJSON file, as
    /// [`GeometryTable::open`](super::GeometryTable::open) does. A GeoJSON file is read at once.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or it is unclear which columns hold the points or which CRS they are in.
    /// What is wrong with a point is the error of its batch.
    pub fn open(path: impl AsRef<Path>, options: &TableOptions) -> Result<Points, GeometryError> {
        let path = path.as_ref();
        let source = Source::open(path, options)?;
        Ok(Points::from_features(Features::new(path.display().to_string(), source, options)?))
    }

    /// From Arrow batches of one schema.
    ///
    /// # Errors
    ///
    /// As [`Points::open`].
    pub fn from_batches(
        schema: SchemaRef,
        batches: impl IntoIterator<Item = Result<RecordBatch, ArrowError>, IntoIter: Send + 'static>,
        options: &TableOptions,
    ) -> Result<Points, GeometryError> {
        let source = Source::Memory(schema, Box::new(batches.into_iter()));
        Ok(Points::from_features(Features::new("the table".to_owned(), source, options)?))
    }

    fn from_features(mut features: Features) -> Points {
        let (crs, schema) = (features.crs().clone(), features.schema().clone());
        let mut failed = false;
        let batches = std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let first_index = features.next_row();
            let (mut x, mut y) = (Vec::new(), Vec::new());
            let attributes = features.next_batch(|geometry| {
                let Geometry::Point(point) = geometry else {
                    return Err(RowProblem::NotAPoint(type_name(&geometry)));
                };
                x.push(point.x());
                y.push(point.y());
                Ok(())
            })?;
            failed = attributes.is_err();
            Some(attributes.map(|attributes| PointBatch { first_index, x, y, attributes }))
        });
        Points { crs, schema, batches: Box::new(batches) }
    }

    /// The same numbers in another CRS.
    pub fn with_crs(self, crs: Crs) -> Points {
        Points { crs, ..self }
    }

    /// Is given each batch when it is taken: to count the points, say, while they are sampled.
    ///
    /// ```
    /// use rasteret::geometry::Points;
    /// let (send, counts) = std::sync::mpsc::channel();
    /// let points = Points::new(vec![77.5, 77.6], vec![13.0, 13.1]).on_batch(move |batch| {
    ///     let _ = send.send(batch.x.len());
    /// });
    /// assert_eq!(points.count(), 1);
    /// assert_eq!(counts.iter().sum::<usize>(), 2);
    /// ```
    pub fn on_batch(self, mut on_batch: impl FnMut(&PointBatch) + Send + 'static) -> Points {
        let batches = self.batches.inspect(move |batch| {
            if let Ok(batch) = batch {
                on_batch(batch);
            }
        });
        Points { batches: Box::new(batches), ..self }
    }

    /// The CRS of the coordinates; x comes first.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// The other columns of the table.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for Points {
    type Item = Result<PointBatch, GeometryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches.next()
    }
}

impl std::fmt::Debug for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Points").field("crs", &self.crs).field("schema", &self.schema).finish_non_exhaustive()
    }
}
