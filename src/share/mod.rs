//! Collections as tables: what is shared with others, and what comes from them.
//!
//! In: a collection's records and headers, or a table from elsewhere. Out: record batches and Parquet in
//! the layout that rasteret 0.4 and this project share, or a collection. No pixel is read here.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `table` | records and headers as the one table that is shared |

mod table;

pub(crate) use table::SharedTable;
