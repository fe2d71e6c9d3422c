//! The errors that plugins return.
//!
//! A plugin sees bytes, not files: it says what is wrong. The engine adds where: the file, the
//! record, the band.

/// What is wrong with a raster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RasterError {
    /// The bytes are not of the format that the reader reads.
    #[error("not a {format} file: {reason}")]
    WrongFormat {
        /// Format that was expected.
        format: &'static str,
        /// What was found instead.
        reason: String,
    },
    /// The file is well formed, but uses an encoding that the reader does not decode.
    #[error("unsupported encoding: {tag} is {value}{}", hint_suffix(.hint))]
    Unsupported {
        /// The tag or property.
        tag: &'static str,
        /// Its value, with its name where it has one.
        value: String,
        /// What the user can do about it; may be empty.
        hint: &'static str,
    },
    /// The header contradicts itself, or leaves its bounds.
    #[error("corrupt header: {0}")]
    CorruptHeader(String),
    /// The bytes of a tile do not decode.
    #[error("corrupt tile {tile}: {reason}")]
    CorruptTile {
        /// Index in the image's tile table.
        tile: u32,
        /// What does not fit.
        reason: String,
    },
    /// The geotransform is rotated or sheared.
    #[error(
        "the raster's transform is rotated or sheared ({0}); warp it to a north-up grid first, \
         for instance with `gdalwarp`"
    )]
    RotatedTransform(String),
    /// The raster is placed by ground control points instead of a geotransform.
    #[error(
        "the raster is georeferenced by {count} ground control points (GCPs), not by a geotransform; \
         warp it first, for instance with `gdalwarp -tps`"
    )]
    GroundControlPoints {
        /// How many there are.
        count: usize,
    },
    /// The raster has no geotransform, or no CRS.
    #[error("the raster is not georeferenced: it has no {missing}")]
    NotGeoreferenced {
        /// `geotransform` or `CRS`.
        missing: &'static str,
    },
}

impl RasterError {
    /// A short name of the kind, stable across versions, for reports and JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            RasterError::WrongFormat { .. } => "wrong-format",
            RasterError::Unsupported { .. } => "unsupported-encoding",
            RasterError::CorruptHeader(_) => "corrupt-header",
            RasterError::CorruptTile { .. } => "corrupt-tile",
            RasterError::RotatedTransform(_) => "rotated-transform",
            RasterError::GroundControlPoints { .. } => "ground-control-points",
            RasterError::NotGeoreferenced { .. } => "not-georeferenced",
        }
    }
}

fn hint_suffix(hint: &&str) -> String {
    if hint.is_empty() { String::new() } else { format!(" ({hint})") }
}
