//! Values of rasters at points.
//!
//! In: points, and the grid of a raster. Out: a value for each point that lies on it. Nothing is read here: a
//! [`Sampler`] says which pixels it needs, is given them, and says again, until it needs no more.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `grid` | points → pixels of a raster |
//! | `sampler` | pixels → which windows are needed → values |
//! | `nearest` | the nearest pixel with data, and neighbourhoods |
//! | `latest` | which record a point takes its value from, if it takes just one |
//! | `table` | values → the table of results |

mod grid;
mod latest;
mod nearest;
mod sampler;
mod table;

pub use grid::{PixelPoint, SampleGrid, project};
pub use latest::Latest;
pub use sampler::{MAX_DISTANCE_PIXELS, Neighbourhood, SampleOptions, Sampler, Samples};
pub use table::{SampleSource, SampleTable};

#[cfg(test)]
mod tests;
