//! The source adapter for tables of records.
