//! `collections …`.

use super::{Build, BuildLocal, BuildStac, BuildTable, Selection};
use clap::Subcommand;

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
