//! Headers that a table has in columns of their own.

use arrow_array::cast::AsArray;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter;
use rasteret_schema::{Asset, Crs, HeaderArchive, SourceHeader, header_column};
use std::sync::Arc;

/// The format of the files whose headers rasteret writes to tables.
const FORMAT: &str = "geotiff";
/// Compressions that need tables or parameters that a header column does not have: JPEG, LERC.
const NEED_MORE: [u16; 3] = [6, 7, 34887];

/// The headers of the rows that are kept. One that does not say enough to read by is left out, for the
/// engine to parse.
pub(super) fn of(
    columns: &[(String, String)],
    batch: &RecordBatch,
    kept: &BooleanArray,
    assets: &[Vec<Asset>],
    records: &RecordBatch,
) -> Result<Vec<SourceHeader>, ArrowError> {
    let mut headers = Vec::new();
    if columns.is_empty() {
        return Ok(headers);
    }
    let crs = crs_of(records)?;
    for (band, name) in columns {
        let Some(column) = batch.column_by_name(name) else { continue };
        let column = filter(column, kept)?;
        let Some(column) = column.as_struct_opt() else { continue };
        for (row, assets) in assets.iter().enumerate() {
            let Some(asset) = assets.iter().find(|asset| asset.band == *band) else { continue };
            let crs = crs.get(row).cloned().flatten();
            let Ok(Some(header)) = header_column::from_array(column, row, FORMAT, crs) else { continue };
            let encoding = header.encodings.first();
            let is_enough = encoding.is_some_and(|encoding| {
                let samples = i32::from(encoding.samples_per_pixel);
                let has_band = asset.band_index.map_or(samples == 1, |index| index < samples);
                has_band && !NEED_MORE.contains(&encoding.compression)
            });
            if let (true, Ok(archive)) = (is_enough, HeaderArchive::new(&header)) {
                headers.push(SourceHeader { row, band: band.clone(), header: Arc::new(archive) });
            }
        }
    }
    headers.sort_by_key(|header| header.row);
    Ok(headers)
}

fn crs_of(records: &RecordBatch) -> Result<Vec<Option<Crs>>, ArrowError> {
    let crs =
        records.column_by_name(rasteret_schema::record::CRS).and_then(|column| column.as_string_opt::<i32>());
    let Some(crs) = crs else { return Ok(Vec::new()) };
    Ok(crs.iter().map(|text| text.map(Crs::new)).collect())
}
