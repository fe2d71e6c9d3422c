//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG; datasets as Zarr.
//!
//! The formats of one file write to anything; [`write_file`] makes what they write appear whole or not at
//! all.

#[cfg(feature = "geotiff")]
mod geotiff;
mod npy;
mod quicklook;
mod whole;
#[cfg(feature = "zarr")]
mod zarr;

#[cfg(feature = "geotiff")]
pub use geotiff::write_geotiff;
pub use npy::write_npy;
pub use quicklook::write_png;
pub use whole::write_file;
#[cfg(feature = "zarr")]
pub use zarr::{ZarrError, write_zarr};
