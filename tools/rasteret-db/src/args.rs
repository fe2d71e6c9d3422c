//! The command line's grammar.

use clap::{Parser, Subcommand, ValueEnum};
use rasteret::{Filter, Result};
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
    /// Count and list the records that match
    Query {
        /// Collection
        name: String,
        #[command(flatten)]
        selection: Selection,
        /// List at most so many ids
        #[arg(long, default_value_t = 1000, value_name = "N")]
        limit: usize,
    },
    /// Read the pixels of an area
    Read(Read),
    /// Look after the database
    #[command(subcommand)]
    Db(Db),
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Subcommand)]
pub enum Collections {
    /// Build a collection from folders, globs or files of GeoTIFFs
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
    /// Give a collection another name
    Rename { name: String, new_name: String },
    /// Delete a collection; the rasters stay
    Delete { name: String },
}

#[derive(Debug, clap::Args)]
pub struct BuildLocal {
    /// Name of the collection
    #[arg(long)]
    pub name: String,
    /// Folders, globs or files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Regular expression on the path: its first group (or the one named `band`) is the band
    #[arg(long, value_name = "REGEX")]
    pub band_from: Option<String>,
    /// Regular expression on the path: its first group (or the one named `id`) is the record id
    #[arg(long, value_name = "REGEX")]
    pub id_from: Option<String>,
    /// Regular expression on the path: its groups `year`, `month`, `day`, … or its first group are the time
    #[arg(long, value_name = "REGEX")]
    pub datetime_from: Option<String>,
    #[command(flatten)]
    pub selection: SpaceAndTime,
    /// Build again even if nothing changed
    #[arg(long)]
    pub force: bool,
    /// Fail if any file cannot be read
    #[arg(long)]
    pub strict: bool,
}

#[derive(Debug, clap::Args)]
pub struct Read {
    /// Collection
    pub name: String,
    /// The area: W,S,E,N, a GeoJSON file, or WKT
    #[arg(long, allow_hyphen_values = true, value_name = "AREA")]
    pub aoi: String,
    /// CRS of the area [default: what the file says, else EPSG:4326]
    #[arg(long, value_name = "CRS")]
    pub aoi_crs: Option<String>,
    #[command(flatten)]
    pub selection: Selection,
    /// Bands, in the order of the output [default: those of the first record]
    #[arg(long, value_delimiter = ',', value_name = "B04,B08")]
    pub bands: Vec<String>,
    /// Read only the records with these ids
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub ids: Vec<String>,
    /// Keep every pixel that the area touches, not just those whose centre it covers
    #[arg(long)]
    pub all_touched: bool,
    /// Value of pixels outside the area [default: nodata, else 0]
    #[arg(long, allow_hyphen_values = true, value_name = "VALUE")]
    pub fill_value: Option<String>,
    /// What to write
    #[arg(long = "as", value_enum, default_value_t = Form::Array)]
    pub form: Form,
    /// The file, by its ending: .npy, .tif or .png
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
}

/// What a read gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `[N, H, W]` for one band, `[N, C, H, W]` for several
    Array,
}

#[derive(Debug, Subcommand)]
pub enum Db {
    /// Sizes and counts
    Stats,
    /// Check that nothing is damaged; exits 3 and lists what is
    Verify {
        /// Also decode every record and every header
        #[arg(long)]
        deep: bool,
    },
    /// Give unused space back to the file system
    Compact,
}

/// Where and when.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SpaceAndTime {
    /// Records whose footprint touches this box
    #[arg(short, long, allow_hyphen_values = true, value_name = "W,S,E,N")]
    pub bbox: Option<String>,
    /// Records of this time: 2024-01-01/2024-03-31, open ends as ..
    #[arg(long, value_name = "START/END")]
    pub dates: Option<String>,
}

/// The filters that every command has that takes records.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    #[command(flatten)]
    pub space_and_time: SpaceAndTime,
    /// Records with less cloud cover, in per cent
    #[arg(long, value_name = "N")]
    pub cloud_lt: Option<f64>,
    /// Records of this split
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
}

impl SpaceAndTime {
    pub fn filter(&self) -> Result<Filter> {
        let mut filter = Filter::new();
        if let Some(bbox) = &self.bbox {
            filter = filter.bbox(rasteret::query::parse_bbox(bbox)?);
        }
        if let Some(dates) = &self.dates {
            filter = filter.dates(dates)?;
        }
        Ok(filter)
    }
}

impl Selection {
    pub fn filter(&self) -> Result<Filter> {
        let mut filter = self.space_and_time.filter()?;
        if let Some(percent) = self.cloud_lt {
            filter = filter.cloud_cover_lt(percent);
        }
        if let Some(split) = &self.split {
            filter = filter.split(split);
        }
        Ok(filter)
    }
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
