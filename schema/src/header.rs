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

/// How a viewer shows a band, or which part of the spectrum it holds. Serialised under rasterio's names.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Archive, Serialize, Deserialize, Portable, CheckBytes, serde::Serialize,
)]
#[rkyv(as = ColorInterpretation)]
#[bytecheck(crate = rkyv::bytecheck)]
#[serde(rename_all = "snake_case")]
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
    /// Hue, of hue, saturation, lightness.
    Hue,
    /// Saturation, of hue, saturation, lightness.
    Saturation,
    /// Lightness, of hue, saturation, lightness.
    Lightness,
    /// Cyan ink.
    Cyan,
    /// Magenta ink.
    Magenta,
    /// Yellow ink.
    Yellow,
    /// Black ink.
    Black,
    /// Luma, of YCbCr.
    #[serde(rename = "Y")]
    Luma,
    /// Blue difference, of YCbCr.
    #[serde(rename = "Cb")]
    Cb,
    /// Red difference, of YCbCr.
    #[serde(rename = "Cr")]
    Cr,
    /// Panchromatic.
    Pan,
    /// Coastal aerosol.
    Coastal,
    /// Red edge.
    #[serde(rename = "rededge")]
    RedEdge,
    /// Near infrared.
    Nir,
    /// Short-wave infrared.
    Swir,
    /// Mid-wave infrared.
    Mwir,
    /// Long-wave infrared.
    Lwir,
    /// Thermal infrared.
    Tir,
    /// Another part of the infrared.
    OtherIr,
    /// Radar, Ka band.
    SarKa,
    /// Radar, K band.
    SarK,
    /// Radar, Ku band.
    SarKu,
    /// Radar, X band.
    SarX,
    /// Radar, C band.
    SarC,
    /// Radar, S band.
    SarS,
    /// Radar, L band.
    SarL,
    /// Radar, P band.
    SarP,
}

impl ColorInterpretation {
    /// Every interpretation and the name that GDAL gives it (`GDALGetColorInterpretationName`).
    const GDAL_NAMES: [(ColorInterpretation, &str); 34] = {
        use ColorInterpretation::*;
        [
            (Undefined, "Undefined"),
            (Gray, "Gray"),
            (Palette, "Palette"),
            (Red, "Red"),
            (Green, "Green"),
            (Blue, "Blue"),
            (Alpha, "Alpha"),
            (Hue, "Hue"),
            (Saturation, "Saturation"),
            (Lightness, "Lightness"),
            (Cyan, "Cyan"),
            (Magenta, "Magenta"),
            (Yellow, "Yellow"),
            (Black, "Black"),
            (Luma, "YCbCr_Y"),
            (Cb, "YCbCr_Cb"),
            (Cr, "YCbCr_Cr"),
            (Pan, "Pan"),
            (Coastal, "Coastal"),
            (RedEdge, "RedEdge"),
            (Nir, "NIR"),
            (Swir, "SWIR"),
            (Mwir, "MWIR"),
            (Lwir, "LWIR"),
            (Tir, "TIR"),
            (OtherIr, "OtherIR"),
            (SarKa, "SAR_Ka"),
            (SarK, "SAR_K"),
            (SarKu, "SAR_Ku"),
            (SarX, "SAR_X"),
            (SarC, "SAR_C"),
            (SarS, "SAR_S"),
            (SarL, "SAR_L"),
            (SarP, "SAR_P"),
        ]
    };

    /// GDAL's name.
    pub fn gdal_name(self) -> &'static str {
        Self::GDAL_NAMES.iter().find(|(color, _)| *color == self).map_or("Undefined", |(_, name)| name)
    }

    /// From GDAL's name, in any case; `Undefined` where GDAL has no such name.
    ///
    /// ```
    /// use rasteret_schema::ColorInterpretation;
    /// assert_eq!(ColorInterpretation::from_gdal_name("nir"), ColorInterpretation::Nir);
    /// assert_eq!(ColorInterpretation::Nir.gdal_name(), "NIR");
    /// ```
    pub fn from_gdal_name(name: &str) -> Self {
        Self::GDAL_NAMES
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map_or(ColorInterpretation::Undefined, |(color, _)| *color)
    }
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

impl ImageHeader {
    /// An image of so many columns and rows, in tiles of so many, of the header's first encoding and without a mask.
    pub fn new([width, height]: [u32; 2], [tile_width, tile_height]: [u32; 2], tiles: TileTable) -> Self {
        ImageHeader { width, height, tile_width, tile_height, encoding: 0, mask: None, tiles }
    }
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

impl Encoding {
    /// Tiles of one sample a pixel, chunky, little-endian, without compression or predictor: what other
    /// encodings are said to differ from.
    ///
    /// ```
    /// use rasteret_schema::{DataType, Encoding};
    /// let rgb = Encoding { samples_per_pixel: 3, photometric: 2, ..Encoding::uncompressed(DataType::UInt8) };
    /// assert_eq!((rgb.bits_per_sample, rgb.compression), (8, 1));
    /// ```
    pub fn uncompressed(dtype: DataType) -> Self {
        Encoding {
            dtype,
            bits_per_sample: dtype.size() as u16 * 8,
            samples_per_pixel: 1,
            planar: false,
            striped: false,
            big_endian: false,
            reversed_bits: false,
            compression: 1,
            predictor: 1,
            photometric: 1,
            chroma_subsampling: [1, 1],
            extra_samples: Vec::new(),
            jpeg_tables: Vec::new(),
            lerc_compression: 0,
        }
    }
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

impl From<&ArchivedObjectVersion> for ObjectVersion {
    fn from(archived: &ArchivedObjectVersion) -> Self {
        ObjectVersion {
            size: archived.size.as_ref().map(|size| size.to_native()),
            etag: archived.etag.as_ref().map(|etag| etag.as_str().to_owned()),
            last_modified: archived.last_modified.as_ref().map(|time| time.to_native()),
        }
    }
}

impl RasterHeader {
    /// A header of images of one encoding, without a word on where they lie and what their values mean.
    pub fn new(format: impl Into<String>, encoding: Encoding, images: Vec<ImageHeader>) -> Self {
        RasterHeader {
            format: format.into(),
            georeference: Georeference::default(),
            nodata: None,
            bands: vec![BandMetadata::default(); usize::from(encoding.samples_per_pixel)],
            color_map: Vec::new(),
            encodings: vec![encoding],
            images,
            masks: Vec::new(),
            object: ObjectVersion::default(),
        }
    }

    /// The encoding of the image at full resolution.
    pub fn encoding(&self) -> Option<&Encoding> {
        self.encodings.get(usize::from(self.images.first()?.encoding))
    }

    /// Index of the band that holds opacity.
    pub fn alpha_band(&self) -> Option<usize> {
        self.bands.iter().position(|band| band.color == ColorInterpretation::Alpha)
    }
}
