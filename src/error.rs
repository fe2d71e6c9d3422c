//! The library's error type.

use crate::io::{ByteSourceError, without_secrets};
use crate::store::StoreError;
use rasteret_schema::{RasterError, source::SourceError};
use std::fmt;
use std::path::PathBuf;

/// A result of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A raster cannot be read.
    #[error("{location}: {source}")]
    Raster {
        /// Which file, record and band.
        location: Box<Location>,
        /// What is wrong with it.
        source: RasterError,
    },
    /// A file does not exist.
    #[error("{href} does not exist")]
    NotFound {
        /// The file.
        href: String,
    },
    /// A file may not be read.
    #[error("access to {href} is denied: {reason}")]
    AccessDenied {
        /// The file.
        href: String,
        /// What was tried.
        reason: String,
    },
    /// A file changed since its header was parsed.
    #[error(
        "{location}: the file changed since it was indexed ({difference}); build the collection again to refresh it"
    )]
    StaleHeader {
        /// Which file, record and band.
        location: Box<Location>,
        /// How it differs.
        difference: String,
    },
    /// A header that came with a table is not what its file has. Reads are made again by the file's own header when
    /// they find this out, so that nobody is told.
    #[doc(hidden)]
    #[error("a header that came with a table is not the file's own")]
    HeadersDiffer(std::sync::Arc<crate::read::confirm::Confirmation>),
    /// An href that nothing here can read.
    #[error(
        "{location}: {scheme} URLs cannot be read; local files and http, https, s3, gs, az, abfs and abfss URLs can"
    )]
    UnsupportedScheme {
        /// Which file, record and band.
        location: Box<Location>,
        /// The URL's scheme.
        scheme: String,
    },
    /// The bytes of a file cannot be had.
    #[error("{location}: {source}")]
    Bytes {
        /// Which file, record and band.
        location: Box<Location>,
        /// Why.
        source: ByteSourceError,
    },
    /// The database cannot be opened, read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A header archive in the database cannot be read.
    #[error(transparent)]
    Archive(#[from] rasteret_schema::ArchiveError),
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A coordinate reference system is unknown, or coordinates do not transform.
    #[error(transparent)]
    Crs(#[from] crate::crs::CrsError),
    /// A raster does not lie on Earth, as far as its header says.
    #[error(transparent)]
    Footprint(#[from] crate::build::footprint::FootprintError),
    /// An area is not one.
    #[error(transparent)]
    Area(#[from] crate::read::area::AreaError),
    /// A table gives no areas or points.
    #[error(transparent)]
    Geometry(#[from] crate::geometry::GeometryError),
    /// A geometry cannot be placed on a raster.
    #[error(transparent)]
    Window(#[from] crate::read::window::WindowError),
    /// A mask cannot be made.
    #[error(transparent)]
    Mask(#[from] crate::read::mask::MaskError),
    /// A dataset is not known, or makes no sense.
    #[error(transparent)]
    Catalog(#[from] crate::catalog::CatalogError),
    /// Collections that reach the same objects in different ways cannot be one.
    #[error(transparent)]
    CloudConflict(#[from] rasteret_schema::CloudConflict),
    /// Tables, or collections, do not go together.
    #[error(transparent)]
    Table(#[from] crate::share::TableError),
    /// A table from elsewhere is not taken.
    #[cfg(feature = "table")]
    #[error(transparent)]
    Import(#[from] crate::share::ImportError),
    /// A strict build found something that cannot be read.
    #[error("{count} of the files of {name:?} cannot be read, and the build is strict; the first is {first}")]
    BuildFailures {
        /// Name of the collection.
        name: String,
        /// How many there are.
        count: usize,
        /// The first, and why.
        first: String,
    },
    /// A collection whose build was interrupted cannot be passed on as if it were whole.
    #[error(
        "collection {collection:?} is unfinished: {records} records are in, and its build has not come to its end; \
         run the build again, which goes on from there, or export what there is (`allow_unfinished`, --unfinished)"
    )]
    Unfinished {
        /// The collection.
        collection: String,
        /// Records that it has.
        records: u64,
    },
    /// A filter is not one, or does not fit the columns.
    #[error(transparent)]
    Filter(#[from] crate::query::FilterError),
    /// An option or another argument makes no sense.
    #[error("{0}")]
    InvalidArgument(String),
    /// The arrays of a read do not have one shape.
    #[error(
        "the records do not give arrays of one shape: {shapes}; give a resolution or a target CRS for one common grid, \
         choose a smaller area, or read a table"
    )]
    ShapeMismatch {
        /// The shapes, and records that have them.
        shapes: String,
    },
    /// The bands of a record lie on different grids.
    #[error(
        "the bands of record {record:?} lie on different grids (pixel sizes: {resolutions}); give a resolution for \
         one common grid, or read bands of one resolution at a time"
    )]
    GridMismatch {
        /// The record.
        record: String,
        /// Pixel size of each band.
        resolutions: String,
    },
    /// A record does not have a band.
    #[error(
        "record {record:?} has no band {band:?}{}; it has {}. {}", stands_for(aliases, band), .available.join(", "),
        who_lacks(*lacking, aliases)
    )]
    NoSuchBand {
        /// The record.
        record: String,
        /// The band that was asked for.
        band: String,
        /// The bands that the record has.
        available: Vec<String>,
        /// Other names of bands that could have been asked for.
        aliases: Box<rasteret_schema::BandAliases>,
        /// How many of the records do not have the band, and how many records there are.
        lacking: (usize, usize),
    },
    /// The bands of a read do not have one data type.
    #[error(
        "the bands are of different data types: {dtypes}; read bands, or records (filtered by their collection, say), \
         of one data type at a time"
    )]
    DataTypeMismatch {
        /// The data types, and bands that have them.
        dtypes: String,
    },
    /// The records of a read are in several CRSs.
    #[error(
        "the records are in several coordinate reference systems: {systems}; filter by `proj:epsg`, or choose a smaller area"
    )]
    SeveralCrs {
        /// The systems, and how many records are in each.
        systems: String,
    },
    /// Pixels cannot be brought to another grid.
    #[error(transparent)]
    Warp(#[from] crate::warp::WarpError),
    /// No record matches.
    #[error("nothing to read: {0}")]
    NothingSelected(String),
    /// A result would not fit the memory that a read may use.
    #[error(
        "the result needs {needed} bytes, more than the limit of {limit}; choose a smaller area or fewer records, or raise the limit"
    )]
    TooLarge {
        /// Bytes of the result.
        needed: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// An array does not make a dataset.
    #[error(transparent)]
    Dataset(#[from] crate::dataset::DatasetError),
    /// A GeoTIFF cannot be written.
    #[cfg(feature = "geotiff")]
    #[error(transparent)]
    Write(#[from] rasteret_geotiff::write::WriteError),
    /// A Parquet file cannot be written.
    #[error(transparent)]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A collection cannot be exported.
    #[error(transparent)]
    Export(#[from] crate::share::ExportError),
    /// A CSV file cannot be written.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// A Zarr store cannot be written.
    #[cfg(feature = "zarr")]
    #[error(transparent)]
    Zarr(#[from] crate::output::ZarrError),
    /// Arrow refused an operation.
    #[error(transparent)]
    Arrow(#[from] arrow_schema::ArrowError),
    /// An output cannot be written. What was there under its name is as it was.
    #[error("cannot write {}: {source}{}", path.display(), crate::remedy::of_output(source.as_ref()))]
    Output {
        /// The output.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file cannot be read or written.
    #[error("{what}: {source}")]
    Io {
        /// The file.
        what: String,
        /// Why.
        source: std::io::Error,
    },
}

/// What an alias stands for, in brackets.
fn stands_for(aliases: &rasteret_schema::BandAliases, band: &str) -> String {
    match aliases.get(band) {
        [] => String::new(),
        bands => format!(" (which stands for {})", bands.join(" or ")),
    }
}

fn who_lacks((lacking, all): (usize, usize), aliases: &rasteret_schema::BandAliases) -> String {
    if lacking < all {
        return format!("Of {all} records, {lacking} lack it: skip missing bands to leave these out");
    }
    let aliases = if aliases.is_empty() { "there are no aliases".to_owned() } else { format!("{aliases}") };
    format!("None of the {all} records has it; aliases of bands: {aliases}")
}

/// Where a raster comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub href: String,
    /// The record's id.
    pub record: String,
    /// The band's name.
    pub band: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (record {:?}, band {:?})", self.href, self.record, self.band)
    }
}

impl Error {
    /// A short name of the kind, stable across versions, for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Raster { source, .. } => source.kind(),
            Error::NotFound { .. } => "not-found",
            Error::AccessDenied { .. } => "access-denied",
            Error::StaleHeader { .. } | Error::HeadersDiffer(_) => "stale-header",
            Error::UnsupportedScheme { .. } => "unsupported-scheme",
            Error::Bytes { source, .. } => source.kind(),
            Error::Store(error) => error.kind(),
            Error::Archive(rasteret_schema::ArchiveError::NewerVersion { .. }) => "newer-version",
            Error::Archive(_) => "damaged",
            Error::Source(SourceError::NotFound(_)) => "not-found",
            Error::Source(SourceError::Access(error)) => error.kind.name(),
            Error::Source(_) => "source",
            Error::Crs(_) | Error::Warp(crate::warp::WarpError::Crs(_)) => "crs",
            Error::Footprint(_) => "footprint",
            Error::Area(_) => "area",
            Error::Geometry(_) => "geometry",
            Error::Window(_) => "area",
            Error::Mask(_) => "area",
            Error::Catalog(error) => error.kind(),
            Error::CloudConflict(_) => "cloud-conflict",
            Error::Table(error) => error.kind(),
            #[cfg(feature = "table")]
            Error::Import(error) => error.kind(),
            Error::BuildFailures { .. } => "build-failures",
            Error::Unfinished { .. } => "unfinished",
            Error::Filter(error) => error.kind(),
            Error::InvalidArgument(_) => "invalid-argument",
            Error::ShapeMismatch { .. } => "shape-mismatch",
            Error::GridMismatch { .. } => "grid-mismatch",
            Error::NoSuchBand { .. } => "no-such-band",
            Error::DataTypeMismatch { .. } => "data-type-mismatch",
            Error::SeveralCrs { .. } => "several-crs",
            Error::Warp(_) => "warp",
            Error::NothingSelected(_) => "nothing-selected",
            Error::TooLarge { .. } => "too-large",
            Error::Dataset(error) => error.kind(),
            #[cfg(feature = "geotiff")]
            Error::Write(_) => "write",
            Error::Export(error) => error.kind(),
            Error::Parquet(_) | Error::Csv(_) => "write",
            #[cfg(feature = "zarr")]
            Error::Zarr(error) => error.kind(),
            Error::Arrow(_) => "table",
            Error::Output { .. } | Error::Io { .. } => "io",
        }
    }

    /// Why the bytes of a file cannot be had, and what they are for. What may be secret in the href is
    /// left out.
    pub fn from_byte_source(location: &Location, error: ByteSourceError) -> Error {
        let location = Location { href: without_secrets(&location.href), ..location.clone() };
        match error {
            ByteSourceError::NotFound => Error::NotFound { href: location.href },
            ByteSourceError::AccessDenied { reason } => Error::AccessDenied { href: location.href, reason },
            ByteSourceError::Changed { difference } => {
                Error::StaleHeader { location: Box::new(location), difference }
            }
            ByteSourceError::UnsupportedScheme { scheme } => {
                Error::UnsupportedScheme { location: Box::new(location), scheme }
            }
            ByteSourceError::Io(source) => Error::Io { what: location.href, source },
            source => Error::Bytes { location: Box::new(location), source },
        }
    }
}
