//! Collections as tables: what is shared with others, and what comes from them.
//!
//! In: a collection's records and headers, or a table from elsewhere. Out: record batches and Parquet in
//! the layout that rasteret 0.4 and this project share, or a collection. No pixel is read here.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `export` | a view of a collection → Parquet, here or in an object store |
//! | `table` | records and headers as the one table that is shared |

mod export;
mod table;

pub use export::{Export, ExportError, ExportFormat, ExportProgress, ExportSummary};
pub(crate) use table::SharedTable;
