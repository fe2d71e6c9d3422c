//! The source adapter for tables of records.

mod convert;
mod error;
mod files;
mod format;
mod layout;
mod memory;
mod options;
mod read_ahead;
mod source;

pub use source::TableSource;
