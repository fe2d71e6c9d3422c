//! Coordinate reference systems: what a [`Crs`](rasteret_schema::Crs) means, and the way from one to
//! another.
//!
//! In goes text (an authority's code, WKT, a PROJ string, PROJJSON), out come descriptions and
//! transformed coordinates, always with x (easting, longitude) before y. Everything is computed by
//! PROJ, whose database is part of the binary; nothing is read from disk or network.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `transformer` | coordinates and geometries from one CRS to another |
//! | `describe` | kind, unit, name, WKT, PROJJSON, EPSG code |
//! | [`vertices`] | geometries vertex by vertex |
//! | `cache` | what each thread keeps |
//! | `proj` | PROJ's C interface, made safe |

mod cache;
mod describe;
mod error;
mod proj;
mod transformer;
pub mod vertices;

pub use describe::{Description, Kind, Unit, describe, parse, to_epsg, to_esri_wkt, to_projjson, to_wkt2};
pub use error::CrsError;
pub use transformer::Transformer;

#[cfg(test)]
mod tests;
