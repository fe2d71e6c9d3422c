//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG; datasets as Zarr.

#[cfg(feature = "geotiff")]
mod geotiff;
mod npy;
mod quicklook;
#[cfg(feature = "zarr")]
mod zarr;

#[cfg(feature = "geotiff")]
pub use geotiff::write_geotiff;
pub use npy::write_npy;
pub use quicklook::write_png;
#[cfg(feature = "zarr")]
pub use zarr::{ZarrError, write_zarr};
