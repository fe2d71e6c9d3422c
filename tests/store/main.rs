//! The store: what goes in comes out, whatever happens in between.
#![allow(clippy::unwrap_used)]

mod compaction;
mod crash;
mod damage;
mod golden;
mod locking;
mod model;
mod records;
mod support;
