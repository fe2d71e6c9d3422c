//! Collections, records and headers in words.

use super::records::ordered;
use super::{Filter, dates};
use crate::collection::{CollectionInfo, Column};
use crate::error::{Error, Result};
use crate::store::Collection as StoredCollection;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use rasteret_schema::record::{ASSETS, BBOX, DATETIME, EPSG, GEOMETRY, ID, RecordColumns};
use rasteret_schema::{BandAliases, BoundingBox, HeaderDescription};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What there is to know of a collection.
///
/// # Errors
///
/// If the store is damaged.
pub(crate) fn info(stored: &StoredCollection) -> Result<CollectionInfo> {
    let metadata = stored.metadata();
    let mut epsg = BTreeSet::new();
    let mut boxes = Vec::new();
    let mut times: Option<(i64, i64)> = None;
    if metadata.records > 0 {
        for chunk in stored.scan(&stored.projection(&[EPSG, BBOX, DATETIME])?, |_| true)? {
            let batch = chunk?.batch;
            let codes = batch.column_by_name(EPSG).and_then(|column| column.as_primitive_opt::<Int32Type>());
            epsg.extend(codes.into_iter().flatten().flatten());
            let bboxes = super::filter::bounding_boxes(&batch)?;
            boxes.extend(bboxes.into_iter().flatten());
            for time in super::time_column(&batch, DATETIME)?.iter().flatten() {
                let (first, last) = times.get_or_insert((time, time));
                (*first, *last) = ((*first).min(time), (*last).max(time));
            }
        }
    }
    let columns = stored.schema().fields().iter().map(|field| Column {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
        nullable: field.is_nullable(),
    });
    Ok(CollectionInfo {
        name: stored.name().to_owned(),
        records: metadata.records,
        bands: metadata.bands.clone(),
        epsg: epsg.into_iter().collect(),
        bounds: BoundingBox::around(&boxes).map(|bbox| [bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]),
        date_range: times.map(|(first, last)| [dates::to_text(first), dates::to_text(last)]),
        data_source: metadata.description.data_source.clone(),
        created: dates::to_text(metadata.description.created),
        columns: columns.collect(),
        headers: metadata.headers,
        size_bytes: metadata.bytes,
    })
}

/// The first records that match, by time, then id, as JSON objects.
///
/// # Errors
///
/// If the filter needs a column that the collection does not have, or the store is damaged.
pub(crate) fn head(stored: &StoredCollection, filter: &Filter, n: usize) -> Result<Vec<Map<String, Value>>> {
    let mut first = ordered(stored, filter)?;
    first.truncate(n);
    let numbers = first.iter().map(|(_, id)| stored.record_number(id)).collect::<Result<Vec<_>, _>>()?;
    let batch = stored.rows(&numbers, &stored.all_columns())?;
    let columns = RecordColumns::new(&batch)?;
    let mut rows = super::json::objects(&batch)?;
    for (row, object) in rows.iter_mut().enumerate() {
        let geometry = columns.geometry(row).map(wkb_to_wkt).transpose()?;
        object.insert(GEOMETRY.to_owned(), geometry.map_or(Value::Null, Value::String));
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
