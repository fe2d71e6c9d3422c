//! From an area to pixels.
//!
//! In: records with their headers, areas, bands. Out: arrays. The stages are modules: [`area`] says
//! what is wanted; `select` finds the records, each with its rasters (`band`), `header` their headers and
//! `confirm` whether these are right; `scene`, [`window`] and [`mask`] place it on their rasters, `target` and
//! `aligned` on a grid; `windows` and `plan` find the tiles, `coalesce` the requests for them; `pipeline`
//! fetches and decodes; `finish` marks and fills what is no data; and `array` puts these together. No tag of a
//! file format is known here.

pub(crate) mod aligned;
pub mod area;
mod array;
pub(crate) mod band;
pub(crate) mod band_request;
pub(crate) mod bounds;
mod coalesce;
pub(crate) mod confirm;
mod finish;
pub(crate) mod header;
mod labelled;
pub(crate) mod layout;
mod limits;
pub mod mask;
pub(crate) mod pipeline;
mod pixels;
mod plan;
pub(crate) mod planes;
pub(crate) mod request;
pub(crate) mod scene;
pub(crate) mod select;
mod table;
pub(crate) mod target;
pub mod window;
pub(crate) mod windows;

pub use array::{AreaArray, Slice};
pub use coalesce::RequestCost;
pub use limits::{OnProgress, ReadLimits, ReadProgress, ReadStatistics};
pub use pixels::{PixelArray, Sample};
pub use request::{DEFAULT_MEMORY_LIMIT, ReadRequest};
