//! Values of rasters at points.
//!
//! In: points, and the rasters of a collection. Out: a value for each point that lies on one. A [`SampleRequest`]
//! finds the rasters and reads; which pixels are needed is up to a [`Sampler`]: it says which, is given them, and
//! says again, until it needs no more.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `request` | a collection and points → the rasters that they lie on |
//! | `values` | points on rasters → batches of values |
//! | `grid` | points → pixels of a raster |
//! | `sampler` | pixels → which windows are needed → values |
//! | `nearest` | the nearest pixel with data, and neighbourhoods |
//! | `latest` | which record a point takes its value from, if it takes just one |
//! | `table` | values → the table of results |

mod grid;
mod latest;
mod nearest;
mod request;
mod sampler;
mod table;
mod values;

pub use grid::{PixelPoint, SampleGrid, project};
pub use latest::Latest;
pub use request::{Match, SampleRequest};
pub use sampler::{MAX_DISTANCE_PIXELS, Neighbourhood, SampleOptions, Sampler, Samples};
pub use table::{SampleSource, SampleTable};

#[cfg(test)]
mod tests;
