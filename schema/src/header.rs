//! A parsed raster header: all that a read needs to know about a file.

use crate::{Crs, DataType, Geotransform, PixelValue, RasterError, TileTable};
use rkyv::{Archive, Deserialize, Portable, Serialize, bytecheck::CheckBytes};

/// The header of one raster file.
///
/// What is the same at every resolution lies here; what differs, in [`images`](Self::images).
#[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
pub struct RasterHeader {
    /// Name of the reader that parsed the header and can decode the tiles.
    pub format: String,
    /// Where the pixels lie.
    pub georeference: Georeference,
    /// The value of pixels without data, of all bands.
    pub nodata: Option<PixelValue>,
    /// One for each sample of a pixel.
    pub bands: Vec<BandMetadata>,
    /// Colour map of a palette image: all red values, all green, all blue, 0 to 65535; else empty.
    pub color_map: Vec<u16>,
    /// The encodings that images and masks refer to, each once.
    pub encodings: Vec<Encoding>,
    /// The image at full resolution, then its overviews, from fine to coarse.
    pub images: Vec<ImageHeader>,
    /// Validity masks: samples of `uint8`, zero where a pixel is not valid.
    pub masks: Vec<ImageHeader>,
    /// Which version of the file the header was parsed from.
    pub object: ObjectVersion,
}

/// Where the pixels of a raster lie.
#[derive(Debug, Clone, Default, PartialEq, Archive, Serialize, Deserialize)]
pub struct Georeference {
    /// From pixel to CRS coordinates, of the image at full resolution, by pixel corners
    /// (PixelIsArea) whatever the file says.
    pub transform: Option<Geotransform>,
    /// The raster's CRS.
    pub crs: Option<Crs>,
    /// Whether the file gives coordinates of pixel centres (PixelIsPoint).
    pub pixel_is_point: bool,
    /// Number of ground control points, where the raster is placed by these.
    pub ground_control_points: u32,
}

impl Georeference {
    /// The geotransform and the CRS of a raster that an area can be read from.
    ///
    /// # Errors
    ///
    /// For rasters that are not georeferenced, or not by a geotransform along the CRS axes.
    pub fn grid(&self) -> Result<(Geotransform, &Crs), RasterError> {
        let transform = match self.transform {
            Some(transform) => transform,
            None if self.ground_control_points > 0 => {
                return Err(RasterError::GroundControlPoints { count: self.ground_control_points as usize });
            }
            None => return Err(RasterError::NotGeoreferenced { missing: "geotransform" }),
        };
        if !transform.is_axis_aligned() {
            return Err(RasterError::RotatedTransform(format!("{:?}", transform.to_array())));
        }
        if transform.inverse().is_none() {
            return Err(RasterError::CorruptHeader(format!(
                "singular geotransform {:?}",
                transform.to_array()
            )));
        }
        let crs = self.crs.as_ref().ok_or(RasterError::NotGeoreferenced { missing: "CRS" })?;
        Ok((transform, crs))
    }
}

/// What is known of one band (one sample of each pixel).
#[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
pub struct BandMetadata {
    /// Description or name.
    pub description: Option<String>,
    /// Unit of the scaled values.
    pub unit: Option<String>,
    /// Factor from samples to values. Reads return samples; scaling is left to the user.
    pub scale: f64,
    /// Added after scaling.
    pub offset: f64,
    /// How a viewer shows the band.
    pub color: ColorInterpretation,
}

impl Default for BandMetadata {
    fn default() -> Self {
        BandMetadata {
            description: None,
            unit: None,
            scale: 1.0,
            offset: 0.0,
            color: ColorInterpretation::Undefined,
        }
    }
}

/// How a viewer shows a band.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize, Portable, CheckBytes, serde::Serialize,
)]
#[rkyv(as = ColorInterpretation)]
#[bytecheck(crate = rkyv::bytecheck)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ColorInterpretation {
    /// Not said.
    Undefined,
    /// Shades of grey.
    Gray,
    /// Index into the colour map.
    Palette,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Opacity: zero where a pixel is not valid.
    Alpha,
}

/// One image of a file: the full resolution, an overview, or a mask.
#[derive(Debug, Clone, PartialEq, Archive, Serialize, Deserialize)]
pub struct ImageHeader {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Columns of a tile. A strip is a tile as wide as the image.
    pub tile_width: u32,
    /// Rows of a tile.
    pub tile_height: u32,
    /// Index into [`RasterHeader::encodings`].
    pub encoding: u16,
    /// Index into [`RasterHeader::masks`] of the image's validity mask.
    pub mask: Option<u16>,
    /// Tiles row by row from the upper left; where samples lie in separate planes, all tiles of the
    /// first sample, then all of the second, and so on.
    pub tiles: TileTable,
}

/// How the samples of an image are encoded. The numbers are those of the TIFF specification and its
/// registered extensions; other formats map to them where they can.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub struct Encoding {
    /// Type of decoded samples.
    pub dtype: DataType,
    /// Bits of an encoded sample; samples narrower than `dtype` are widened.
    pub bits_per_sample: u16,
    /// Samples of a pixel.
    pub samples_per_pixel: u16,
    /// Whether each sample has tiles of its own (`PlanarConfiguration` 2).
    pub planar: bool,
    /// Whether tiles are strips: the last one then ends with the image.
    pub striped: bool,
    /// Whether multi-byte samples are big-endian.
    pub big_endian: bool,
    /// Whether bits within a byte run from the least significant (`FillOrder` 2).
    pub reversed_bits: bool,
    /// `Compression`.
    pub compression: u16,
    /// `Predictor`: 1 none, 2 horizontal differences, 3 floating point.
    pub predictor: u16,
    /// `PhotometricInterpretation`.
    pub photometric: u16,
    /// `YCbCrSubSampling`, horizontal and vertical.
    pub chroma_subsampling: [u8; 2],
    /// `ExtraSamples`: meaning of the samples beyond the colours; 1 and 2 are opacity.
    pub extra_samples: Vec<u16>,
    /// `JPEGTables`; empty where there are none.
    pub jpeg_tables: Vec<u8>,
    /// Compression within the compression, of `LercParameters`: 0 none, 1 Deflate, 2 Zstandard.
    pub lerc_compression: u8,
}

/// Which version of a file a header was parsed from, to notice that the file has changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// Size in bytes, where known.
    pub size: Option<u64>,
    /// Entity tag, as the server gave it.
    pub etag: Option<String>,
    /// Time of the last change, in microseconds since 1970.
    pub last_modified: Option<i64>,
}

impl RasterHeader {
    /// The encoding of the image at full resolution.
    pub fn encoding(&self) -> Option<&Encoding> {
        self.encodings.get(usize::from(self.images.first()?.encoding))
    }

    /// Index of the band that holds opacity.
    pub fn alpha_band(&self) -> Option<usize> {
        self.bands.iter().position(|band| band.color == ColorInterpretation::Alpha)
    }
}
