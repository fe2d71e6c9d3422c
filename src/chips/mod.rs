//! From a collection to chips: small arrays of one size, one after the other, to train models on.
//!
//! In: records with their headers, and a [`Sampler`], which says where chips lie. Out: [`Chip`]s in the sampler's
//! order, read ahead in the background. Records and headers are looked up once, when it starts; a chip needs
//! nothing but the tiles under it. How pixels are fetched, decoded and resampled is the business of
//! [`read`](crate::read) and [`warp`](crate::warp).
//!
//! ```no_run
//! use rasteret::chips::Sampler;
//! use rasteret::{Database, Filter};
//!
//! let db = Database::open("field.rasteret")?;
//! let train = db.collection("bangalore")?.subset(Filter::new().split("train").cloud_cover_lt(20.0));
//! let chips = train.chips(Sampler::random(256, Some(10_000), 7)).bands(["B04", "B08"]).labels("crop");
//! for epoch in 0..3 {
//!     // This process is the first of four workers.
//!     for chip in chips.clone().epoch(epoch).shard(0, 4).iter()? {
//!         let chip = chip?;
//!         assert_eq!(chip.pixels.shape(), [1, 2, 256, 256]); // [T, C, H, W]
//!     }
//! }
//! # Ok::<(), rasteret::Error>(())
//! ```
//!
//! # Which pixels a chip has
//!
//! As with TorchGeo's `RasterDataset` and its samplers:
//!
//! * All chips have one CRS and one size of pixels: those of most records, and of the finest of these, unless given.
//! * [Random](Sampler::random), [grid](Sampler::grid) and [whole-record](Sampler::records) chips are taken from each
//!   record's bounds, clipped to the [region of interest](ChipRequest::roi): of each extent, the pixels whose
//!   centres lie in it. A time of interest is a [filter](crate::Filter::dates) on the collection.
//! * They lie whole pixels from the record's corner. Where the record's pixels are as large as the chips', a chip has
//!   the record's own pixels, not resampled, also those that are not valid. Beyond the edges of all rasters is fill.
//! * A chip of a record also has, where that record has no data, the pixels of the records of the same time, by id. TorchGeo
//!   merges the files of a sample's interval of time in the order of their names: where these overlap, the record
//!   that a chip is of wins here, so that the chip is what its label says.
//! * A chip of a [geometry](Sampler::prechipped) has no time: it has the first valid pixels of all records at its place,
//!   by time, then id.
//! * A [time series](ChipRequest::time_series) has all times at its place, each of them combined of the records of that
//!   time, by id. Records that lie exactly where another does give no more chips than that one, whose label
//!   they have.
//!
//! | file | from → to |
//! | --- | --- |
//! | `sampler`, `random` | extents → places |
//! | `extents`, `roi` | records, geometries → extents |
//! | `labels` | a column → labels |
//! | `request` | options → a set of chips |
//! | `set` | a position → a place and its records |
//! | `read`, `canvas` | a place → a chip |
//! | `stream` | a set → its chips, read ahead |

mod canvas;
mod chip;
mod extents;
mod labels;
mod random;
mod read;
mod request;
mod roi;
mod sampler;
mod set;
mod stream;

pub use chip::Chip;
pub use request::ChipRequest;
pub use sampler::{ChipSize, Extent, Place, Places, Sampler};
pub use set::ChipSet;
pub use stream::{ChipIterator, ChipStream};
