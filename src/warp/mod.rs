//! Brings decoded pixels from one grid to another, with the values that GDAL's warper gives.
//!
//! In: pixels of a window of a source grid, and which of them are valid. Out: pixels of a target grid,
//! and which of them have a value. Nothing is read or written here: a [`Warp`] says which source window
//! it needs, and whoever holds the file fetches it.
//!
//! A reader takes these steps for each raster and target:
//!
//! 1. a target: a [`Grid`] that is given, or [`suggested_grid`];
//! 2. a level: the coarsest overview that is still as fine as the target; its grid is the raster's,
//!    [resized](Grid::resized);
//! 3. [`Warp::new`] between both grids, and [`Warp::source_window`]: `None` where they do not meet;
//! 4. a read of that window from that level;
//! 5. [`Warp::warp_into`] a [`Warped`] target. What is valid there stays as it is, so that several sources
//!    into one target are a mosaic in which the first valid value wins.
//!
//! ```
//! use rasteret::PixelArray;
//! use rasteret::schema::{Crs, DataType, Geotransform};
//! use rasteret::warp::{Grid, Method, Source, Suggestion, Warp, suggested_grid};
//!
//! let transform = Geotransform::new(10.0, 0.0, 600_000.0, 0.0, -10.0, 1_500_000.0);
//! let source = Grid::new(transform, 200, 100, Crs::from_epsg(32643));
//! let target = suggested_grid(&source, &Crs::from_epsg(32644), Suggestion::default())?;
//!
//! let warp = Warp::new(&source, &target, Method::Bilinear)?;
//! let window = warp.source_window()?.expect("both grids lie in one place");
//! let shape = [1, 1, window.height as usize, window.width as usize];
//! let pixels = PixelArray::zeros(DataType::UInt16, shape);
//! let warped = warp.warp(&Source::new(window, &pixels), None)?;
//! assert_eq!(warped.pixels.shape(), [1, 1, target.height as usize, target.width as usize]);
//! # Ok::<(), rasteret::warp::WarpError>(())
//! ```
//!
//! | file | what is in it |
//! | --- | --- |
//! | `grid`, `suggest`, `bounds` | grids, and the one that suits a source in another CRS |
//! | `transform` | pixel coordinates from one grid to the other, exactly and approximately |
//! | `window` | the source pixels that a part of the target needs |
//! | `plan` | the parts that a target is computed in, and the scale of each |
//! | `execute` | the loop over rows and bands |
//! | `kernel` | from source pixels to one value |
//! | `sample` | rounding to each data type |

mod bounds;
mod error;
mod execute;
mod grid;
mod kernel;
mod method;
mod plan;
mod sample;
mod source;
mod suggest;
mod transform;
mod window;

pub use error::WarpError;
pub use grid::Grid;
pub use method::{Method, UnknownMethod};
pub use source::{Source, Warp, Warped};
pub use suggest::{Suggestion, suggested_grid};

#[cfg(test)]
mod tests;
