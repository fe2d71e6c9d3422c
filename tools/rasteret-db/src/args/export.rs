//! `export`.

use super::{Selection, Store};
use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub struct Export {
    /// Collection
    pub name: String,
    /// Where to: a new folder, a .parquet file, or either in an object store (s3://, gs://, az://)
    pub dest: String,
    /// Columns that become folders, such as split; none for one file
    #[arg(long, value_delimiter = ',', default_value = "year,month", value_name = "COLUMN,…|none")]
    pub partition_by: Vec<String>,
    /// The table that is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Write hrefs of files below this folder or URL relative to it; `import --base-dir` says where they are then
    #[arg(long, value_name = "DIR|URL")]
    pub relative_to: Option<String>,
    /// Export what there is of a collection whose build was interrupted
    #[arg(long)]
    pub unfinished: bool,
    /// Replace the export that is there
    #[arg(long)]
    pub overwrite: bool,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Records and headers, for rasteret
    #[default]
    Rasteret,
    /// STAC items, for everything else
    StacGeoparquet,
}
