//! Building collections: from sources to records with parsed headers.

pub mod footprint;
