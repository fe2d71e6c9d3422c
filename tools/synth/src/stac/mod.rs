//! STAC documents: items, item collections, and static catalogues.

mod catalog;
mod item;
mod utm;

pub(crate) use catalog::link;
pub use catalog::{catalog, collection, item_collection};
pub(crate) use item::file_name;
pub use item::{footprint, item};
pub use utm::utm_to_degrees;
