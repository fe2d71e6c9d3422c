//! The command line's grammar.

mod build;
mod collections;
mod database;
mod datasets;
mod export;
mod import;
mod read;
mod sample;
mod selection;
mod store;

pub use build::{BandMaps, Build, BuildLocal, BuildStac, BuildTable, Common, Reading, Search};
pub use collections::{Annotate, Collections, Merge, Split, SplitBy};
pub use database::Db;
pub use datasets::Datasets;
pub use export::{Export, Format as ExportFormat};
pub use import::{Import, Refresh};
pub use read::{Form, Read};
pub use sample::{Match, Neighbourhood, Sample};
pub use selection::{Choice, Condition, Selection, SpaceAndTime};
pub use store::{Cloud, Store};

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Index rasters once, read their pixels fast: online, on disk, in the field.
#[derive(Debug, Parser)]
#[command(name = "rasteret-db", version, arg_required_else_help = true)]
pub struct Args {
    /// The database file [default: rasteret.db in $RASTERET_WORKSPACE or ~/rasteret_workspace]
    #[arg(long, global = true, env = "RASTERET_DB", value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress bars, no warnings
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a small scene archive, build a collection from it, read an NDVI, and write it as GeoTIFF and PNG
    Demo {
        /// Where to [default: a new folder beside the database]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Build, list and change collections
    #[command(subcommand)]
    Collections(Collections),
    /// List, describe, register and share datasets, from which collections are built by id
    #[command(subcommand)]
    Datasets(Datasets),
    /// Take over a collection that rasteret or this program exported, with the headers that it brings
    Import(Import),
    /// Show the header of a band of a scene, with its overviews
    Header {
        /// Collection
        name: String,
        /// Record id
        #[arg(long, value_name = "SCENE")]
        id: String,
        #[arg(long)]
        band: String,
    },
    /// Write a collection, or the records of it that match, as Parquet that can be shared
    Export(Export),
    /// Count and list the records that match
    Query {
        /// Collection
        name: String,
        #[command(flatten)]
        selection: Selection,
        /// List at most so many ids
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: usize,
        /// Write all records that match as GeoParquet: OUT.parquet
        #[arg(short, long, value_name = "OUT")]
        output: Option<PathBuf>,
        /// Columns of the file, in this order [default: all]
        #[arg(long, value_delimiter = ',', value_name = "COLUMN,…", requires = "output")]
        columns: Vec<String>,
    },
    /// Read the pixels of an area
    Read(Read),
    /// Look up the values at points
    Sample(Sample),
    /// Look after the database
    #[command(subcommand)]
    Db(Db),
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn grammar_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn western_boxes_are_values_not_flags() {
        let args = Args::try_parse_from(["rasteret-db", "query", "x", "-b", "-122.5,37.5,-122,38"]).unwrap();
        let Command::Query { selection, .. } = args.command else { panic!() };
        assert_eq!(selection.space_and_time.bbox.as_deref(), Some("-122.5,37.5,-122,38"));
    }
}
