//! From an area to pixels.
//!
//! In: records with their headers, areas, bands. Out: arrays. The stages are modules: [`area`] says
//! what is wanted, [`window`] and [`mask`] place it on a raster, `plan` finds the tiles, `execute` decodes
//! them, `finish` marks and fills what is no data, and `array` puts these together. No tag of a file
//! format is known here.

pub mod area;
mod array;
mod execute;
mod files;
mod finish;
mod layout;
pub mod mask;
mod pixels;
mod plan;
mod request;
mod scene;
pub mod window;

pub use array::{AreaArray, ReadStatistics, Slice};
pub use pixels::{PixelArray, Sample};
pub use request::{DEFAULT_MEMORY_LIMIT, ReadRequest};
