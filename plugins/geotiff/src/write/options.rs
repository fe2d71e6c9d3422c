//! What can be chosen of a file.

use super::{GeoKeys, Image, Sample};
use crate::write::WriteError;
use rasteret_schema::{BandMetadata, ColorInterpretation, DataType, Geotransform, PixelValue};

/// How a file is laid out, compressed and placed. The default is an uncompressed little-endian
/// classic TIFF in tiles of 512², with overviews by nearest neighbour, without georeference.
#[derive(Debug, Clone, PartialEq)]
pub struct CogOptions {
    /// Tiles or strips.
    pub blocks: Blocks,
    /// Whether each sample has blocks of its own (`PlanarConfiguration` 2).
    pub planar: bool,
    /// Compression of pixels. Masks are always compressed by Deflate, as GDAL's are.
    pub codec: Codec,
    /// What compression is applied to.
    pub predictor: Predictor,
    /// Order of bytes within numbers, of samples and of the header.
    pub byte_order: ByteOrder,
    /// Whether offsets have 64 bits.
    pub big_tiff: bool,
    /// Whether blocks that hold nothing but nodata (0 without nodata) are left out.
    pub sparse: bool,
    /// The value of pixels without data.
    pub nodata: Option<PixelValue>,
    /// Number of overviews, each half as wide and high as the one before, at least one pixel;
    /// `None` for as many as it takes until one tile holds all.
    pub overviews: Option<u32>,
    /// How overviews are computed.
    pub resampling: Resampling,
    /// From pixel corners (PixelIsArea) to CRS coordinates.
    pub transform: Option<Geotransform>,
    /// The CRS.
    pub geo_keys: Option<GeoKeys>,
    /// Whether the file gives coordinates of pixel centres. `transform` stays that of corners.
    pub pixel_is_point: bool,
    /// What is known of each band; empty, or as many as there are.
    pub bands: Vec<BandMetadata>,
    /// Colours of pixel values of a single band of `u8` or `u16`: all red values, all green, all
    /// blue, as many as the type has values. Empty for none.
    pub color_map: Vec<u16>,
    /// Names and values of `GDAL_METADATA` items of the dataset.
    pub metadata: Vec<(String, String)>,
}

impl Default for CogOptions {
    fn default() -> Self {
        CogOptions {
            blocks: Blocks::Tiles { width: 512, height: 512 },
            planar: false,
            codec: Codec::None,
            predictor: Predictor::None,
            byte_order: ByteOrder::Little,
            big_tiff: false,
            sparse: false,
            nodata: None,
            overviews: None,
            resampling: Resampling::Nearest,
            transform: None,
            geo_keys: None,
            pixel_is_point: false,
            bands: Vec::new(),
            color_map: Vec::new(),
            metadata: Vec::new(),
        }
    }
}

/// What an image is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocks {
    /// Tiles, whose sides are multiples of 16.
    Tiles {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Strips as wide as the image.
    Strips {
        /// Rows, but for the last strip, which ends with the image.
        rows: u32,
    },
}

/// Compression of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Codec {
    /// None.
    None,
    /// Runs of bytes.
    PackBits,
    /// LZW, most significant bit first.
    Lzw,
    /// Deflate with zlib's frame.
    Deflate {
        /// Effort as libdeflate counts it, 1 to 12. GDAL's default, by way of libtiff, is its 7.
        level: u8,
    },
    /// Zstandard.
    Zstd {
        /// Effort; GDAL's default is 9.
        level: u8,
    },
    /// LZMA2 in an xz stream.
    Lzma {
        /// Effort, 0 to 9.
        preset: u8,
    },
    /// Baseline JPEG with shared tables: one sample as grey, three as YCbCr 4:2:0. Only `u8`; lossy.
    Jpeg {
        /// Quality, 1 to 100; GDAL's default is 75.
        quality: u8,
    },
    /// Lossless WebP, of three or four samples of `u8`.
    WebP,
    /// LERC, of samples up to 32 bits or `f64`, but `f16`; without NaN.
    Lerc {
        /// How far a value may be off; 0 for lossless.
        max_error: f64,
        /// Compression within the compression.
        inner: LercCompression,
    },
}

