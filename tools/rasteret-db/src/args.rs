//! The command line's grammar.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};
use rasteret::dataset::Mosaic;
use rasteret::warp::Method;
use rasteret::{Filter, Result};
use std::path::PathBuf;
use std::str::FromStr;

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
    /// Look up the values at points
    Sample(Sample),
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
    /// The area: W,S,E,N, WKT, or a .geojson, .parquet (GeoParquet), .csv (lon and lat) or .wkt file
    #[arg(long, allow_hyphen_values = true, value_name = "AREA")]
    pub aoi: String,
    /// CRS of the area [default: what the file says, else EPSG:4326]
    #[arg(long, value_name = "CRS")]
    pub aoi_crs: Option<String>,
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub choice: Choice,
    /// Keep every pixel that the area touches, not just those whose centre it covers
    #[arg(long)]
    pub all_touched: bool,
    /// Value of pixels outside the area [default: nodata, else 0]
    #[arg(long, allow_hyphen_values = true, value_name = "VALUE")]
    pub fill_value: Option<String>,
    /// CRS of the result, such as EPSG:3857 [default: that of the rasters, of most of them where they differ]
    #[arg(long, value_name = "CRS")]
    pub crs: Option<String>,
    /// Size of a pixel in units of the CRS, or its width and height [default: as the rasters have it]
    #[arg(long, value_name = "R|X,Y", value_parser = resolution, conflicts_with = "shape")]
    pub resolution: Option<(f64, f64)>,
    /// Rows and columns of the result, instead of a resolution
    #[arg(long, value_name = "ROWS,COLS", value_parser = shape)]
    pub shape: Option<(u32, u32)>,
    /// How values between the pixels of the rasters are found
    #[arg(long, value_name = "METHOD", default_value_t, value_parser = named::<Method>(Method::ALL.map(Method::name)))]
    pub resampling: Method,
    /// How the records of one time are combined in a dataset [default: first]
    #[arg(long, value_name = "METHOD", value_parser = named::<Mosaic>(Mosaic::ALL.map(Mosaic::name)))]
    pub mosaic: Option<Mosaic>,
    /// What to write [default: what the ending of OUT is for]
    #[arg(long = "as", value_enum)]
    pub form: Option<Form>,
    /// By its ending, an array: .npy, .tif or .png; a dataset: .zarr; a table: .parquet
    #[arg(short, long, value_name = "OUT")]
    pub output: PathBuf,
}

/// What a read gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// `[N, H, W]` for one band, `[N, C, H, W]` for several
    Array,
    /// Bands with labels: (time, geometry, y, x)
    Dataset,
    /// A row for each record, geometry and band
    Table,
}

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

/// Whose pixels are read.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Bands, in the order of the output [default: those of the first record]
    #[arg(long, value_delimiter = ',', value_name = "B04,B08")]
    pub bands: Vec<String>,
    /// Only the records with these ids
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    pub ids: Vec<String>,
}

/// Takes one of the names of a type's values.
fn named<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

fn resolution(text: &str) -> Result<(f64, f64), String> {
    let (width, height) = text.split_once(',').unwrap_or((text, text));
    let size = |text: &str| text.trim().parse().ok().filter(|size: &f64| *size > 0.0 && size.is_finite());
    let sizes = size(width).zip(size(height));
    sizes.ok_or_else(|| "it is neither a positive number nor two with a comma between".to_owned())
}

fn shape(text: &str) -> Result<(u32, u32), String> {
    let size = |text: &str| text.trim().parse().ok().filter(|size: &u32| *size > 0);
    let sizes = text.split_once(',').and_then(|(rows, columns)| size(rows).zip(size(columns)));
    sizes.ok_or_else(|| "it is not two positive numbers with a comma between".to_owned())
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

impl Choice {
    /// The records of a selection, of those that were chosen.
    pub fn filter(&self, selection: &Selection) -> Result<Filter> {
        let filter = selection.filter()?;
        Ok(if self.ids.is_empty() { filter } else { filter.ids(&self.ids) })
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
    fn sizes_are_positive() {
        assert_eq!(resolution("20"), Ok((20.0, 20.0)));
        assert_eq!(resolution("0.1, 2e-1"), Ok((0.1, 0.2)));
        assert_eq!(shape("3,4"), Ok((3, 4)));
        for text in ["", "0", "-1", "1,", "1,0", "1,2,3", "nan", "inf", "x"] {
            assert!(resolution(text).is_err() && shape(text).is_err(), "{text}");
        }
    }

    #[test]
    fn western_boxes_are_values_not_flags() {
        let args = Args::try_parse_from(["rasteret-db", "query", "x", "-b", "-122.5,37.5,-122,38"]).unwrap();
        let Command::Query { selection, .. } = args.command else { panic!() };
        assert_eq!(selection.space_and_time.bbox.as_deref(), Some("-122.5,37.5,-122,38"));
    }
}
