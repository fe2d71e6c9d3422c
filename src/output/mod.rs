//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG; datasets as Zarr.
//!
//! The formats write to anything; [`write_file`] and [`write_folder`] make what they write appear whole
//! or not at all.

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
pub use whole::{write_file, write_folder};
#[cfg(feature = "zarr")]
pub use zarr::{ZarrError, write_zarr};
