//! Collections as tables: what is shared with others, and what comes from them.
//!
//! In: a collection's records and headers, or a table from elsewhere. Out: record batches and Parquet in
//! the layout that rasteret 0.4 and this project share, or a collection. No pixel is read here.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `export` | a view of a collection → Parquet, here or in an object store |
//! | `import` | a collection from a table from elsewhere |
//! | `table` | records and headers as the one table that is shared |
//! | `stac_geoparquet` | that table as STAC items |
//! | `view`, `batches` | a view as a table: what is in it, its first records, a stream of batches |
//! | `update`, `annotate`, `keys`, `splits` | user columns that are set: joined from a table, or assigned |
//! | `table_file` | tables of others, to be joined |
//! | `merge`, `widen`, `assets` | several collections as one |

mod annotate;
mod assets;
mod batches;
mod error;
mod export;
#[cfg(feature = "table")]
mod import;
mod keys;
mod merge;
mod splits;
mod stac_geoparquet;
mod table;
mod table_file;
mod update;
mod view;
mod widen;

pub use annotate::AnnotateSummary;
pub use batches::RecordBatches;
pub use error::TableError;
pub use export::{Export, ExportError, ExportFormat, ExportProgress, ExportSummary};
#[cfg(feature = "table")]
pub use import::{Import, ImportError};
pub use merge::Merge;
pub use splits::{SplitBy, SplitSummary, Splits};
pub use table_file::{TableReader, open_table};
pub use view::ViewDescription;

pub(crate) use stac_geoparquet::{FILE_METADATA as STAC_METADATA, StacTable};
pub(crate) use table::{SharedRows, SharedTable};
