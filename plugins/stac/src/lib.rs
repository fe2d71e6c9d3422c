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

mod api;
mod batches;
mod catalog;
mod document;
mod entry;
mod item;
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
