//! `sample`.

use super::{Choice, Selection, Store};
use clap::ValueEnum;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Sample {
    /// Collection
    pub name: String,
    /// The points: a .parquet (GeoParquet), .csv or .geojson file
    #[arg(long, value_name = "FILE")]
    pub points: PathBuf,
    /// Column of eastings or longitudes [default: the geometry, else lon, longitude or x]
    #[arg(long, value_name = "COLUMN", requires = "y")]
    pub x: Option<String>,
    /// Column of northings or latitudes [default: the geometry, else lat, latitude or y]
    #[arg(long, value_name = "COLUMN", requires = "x")]
    pub y: Option<String>,
    /// CRS of the points [default: what the file says, else EPSG:4326]
    #[arg(long, value_name = "CRS")]
    pub points_crs: Option<String>,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub choice: Choice,
    /// Which records a point takes its values from, where it lies on several
    #[arg(long = "match", value_enum, default_value_t)]
    pub matching: Match,
    /// Where the pixel of a point has no data: how many rows and columns away the nearest with data may be
    #[arg(long, value_name = "R", default_value_t = 0)]
    pub max_distance_pixels: u32,
    /// Which points also get the (2R+1)² pixels around them
    #[arg(long, value_enum, default_value_t)]
    pub neighbourhood: Neighbourhood,
    /// The table, by its ending: .parquet or .csv
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Match {
    /// All
    #[default]
    All,
    /// The latest that has a pixel there
    Latest,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Neighbourhood {
    /// None
    #[default]
    Off,
    /// All
    Always,
    /// Those whose own pixel has no data
    IfCenterNodata,
}
