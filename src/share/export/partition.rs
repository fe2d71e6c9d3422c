//! Columns in the names of folders, as Hive has them: `year=2024/month=1`.

use super::ExportError;
use crate::error::{Error, Result};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema};
use chrono::{DateTime, Datelike};
use rasteret_schema::record::{ASSETS, BBOX, DATETIME, GEOMETRY, ID};
use rasteret_schema::share::{NULL_PARTITION, PartitionColumn};
use std::fmt::Write;

/// Columns that each file of a collection needs itself.
pub const REQUIRED: [&str; 5] = [ID, DATETIME, GEOMETRY, BBOX, ASSETS];

/// Bytes that the name of a folder may have on usual file systems.
const MAX_NAME: usize = 255;

/// The columns that are in the names of folders.
#[derive(Debug, Clone)]
pub struct Partitioning {
    columns: Vec<PartitionColumn>,
}

impl Partitioning {
    /// By columns of a table, or by `year` and `month` of the time where it has no such columns.
    pub fn new(schema: &Schema, names: &[String]) -> Result<Self, ExportError> {
        let mut columns: Vec<PartitionColumn> = Vec::with_capacity(names.len());
        for name in names {
            let refused = |reason: &str| ExportError::PartitionColumn {
                column: name.clone(),
                reason: reason.to_owned(),
            };
            if columns.iter().any(|column| column.name == *name) {
                return Err(refused("it is named twice"));
            }
            if REQUIRED.contains(&name.as_str()) {
                return Err(refused("each file needs it"));
            }
            let column = match schema.field_with_name(name) {
                Ok(field) if is_scalar(field.data_type()) => PartitionColumn {
                    name: name.clone(),
                    data_type: field.data_type().to_string(),
                    derived: false,
                },
                Ok(field) => {
                    return Err(refused(&format!(
                        "it is of type {}, not of a scalar one",
                        field.data_type()
                    )));
                }
                Err(_) if ["year", "month"].contains(&name.as_str()) => PartitionColumn {
                    name: name.clone(),
                    data_type: DataType::Int32.to_string(),
                    derived: true,
                },
                Err(_) => {
                    let known = schema.fields().iter().filter(|field| is_scalar(field.data_type()));
                    let known: Vec<&str> = known
                        .map(|field| field.name().as_str())
                        .filter(|name| !REQUIRED.contains(name))
                        .collect();
                    let known = known.join(", ");
                    return Err(refused(&format!(
                        "there is no such column; year, month, {known} can be used"
                    )));
                }
            };
            columns.push(column);
        }
        Ok(Partitioning { columns })
    }

    /// The columns, outermost first.
    pub fn columns(&self) -> &[PartitionColumn] {
        &self.columns
    }

    /// Whether a column of the table is in the names of folders, and not in the files.
    pub fn takes(&self, column: &str) -> bool {
        self.columns.iter().any(|taken| taken.name == column && !taken.derived)
    }

    /// The columns of the table that names are made of.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let column = |column: &PartitionColumn| !column.derived;
        self.columns.iter().filter(move |it| column(it)).map(|column| column.name.as_str())
    }

    /// Calls back with the folder of each row: its number, and its name with slashes; an empty one where nothing
    /// is parted.
    pub fn folders(
        &self,
        batch: &RecordBatch,
        mut each: impl FnMut(usize, &str) -> Result<()>,
    ) -> Result<()> {
        let values = self.columns.iter().map(|column| values(batch, column)).collect::<Result<Vec<_>>>()?;
        let names: Vec<String> = self.columns.iter().map(|column| name(&column.name)).collect();
        let mut folder = String::new();
        for row in 0..batch.num_rows() {
            folder.clear();
            for ((values, name), column) in values.iter().zip(&names).zip(&self.columns) {
                if !folder.is_empty() {
                    folder.push('/');
                }
                let start = folder.len();
                folder.push_str(name);
                folder.push('=');
                push_value(&mut folder, values.is_valid(row).then(|| values.value(row)));
                if folder.len() - start > MAX_NAME {
                    let reason = format!("a value makes a name of more than {MAX_NAME} bytes");
                    return Err(ExportError::PartitionColumn { column: column.name.clone(), reason }.into());
                }
            }
            each(row, &folder)?;
        }
        Ok(())
    }
}

