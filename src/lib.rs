//! The engine.

pub mod build;
pub mod crs;
pub mod read;
pub mod store;
