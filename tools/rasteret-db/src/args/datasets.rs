//! `datasets …`.

use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Datasets {
    /// List the datasets
    List {
        /// Only those with this word in their id, name or description
        #[arg(long, value_name = "WORD")]
        search: Option<String>,
    },
    /// Describe a dataset
    Info { id: String },
    /// Register what is on this machine: a collection that was exported, a table, a STAC catalogue
    RegisterLocal {
        /// Id, such as local/fields
        id: String,
        /// A Parquet file or a folder of these, or the root of a STAC catalogue
        path: String,
        /// Name for people [default: what the collection says, else the name of the file]
        #[arg(long)]
        name: Option<String>,
        /// One line for people
        #[arg(long)]
        description: Option<String>,
    },
    /// Forget a dataset that was registered; its files stay
    UnregisterLocal { id: String },
    /// Write the descriptor of a dataset to a file, to share it
    ExportLocal {
        id: String,
        /// The file
        #[arg(value_name = "OUT.json")]
        output: PathBuf,
    },
    /// Register the datasets of a file
    Import {
        #[arg(value_name = "FILE.json")]
        file: PathBuf,
    },
}
