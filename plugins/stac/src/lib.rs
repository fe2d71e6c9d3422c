//! The source adapter for STAC APIs and static STAC catalogues.
//!
//! [`StacSource`] reads what is at a URL or a path, whatever of STAC it is, and makes records of its items:
//!
//! | at the URL | what is read |
//! | --- | --- |
//! | the landing page of an API | what its search finds, by POST if the server takes that; without search, the items of its collections |
//! | a page of items | it and the pages that follow by `next` links |
//! | a catalogue, a collection | what its `child`, `item` and `items` links lead to, at any depth, each document once |
//! | an item, newline-delimited items | they themselves |
//! | a folder | its `catalog.json` or `collection.json`; without these, all documents in it |
//!
//! Items come in the order of the server or of the links, and are not held beyond a page: an item that comes twice
//! is known by a hash of its id. Whatever a server has honoured of a selection, only records within it are given.
//! A document that cannot be read is an error if everything else depends on it, such as a page with the link to
//! the next; one of many in a catalogue is a failure that is reported, and the rest is read.
//!
//! # Records of items
//!
//! Items of STAC 0.9 to 1.1 are read, with versions 1 and 2 of the projection extension. One that cannot be a record is
//! reported by its id, and the others go on.
//!
//! | of a record | of an item |
//! | --- | --- |
//! | `datetime`, `end_datetime` | those, or `start_datetime` where `datetime` is null; what says no offset is in UTC |
//! | `geometry` | the geometry without heights; without one the rectangle of `bbox`; without either it is left to the header |
//! | `bbox` | four or six numbers; what is none is derived from the geometry |
//! | `proj:epsg`, `crs` | `proj:code`, `proj:epsg`, `proj:wkt2` or `proj:projjson` of the first band or its asset, else of the item, else of the next band |
//! | hrefs | relative to the item's `self` link if that is absolute, else to the document; `/vsicurl/`, `/vsis3/`, `/vsigs/` and `/vsiaz/` become URLs. The `alternate` ones are not looked at: [`CloudConfig`](rasteret_schema::CloudConfig) says where else assets are |
//! | `raster:bands` | a list of what is said of the values of each band: `band`, `data_type`, `unit`, `nodata`, `scale`, `offset`, `spatial_resolution` |
//! | other columns | the properties: numbers as float64, text, booleans, lists of these; objects and mixed lists as JSON text. Properties that STAC or an extension defines have the type that it says, others that of the first value. One that has the name of a column of records is called `properties:…` |
//!
//! # Bands of items
//!
//! A band is an asset, or a sample of one. The value of a band map, and a band that is asked for by its name, is the
//! key of an asset, else the `name` of a band (`bands`, `eo:bands`), else its common name, else what is alone in having
//! that name if case does not count. Where several assets have a band of that name, the one with nothing else in it
//! counts, and of these the finest. A common name of several bands, such as `rededge`, is an error that lists them.
//!
//! Without a map, that of the built-in dataset is taken if the items are of its collection and have its assets. Else an
//! item has the bands that it names itself: each GeoTIFF that is not a thumbnail, an overview or metadata is a band of
//! its asset's key; the samples of one that lists several are bands of their own names, with the key in front where
//! another has that name too (`visual_B04`).
//!
//! An item may lack bands of the map, but not all of them. A mistake shows nevertheless: what no item had is reported
//! at the end, and it is an error if the first batch has none of the map's bands, or not one that was asked for by its
//! name. Messages list what the items have.

mod api;
mod batches;
mod catalog;
mod document;
mod entry;
mod item;
mod json;
mod link;
mod options;
mod paging;
mod piece;
mod query;
mod reader;
mod seen;
mod select;
mod source;

pub use source::StacSource;
