//! An embedded index of cloud rasters, and a reader that goes straight from scenes to pixels.
//!
//! A [`Database`] is one file. It holds collections: tables of scenes ([`record`]), and the parsed
//! headers of their rasters. With the headers at hand, a read needs no request but those for the
//! tiles of its area.
//!
//! ```no_run
//! use rasteret::blocking::Wait;
//! use rasteret::local::LocalSource;
//! use rasteret::{Area, Database, Filter};
//!
//! let db = Database::open_writable("field.rasteret")?;
//! let source = LocalSource::new(["/data/sentinel-2"], db.readers().all().to_vec());
//! db.build(source).name("bangalore").run().wait()?;
//!
//! let clear = db.collection("bangalore")?.subset(Filter::new().dates("2024-01/2024-03")?);
//! let cube = clear.read(Area::bbox([77.55, 13.01, 77.58, 13.08])).bands(["B04", "B08"]).array().wait()?;
//! assert_eq!(cube.pixels.shape()[1], 2); // [N, C, H, W]
//! # Ok::<(), rasteret::Error>(())
//! ```
//!
//! | module | from → to |
//! | --- | --- |
//! | [`build`] | a source → a collection |
//! | [`catalog`] | the id of a dataset → its source |
//! | [`store`] | the file |
//! | [`query`] | a collection and a filter → records |
//! | [`geometry`] | a table → areas, points |
//! | [`read`] | records, an area, bands → pixels |
//! | [`chips`] | a sampler → small arrays, one after the other, to train models on |
//! | [`sample`] | points, a raster → values |
//! | [`dataset`] | pixels → bands with labels |
//! | [`crs`] | coordinates of one reference system → those of another |
//! | [`warp`] | pixels on one grid → pixels on another |
//! | [`share`] | a collection ↔ tables that others read and write |
//! | [`io`] | hrefs and byte ranges → bytes |
//! | [`output`] | arrays → files |
//! | [`blocking`] | futures → results, for plain code |

pub mod blocking;
pub mod build;
pub mod catalog;
pub mod chips;
mod collection;
mod cpu;
pub mod crs;
mod database;
pub mod dataset;
mod error;
pub mod geometry;
pub mod io;
pub mod output;
pub mod query;
pub mod read;
mod readers;
mod remedy;
pub mod sample;
pub mod share;
pub mod store;
mod unwinding;
pub mod warp;

pub use catalog::Catalog;
pub use collection::{Collection, CollectionInfo, Column};
pub use database::Database;
pub use dataset::Dataset;
pub use error::{Error, Location, Result};
pub use query::Filter;
pub use rasteret_schema::{
    self as schema, Crs, DataType, HeaderDescription, ImageDescription, PixelValue, record,
};
pub use read::area::Area;
pub use read::{AreaArray, PixelArray, ReadRequest};
pub use readers::Readers;

#[cfg(feature = "geotiff")]
pub use rasteret_geotiff as geotiff;
#[cfg(feature = "local")]
pub use rasteret_local as local;
#[cfg(feature = "stac")]
pub use rasteret_stac as stac;
#[cfg(feature = "table")]
pub use rasteret_table as table;

/// The example of the README, which is compiled with the others.
#[cfg(all(doctest, feature = "local", feature = "zarr"))]
#[doc = include_str!("../README.md")]
struct Readme;
