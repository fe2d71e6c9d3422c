//! What shared Parquet files say of themselves: the keys of their metadata. `schema/parquet.md` describes them.

use serde::{Deserialize, Serialize};

/// Key of the version of rasteret's Parquet files: "1".
pub const COLLECTION_VERSION_KEY: &str = "rasteret_collection_version";

/// What rasteret 0.4 writes, and reads up to, under [`COLLECTION_VERSION_KEY`].
pub const COLLECTION_VERSION: &str = "1";

/// Key of the collection's name.
pub const NAME_KEY: &str = "name";

/// Key of what it was built from.
pub const DATA_SOURCE_KEY: &str = "data_source";

/// Key of a text for people.
pub const DESCRIPTION_KEY: &str = "description";

/// Key of the time at which the collection was made, in ISO 8601.
pub const CREATED_KEY: &str = "created";

/// Key of first and last time of the records, in ISO 8601, with a comma between them.
pub const DATE_RANGE_KEY: &str = "date_range";

/// Key of the [`ExportTag`], as JSON.
pub const EXPORT_KEY: &str = "rasteret:export";

/// Key of the [`CollectionTag`], as JSON.
pub const COLLECTION_KEY: &str = "rasteret:collection";

/// Key of GeoParquet's metadata.
pub const GEO_KEY: &str = "geo";

/// What `created_by` of our files begins with. An [`ExportTag`] counts only in them: who rewrites a file often keeps
/// its metadata, which then say of other rows what was true of ours.
pub const CREATED_BY: &str = "rasteret version ";

/// Version of [`ExportTag`] and [`CollectionTag`].
pub const TAG_VERSION: u32 = 1;

/// The value of a partition column that is null, as Hive writes it.
pub const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Which export a file belongs to, and how much there is of it: a set of files is whole if there are `files` files
/// of one `id`, with `rows` rows together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportTag {
    /// [`TAG_VERSION`].
    pub version: u32,
    /// 32 hexadecimal digits; the same in all files of an export and in no other.
    pub id: String,
    /// Number of files.
    pub files: u64,
    /// Rows of all files.
    pub rows: u64,
    /// This file, relative to the folder of the export, with slashes.
    pub file: String,
    /// Rows of this file.
    pub file_rows: u64,
    /// The columns that are in the names of the folders, outermost first.
    pub partition_by: Vec<PartitionColumn>,
    /// Whether the headers of this file say [all](crate::header_column::says_all) that reads at full resolution
    /// need, and were not in doubt themselves. Files from before this was said do not say it.
    #[serde(default)]
    pub whole_headers: bool,
}

/// A column that is in the names of folders instead of in the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionColumn {
    /// Its name.
    pub name: String,
    /// Its Arrow type, as `arrow_schema::DataType` writes and parses it, such as `Int32`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether it was made for the folders (`year`, `month`), and is not a column of the collection.
    pub derived: bool,
}

/// What a collection has besides its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionTag {
    /// [`TAG_VERSION`].
    pub version: u32,
    /// The bands, in their order.
    pub bands: Vec<String>,
    /// How the assets are reached, and whatever else belongs to the collection.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub properties: serde_json::Map<String, serde_json::Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_are_the_json_that_is_documented() {
        let tag = ExportTag {
            version: TAG_VERSION,
            id: "0123456789abcdef0123456789abcdef".to_owned(),
            files: 2,
            rows: 5,
            file: "year=2024/part-0.parquet".to_owned(),
            file_rows: 3,
            partition_by: vec![PartitionColumn {
                name: "year".to_owned(),
                data_type: "Int32".to_owned(),
                derived: true,
            }],
            whole_headers: true,
        };
        let json = json!({
            "version": 1, "id": "0123456789abcdef0123456789abcdef", "files": 2, "rows": 5,
            "file": "year=2024/part-0.parquet", "file_rows": 3,
            "partition_by": [{"name": "year", "type": "Int32", "derived": true}],
            "whole_headers": true
        });
        assert_eq!(serde_json::to_value(&tag).unwrap(), json);
        assert_eq!(serde_json::from_value::<ExportTag>(json.clone()).unwrap(), tag);
        let mut older = json;
        older.as_object_mut().unwrap().remove("whole_headers");
        assert!(!serde_json::from_value::<ExportTag>(older).unwrap().whole_headers);
    }
}
