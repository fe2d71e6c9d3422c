//! The tags that a header is made of (TIFF 6.0, Adobe's technical notes, GeoTIFF 1.1, GDAL).

macro_rules! tags {
    ($($tag:ident = $code:literal $name:literal,)*) => {
        /// A tag that the parser reads.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Tag { $($tag),* }

        impl Tag {
            /// All of them, in the order of their codes.
            pub const ALL: &[Tag] = &[$(Tag::$tag),*];

            /// The tag of a code.
            pub fn from_code(code: u16) -> Option<Tag> {
                match code {
                    $($code => Some(Tag::$tag),)*
                    _ => None,
                }
            }

            /// The name in the specification.
            pub fn name(self) -> &'static str {
                match self {
                    $(Tag::$tag => $name,)*
                }
            }
        }
    };
}

tags! {
    NewSubfileType = 254 "NewSubfileType",
    ImageWidth = 256 "ImageWidth",
    ImageLength = 257 "ImageLength",
    BitsPerSample = 258 "BitsPerSample",
    Compression = 259 "Compression",
    Photometric = 262 "PhotometricInterpretation",
    FillOrder = 266 "FillOrder",
    StripOffsets = 273 "StripOffsets",
    SamplesPerPixel = 277 "SamplesPerPixel",
    RowsPerStrip = 278 "RowsPerStrip",
    StripByteCounts = 279 "StripByteCounts",
    PlanarConfiguration = 284 "PlanarConfiguration",
    Predictor = 317 "Predictor",
    ColorMap = 320 "ColorMap",
    TileWidth = 322 "TileWidth",
    TileLength = 323 "TileLength",
    TileOffsets = 324 "TileOffsets",
    TileByteCounts = 325 "TileByteCounts",
    SubIfds = 330 "SubIFDs",
    InkSet = 332 "InkSet",
    ExtraSamples = 338 "ExtraSamples",
    SampleFormat = 339 "SampleFormat",
    JpegTables = 347 "JPEGTables",
    ChromaSubsampling = 530 "YCbCrSubSampling",
    ModelPixelScale = 33550 "ModelPixelScaleTag",
    ModelTiepoint = 33922 "ModelTiepointTag",
    ModelTransformation = 34264 "ModelTransformationTag",
    GeoKeyDirectory = 34735 "GeoKeyDirectoryTag",
    GeoDoubleParams = 34736 "GeoDoubleParamsTag",
    GeoAsciiParams = 34737 "GeoAsciiParamsTag",
    GdalMetadata = 42112 "GDAL_METADATA",
    GdalNodata = 42113 "GDAL_NODATA",
    LercParameters = 50674 "LercParameters",
}

impl Tag {
    /// What tells a directory's purpose.
    pub const OUTLINE: &[Tag] =
        &[Tag::NewSubfileType, Tag::ImageWidth, Tag::ImageLength, Tag::SamplesPerPixel];

    /// Whether only the directory of the full resolution is asked for the tag: what holds for all
    /// images of the file alike.
    pub fn is_of_file(self) -> bool {
        matches!(
            self,
            Tag::SubIfds
                | Tag::ColorMap
                | Tag::ModelPixelScale
                | Tag::ModelTiepoint
                | Tag::ModelTransformation
                | Tag::GeoKeyDirectory
                | Tag::GeoDoubleParams
                | Tag::GeoAsciiParams
                | Tag::GdalMetadata
                | Tag::GdalNodata
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_index_their_list() {
        for (index, tag) in Tag::ALL.iter().enumerate() {
            assert_eq!(*tag as usize, index);
        }
    }
}
