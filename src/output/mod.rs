//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG.

#[cfg(feature = "geotiff")]
mod geotiff;
mod npy;
mod quicklook;

#[cfg(feature = "geotiff")]
pub use geotiff::write_geotiff;
pub use npy::write_npy;
pub use quicklook::write_png;
