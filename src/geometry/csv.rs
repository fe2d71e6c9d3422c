//! CSV files (RFC 4180) with a header. The file is read twice: once to learn the type of each column from all
//! its values, once for the values.

use super::source::{ROWS, TableOptions};
use super::{GeometryError, column};
use arrow_array::builder::{ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A file whose columns are known.
pub(super) struct CsvSource {
    table: String,
    schema: SchemaRef,
    kinds: Vec<Kind>,
    reader: Reader<File>,
    done: bool,
}

/// What all values of a column are, as far as they are not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No value so far.
    Empty,
    Integer,
    Number,
    Boolean,
    Text,
}

impl Kind {
    /// Text unless the value can be written again as it was, so that no leading zero of a code is lost.
    fn of(value: &str) -> Kind {
        let digits = value.strip_prefix('-').unwrap_or(value);
        let has_leading_zero =
            digits.starts_with('0') && digits[1..].starts_with(|next: char| next.is_ascii_digit());
        match value {
            "" => Kind::Empty,
            "true" | "false" | "True" | "False" | "TRUE" | "FALSE" => Kind::Boolean,
            _ if has_leading_zero || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                Kind::Text
            }
            _ if value.parse::<i64>().is_ok() => Kind::Integer,
            _ if value.parse::<f64>().is_ok() => Kind::Number,
            _ => Kind::Text,
        }
    }

    fn and(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Empty, kind) | (kind, Kind::Empty) => kind,
            (a, b) if a == b => a,
            (Kind::Integer, Kind::Number) | (Kind::Number, Kind::Integer) => Kind::Number,
            _ => Kind::Text,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Kind::Integer => DataType::Int64,
            Kind::Number => DataType::Float64,
            Kind::Boolean => DataType::Boolean,
            Kind::Empty | Kind::Text => DataType::Utf8,
        }
    }
}

impl CsvSource {
    /// A table of geometries. Columns of coordinates must hold finite numbers.
    pub fn open(path: &Path, options: &TableOptions) -> Result<CsvSource, GeometryError> {
        Self::with_xy(path, |table, header| match options.geometry_column {
            Some(_) => Ok(None),
            None => column::xy_columns(table, header, options),
        })
    }

    /// Finds the type of each column. `xy` says which are of coordinates.
    fn with_xy(
        path: &Path,
        xy: impl FnOnce(&str, &[String]) -> Result<Option<(usize, usize)>, GeometryError>,
    ) -> Result<CsvSource, GeometryError> {
        let table = path.display().to_string();
        let read = |source| GeometryError::Read { table: table.clone(), source };
        let mut reader = reader(File::open(path).map_err(read)?);
        let invalid = |error| invalid(&table, error);
        let header: Vec<String> = reader.headers().map_err(invalid)?.iter().map(str::to_owned).collect();
        let xy = xy(&table, &header)?;
        let is_coordinate = |index| xy.is_some_and(|(x, y)| index == x || index == y);
        let mut kinds: Vec<Kind> = (0..header.len())
            .map(|index| if is_coordinate(index) { Kind::Number } else { Kind::Empty })
            .collect();
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(invalid)? {
            for (index, (kind, value)) in kinds.iter_mut().zip(&record).enumerate() {
                if !is_coordinate(index) {
                    *kind = kind.and(Kind::of(value));
                } else if !value.trim().parse().is_ok_and(f64::is_finite) {
                    return Err(GeometryError::Number {
                        table,
                        line: record.position().map_or(0, csv::Position::line),
                        column: header[index].clone(),
                        value: value.to_owned(),
                    });
                }
            }
        }
        let fields: Vec<Field> =
            header.iter().zip(&kinds).map(|(name, kind)| Field::new(name, kind.data_type(), true)).collect();
        let reader = self::reader(File::open(path).map_err(read)?);
        Ok(CsvSource { table, schema: Arc::new(Schema::new(fields)), kinds, reader, done: false })
    }

    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, GeometryError> {
        let mut columns: Vec<Column> = self.kinds.iter().map(|&kind| Column::new(kind)).collect();
        let mut record = StringRecord::new();
        let mut rows = 0;
        while rows < ROWS
            && self.reader.read_record(&mut record).map_err(|error| invalid(&self.table, error))?
        {
            for (column, value) in columns.iter_mut().zip(&record) {
                column.append(value);
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = columns.into_iter().map(Column::finish).collect();
        RecordBatch::try_new(self.schema.clone(), columns).map(Some).map_err(|error| GeometryError::Invalid {
            table: self.table.clone(),
            format: "CSV",
            reason: error.to_string(),
        })
    }
}

/// All rows of a file, which need not have geometries.
pub(crate) fn read_csv(path: &Path) -> Result<(SchemaRef, Vec<RecordBatch>), GeometryError> {
    let source = CsvSource::with_xy(path, |_, _| Ok(None))?;
    Ok((source.schema(), source.collect::<Result<_, _>>()?))
}

impl Iterator for CsvSource {
    type Item = Result<RecordBatch, GeometryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.batch().transpose();
        self.done = !matches!(batch, Some(Ok(_)));
        batch
    }
}

/// A column as it is read. A value that is not of the column's type is null: the file has changed between
/// both readings.
enum Column {
    Integer(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Text(StringBuilder),
}

impl Column {
    fn new(kind: Kind) -> Column {
        match kind {
            Kind::Integer => Column::Integer(Int64Builder::new()),
            Kind::Number => Column::Number(Float64Builder::new()),
            Kind::Boolean => Column::Boolean(BooleanBuilder::new()),
            Kind::Empty | Kind::Text => Column::Text(StringBuilder::new()),
        }
    }

    fn append(&mut self, value: &str) {
        match self {
            Column::Integer(builder) => builder.append_option(value.parse().ok()),
            Column::Number(builder) => builder.append_option(value.trim().parse().ok()),
            Column::Boolean(builder) => {
                builder.append_option((!value.is_empty()).then(|| value.eq_ignore_ascii_case("true")));
            }
            Column::Text(builder) => builder.append_option((!value.is_empty()).then_some(value)),
        }
    }

    fn finish(self) -> ArrayRef {
        match self {
            Column::Integer(mut builder) => ArrayBuilder::finish(&mut builder),
            Column::Number(mut builder) => ArrayBuilder::finish(&mut builder),
            Column::Boolean(mut builder) => ArrayBuilder::finish(&mut builder),
            Column::Text(mut builder) => ArrayBuilder::finish(&mut builder),
        }
    }
}

fn reader(file: File) -> Reader<File> {
    ReaderBuilder::new().trim(Trim::Headers).from_reader(file)
}

fn invalid(table: &str, error: csv::Error) -> GeometryError {
    let table = table.to_owned();
    match error.into_kind() {
        csv::ErrorKind::Io(source) => GeometryError::Read { table, source },
        kind => {
            let reason = match &kind {
                csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
                    let line = pos.as_ref().map_or(0, csv::Position::line);
                    format!("line {line} has {len} values, and there are {expected_len} columns")
                }
                csv::ErrorKind::Utf8 { pos, .. } => {
                    format!("line {} is not UTF-8", pos.as_ref().map_or(0, csv::Position::line))
                }
                other => format!("{other:?}"),
            };
            GeometryError::Invalid { table, format: "CSV", reason }
        }
    }
}
