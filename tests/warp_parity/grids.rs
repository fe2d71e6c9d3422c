//! Suggested grids.
