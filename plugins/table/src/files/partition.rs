//! Columns that the names of folders hold: `year=2024/month=1/part-0.parquet`, as Hive writes datasets.

use super::FoundFile;
use arrow_array::{RecordBatch, StringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema};
use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// How Hive writes null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The values that a file's path has, by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Partition(IndexMap<String, Option<String>>);

impl Partition {
    /// From a path below the dataset's folder.
    pub fn of(path: &str) -> Self {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let values = folders.split('/').filter_map(|folder| folder.split_once('='));
        let value = |text: &str| (text != NULL).then(|| decoded(text));
        Partition(values.map(|(column, text)| (decoded(column), value(text))).collect())
    }

    /// The columns and their values.
    pub fn values(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(column, value)| (column.as_str(), value.as_deref()))
    }

    /// A value that is an integer.
    pub fn integer(&self, column: &str) -> Option<i64> {
        self.0.get(column)?.as_deref()?.parse().ok()
    }
}

/// The columns of a dataset's partitions: of integers where all files have integers, else of text.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartitionTypes(Vec<FieldRef>);

impl PartitionTypes {
    pub fn of(files: &[FoundFile]) -> Self {
        let mut types: IndexMap<&str, DataType> = IndexMap::new();
        for (column, value) in files.iter().flat_map(|file| &file.partition.0) {
            let known = types.entry(column).or_insert(DataType::Int32);
            let Some(value) = value else { continue };
            *known = match known {
                DataType::Int32 if value.parse::<i32>().is_ok() => DataType::Int32,
                DataType::Int32 | DataType::Int64 if value.parse::<i64>().is_ok() => DataType::Int64,
                _ => DataType::Utf8,
            };
        }
        let field = |(name, data_type)| Arc::new(Field::new(name, data_type, true));
        PartitionTypes(types.into_iter().map(field).collect())
    }

    /// The same, of types that are known better.
    pub fn with_types(mut self, types: &[(String, DataType)]) -> Self {
        for field in &mut self.0 {
            if let Some((_, known)) = types.iter().find(|(name, _)| name == field.name()) {
                *field = Arc::new(Field::new(field.name(), known.clone(), true));
            }
        }
        self
    }

    /// The same without some of them.
    pub fn without(mut self, columns: &[String]) -> Self {
        self.0.retain(|field| !columns.contains(field.name()));
        self
    }

    /// A file's schema with these columns. What the file has itself, it knows better.
    pub fn added_to(&self, schema: &Schema) -> Schema {
        let added = self.0.iter().filter(|field| schema.index_of(field.name()).is_err()).cloned();
        Schema::new_with_metadata(
            schema.fields().iter().cloned().chain(added).collect::<Vec<_>>(),
            schema.metadata().clone(),
        )
    }

    /// Rows with those of these columns that `wanted` names.
    pub fn append(
        &self,
        batch: &RecordBatch,
        partition: &Partition,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<RecordBatch, ArrowError> {
        let mut fields: Vec<FieldRef> = batch.schema_ref().fields().iter().cloned().collect();
        let mut columns = batch.columns().to_vec();
        for field in &self.0 {
            if !wanted(field.name()) || batch.schema_ref().index_of(field.name()).is_ok() {
                continue;
            }
            let text = partition.0.get(field.name()).and_then(Option::as_deref);
            let rows = batch.num_rows();
            let column = StringArray::from_iter(std::iter::repeat_n(text, rows));
            let options = CastOptions { safe: false, ..CastOptions::default() };
            let column = cast_with_options(&column, field.data_type(), &options)?;
            fields.push(Arc::clone(field));
            columns.push(column);
        }
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = Schema::new_with_metadata(fields, batch.schema_ref().metadata().clone());
        RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Vec<FoundFile> {
        let file = |path: &&str| FoundFile {
            href: (*path).to_owned(),
            partition: Partition::of(path),
            ..FoundFile::default()
        };
        paths.iter().map(file).collect()
    }

    #[test]
    fn integers_where_all_are() {
        let found = files(&[
            "year=2024/zone=01/a%20b=x%2Fy/p.parquet",
            "year=5000000000/zone=1N/a%20b=__HIVE_DEFAULT_PARTITION__/p.parquet",
        ]);
        let types = PartitionTypes::of(&found);
        let types: Vec<_> = types.0.iter().map(|field| (field.name().as_str(), field.data_type())).collect();
        assert_eq!(types, [("year", &DataType::Int64), ("zone", &DataType::Utf8), ("a b", &DataType::Utf8)]);
        assert_eq!(found[0].partition.0["a b"].as_deref(), Some("x/y"));
        assert_eq!(found[1].partition.0["a b"], None);
        assert_eq!(found[0].partition.integer("year"), Some(2024));
    }
}
