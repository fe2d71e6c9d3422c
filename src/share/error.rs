//! What may be wrong with tables that are joined, or with collections that are merged.

/// Why tables do not go together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A column has the name of one that every record has, or of a column of headers.
    #[error(
        "column {column:?} is one of those that make a record, and cannot be set; leave it out or give it another name"
    )]
    Reserved {
        /// The column.
        column: String,
    },
    /// Values of a column do not fit the type that they would have.
    #[error(
        "collection {collection:?}: column {column:?} has values of {known}, which cannot be had as {found} without loss"
    )]
    Type {
        /// The collection.
        collection: String,
        /// The column.
        column: String,
        /// Its type.
        known: String,
        /// The type that it would have.
        found: String,
    },
    /// A column of collections that are merged has types that no type holds.
    #[error(
        "column {column:?} is of type {found} in {collection:?}, and of {known} in the collections before it; no type holds both without loss"
    )]
    Unlike {
        /// The column.
        column: String,
        /// The collection that came later.
        collection: String,
        /// The column's type in it.
        found: String,
        /// The column's type before.
        known: String,
    },
    /// A column that is to be made is there already.
    #[error("there is a column {column:?} already; give the new one another name")]
    ColumnExists {
        /// The column.
        column: String,
    },
    /// A column by which tables are joined is none that can serve.
    #[error("cannot join on column {column:?}: {reason}")]
    Key {
        /// The column.
        column: String,
        /// Why not.
        reason: String,
    },
    /// Several rows of a table have the same key, so that it is unclear which is meant.
    #[error("several rows of the table have the same {column:?}: {}", listed(.keys, *.count))]
    DuplicateKeys {
        /// The column.
        column: String,
        /// Some of the keys.
        keys: Vec<String>,
        /// How many there are.
        count: usize,
    },
    /// A table has no columns but its key.
    #[error("the table has no column but {column:?}: there is nothing to add")]
    NothingToAdd {
        /// The key.
        column: String,
    },
    /// Records of several collections have the same id.
    #[error(
        "records of {collection:?} have ids that a collection before it has too: {}; put the collection's name before each id (`prefix_ids`), or filter",
        listed(.ids, *.count)
    )]
    DuplicateIds {
        /// The collection that came later.
        collection: String,
        /// Some of the ids.
        ids: Vec<String>,
        /// How many there are at least.
        count: usize,
    },
    /// Local files of a collection lie all over the file system, and those of an imported one must not.
    #[error(
        "the local files of {collection:?} have no folder in common, and one of the other collections was imported: it may open files below some folders only"
    )]
    LocalFiles {
        /// The collection.
        collection: String,
    },
    /// The aliases of bands of several collections contradict each other.
    #[error("{0}; give the merged collection aliases of its own")]
    BandAliases(#[from] rasteret_schema::BandAliasError),
    /// Shares of splits make no sense.
    #[error("{0}")]
    Splits(String),
    /// A table cannot be read.
    #[error("{table}: {reason}")]
    Read {
        /// The table.
        table: String,
        /// Why.
        reason: String,
    },
}

/// As many names as an error has room for.
pub(super) const LISTED: usize = 10;

fn listed(names: &[String], count: usize) -> String {
    let rest = count.saturating_sub(names.len());
    let more = if rest > 0 { format!(", and {rest} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

impl TableError {
    /// A short name of the kind, stable across versions.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            TableError::Reserved { .. } => "reserved-column",
            TableError::Type { .. } | TableError::Unlike { .. } => "schema-conflict",
            TableError::ColumnExists { .. } => "column-exists",
            TableError::Key { .. } => "no-such-key",
            TableError::DuplicateKeys { .. } => "duplicate-keys",
            TableError::NothingToAdd { .. } => "nothing-to-add",
            TableError::DuplicateIds { .. } => "duplicate-ids",
            TableError::LocalFiles { .. } => "local-files",
            TableError::BandAliases(_) => "band-aliases",
            TableError::Splits(_) => "invalid-argument",
            TableError::Read { .. } => "table",
        }
    }
}
