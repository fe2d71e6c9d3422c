//! Arrays as files: `.npy`, GeoTIFF, and a quick look as PNG.

mod npy;
mod quicklook;

pub use npy::write_npy;
pub use quicklook::write_png;