/// Compression of LERC blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LercCompression {
    /// None.
    None,
    /// Deflate.
    Deflate,
    /// Zstandard.
    Zstd,
}

/// What compression is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predictor {
    /// The samples.
    None,
    /// Differences to the sample to the left.
    Horizontal,
    /// Floating point samples, byte planes of which are kept apart.
    FloatingPoint,
}

/// Order of bytes within a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant first (`II`).
    Little,
    /// Most significant first (`MM`).
    Big,
}

impl ByteOrder {
    /// Appends the lowest `size` bytes of `bits`.
    #[inline]
    pub(super) fn put(self, out: &mut Vec<u8>, bits: u64, size: usize) {
        match self {
            ByteOrder::Little => out.extend_from_slice(&bits.to_le_bytes()[..size]),
            ByteOrder::Big => out.extend_from_slice(&bits.to_be_bytes()[8 - size..]),
        }
    }
}

/// How overviews are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// One of the pixels below: the upper left of four, where sizes are even.
    Nearest,
    /// The mean of those of the four pixels below that are valid.
    Average,
}

impl Codec {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Codec::None => "NONE",
            Codec::PackBits => "PACKBITS",
            Codec::Lzw => "LZW",
            Codec::Deflate { .. } => "DEFLATE",
            Codec::Zstd { .. } => "ZSTD",
            Codec::Lzma { .. } => "LZMA",
            Codec::Jpeg { .. } => "JPEG",
            Codec::WebP => "WEBP",
            Codec::Lerc { .. } => "LERC",
        }
    }

    /// Whether libtiff's codec of this compression knows predictors, and writes the tag always.
    pub(super) fn has_predictor(self) -> bool {
        matches!(self, Codec::Lzw | Codec::Deflate { .. } | Codec::Zstd { .. })
    }
}

impl CogOptions {
    /// Checks the options by themselves and against the pixels.
    pub(super) fn check<T: Sample>(
        &self,
        image: &Image<T>,
        mask: Option<&Image<u8>>,
    ) -> Result<(), WriteError> {
        let require = |holds: bool, message: &str| match holds {
            true => Ok(()),
            false => Err(WriteError::InvalidOptions(message.to_owned())),
        };
        match self.blocks {
            Blocks::Tiles { width, height } => require(
                [width, height].iter().all(|side| *side > 0 && side.is_multiple_of(16) && *side <= 1 << 16),
                "sides of tiles are multiples of 16 up to 65536",
            )?,
            Blocks::Strips { rows } => require(rows > 0, "strips have rows")?,
        }
        require(
            self.predictor == Predictor::None || self.codec.has_predictor(),
            "predictors go with LZW, DEFLATE and ZSTD",
        )?;
        require(
            self.predictor != Predictor::FloatingPoint || T::DTYPE.is_float(),
            "predictor 3 is for floating point samples",
        )?;
        require(
            self.byte_order == ByteOrder::Little || !matches!(self.codec, Codec::Lerc { .. }),
            "LERC goes with little-endian files: libtiff swaps the bytes of decoded samples otherwise",
        )?;
        require(
            self.nodata.is_none_or(|value| value.fits(T::DTYPE)),
            "the nodata value does not fit the data type",
        )?;
        require(
            mask.is_none_or(|mask| {
                (mask.width(), mask.height(), mask.bands()) == (image.width(), image.height(), 1)
            }),
            "a mask is one band of the image's size",
        )?;
        require(
            self.bands.is_empty() || self.bands.len() == usize::from(image.bands()),
            "bands are described all or none",
        )?;
        let colors = match T::DTYPE {
            DataType::UInt8 => 3 << 8,
            DataType::UInt16 => 3 << 16,
            _ => 0,
        };
        require(
            self.color_map.is_empty() || (image.bands() == 1 && self.color_map.len() == colors),
            "a colour map has a colour for each value of one band of u8 or u16",
        )?;
        self.check_codec::<T>(image)
    }

