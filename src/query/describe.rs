//! Collections, records and headers in words.

use super::{Filter, dates, overview};
use crate::collection::{CollectionInfo, Column};
use crate::error::{Error, Result};
use crate::store::Collection as StoredCollection;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_schema::{FieldRef, Schema};
use rasteret_schema::record::{ASSETS, DATETIME, GEOMETRY, ID, RecordColumns};
use rasteret_schema::{BandAliases, HeaderDescription};
use serde_json::{Map, Value};

/// What there is to know of a collection.
///
/// # Errors
///
/// If the store is damaged.
pub(crate) fn info(stored: &StoredCollection) -> Result<CollectionInfo> {
    let metadata = stored.metadata();
    let everything = Filter::new();
    let times = overview::times(stored, &everything)?;
    let bounds = overview::bounds(stored, &everything)?;
    Ok(CollectionInfo {
        name: stored.name().to_owned(),
        records: metadata.records,
        bands: metadata.bands.clone(),
        epsg: overview::epsg(stored, &everything)?,
        bounds: bounds.map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]),
        date_range: times.map(|(first, last)| [dates::to_text(first), dates::to_text(last)]),
        data_source: metadata.description.data_source.clone(),
        created: dates::to_text(metadata.description.created),
        columns: columns(stored.schema()),
        headers: metadata.headers,
        size_bytes: metadata.bytes,
    })
}

/// The columns of a schema in words.
pub(crate) fn columns(schema: &Schema) -> Vec<Column> {
    let describe = |field: &FieldRef| Column {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
        nullable: field.is_nullable(),
    };
    schema.fields().iter().map(describe).collect()
}

/// Rows of a collection's table as JSON objects with a member for each column. Geometries are WKT; of the
/// assets there are those that a record has.
///
/// # Errors
///
/// If a geometry is not WKB, or a value cannot be said in JSON.
pub fn json_rows(batch: &RecordBatch) -> Result<Vec<Map<String, Value>>> {
    let mut rows = super::json::objects(batch)?;
    let geometries = batch.column_by_name(GEOMETRY).and_then(|column| column.as_binary_opt::<i32>());
    for (row, object) in rows.iter_mut().enumerate() {
        if let Some(geometries) = geometries {
            let geometry = geometries.is_valid(row).then(|| wkb_to_wkt(geometries.value(row))).transpose()?;
            object.insert(GEOMETRY.to_owned(), geometry.map_or(Value::Null, Value::String));
        }
        if let Some(Value::Object(assets)) = object.get_mut(ASSETS) {
            assets.retain(|_, asset| !asset.is_null());
        }
    }
    Ok(rows)
}

fn wkb_to_wkt(bytes: &[u8]) -> Result<String> {
    let invalid =
        |error: &dyn std::fmt::Display| Error::InvalidArgument(format!("a footprint is not WKB: {error}"));
    let geometry = wkb::reader::read_wkb(bytes).map_err(|error| invalid(&error))?;
    let mut text = String::new();
    wkt::to_wkt::write_geometry(&mut text, &geometry).map_err(|error| invalid(&error))?;
    Ok(text)
}

/// The header of a band of a record.
///
/// # Errors
///
/// If there is none.
pub(crate) fn header(
    stored: &StoredCollection,
    id: &str,
    band: &str,
    aliases: &BandAliases,
) -> Result<HeaderDescription> {
    let number = stored.record_number(id)?;
    let batch = stored.rows(&[number], &stored.projection(&[ID, DATETIME, ASSETS])?)?;
    let assets = RecordColumns::new(&batch)?.assets(0);
    let asset = aliases.resolve(band, |band| assets.iter().find(|asset| asset.band == band));
    let band = asset.map_or(band, |asset| &asset.band);
    let header = stored.header(number, stored.band(band)?)?;
    let href = asset.map_or("", |asset| asset.href.as_str());
    let band_index = asset.and_then(|asset| asset.band_index).and_then(|index| u16::try_from(index).ok());
    Ok(HeaderDescription::new(header.get()?, href, band_index.unwrap_or(0))?)
}