/// Whether values are single ones that can be told by a text.
fn is_scalar(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_scalar(values),
        DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..)
        | DataType::Time32(_)
        | DataType::Time64(_) => true,
        other => other.is_numeric(),
    }
}

/// The values of a column as text.
fn values(batch: &RecordBatch, column: &PartitionColumn) -> Result<StringArray> {
    let missing = || Error::InvalidArgument(format!("column {:?} was not read", column.name));
    let values: ArrayRef = if column.derived {
        let times = batch.column_by_name(DATETIME).ok_or_else(missing)?;
        let times = times.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(missing)?;
        let part = |time: i64| {
            let time = DateTime::from_timestamp_micros(time)?;
            Some(if column.name == "year" { time.year() } else { time.month() as i32 })
        };
        let parts: Int32Array = times.iter().map(|time| time.and_then(part)).collect();
        std::sync::Arc::new(parts)
    } else {
        batch.column_by_name(&column.name).cloned().ok_or_else(missing)?
    };
    Ok(arrow_cast::cast(&values, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// A column's name as a part of a folder's. Names that begin with `_` or `.` are hidden files to many readers.
fn name(column: &str) -> String {
    let mut name = String::new();
    match column.strip_prefix(['_', '.']) {
        Some(rest) => {
            push_escaped(&mut name, column.as_bytes()[0]);
            escape(&mut name, rest);
        }
        None => escape(&mut name, column),
    }
    name
}

fn push_value(folder: &mut String, value: Option<&str>) {
    match value {
        None => folder.push_str(NULL_PARTITION),
        // A text that looks like a null.
        Some(value) if value == NULL_PARTITION => {
            push_escaped(folder, b'_');
            folder.push_str(&value[1..]);
        }
        Some(value) => escape(folder, value),
    }
}

/// Escapes what Hive escapes in names (`FileUtils.escapePathName`): control characters and `"#%'*/:=?\{[]^`.
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        if character.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(character) {
            push_escaped(text, character as u8);
        } else {
            text.push(character);
        }
    }
}

fn push_escaped(text: &mut String, byte: u8) {
    // Writing to a text cannot fail.
    let _ = write!(text, "%{byte:02X}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float64Array, TimestampMicrosecondArray};
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let times = TimestampMicrosecondArray::from(vec![1_704_067_200_000_000, -1]).with_timezone("UTC");
        RecordBatch::try_from_iter_with_nullable([
            (DATETIME, Arc::new(times) as ArrayRef, false),
            ("split", Arc::new(StringArray::from(vec![Some("a/b=ü %"), None])), true),
            ("_x", Arc::new(StringArray::from(vec!["", NULL_PARTITION])), true),
            ("n", Arc::new(Float64Array::from(vec![0.1, f64::NAN])), true),
        ])
        .unwrap()
    }

    fn folders(names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let batch = batch();
        let partitioning = Partitioning::new(batch.schema_ref(), &names).unwrap();
        let mut folders = Vec::new();
        partitioning
            .folders(&batch, |_, folder| {
                folders.push(folder.to_owned());
                Ok(())
            })
            .unwrap();
        folders
    }

    #[test]
    fn names_are_those_of_hive() {
        assert_eq!(folders(&["year", "month"]), ["year=2024/month=1", "year=1969/month=12"]);
        assert_eq!(folders(&["split"]), ["split=a%2Fb%3Dü %25", "split=__HIVE_DEFAULT_PARTITION__"]);
        assert_eq!(folders(&["_x", "n"]), ["%5Fx=/n=0.1", "%5Fx=%5F_HIVE_DEFAULT_PARTITION__/n=NaN"]);
        assert_eq!(folders(&[]), ["", ""]);
    }

    #[test]
    fn columns_are_checked() {
        let error = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            Partitioning::new(batch().schema_ref(), &names).unwrap_err().to_string()
        };
        assert!(error(&["datetime"]).contains("each file needs it"));
        assert!(error(&["year", "year"]).contains("twice"));
        assert!(error(&["spilt"]).contains("split"));
    }
}
