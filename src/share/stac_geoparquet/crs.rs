//! CRSs as the projection extension has them.

use crate::error::Result;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::DataType;
use rasteret_schema::Crs;
use rasteret_schema::record::{CRS, EPSG};
use std::collections::HashMap;

/// The columns `proj:code` and `proj:wkt2`.
pub(super) struct ItemCrs {
    pub code: StringArray,
    pub wkt2: StringArray,
}

/// A code for each row whose CRS has a name, else WKT. A CRS that PROJ does not know is left to the rasters.
pub(super) fn of(rows: &RecordBatch) -> Result<ItemCrs> {
    let column = |name: &str, data_type: DataType| {
        rows.column_by_name(name).map(|column| cast(column, &data_type)).transpose()
    };
    let (texts, codes) = (column(CRS, DataType::Utf8)?, column(EPSG, DataType::Int32)?);
    let text = |row: usize| {
        let texts = texts.as_ref()?.as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row))
    };
    let epsg = |row: usize| {
        let codes = codes.as_ref()?.as_primitive::<Int32Type>();
        codes.is_valid(row).then(|| format!("EPSG:{}", codes.value(row)))
    };
    let mut definitions: HashMap<&str, Option<String>> = HashMap::new();
    let mut found = Vec::with_capacity(rows.num_rows());
    for row in 0..rows.num_rows() {
        let crs = text(row).map(|text| (text, Crs::new(text)));
        found.push(match (crs, epsg(row)) {
            (Some((_, crs)), _) if is_code(&crs) => (Some(crs.to_string()), None),
            (_, Some(code)) => (Some(code), None),
            (Some((text, crs)), None) => {
                let wkt2 = definitions.entry(text).or_insert_with(|| crate::crs::to_wkt2(&crs).ok());
                (None, wkt2.clone())
            }
            (None, None) => (None, None),
        });
    }
    Ok(ItemCrs {
        code: found.iter().map(|(code, _)| code.as_deref()).collect(),
        wkt2: found.iter().map(|(_, wkt2)| wkt2.as_deref()).collect(),
    })
}

/// Whether a CRS is named by an authority and a code.
fn is_code(crs: &Crs) -> bool {
    let is_word =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    crs.as_str().split_once(':').is_some_and(|(authority, code)| is_word(authority) && is_word(code))
}
