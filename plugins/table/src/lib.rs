//! The source adapter for tables of records: Parquet, GeoParquet, stac-geoparquet, Arrow IPC, and batches in
//! memory, one row for each scene.
//!
//! [`TableSource`] reads a file, or a folder or prefix whose files are one dataset, locally or wherever an
//! [`Access`](rasteret_schema::Access) leads. What a file is, its content says, not its name.
//!
//! | format | notes |
//! | --- | --- |
//! | Parquet, GeoParquet 1.0 and 1.1 | all its compressions; encrypted files are refused |
//! | Arrow IPC | files and streams, uncompressed, LZ4 or Zstandard; Feather of version 1 is refused |
//! | datasets | partitions as Hive names them (`year=2024/month=1/…`) are columns: of integers where all values are |
//! | batches in memory | [`TableSource::from_batches`], [`TableSource::from_reader`] |
//!
//! # Columns
//!
//! Columns serve by their names, or as [`TableSource::column_map`] says, which comes first. One that cannot
//! serve is an error that names it, its type, and all columns there are.
//!
//! | column | types | |
//! | --- | --- | --- |
//! | `id` | text, integers | required; a row without is reported |
//! | `datetime` | timestamps of any unit and zone, dates, integers, text | required. Timestamps without a zone are UTC; integers are years; text is a date, or a time with its zone (RFC 3339). Where it is null: `start_datetime` |
//! | `end_datetime` | the same | left out where it is before `datetime` |
//! | `geometry` | WKB, WKT, GeoArrow | else GeoParquet's primary column, else the only column with a GeoArrow type. Its CRS stays with it, for the engine to reproject: that of the file's metadata, else the field's, else OGC:CRS84; [`TableSource::geometry_crs`] overrides it |
//! | `bbox`, `scene_bbox` | a struct of `xmin`, … or `minx`, …; a list of 4 or 6 numbers | [`TableSource::bbox_columns`] come first, then what GeoParquet says covers the geometry. Null unless it is in degrees: the engine derives it |
//! | `assets` | a struct or map of key → asset, a list of assets with `key` or `name`, JSON of either | an asset has an `href`, perhaps a `band_index` and a media `type`, or is the href itself |
//! | `proj:code`, `proj:epsg`, `crs`, `proj:wkt2`, `proj:projjson` | numbers, text | the raster's CRS: of the first that has one; else the `proj:code` or `proj:epsg` of the first asset that has one |
//! | `collection` | text | |
//! | `{band}_metadata` | structs as rasteret writes them | [headers](rasteret_schema::SourceBatch::headers), unless they do not say enough to read by; those that make no sense are [named](rasteret_schema::SourceBatch::unusable) |
//!
//! All other columns are the user's, and stay as they are, nested or null. So do columns that serve under
//! another name, except geometries, boxes and assets; and the column of hrefs, of which signatures are taken away.
//!
//! # Bands
//!
//! Without a [`BandMap`](rasteret_schema::BandMap) every asset is a band under its key, except those whose media
//! type, or extension, says that they are no rasters: metadata, previews. With
//! [`TableSource::href_column`] there is one asset, whose key is the column's name; band indexes alone are
//! bands of a record's only asset. An asset that has the name of one of its `bands` (STAC 1.1) is one band for each
//! that has a name, as in exports of stac-geoparquet.
//!
//! # Relative hrefs
//!
//! They are relative to [`TableSource::relative_to`]; else to the table's folder where the table is in an object
//! store or on a server. Those of a local table stay as they are: relative to where the program runs, as in
//! rasteret 0.4.
//!
//! # What is read
//!
//! Of Parquet: the footer; then, of the columns that serve or are the user's, the row groups and pages that may
//! have rows of the selection, as statistics of boxes and times say, a few row groups ahead (64 MiB). Folders
//! of other years and months are not looked at. Every row is then selected by its own box and time. A box
//! across the antimeridian (`xmin > xmax`) is found, provided that it is narrower than half the world.

mod convert;
mod error;
mod files;
mod footer;
mod format;
mod gather;
mod layout;
mod memory;
mod options;
mod read_ahead;
mod rows;
mod source;

pub use footer::Footer;
pub use rows::{RowStream, read_rows};
pub use source::TableSource;
