//! From a collection to chips.

mod random;
mod sampler;

pub use sampler::{ChipSize, Extent, Place, Places, Sampler};
