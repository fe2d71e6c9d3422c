//! The data contract of rasteret: what a record, a raster header and a plugin are.
//!
//! This crate does no I/O. Everything that crosses a crate boundary is defined here, once:
//!
//! | module | what it defines |
//! | --- | --- |
//! | [`dtype`], [`value`] | sample types under their NumPy names, and single pixel values that are exact in all of them |
//! | [`geotransform`], [`window`], [`bounds`], [`crs`] | where pixels lie |
//! | [`header`], [`image`], [`tile_table`], [`archive`] | a parsed raster header, its tile offsets, and its zero-copy archive |
//! | [`header_column`] | headers as a column of a table |
//! | [`description`] | a header in words |
//! | [`record`] | the columns of a record table, and records as Rust values |
//! | [`time`] | columns of dates and times in one unit |
//! | [`share`] | what shared Parquet files say of themselves |
//! | [`reader`], [`source`] | the plugin traits: raster readers and source adapters |
//! | [`access`] | how source adapters reach what they read |
//! | [`bands`], [`cloud`], [`dataset`] | which asset a band is, how assets are reached, and descriptors that say both |
//! | [`merged_cloud`] | how the assets of several datasets in one collection are reached |
//! | [`band_aliases`] | names that bands of unlike sources have in common |
//! | [`error`] | the errors that plugins return |
//!
//! With the feature `conformance` there is `conformance` too: suites that check whether a plugin keeps
//! its contract.

pub mod access;
pub mod archive;
pub mod band_aliases;
pub mod bands;
pub mod bounds;
pub mod cloud;
#[cfg(any(feature = "conformance", test))]
pub mod conformance;
pub mod crs;
pub mod dataset;
pub mod description;
pub mod dtype;
pub mod error;
pub mod geotransform;
pub mod header;
pub mod header_column;
pub mod href;
pub mod image;
pub mod merged_cloud;
pub mod reader;
pub mod record;
pub mod share;
pub mod source;
pub mod tile_table;
pub mod time;
pub mod value;
pub mod window;

pub use access::{Access, AccessError, AccessErrorKind, Document, DocumentRequest, ListedFile, RandomAccess};
pub use archive::{ArchiveError, HeaderArchive};
pub use band_aliases::{BandAliasError, BandAliases};
pub use bands::BandMap;
pub use bounds::BoundingBox;
pub use cloud::{CloudConfig, CloudProvider};
pub use crs::Crs;
pub use dataset::DatasetDescriptor;
pub use description::{HeaderDescription, ImageDescription};
pub use dtype::DataType;
pub use error::RasterError;
pub use geotransform::Geotransform;
pub use header::{
    ArchivedRasterHeader, BandMetadata, ColorInterpretation, Encoding, Georeference, ImageHeader,
    ObjectVersion, RasterHeader,
};
pub use image::ImageView;
pub use merged_cloud::{CloudConfigs, CloudConflict, MergedCloud};
pub use reader::{ByteRanges, Parsed, RasterReader, TileRequest};
pub use record::{Asset, Record};
pub use source::{
    RecordStream, Selection, SourceAdapter, SourceBatch, SourceError, SourceFailure, SourceHeader,
    UnusableHeader,
};
pub use tile_table::TileTable;
pub use value::PixelValue;
pub use window::Window;
