//! Records with their headers as one table, as it is shared.
//!
//! The columns are those of [`record`](rasteret_schema::record), but for two things that readers elsewhere
//! expect: `assets` is a struct with a field for each band of the collection, and each band has its header
//! in a [column of its own](rasteret_schema::header_column).

use crate::error::{Error, Result};
use crate::store::{BandNumber, Collection, Projection, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StructArray, UInt32Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow_select::take::take;
use rasteret_schema::record::{self, ASSETS, GEOMETRY};
use rasteret_schema::{ArchivedRasterHeader, header_column};
use std::collections::HashMap;
use std::sync::Arc;

/// What makes batches of the shared table out of the store's.
#[derive(Debug, Clone)]
pub(crate) struct SharedTable {
    stored: Collection,
    projection: Projection,
    origins: Vec<Origin>,
    schema: SchemaRef,
}

/// Rows of the table.
#[derive(Debug)]
pub(crate) struct SharedRows {
    pub batch: RecordBatch,
    /// Whether the headers among them say all that reads at full resolution need, and are not in doubt themselves.
    pub whole_headers: bool,
}

/// Where a column comes from.
#[derive(Debug, Clone)]
enum Origin {
    /// The store's column of the same name.
    Stored,
    /// The store's assets, which are a map.
    Assets,
    /// The headers of a band.
    Headers(BandNumber),
}

impl SharedTable {
    /// The table of a collection: all its columns, or the named ones in this order.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchColumn`] with the columns that there are; [`Error::InvalidArgument`] if a column of
    /// the user's has the name of a band's header column.
    pub fn new(stored: &Collection, columns: Option<&[&str]>) -> Result<Self> {
        let all = all_columns(stored)?;
        let chosen: Vec<(FieldRef, Origin)> = match columns {
            None => all,
            Some(names) => {
                let find = |name: &&str| {
                    let found = all.iter().find(|(field, _)| field.name() == name).cloned();
                    found.ok_or_else(|| StoreError::NoSuchColumn {
                        collection: stored.name().to_owned(),
                        column: (*name).to_owned(),
                        available: all.iter().map(|(field, _)| field.name().clone()).collect(),
                    })
                };
                names.iter().map(find).collect::<Result<_, _>>()?
            }
        };
        let mut read: Vec<&str> = Vec::with_capacity(chosen.len());
        for (field, origin) in &chosen {
            // Which sample of its file a band is, the assets say.
            let name = if matches!(origin, Origin::Headers(_)) { ASSETS } else { field.name() };
            if !read.contains(&name) {
                read.push(name);
            }
        }
        let projection = stored.projection(&read)?;
        let (fields, origins): (Vec<FieldRef>, Vec<Origin>) = chosen.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        Ok(SharedTable { stored: stored.clone(), projection, origins, schema })
    }

    /// The schema of the table.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The columns of the store that [`batch`](Self::batch) needs.
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Rows of the table: those of the store, which may have more columns, with the numbers of their records.
    ///
    /// # Errors
    ///
    /// If the store is damaged.
    pub fn batch(&self, rows: &RecordBatch, records: &[u64]) -> Result<RecordBatch> {
        Ok(self.rows(rows, records)?.batch)
    }

    /// The same, and whether their headers are whole.
    ///
    /// # Errors
    ///
    /// As [`batch`](Self::batch).
    pub fn rows(&self, rows: &RecordBatch, records: &[u64]) -> Result<SharedRows> {
        let mut whole_headers = true;
        let stored = |name: &str| {
            let column = rows.column_by_name(name).cloned();
            column.ok_or_else(|| Error::InvalidArgument(format!("column {name:?} was not read")))
        };
        let column = |(field, origin): (&FieldRef, &Origin)| -> Result<ArrayRef> {
            Ok(match origin {
                Origin::Stored => stored(field.name())?,
                Origin::Assets => Arc::new(assets(&stored(ASSETS)?, field)?),
                Origin::Headers(band) => {
                    let (headers, are_whole) = self.headers(*band, &stored(ASSETS)?, records)?;
                    whole_headers &= are_whole;
                    Arc::new(headers)
                }
            })
        };
        let columns =
            self.schema.fields().iter().zip(&self.origins).map(column).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(SharedRows { batch, whole_headers })
    }

    /// The headers of a band, and whether they are whole.
    fn headers(&self, band: BandNumber, assets: &ArrayRef, records: &[u64]) -> Result<(StructArray, bool)> {
        let found = records
            .iter()
            .map(|record| self.stored.find_header(*record, band))
            .collect::<Result<Vec<_>, _>>()?;
        let headers = found
            .iter()
            .map(|header| header.as_ref().map(|header| header.get()).transpose())
            .collect::<Result<Vec<_>, _>>()?;
        // Only where samples have tiles of their own does it matter which one a band is.
        let is_planar = |header: &ArchivedRasterHeader| header.image(0).is_some_and(|image| image.planar);
        let samples = match headers.iter().flatten().any(|header| is_planar(header)) {
            true => samples(assets, self.stored.metadata().bands.get(usize::from(band)))?,
            false => vec![0; headers.len()],
        };
        let has_unconfirmed = self.stored.metadata().description.has_unconfirmed_headers();
        let mut are_whole = true;
        for header in headers.iter().flatten() {
            let is_confirmed = !has_unconfirmed || !header_column::is_of_no_version(header);
            are_whole = are_whole && is_confirmed && header_column::says_all(header)?;
        }
        let headers = headers.into_iter().zip(samples).map(|(header, sample)| Some((header?, sample)));
        Ok((header_column::to_array(headers)?, are_whole))
    }
}

/// The columns of the whole table, in their order.
fn all_columns(stored: &Collection) -> Result<Vec<(FieldRef, Origin)>> {
    let bands = &stored.metadata().bands;
    let schema = match stored.schema() {
        // Of a collection that never had records.
        schema if schema.fields().is_empty() => record::schema(),
        schema => Arc::clone(schema),
    };
    let mut columns: Vec<(FieldRef, Origin)> = schema
        .fields()
        .iter()
        .map(|field| match field.name().as_str() {
            ASSETS => (Arc::new(assets_field(bands)), Origin::Assets),
            GEOMETRY => (Arc::new(geometry_field(field)), Origin::Stored),
            _ => (Arc::clone(field), Origin::Stored),
        })
        .collect();
    if stored.metadata().headers == 0 {
        return Ok(columns);
    }
    for (number, band) in bands.iter().enumerate() {
        let name = header_column::column_name(band);
        if columns.iter().any(|(field, _)| *field.name() == name) {
            return Err(Error::InvalidArgument(format!(
                "column {name:?} of collection {:?} has the name of the column for the headers of band {band:?}",
                stored.name()
            )));
        }
        let field = Field::new(name, DataType::Struct(header_column::fields()), true);
        // The store keeps the numbers of bands within the type.
        columns.push((Arc::new(field), Origin::Headers(number as BandNumber)));
    }
    Ok(columns)
}

/// A struct of band → asset. Records without a band have a null there.
fn assets_field(bands: &[String]) -> Field {
    let asset = DataType::Struct(record::asset_fields());
    let bands = bands.iter().map(|band| Field::new(band, asset.clone(), true));
    Field::new(ASSETS, DataType::Struct(bands.collect::<Fields>()), false)
}

/// The field of a footprint, which says as GeoArrow does what the bytes are.
fn geometry_field(field: &Field) -> Field {
    let metadata = [
        ("ARROW:extension:name", "geoarrow.wkb"),
        ("ARROW:extension:metadata", r#"{"crs":"OGC:CRS84","crs_type":"authority_code"}"#),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    field.clone().with_metadata(metadata.collect::<HashMap<_, _>>())
}

fn damaged_assets() -> Error {
    StoreError::Damaged("assets are no map of bands".to_owned()).into()
}

/// Of each row, which sample of its file a band is, counted from 0.
fn samples(assets: &ArrayRef, band: Option<&String>) -> Result<Vec<usize>> {
    let map = assets.as_map_opt().ok_or_else(damaged_assets)?;
    let names = map.keys().as_string_opt::<i32>().ok_or_else(damaged_assets)?;
    let indexes = map.values().as_struct_opt().and_then(|asset| asset.column_by_name("band_index"));
    let indexes = indexes.and_then(|it| it.as_primitive_opt::<Int32Type>()).ok_or_else(damaged_assets)?;
    let sample = |entry: usize| {
        let index = if indexes.is_valid(entry) { indexes.value(entry) } else { 0 };
        usize::try_from(index).unwrap_or(0)
    };
    let of_row = |range: &[i32]| {
        let mut entries = range[0] as usize..range[1] as usize;
        entries.find(|entry| band.is_some_and(|band| names.value(*entry) == band)).map_or(0, sample)
    };
    Ok(map.value_offsets().windows(2).map(of_row).collect())
}

/// The store's map of assets as a struct of the bands of `field`.
fn assets(map: &ArrayRef, field: &Field) -> Result<StructArray> {
    let map = map.as_map_opt().ok_or_else(damaged_assets)?;
    let DataType::Struct(bands) = field.data_type() else { return Err(damaged_assets()) };
    let names = map.keys().as_string_opt::<i32>().ok_or_else(damaged_assets)?;
    let places: HashMap<&str, usize> =
        bands.iter().enumerate().map(|(place, band)| (band.name().as_str(), place)).collect();
    // Of each band, where in the map's entries each row's asset is.
    let mut entries: Vec<Vec<Option<u32>>> = vec![vec![None; map.len()]; bands.len()];
    for (row, range) in map.value_offsets().windows(2).enumerate() {
        for entry in range[0]..range[1] {
            let band = places.get(names.value(entry as usize)).and_then(|place| entries.get_mut(*place));
            if let Some(row) = band.and_then(|rows| rows.get_mut(row)) {
                *row = Some(entry as u32);
            }
        }
    }
    let columns = entries
        .into_iter()
        .map(|entries| take(map.values(), &UInt32Array::from(entries), None))
        .collect::<Result<Vec<_>, _>>()?;
    if columns.is_empty() {
        return Ok(StructArray::new_empty_fields(map.len(), None::<NullBuffer>));
    }
    Ok(StructArray::try_new(bands.clone(), columns, None)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Description, Store};
    use arrow_array::Int32Array;
    use rasteret_schema::{Asset, Record};

    fn record(id: &str, assets: &[(&str, Option<i32>)]) -> Record {
        let asset = |(band, band_index): &(&str, Option<i32>)| Asset {
            band: (*band).to_owned(),
            href: format!("{id}/{band}.tif"),
            band_index: *band_index,
        };
        Record {
            id: id.to_owned(),
            datetime: 0,
            end_datetime: None,
            geometry: Some(vec![1]),
            bbox: None,
            assets: assets.iter().map(asset).collect(),
            epsg: None,
            crs: None,
            collection: None,
        }
    }

    #[test]
    fn assets_become_a_struct() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("a.rasteret")).unwrap();
        let mut write = store.write().unwrap();
        write.create_collection("a", Description::default()).unwrap();
        let records = [record("a", &[("B04", None), ("B08", Some(2))]), record("b", &[("B08", None)])];
        write.append("a", &record::to_batch(&records).unwrap(), &[], &[]).unwrap();
        write.commit().unwrap();

        let stored = store.read().unwrap().collection("a").unwrap();
        let table = SharedTable::new(&stored, Some(&["assets", "id"])).unwrap();
        let rows = stored.rows(&[1, 0], table.projection()).unwrap();
        let batch = table.batch(&rows, &[1, 0]).unwrap();
        assert_eq!(batch.schema_ref().fields().len(), 2);
        let assets = batch.column(0).as_struct();
        let red = assets.column_by_name("B04").unwrap().as_struct();
        assert!(red.is_null(0) && red.is_valid(1));
        let nir = assets.column_by_name("B08").unwrap().as_struct();
        assert_eq!(
            nir.column(0).as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
            ["b/B08.tif", "a/B08.tif"]
        );
        assert_eq!(*nir.column(1).as_primitive(), Int32Array::from(vec![None, Some(2)]));

        let error = SharedTable::new(&stored, Some(&["nothing"])).unwrap_err().to_string();
        assert!(error.contains("nothing") && error.contains("assets"), "{error}");
    }
}
