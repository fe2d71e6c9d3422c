//! Deterministic scene archives for demonstrations, tests and benches.
//!
//! | module | what it makes |
//! | --- | --- |
//! | [`cog`] | cloud optimized GeoTIFFs, in the layout of GDAL's COG driver |

pub mod cog;
mod error;

pub use error::SynthError;
