//! Tables, as GeoParquet.

use super::{Pixels, Write, distinct};
use crate::commands::table::{Format, text};
use crate::print::CommandError;
use arrow_schema::DataType;
use rasteret::blocking::Wait;
use rasteret::read::ReadRequest;
use serde_json::Value;
use std::iter::once;

pub fn read(request: ReadRequest) -> Result<(Pixels, Write), CommandError> {
    let crs = request.area().crs().as_str().to_owned();
    let table = request.table().wait()?;
    let pixels = Pixels {
        shape: vec![table.num_rows()],
        dtype: match table.schema_ref().field_with_name("data").map(|field| field.data_type()) {
            // Arrow calls a type UInt16 that NumPy calls uint16.
            Ok(DataType::LargeList(samples)) => samples.data_type().to_string().to_lowercase().into(),
            _ => Value::Null,
        },
        dims: &["row"],
        crs,
        transform: None,
        records: distinct(text(&table, "record_id")),
    };
    Ok((pixels, Box::new(move |path| Format::Parquet.write(path, table.schema(), once(Ok(table))))))
}
