//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG; datasets as Zarr; arrays as tables, and
//! tables as Parquet, GeoParquet and CSV.
//!
//! The formats of one file write to anything; [`write_file`] makes what they write appear whole or not at
//! all.

mod csv;
pub(crate) mod folder;
#[cfg(feature = "geotiff")]
mod geotiff;
mod npy;
mod parquet;
mod quicklook;
mod table;
pub(crate) mod whole;
#[cfg(feature = "zarr")]
mod zarr;

pub use csv::CsvWriter;
#[cfg(feature = "geotiff")]
pub use geotiff::write_geotiff;
pub use npy::write_npy;
pub use parquet::ParquetWriter;
pub use quicklook::write_png;
pub use table::{TableBuilder, TableRow};
pub use whole::write_file;
#[cfg(feature = "zarr")]
pub use zarr::{ZarrError, write_zarr};
