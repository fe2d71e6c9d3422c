//! The engine.

pub mod crs;
pub mod read;