    fn check_codec<T: Sample>(&self, image: &Image<T>) -> Result<(), WriteError> {
        let samples = self.samples_per_block_pixel(image.bands());
        let bytes = T::DTYPE == DataType::UInt8;
        let holds = match self.codec {
            Codec::Jpeg { .. } => bytes && (samples == 1 || (samples == 3 && self.is_rgb())),
            Codec::WebP => bytes && (samples == 3 || samples == 4),
            Codec::Lerc { .. } => super::codec::lerc::holds(T::DTYPE),
            _ => true,
        };
        if !holds {
            return Err(WriteError::UnsupportedPixels { codec: self.codec.name(), dtype: T::DTYPE, samples });
        }
        let (level, range) = match self.codec {
            Codec::Deflate { level } => (level, 1..=12),
            Codec::Zstd { level } => (level, 1..=22),
            Codec::Lzma { preset } => (preset, 0..=9),
            Codec::Jpeg { quality } => (quality, 1..=100),
            _ => return Ok(()),
        };
        if range.contains(&level) {
            return Ok(());
        }
        let codec = self.codec.name();
        Err(WriteError::InvalidOptions(format!("{codec} level {level} is not in {range:?}")))
    }

    /// Samples of one pixel within a block.
    pub(super) fn samples_per_block_pixel(&self, bands: u16) -> u16 {
        if self.planar { 1 } else { bands }
    }

    /// Whether the first three bands are red, green and blue.
    pub(super) fn is_rgb(&self) -> bool {
        use ColorInterpretation::{Blue, Green, Red};
        self.bands.len() >= 3 && self.bands.iter().map(|band| band.color).take(3).eq([Red, Green, Blue])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<T: Sample>(options: &CogOptions, bands: u16) -> WriteError {
        let image = Image::<T>::from_fn(16, 16, bands, |_, _, _| T::default()).unwrap();
        options.check(&image, None).unwrap_err()
    }

    #[test]
    fn options_that_cannot_be_are_refused() {
        let default = CogOptions::default();
        for options in [
            CogOptions { blocks: Blocks::Tiles { width: 100, height: 128 }, ..default.clone() },
            CogOptions { blocks: Blocks::Strips { rows: 0 }, ..default.clone() },
            CogOptions { predictor: Predictor::Horizontal, ..default.clone() },
            CogOptions { codec: Codec::Lzw, predictor: Predictor::FloatingPoint, ..default.clone() },
            CogOptions { nodata: Some(PixelValue::Integer(-1)), ..default.clone() },
            CogOptions { bands: vec![BandMetadata::default(); 2], ..default.clone() },
            CogOptions { color_map: vec![0; 768], ..default.clone() },
            CogOptions { codec: Codec::Deflate { level: 0 }, ..default.clone() },
        ] {
            assert!(matches!(refused::<u16>(&options, 1), WriteError::InvalidOptions(_)), "{options:?}");
        }
        let mask = Image::from_fn(16, 15, 1, |_, _, _| 0u8).unwrap();
        let image = Image::from_fn(16, 16, 1, |_, _, _| 0u8).unwrap();
        assert!(default.check(&image, Some(&mask)).is_err());
    }

    #[test]
    fn pixels_that_a_codec_does_not_have_are_refused() {
        let with = |codec| CogOptions { codec, ..CogOptions::default() };
        let jpeg = with(Codec::Jpeg { quality: 75 });
        let lerc = with(Codec::Lerc { max_error: 0.0, inner: LercCompression::None });
        for error in [
            refused::<u16>(&jpeg, 1),
            refused::<u8>(&jpeg, 3),
            refused::<u8>(&with(Codec::WebP), 1),
            refused::<i64>(&lerc, 1),
        ] {
            assert!(matches!(error, WriteError::UnsupportedPixels { .. }), "{error}");
        }
    }
}
