//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG; arrays as tables, and tables as files.

mod csv;
#[cfg(feature = "geotiff")]
mod geotiff;
mod npy;
mod parquet;
mod quicklook;
mod table;

pub use csv::CsvWriter;
#[cfg(feature = "geotiff")]
pub use geotiff::write_geotiff;
pub use npy::write_npy;
pub use parquet::ParquetWriter;
pub use quicklook::write_png;
pub use table::{TableBuilder, TableRow};
