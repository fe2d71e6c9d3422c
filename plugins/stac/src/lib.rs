//! The source adapter for STAC APIs and static STAC catalogues.

mod item;
