//! Why a collection cannot be exported.

/// Why a collection cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// There is something where the export would be.
    #[error("{dest} is there already: it is {what}; {remedy}")]
    Exists {
        /// Where.
        dest: String,
        /// What is there.
        what: String,
        /// What can be done.
        remedy: &'static str,
    },
    /// Files cannot be parted by a column.
    #[error("the export cannot be partitioned by {column:?}: {reason}")]
    PartitionColumn {
        /// The column.
        column: String,
        /// Why not.
        reason: String,
    },
    /// The partitions are too many.
    #[error(
        "partitioning by {} gives more than {limit} files; choose columns with fewer values, or fewer columns",
        .columns.join(", ")
    )]
    TooManyFiles {
        /// The columns.
        columns: Vec<String>,
        /// As many may be.
        limit: usize,
    },
    /// Parquet has no such type.
    #[error(
        "column {column:?} cannot be written as Parquet, which has no {data_type}; choose the other columns"
    )]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        data_type: String,
    },
    /// A value cannot be written.
    #[error("{0}")]
    Value(String),
}

impl ExportError {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            ExportError::Exists { .. } => "exists",
            ExportError::PartitionColumn { .. } | ExportError::TooManyFiles { .. } => "invalid-argument",
            ExportError::ColumnType { .. } | ExportError::Value(_) => "table",
        }
    }
}
