//! Errors of this crate.

use rasteret_schema::DataType;

/// Why a raster or an archive could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Options that contradict each other, the pixels, or the TIFF specification.
    #[error("invalid options: {0}")]
    InvalidOptions(String),
    /// The compression cannot hold these pixels.
    #[error("{codec} cannot hold {dtype} with {samples} samples a pixel")]
    UnsupportedPixels {
        /// Name of the compression.
        codec: &'static str,
        /// Type of the samples.
        dtype: DataType,
        /// Samples in one block's pixel: 1 where samples lie in planes.
        samples: u16,
    },
    /// The encoder of a compression failed.
    #[error("{codec}: {message}")]
    Codec {
        /// Name of the compression.
        codec: &'static str,
        /// What the encoder says.
        message: String,
    },
    /// The file needs offsets beyond 32 bits.
    #[error("the file needs {bytes} bytes, which a classic TIFF cannot address: set big_tiff")]
    TooLarge {
        /// Size of the whole file.
        bytes: u64,
    },
    /// Writing failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl WriteError {
    pub(crate) fn codec(codec: &'static str, error: impl ToString) -> Self {
        WriteError::Codec { codec, message: error.to_string() }
    }
}
