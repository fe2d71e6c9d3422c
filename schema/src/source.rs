//! The plugin trait of source adapters: where records come from.

use crate::{AccessError, BoundingBox, CloudConfig, HeaderArchive};
use arrow_array::RecordBatch;
use futures::stream::BoxStream;
use std::fmt::Debug;

/// Turns one kind of source (a STAC API, a table, local files) into record batches.
pub trait SourceAdapter: Debug + Send + Sync {
    /// Name of the kind of source, such as `local`.
    fn kind(&self) -> &'static str;

    /// What is read, for people: a URL, a table's URI, folders. It is kept with the collection, so
    /// it must not hold credentials.
    fn description(&self) -> String;

    /// Changes when the records do, as far as can be told without reading them or asking anything over a
    /// network: a collection that was built from a source of the same fingerprint is up to date. Options that
    /// change the records are part of it.
    ///
    /// # Errors
    ///
    /// If the source cannot be reached.
    fn fingerprint(&self) -> Result<String, SourceError> {
        Ok(self.description())
    }

    /// How the assets of the records are reached, as far as the source knows. The collection keeps it.
    fn cloud(&self) -> CloudConfig {
        CloudConfig::default()
    }

    /// Streams the records within a selection.
    ///
    /// Batches have the columns of [`crate::record`]; a batch is small enough to be held several
    /// times (a few thousand records). A record that cannot be made is reported in
    /// [`SourceBatch::failures`]; the stream ends with an error only where it cannot go on.
    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a>;
}

/// Batches of records.
pub type RecordStream<'a> = BoxStream<'a, Result<SourceBatch, SourceError>>;

/// Which records of a source are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Records whose footprint's bounding box intersects this one, in OGC:CRS84.
    pub bbox: Option<BoundingBox>,
    /// Records from this time on, in microseconds since 1970, UTC.
    pub start: Option<i64>,
    /// Records up to this time, inclusive.
    pub end: Option<i64>,
}

/// Some records of a source.
#[derive(Debug, Clone)]
pub struct SourceBatch {
    /// Records with the columns of [`crate::record`].
    ///
    /// `geometry` is WKB, or one of the encodings that GeoArrow names, in the CRS that its field's GeoArrow
    /// metadata name, else OGC:CRS84; the engine turns it into WKB in OGC:CRS84, and derives `bbox` where it
    /// is null. Both may be null where a header says where the raster lies. Hrefs may be signed: the engine
    /// reads headers with them, and keeps [plain ones](crate::access::plain_href).
    pub records: RecordBatch,
    /// Headers that the adapter has parsed already; the engine parses those that are missing.
    pub headers: Vec<SourceHeader>,
    /// Headers that came with a record and cannot be used. The engine parses these files, or says why it did not.
    pub unusable: Vec<UnusableHeader>,
    /// What could not be turned into records.
    pub failures: Vec<SourceFailure>,
    /// How many records the source has for the selection in all, where it knows. For people who wait.
    pub total: Option<u64>,
}

impl SourceBatch {
    /// Records alone.
    pub fn new(records: RecordBatch) -> Self {
        SourceBatch { records, headers: Vec::new(), unusable: Vec::new(), failures: Vec::new(), total: None }
    }
}

/// A header that came with a record.
#[derive(Debug, Clone)]
pub struct SourceHeader {
    /// Row of the record in its batch.
    pub row: usize,
    /// Band of the record.
    pub band: String,
    /// The header. Bands of one file share it.
    pub header: std::sync::Arc<HeaderArchive>,
}

/// A header that came with a record, and makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableHeader {
    /// Row of the record in its batch.
    pub row: usize,
    /// Band of the record.
    pub band: String,
    /// What is wrong, and where it was found.
    pub reason: String,
}

/// Something in a source that could not be turned into a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFailure {
    /// Where it is: a path, a URL, a row.
    pub href: String,
    /// Short name of the kind of failure, as [`crate::RasterError::kind`].
    pub kind: String,
    /// What is wrong.
    pub message: String,
}

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// It cannot be reached.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// What was asked for makes no sense, or the source is not what it was said to be.
    #[error("{0}")]
    Invalid(String),
    /// Reading failed.
    #[error("{what}: {source}")]
    Read {
        /// What was read.
        what: String,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
