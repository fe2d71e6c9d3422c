//! What a source leaves to the header: the footprint, its bounding box, and the CRS.

use super::batch::{keep, new_numbers};
use super::footprint::footprint;
use crate::error::{Error, Result};
use crate::io::without_secrets;
use crate::query::Filter;
use crate::store::{Failure, HeaderFailure};
use arrow_array::builder::{BinaryBuilder, Int32Builder, StringBuilder};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::Schema;
use rasteret_schema::record::{self, BBOX, CRS, EPSG, GEOMETRY, RecordColumns};
use rasteret_schema::{BoundingBox, HeaderArchive, SourceBatch, SourceFailure};
use std::collections::HashMap;
use std::sync::Arc;

/// Fills the null footprints, bounding boxes and CRSs of a batch from its headers, and keeps the
/// records that match the filter, with the reasons why headers are missing. A record that cannot be placed
/// becomes a failure; `problems` say why its own footprint is of no use.
///
/// # Errors
///
/// If the batch does not have the columns of a record table.
pub fn enrich(
    batch: SourceBatch,
    mut missing: Vec<HeaderFailure>,
    problems: &HashMap<usize, String>,
    filter: &Filter,
) -> Result<(SourceBatch, Vec<HeaderFailure>)> {
    let SourceBatch { records, headers, unusable, mut failures, total } = batch;
    let columns = RecordColumns::new(&records)?;
    let mut first_header: HashMap<usize, &HeaderArchive> = HashMap::new();
    for entry in &headers {
        first_header.entry(entry.row).or_insert(&entry.header);
    }
    let mut places = Vec::with_capacity(columns.len());
    for row in 0..columns.len() {
        let record = columns.record(row);
        let known =
            Place { geometry: record.geometry, bbox: record.bbox, epsg: record.epsg, crs: record.crs };
        let place = known.completed(first_header.get(&row).copied()).map_err(|error| {
            let of_row: Vec<Failure> =
                missing.extract_if(.., |failure| failure.row == row).map(|it| it.failure).collect();
            // Why there is no header says more than that there is none.
            if !of_row.is_empty() {
                failures.extend(of_row.into_iter().map(|Failure { href, kind, message }| SourceFailure {
                    href,
                    kind,
                    message,
                }));
                return;
            }
            let message = match problems.get(&row) {
                Some(problem) => format!("record {}: its geometry cannot be used: {problem}", record.id),
                None => format!("record {}: {error}", record.id),
            };
            let href = record.assets.first().map_or(record.id, |asset| without_secrets(&asset.href));
            failures.push(SourceFailure { href, kind: error.kind().to_owned(), message });
        });
        places.push(place.ok());
    }
    let records = with_places(&records, &places)?;
    let matches = filter.matches(&records)?;
    let kept: BooleanArray =
        places.iter().enumerate().map(|(row, place)| Some(place.is_some() && matches.value(row))).collect();
    let numbers = new_numbers(&kept);
    let number = |row: usize| numbers.get(row).copied().flatten();
    let missing = missing
        .into_iter()
        .filter_map(|entry| Some(HeaderFailure { row: number(entry.row)?, ..entry }))
        .collect();
    Ok((keep(SourceBatch { records, headers, unusable, failures, total }, &kept)?, missing))
}

/// Where a record lies.
#[derive(Default)]
struct Place {
    geometry: Option<Vec<u8>>,
    bbox: Option<BoundingBox>,
    epsg: Option<i32>,
    crs: Option<String>,
}

impl Place {
    /// What is missing, from the header of one of the record's files.
    fn completed(mut self, header: Option<&HeaderArchive>) -> Result<Place> {
        if let Some(header) = header {
            let header = header.header()?;
            let georeference = header.georeference()?;
            if let Some(crs) = &georeference.crs {
                if self.crs.is_none() && self.epsg.is_none() {
                    self.epsg = crs.epsg().and_then(|code| i32::try_from(code).ok());
                }
                self.crs.get_or_insert_with(|| crs.to_string());
            }
            if self.geometry.is_none()
                && let Some(image) = header.image(0)
            {
                let (transform, crs) = georeference
                    .grid()
                    .map_err(|source| Error::Raster { location: Box::default(), source })?;
                let footprint = footprint(&transform, image.width, image.height, crs)?;
                self.bbox.get_or_insert(footprint.bbox);
                self.geometry = Some(wkb(&footprint.geometry)?);
            }
        }
        if self.geometry.is_none() {
            return Err(Error::InvalidArgument(
                "the record has no footprint, and no header to derive one from".to_owned(),
            ));
        }
        Ok(self)
    }
}

fn wkb(geometry: &geo_types::Geometry<f64>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    wkb::writer::write_geometry(&mut bytes, geometry, &wkb::writer::WriteOptions::default())
        .map_err(|error| Error::InvalidArgument(format!("the footprint cannot be written: {error}")))?;
    Ok(bytes)
}

fn with_places(records: &RecordBatch, places: &[Option<Place>]) -> Result<RecordBatch> {
    let places = || places.iter().map(Option::as_ref);
    let mut geometry = BinaryBuilder::new();
    let mut epsg = Int32Builder::new();
    let mut crs = StringBuilder::new();
    for place in places() {
        geometry.append_option(place.and_then(|place| place.geometry.as_deref()));
        epsg.append_option(place.and_then(|place| place.epsg));
        crs.append_option(place.and_then(|place| place.crs.as_deref()));
    }
    let bbox = record::bbox_array(places().map(|place| place?.bbox))?;
    let replaced: [(&str, ArrayRef); 4] = [
        (GEOMETRY, Arc::new(geometry.finish())),
        (BBOX, Arc::new(bbox)),
        (EPSG, Arc::new(epsg.finish())),
        (CRS, Arc::new(crs.finish())),
    ];
    let schema = records.schema();
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    let mut columns = records.columns().to_vec();
    for (name, column) in replaced {
        match schema.column_with_name(name) {
            Some((index, _)) => columns[index] = column,
            None => {
                fields.extend(record::schema().field_with_name(name).cloned().map(Arc::new));
                columns.push(column);
            }
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())), columns)?)
}
