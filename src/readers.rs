//! The raster readers that an engine has.

use rasteret_schema::RasterReader;
use std::sync::Arc;

/// Raster readers, asked in their order.
#[derive(Debug, Clone)]
pub struct Readers(Vec<Arc<dyn RasterReader>>);

impl Default for Readers {
    /// The built-in readers.
    fn default() -> Self {
        Readers(vec![
            #[cfg(feature = "geotiff")]
            Arc::new(rasteret_geotiff::GeoTiffReader::new()),
        ])
    }
}

impl Readers {
    /// Adds a reader, which is asked before those that are there.
    pub fn with(mut self, reader: Arc<dyn RasterReader>) -> Self {
        self.0.insert(0, reader);
        self
    }

    /// All readers.
    pub fn all(&self) -> &[Arc<dyn RasterReader>] {
        &self.0
    }

    /// The reader of a format, by the name that headers carry.
    pub fn for_format(&self, format: &str) -> Option<&Arc<dyn RasterReader>> {
        self.0.iter().find(|reader| reader.format() == format)
    }
}
