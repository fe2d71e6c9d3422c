//! Batches as they are worked on and stored: of so many files, without rows that are done, with plain hrefs.

use crate::error::Result;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use rasteret_schema::access::plain_href;
use rasteret_schema::record::{self, ASSETS, DATETIME, ID, RecordColumns};
use rasteret_schema::{Asset, SourceBatch, SourceHeader, UnusableHeader};
use std::collections::HashSet;
use std::sync::Arc;

/// Files of a batch at most, if it has more than one record. A build that is killed reads as many again.
const FILES: usize = 4096;

/// Divides a batch so that each part has a bounded number of files to be read.
///
/// # Errors
///
/// If the batch does not have the columns of a record table.
pub fn split(batch: SourceBatch) -> Result<Vec<SourceBatch>> {
    let records = without_places(&batch.records)?;
    let columns = RecordColumns::new(&records)?;
    let come: HashSet<(usize, &str)> =
        batch.headers.iter().map(|header| (header.row, header.band.as_str())).collect();
    let mut starts = vec![0];
    let mut files = 0;
    for row in 0..columns.len() {
        let assets = columns.assets(row);
        let hrefs: HashSet<&str> = assets
            .iter()
            .filter(|asset| !come.contains(&(row, asset.band.as_str())))
            .map(|asset| asset.href.as_str())
            .collect();
        files += hrefs.len();
        if files > FILES && starts.last() != Some(&row) {
            starts.push(row);
            files = hrefs.len();
        }
    }
    if starts.len() == 1 {
        return Ok(vec![batch]);
    }
    let SourceBatch { records, headers, unusable, failures, total } = batch;
    let ends = starts.iter().skip(1).copied().chain([records.num_rows()]);
    let mut parts: Vec<SourceBatch> = starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| SourceBatch { total, ..SourceBatch::new(records.slice(start, end - start)) })
        .collect();
    let part_of = |row: usize| starts.partition_point(|start| *start <= row) - 1;
    for header in headers {
        let part = part_of(header.row);
        parts[part].headers.push(SourceHeader { row: header.row - starts[part], ..header });
    }
    for header in unusable {
        let part = part_of(header.row);
        parts[part].unusable.push(UnusableHeader { row: header.row - starts[part], ..header });
    }
    parts[0].failures = failures;
    Ok(parts)
}

/// Ids, times and assets of records as they come from a source, whose footprints need not be WKB.
///
/// # Errors
///
/// If one of the columns is missing.
pub fn without_places(records: &RecordBatch) -> Result<RecordBatch> {
    let columns = [ID, DATETIME, ASSETS].map(|name| records.schema_ref().index_of(name));
    Ok(records.project(&columns.into_iter().collect::<Result<Vec<_>, _>>()?)?)
}

/// The rows that are kept, with their headers under their new numbers.
///
/// # Errors
///
/// None in practice; Arrow's kernels are checked.
pub fn keep(batch: SourceBatch, kept: &BooleanArray) -> Result<SourceBatch> {
    if kept.true_count() == batch.records.num_rows() {
        return Ok(batch);
    }
    let numbers = new_numbers(kept);
    let number = |row: usize| numbers.get(row).copied().flatten();
    let SourceBatch { records, headers, unusable, failures, total } = batch;
    let headers = headers.into_iter().filter_map(|it| Some(SourceHeader { row: number(it.row)?, ..it }));
    let unusable = unusable.into_iter().filter_map(|it| Some(UnusableHeader { row: number(it.row)?, ..it }));
    Ok(SourceBatch {
        records: arrow_select::filter::filter_record_batch(&records, kept)?,
        headers: headers.collect(),
        unusable: unusable.collect(),
        failures,
        total,
    })
}

/// The numbers that the rows which are kept have among themselves.
pub fn new_numbers(kept: &BooleanArray) -> Vec<Option<usize>> {
    let mut next = 0;
    let number = |kept: bool| {
        kept.then(|| {
            next += 1;
            next - 1
        })
    };
    kept.values().iter().map(number).collect()
}

/// The records with what may be stored of their hrefs: signed URLs are used, and never kept.
///
/// # Errors
///
/// If the batch does not have the columns of a record table.
pub fn plain(records: RecordBatch) -> Result<RecordBatch> {
    let columns = RecordColumns::new(&records)?;
    let rows: Vec<Vec<Asset>> = (0..columns.len()).map(|row| columns.assets(row)).collect();
    // Most hrefs are plain, and their column may have more than a record table's needs.
    if rows.iter().flatten().all(|asset| plain_href(&asset.href) == asset.href) {
        return Ok(records);
    }
    let rows: Vec<Vec<Asset>> = rows
        .into_iter()
        .map(|assets| {
            let plain = |asset: Asset| Asset { href: plain_href(&asset.href), ..asset };
            assets.into_iter().map(plain).collect()
        })
        .collect();
    let assets: ArrayRef = Arc::new(record::assets_array(rows.iter().map(Vec::as_slice))?);
    let schema = records.schema();
    let index = schema.index_of(ASSETS)?;
    let mut arrays = records.columns().to_vec();
    arrays[index] = assets;
    Ok(RecordBatch::try_new(schema, arrays)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rasteret_schema::{Record, SourceFailure};

    fn records(count: usize, bands: usize) -> RecordBatch {
        let record = |number: usize| {
            let assets = (0..bands).map(|band| Asset {
                band: format!("B{band}"),
                href: format!("https://h/{number}/{band}.tif?sig=secret&v={band}"),
                band_index: None,
            });
            Record {
                id: number.to_string(),
                datetime: 0,
                end_datetime: None,
                geometry: None,
                bbox: None,
                assets: assets.collect(),
                epsg: None,
                crs: None,
                collection: None,
            }
        };
        record::to_batch(&(0..count).map(record).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn batches_are_divided_by_their_files() {
        let failure = SourceFailure { href: String::new(), kind: String::new(), message: String::new() };
        let batch =
            SourceBatch { failures: vec![failure], total: Some(9), ..SourceBatch::new(records(1000, 10)) };
        let parts = split(batch).unwrap();
        let rows: Vec<usize> = parts.iter().map(|part| part.records.num_rows()).collect();
        assert_eq!(rows, [409, 409, 182]);
        assert_eq!(parts.iter().map(|part| part.failures.len()).collect::<Vec<_>>(), [1, 0, 0]);
        let ids = |part: &SourceBatch| RecordColumns::new(&part.records).unwrap().id(0).to_owned();
        assert_eq!(parts.iter().map(ids).collect::<Vec<_>>(), ["0", "409", "818"]);
        // A record is not divided, however many files it has.
        let parts = split(SourceBatch::new(records(2, FILES + 1))).unwrap();
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn footprints_may_be_anything() {
        let records = records(3, 1);
        let (index, field) = records.schema_ref().column_with_name(record::GEOMETRY).unwrap();
        let mut fields = records.schema_ref().fields().to_vec();
        fields[index] = Arc::new(field.clone().with_data_type(arrow_schema::DataType::Utf8));
        let mut columns = records.columns().to_vec();
        columns[index] = Arc::new(arrow_array::StringArray::from(vec!["POINT (1 2)"; 3]));
        let records = RecordBatch::try_new(Arc::new(arrow_schema::Schema::new(fields)), columns).unwrap();
        assert_eq!(split(SourceBatch::new(records)).unwrap().len(), 1);
    }

    #[test]
    fn what_signs_is_not_kept() {
        let batch = plain(records(2, 2)).unwrap();
        let columns = RecordColumns::new(&batch).unwrap();
        assert_eq!(columns.assets(1)[1].href, "https://h/1/1.tif?v=1");
    }
}
