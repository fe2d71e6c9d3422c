//! The store: what goes in comes out, whatever happens in between.
#![allow(clippy::unwrap_used)]

mod crash;
mod damage;
mod golden;
mod locking;
mod model;
mod records;
mod support;
