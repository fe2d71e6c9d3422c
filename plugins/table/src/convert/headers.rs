//! Headers that a table has in columns of their own.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::ArrowError;
use rasteret_schema::{Asset, Crs, HeaderArchive, RasterHeader, SourceHeader, UnusableHeader, header_column};
use std::sync::Arc;

/// The format of the files whose headers rasteret writes to tables.
const FORMAT: &str = "geotiff";
/// Compressions that need tables or parameters that a header column does not have: JPEG, LERC.
const NEED_MORE: [u16; 3] = [6, 7, 34887];

/// Bytes of the headers of a batch at most. The engine is to parse the files of what goes beyond: a few bytes of a
/// table can say very many bands.
const MAX_BYTES: usize = 256 << 20;

/// The headers of some rows.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub usable: Vec<SourceHeader>,
    pub unusable: Vec<UnusableHeader>,
}

/// What a header in a table is good for.
enum Found {
    Header(HeaderArchive),
    /// There is none, or it does not say enough to read by: the engine is to parse the file.
    NotEnough,
    Nonsense(String),
}

/// The headers of the rows that are kept, of each of which `rows` has the number in the batch.
pub(super) fn of(
    columns: &[(String, String)],
    batch: &RecordBatch,
    rows: &[usize],
    assets: &[Vec<Asset>],
    records: &RecordBatch,
    describe: impl Fn(usize) -> String,
) -> Result<Headers, ArrowError> {
    let mut headers = Headers::default();
    if columns.is_empty() {
        return Ok(headers);
    }
    let crs = crs_of(records)?;
    let mut bytes = 0;
    // Bands of one file have one header.
    let mut last: Vec<Option<Arc<HeaderArchive>>> = vec![None; rows.len()];
    for (band, name) in columns {
        let Some(column) = batch.column_by_name(name).and_then(|column| column.as_struct_opt()) else {
            continue;
        };
        for (row, (number, assets)) in rows.iter().zip(assets).enumerate() {
            let Some(asset) = assets.iter().find(|asset| asset.band == *band) else { continue };
            let crs = crs.get(row).cloned().flatten();
            let sample = asset.band_index.and_then(|index| usize::try_from(index).ok()).unwrap_or(0);
            let found = match header_column::from_array(column, *number, FORMAT, crs, sample) {
                Ok(Some(header)) => examined(&header, asset),
                Ok(None) => Found::NotEnough,
                Err(error) => Found::Nonsense(error.to_string()),
            };
            let band = band.clone();
            match found {
                Found::Header(header) => {
                    let header = match &last[row] {
                        Some(known) if **known == header => Arc::clone(known),
                        _ if bytes > MAX_BYTES => continue,
                        _ => {
                            bytes += header.as_bytes().len();
                            Arc::new(header)
                        }
                    };
                    last[row] = Some(Arc::clone(&header));
                    headers.usable.push(SourceHeader { row, band, header });
                }
                Found::NotEnough => {}
                Found::Nonsense(reason) => {
                    let reason = format!("{}: column {name:?}: {reason}", describe(*number));
                    headers.unusable.push(UnusableHeader { row, band, reason });
                }
            }
        }
    }
    headers.usable.sort_by_key(|header| header.row);
    headers.unusable.sort_by_key(|header| header.row);
    Ok(headers)
}

fn examined(header: &RasterHeader, asset: &Asset) -> Found {
    let Some(encoding) = header.encoding() else { return Found::NotEnough };
    let samples = i32::from(encoding.samples_per_pixel);
    if NEED_MORE.contains(&encoding.compression) || (asset.band_index.is_none() && samples > 1) {
        return Found::NotEnough;
    }
    if let Some(index) = asset.band_index.filter(|index| *index >= samples) {
        return Found::Nonsense(format!("the band is sample {index}, counted from 0, of {samples}"));
    }
    // A table need not say where pixels lie; what it says has to make sense.
    match header.georeference.grid() {
        Err(_) if header.georeference.transform.is_none() || header.georeference.crs.is_none() => {
            Found::NotEnough
        }
        Err(error) => Found::Nonsense(error.to_string()),
        Ok(_) => match HeaderArchive::new(header) {
            Ok(archive) => Found::Header(archive),
            Err(error) => Found::Nonsense(error.to_string()),
        },
    }
}

fn crs_of(records: &RecordBatch) -> Result<Vec<Option<Crs>>, ArrowError> {
    let crs =
        records.column_by_name(rasteret_schema::record::CRS).and_then(|column| column.as_string_opt::<i32>());
    let Some(crs) = crs else { return Ok(Vec::new()) };
    Ok(crs.iter().map(|text| text.map(Crs::new)).collect())
}
