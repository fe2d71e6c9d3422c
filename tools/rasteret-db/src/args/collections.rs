//! `collections …`.

use super::{Build, BuildLocal, BuildStac, BuildTable, Refresh, Selection, Store};
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Collections {
    /// Build a collection of a dataset that the catalogue knows
    Build(Build),
    /// Build a collection from a STAC API, or from a STAC catalogue of plain files
    BuildStac(BuildStac),
    /// Build a collection from a table with a record a row: Parquet, GeoParquet, stac-geoparquet, Arrow IPC
    BuildTable(BuildTable),
    /// Build a collection from folders, globs or files of GeoTIFFs, or from the JSON file of a STAC catalogue
    BuildLocal(BuildLocal),
    /// List the collections
    List,
    /// Describe a collection
    Info { name: String },
    /// Show the first records
    Head {
        name: String,
        /// How many
        #[arg(short, default_value_t = 10, value_name = "N")]
        n: usize,
        #[command(flatten)]
        selection: Selection,
    },
    /// Show the columns and their types
    Schema { name: String },
    /// Make one collection out of several, which may differ in their bands and columns
    Merge(Merge),
    /// Add columns from a table, or replace those of the same names
    Annotate(Annotate),
    /// Divide the records for training, in a column: the same scene is in the same split in every collection
    Split(Split),
    /// Parse headers again: all of them, or those that are stale
    Refresh(Refresh),
    /// Show, define or remove aliases of bands, so that one name means the bands of unlike sources
    Alias {
        name: String,
        /// An alias and the bands that it stands for, in the order in which a record is searched for them; without
        /// bands it is removed
        #[arg(value_name = "red=B04,B4")]
        aliases: Vec<String>,
        /// Define the common names of STAC for the bands of the built-in datasets
        #[arg(long)]
        common_names: bool,
    },
    /// Give a collection another name
    Rename { name: String, new_name: String },
    /// Delete a collection; the rasters stay
    Delete { name: String },
}

#[derive(Debug, Args)]
pub struct Merge {
    /// Name of the new collection
    pub out: String,
    /// The collections
    #[arg(required = true, value_name = "IN")]
    pub inputs: Vec<String>,
    /// Add a column that names the collection from which a record came
    #[arg(long, value_name = "COLUMN")]
    pub tag: Option<String>,
    /// Put the name of its collection before each id: landsat/LC08_…
    #[arg(long)]
    pub prefix_ids: bool,
}

#[derive(Debug, Args)]
pub struct Annotate {
    pub name: String,
    /// Parquet, GeoParquet, Arrow IPC, or CSV: a path or URL
    #[arg(long, value_name = "T")]
    pub table: String,
    /// The column, of both, that says which row belongs to which record
    #[arg(long, default_value = "id", value_name = "COLUMN")]
    pub on: String,
    /// Only these columns of the table [default: all]
    #[arg(long, value_delimiter = ',', value_name = "COLUMN")]
    pub columns: Vec<String>,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Args)]
pub struct Split {
    pub name: String,
    /// What decides to which split a record belongs
    #[arg(long, value_enum, default_value_t)]
    pub by: SplitBy,
    /// Share of the split `train`
    #[arg(long, default_value_t = 0.7, value_name = "SHARE")]
    pub train: f64,
    /// Share of the split `val`; the rest is `test`
    #[arg(long, default_value_t = 0.15, value_name = "SHARE")]
    pub val: f64,
    /// Other splits of the same shares for every number
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The column
    #[arg(long, default_value = "split")]
    pub column: String,
    #[command(flatten)]
    pub selection: Selection,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum SplitBy {
    /// The bytes of its footprint
    #[default]
    Geometry,
    /// Its id
    Id,
}
