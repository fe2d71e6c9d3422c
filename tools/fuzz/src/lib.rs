//! What must hold for headers, tiles, archives, tables, STAC documents and filters of any bytes.
//!
//! Each module has a function `check` that takes the bytes of one input and panics where something
//! does not hold. The targets in `fuzz_targets` are no more than calls of these. Small inputs that
//! lead deep into the code are in `seeds`; `examples/seeds.rs` writes those that are no text.

pub mod archive;
pub mod cql2;
pub mod header;
pub mod lerc;
pub mod source;
pub mod stac;
pub mod table;
pub mod tile;
