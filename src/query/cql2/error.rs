//! What is wrong with a filter.

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is no CQL2.
    #[error("the filter is no CQL2 at line {line}, column {column}: {reason}\n  {excerpt}\n  {caret:>width$}", caret = '^', width = .at + 1)]
    Syntax {
        /// Line of the text, from 1.
        line: usize,
        /// Character of the line, from 1.
        column: usize,
        /// What was expected there.
        reason: String,
        /// The text around the place.
        excerpt: String,
        /// The place in the excerpt, in characters.
        at: usize,
    },
    /// The text is longer or deeper than anything is that a person writes.
    #[error("the filter is too complex: {0}")]
    TooComplex(String),
    /// A column is named that the records do not have.
    #[error("there is no column {column:?}; there are {}", .available.join(", "))]
    NoSuchColumn {
        /// The name.
        column: String,
        /// The columns that there are.
        available: Vec<String>,
    },
    /// Values of types that do not go together.
    #[error("the filter does not fit the columns: {reason}; the columns are {}", .columns.join(", "))]
    Mismatch {
        /// What does not go together.
        reason: String,
        /// The columns, with their types.
        columns: Vec<String>,
    },
    /// Something that is CQL2, and makes no sense, or is not supported.
    #[error("the filter makes no sense: {0}")]
    Invalid(String),
    /// The values of the records do not allow what the filter asks for.
    #[error("the filter cannot be evaluated: {0}")]
    Evaluation(String),
}

impl FilterError {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            FilterError::Syntax { .. } => "filter-syntax",
            FilterError::TooComplex(_) => "filter-too-complex",
            FilterError::NoSuchColumn { .. } => "no-such-column",
            FilterError::Mismatch { .. } => "type-mismatch",
            FilterError::Invalid(_) => "filter-invalid",
            FilterError::Evaluation(_) => "filter-evaluation",
        }
    }
}

impl From<arrow_schema::ArrowError> for FilterError {
    fn from(error: arrow_schema::ArrowError) -> Self {
        FilterError::Evaluation(error.to_string())
    }
}
