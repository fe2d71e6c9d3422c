//! Headers as a column of a table: `{band}_metadata`, as rasteret 0.4 writes it to Parquet.
//!
//! | field | type | |
//! | --- | --- | --- |
//! | `image_width`, `image_height`, `tile_width`, `tile_height` | int32 | of the image at full resolution |
//! | `dtype` | string | NumPy name |
//! | `transform` | list of double | `[scale_x, origin_x, scale_y, origin_y]`, by pixel corners; also read: `[a, b, c, d, e, f]` |
//! | `predictor`, `compression` | int32 | TIFF's numbers |
//! | `tile_offsets`, `tile_byte_counts` | list of int64 | 0 for a sparse tile. Where each sample has tiles of its own (`planar_configuration` 2), those of the band's sample alone |
//! | `pixel_scale`, `tiepoint` | list of double | `[scale_x, scale_y, 0]` and `[0, 0, 0, x, y, 0]`, as the file has them |
//! | `nodata` | double | |
//! | `samples_per_pixel`, `planar_configuration`, `photometric` | int32 | |
//! | `extra_samples` | list of int32 | |
//!
//! A table cannot carry all of a header: overviews, masks, JPEG tables, colour maps and the version of
//! the file stay behind, and a header that comes back from a table is without them ([`says_all`] says when that
//! matters to reads at full resolution). Of a file whose samples are
//! big-endian, or have other bits than their type, the column cannot say how to read it at all: the row is null.

mod read;
mod say;
#[cfg(test)]
mod tests;
mod write;

pub use read::from_array;
pub use say::says_all;
pub use write::to_array;

use crate::ArchivedRasterHeader;
use arrow_schema::{ArrowError, DataType as ArrowType, Field, Fields};
use std::sync::Arc;

/// The name of a band's header column.
pub fn column_name(band: &str) -> String {
    format!("{band}_metadata")
}

/// The fields of a header column.
pub fn fields() -> Fields {
    let list = |item: ArrowType| ArrowType::List(Arc::new(Field::new("element", item, true)));
    [
        ("image_width", ArrowType::Int32),
        ("image_height", ArrowType::Int32),
        ("tile_width", ArrowType::Int32),
        ("tile_height", ArrowType::Int32),
        ("dtype", ArrowType::Utf8),
        ("transform", list(ArrowType::Float64)),
        ("predictor", ArrowType::Int32),
        ("compression", ArrowType::Int32),
        ("tile_offsets", list(ArrowType::Int64)),
        ("tile_byte_counts", list(ArrowType::Int64)),
        ("pixel_scale", list(ArrowType::Float64)),
        ("tiepoint", list(ArrowType::Float64)),
        ("nodata", ArrowType::Float64),
        ("samples_per_pixel", ArrowType::Int32),
        ("planar_configuration", ArrowType::Int32),
        ("photometric", ArrowType::Int32),
        ("extra_samples", list(ArrowType::Int32)),
    ]
    .into_iter()
    .map(|(name, data_type)| Field::new(name, data_type, true))
    .collect()
}

/// Whether a header is of no known version of its file, as one that comes from a header column is.
pub fn is_of_no_version(header: &ArchivedRasterHeader) -> bool {
    let version = &header.object;
    version.size.is_none() && version.etag.is_none() && version.last_modified.is_none()
}

/// Whether a header may lack what a header column does not carry, as one that comes from there does: it is of no
/// known version of its file, and has no overview.
pub fn may_lack_overviews(header: &ArchivedRasterHeader) -> bool {
    is_of_no_version(header) && header.images.len() == 1
}

fn invalid(error: impl ToString) -> ArrowError {
    ArrowError::InvalidArgumentError(error.to_string())
}
