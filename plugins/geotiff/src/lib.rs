//! A raster reader for GeoTIFF: headers from bytes, pixels from tiles. And a writer of cloud-optimised
//! GeoTIFFs, for results.
//!
//! Pure functions over byte slices: no network, no files, no state between calls. What is supported
//! is listed in `SUPPORT.md`, which the parity suite writes.

pub mod decode;
pub mod header;
pub mod write;

use rasteret_schema::{ByteRanges, ImageView, Parsed, RasterError, RasterReader, TileRequest};

/// The name that headers carry in `RasterHeader::format`.
pub const FORMAT: &str = "geotiff";

/// Reads classic TIFF and BigTIFF, with the georeferencing of the GeoTIFF standard (OGC 19-008r4)
/// and of GDAL.
#[derive(Debug, Clone, Default)]
pub struct GeoTiffReader {
    codecs: decode::CodecRegistry,
}

impl GeoTiffReader {
    /// A reader with the built-in codecs.
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader with codecs of the caller's choice.
    pub fn with_codecs(codecs: decode::CodecRegistry) -> Self {
        GeoTiffReader { codecs }
    }
}

impl RasterReader for GeoTiffReader {
    fn format(&self) -> &'static str {
        FORMAT
    }

    fn recognizes(&self, start: &[u8]) -> bool {
        header::recognizes(start)
    }

    fn parse(&self, bytes: &ByteRanges) -> Result<Parsed, RasterError> {
        header::parse(bytes)
    }

    fn decode(
        &self,
        image: &ImageView<'_>,
        tile: u32,
        encoded: &[u8],
        request: &TileRequest<'_>,
        out: &mut [u8],
    ) -> Result<(), RasterError> {
        decode::decode(&self.codecs, image, tile, encoded, request, out)
    }
}
