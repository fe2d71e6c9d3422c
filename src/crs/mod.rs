//! Coordinate reference systems.

pub mod vertices;
