//! A view as a table: its columns, what its records have in common, its first records.

use super::{RecordBatches, SharedTable};
use crate::collection::{Collection, Column};
use crate::error::Result;
use crate::query::{self, dates, overview};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde::Serialize;
use std::fmt;

impl Collection {
    /// The schema of the table that [`to_batches`](Self::to_batches) gives.
    ///
    /// # Errors
    ///
    /// As [`Collection::info`].
    pub fn schema(&self) -> Result<SchemaRef> {
        Ok(SharedTable::new(&self.snapshot()?.collection(self.name())?, None)?.schema().clone())
    }

    /// The columns of the records, without those of headers.
    ///
    /// # Errors
    ///
    /// As [`Collection::info`].
    pub fn columns(&self) -> Result<Vec<Column>> {
        Ok(query::columns(self.snapshot()?.collection(self.name())?.schema()))
    }

    /// Number of records of this view.
    ///
    /// # Errors
    ///
    /// If a filter needs a column that the collection does not have, or the database is damaged.
    pub fn len(&self) -> Result<u64> {
        overview::count(&self.snapshot()?.collection(self.name())?, self.filter())
    }

    /// Whether this view has no records.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// The bands that records of this view have.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn bands(&self) -> Result<Vec<String>> {
        overview::bands(&self.snapshot()?.collection(self.name())?, self.filter())
    }

    /// West, south, east, north of all footprints in degrees; west is greater than east across the antimeridian.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn bounds(&self) -> Result<Option<[f64; 4]>> {
        let bounds = overview::bounds(&self.snapshot()?.collection(self.name())?, self.filter())?;
        Ok(bounds.map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]))
    }

    /// The EPSG codes of the rasters, ascending.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn epsg(&self) -> Result<Vec<i32>> {
        overview::epsg(&self.snapshot()?.collection(self.name())?, self.filter())
    }

    /// The coordinate reference systems of the rasters, as the records name them.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn crs(&self) -> Result<Vec<String>> {
        overview::crs(&self.snapshot()?.collection(self.name())?, self.filter())
    }

    /// The first records, by time, then id, without the columns of headers.
    /// [`json_rows`](crate::query::json_rows) makes them readable.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn head(&self, n: usize) -> Result<RecordBatch> {
        let stored = self.snapshot()?.collection(self.name())?;
        let columns: Vec<&str> = stored.schema().fields().iter().map(|field| field.name().as_str()).collect();
        let table = SharedTable::new(&stored, Some(&columns))?;
        let records = overview::first(&stored, self.filter(), n)?;
        table.batch(&stored.rows(&records, table.projection())?, &records)
    }

    /// The records of this view as a table in the layout that is shared: the assets as a struct of bands, and the
    /// headers of each band in a column of its own. Or only the columns that are named, in this order.
    ///
    /// ```no_run
    /// # fn stream(db: rasteret::Database) -> rasteret::Result<()> {
    /// let clear = db.collection("bangalore")?.subset(rasteret::Filter::new().cloud_cover_lt(20.0));
    /// for batch in clear.to_batches(Some(&["id", "datetime", "eo:cloud_cover"]))? {
    ///     println!("{} records", batch?.num_rows());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchColumn`](crate::store::StoreError::NoSuchColumn), and as [`Collection::len`].
    pub fn to_batches(&self, columns: Option<&[&str]>) -> Result<RecordBatches> {
        RecordBatches::new(&self.snapshot()?.collection(self.name())?, self.filter(), columns)
    }

    /// What there is to know of this view.
    ///
    /// # Errors
    ///
    /// As [`Collection::len`].
    pub fn describe(&self) -> Result<ViewDescription> {
        let stored = self.snapshot()?.collection(self.name())?;
        let filter = self.filter();
        let bounds = overview::bounds(&stored, filter)?;
        let times = overview::times(&stored, filter)?;
        Ok(ViewDescription {
            name: self.name().to_owned(),
            records: overview::count(&stored, filter)?,
            of: stored.len(),
            bands: overview::bands(&stored, filter)?,
            epsg: overview::epsg(&stored, filter)?,
            bounds: bounds.map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]),
            date_range: times.map(|(first, last)| [dates::to_text(first), dates::to_text(last)]),
            data_source: stored.metadata().description.data_source.clone(),
            columns: query::columns(stored.schema()),
        })
    }
}

/// What there is to know of a view. Displays as a few lines for people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewDescription {
    /// Name of the collection.
    pub name: String,
    /// Number of records.
    pub records: u64,
    /// Number of records of the whole collection.
    pub of: u64,
    /// The bands that the records have.
    pub bands: Vec<String>,
    /// The EPSG codes of the rasters, ascending.
    pub epsg: Vec<i32>,
    /// West, south, east, north of all footprints in degrees; west is greater than east across the antimeridian.
    pub bounds: Option<[f64; 4]>,
    /// First and last time.
    pub date_range: Option<[String; 2]>,
    /// What the collection was built from.
    pub data_source: String,
    /// The columns of the records.
    pub columns: Vec<Column>,
}

impl fmt::Display for ViewDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:8} {value}");
        line("name", &self.name)?;
        match self.records == self.of {
            true => line("records", &self.records)?,
            false => line("records", &format_args!("{} of {}", self.records, self.of))?,
        }
        line("bands", &self.bands.join(" "))?;
        line("epsg", &self.epsg.iter().map(i32::to_string).collect::<Vec<_>>().join(" "))?;
        if let Some([west, south, east, north]) = self.bounds {
            line("bounds", &format_args!("{west:.6}, {south:.6}, {east:.6}, {north:.6}"))?;
        }
        if let Some([first, last]) = &self.date_range {
            line("dates", &format_args!("{first} – {last}"))?;
        }
        line("source", &self.data_source)?;
        for (at, column) in self.columns.iter().enumerate() {
            let name = if at == 0 { "columns" } else { "" };
            line(name, &format_args!("{}: {}", column.name, column.data_type))?;
        }
        Ok(())
    }
}
