//! The CRSs of rasters.

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use arrow_select::filter::filter;
use rasteret_schema::Crs;
use serde_json::Value;

/// The columns `proj:epsg` and `crs` of records.
pub(super) struct RasterCrs {
    pub epsg: Int32Array,
    pub text: StringArray,
}

/// The CRS of each row that is kept: of the first column that says one, else of its assets; the EPSG code of the
/// first that has one.
pub(super) fn find(
    columns: &[String],
    batch: &RecordBatch,
    kept: &BooleanArray,
    of_assets: &[Option<String>],
) -> Result<RasterCrs, ArrowError> {
    let mut found: Vec<(Option<i32>, Option<String>)> = vec![(None, None); kept.true_count()];
    for column in columns.iter().filter_map(|name| batch.column_by_name(name)) {
        let column = filter(column, kept)?;
        let crs: Vec<Option<Crs>> = if column.data_type().is_numeric() {
            // Whole numbers with nulls become floats in some libraries.
            let codes = cast(&column, &DataType::Float64)?;
            let codes = codes.as_primitive::<Float64Type>();
            let code = |code: f64| {
                (code.fract() == 0.0 && code >= 1.0 && code <= f64::from(i32::MAX)).then_some(code as u32)
            };
            codes.iter().map(|it| it.and_then(code).map(Crs::from_epsg)).collect()
        } else {
            let texts = cast(&column, &DataType::Utf8)?;
            texts.as_string::<i32>().iter().map(|text| text.and_then(from_text)).collect()
        };
        for (found, crs) in found.iter_mut().zip(crs) {
            add(found, crs);
        }
    }
    for (found, crs) in found.iter_mut().zip(of_assets).filter(|(found, _)| **found == (None, None)) {
        // A code alone is EPSG's.
        let crs = crs.as_deref().and_then(|text| match text.trim().parse() {
            Ok(code) => Some(Crs::from_epsg(code)),
            Err(_) => from_text(text),
        });
        add(found, crs);
    }
    Ok(RasterCrs {
        epsg: found.iter().map(|(epsg, _)| *epsg).collect(),
        text: found.iter().map(|(_, text)| text.as_deref()).collect(),
    })
}

fn add((epsg, text): &mut (Option<i32>, Option<String>), crs: Option<Crs>) {
    let Some(crs) = crs else { return };
    let code = crs.epsg().and_then(|code| i32::try_from(code).ok()).filter(|code| *code > 0);
    *epsg = epsg.or(code);
    text.get_or_insert_with(|| crs.to_string());
}

/// A CRS by name, in WKT, or in PROJJSON, which says its name itself.
fn from_text(text: &str) -> Option<Crs> {
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return None;
    }
    if text.starts_with('{')
        && let Ok(definition) = serde_json::from_str::<Value>(text)
        && let Some(id) = definition.get("id")
        && let (Some(authority), Some(code)) = (id.get("authority").and_then(Value::as_str), id.get("code"))
    {
        let code = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
        return Some(Crs::new(format!("{authority}:{code}")));
    }
    Some(Crs::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Float64Array};
    use std::sync::Arc;

    #[test]
    fn the_first_column_that_says_one() {
        let code: ArrayRef =
            Arc::new(StringArray::from(vec![Some("epsg:32643"), None, Some("ESRI:54009"), None]));
        let epsg: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(4326.0), None, Some(0.5)]));
        let batch = RecordBatch::try_from_iter([("proj:code", code), ("proj:epsg", epsg)]).unwrap();
        let columns = ["proj:code".to_owned(), "proj:epsg".to_owned()];
        let of_assets = [Some("EPSG:1"), Some("EPSG:1"), Some("EPSG:1"), Some("32644")];
        let of_assets = of_assets.map(|crs| crs.map(str::to_owned));
        let RasterCrs { epsg, text } =
            find(&columns, &batch, &BooleanArray::from(vec![true; 4]), &of_assets).unwrap();
        assert_eq!(epsg, Int32Array::from(vec![Some(32643), Some(4326), None, Some(32644)]));
        let expected = [Some("EPSG:32643"), Some("EPSG:4326"), Some("ESRI:54009"), Some("EPSG:32644")];
        assert_eq!(text, StringArray::from_iter(expected));
    }
}
