//! What the tables of `SUPPORT.md` say of a file, from its header.

use super::pixels::GeoTiff;
use rasteret_schema::{DataType, ImageView, RasterError};

const JPEG: u16 = 7;
const WEBP: u16 = 50001;
const YCBCR: u16 = 6;

/// How a file is encoded.
pub struct Encoding {
    pub width: u32,
    pub height: u32,
    pub bands: u16,
    pub dtype: DataType,
    pub levels: usize,
    /// `Compression` and what qualifies it.
    pub codec: Codec,
    /// The components of JPEG.
    pub jpeg: Option<String>,
    /// `None` where the compression knows no predictors.
    pub predictor: Option<u16>,
    /// Names of what else is particular, in groups.
    pub features: Vec<(&'static str, String)>,
    /// Why no area can be read.
    pub refused_for_areas: Option<RasterError>,
}

/// A compression, in the order of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Codec {
    compression: u16,
    /// Compression within the compression.
    inner: u8,
    subsampled: bool,
}

impl Codec {
    /// Whether chroma has fewer samples than luma, so that decoders interpolate.
    pub fn is_subsampled(self) -> bool {
        self.subsampled
    }

    pub fn name(self) -> String {
        let name = match (self.compression, self.inner) {
            (1, _) => "none",
            (2, _) => "CCITT RLE",
            (3, _) => "CCITT Group 3",
            (4, _) => "CCITT Group 4",
            (5, _) => "LZW",
            (JPEG, _) if self.subsampled => "JPEG, subsampled chroma",
            (JPEG, _) => "JPEG",
            (8, _) => "Deflate",
            (32773, _) => "PackBits",
            (32946, _) => "Deflate (32946)",
            (34887, 1) => "LERC + Deflate",
            (34887, 2) => "LERC + Zstandard",
            (34887, _) => "LERC",
            (34925, _) => "LZMA",
            (50000, _) => "Zstandard",
            (WEBP, _) => "WebP",
            (other, _) => return other.to_string(),
        };
        name.to_owned()
    }
}

impl Encoding {
    pub fn of(file: &GeoTiff) -> Encoding {
        let header = &file.header;
        let image = file.image(0).expect("a header has an image");
        let codec = Codec {
            compression: image.compression,
            inner: image.lerc_compression,
            subsampled: image.compression == JPEG
                && image.photometric == YCBCR
                && image.chroma_subsampling != [1, 1],
        };
        let has_predictor = matches!(image.compression, 5 | 8 | 32946 | 34925 | 50000);
        Encoding {
            width: image.width,
            height: image.height,
            bands: image.samples_per_pixel,
            dtype: image.dtype,
            levels: header.images.len(),
            codec,
            jpeg: (image.compression == JPEG).then(|| jpeg_components(&image)),
            predictor: has_predictor.then_some(image.predictor),
            features: features(file),
            refused_for_areas: header.georeference.grid().err(),
        }
    }

    /// Whether decoders may round differently.
    pub fn is_lossy(&self) -> bool {
        matches!(self.codec.compression, JPEG | WEBP)
    }
}

fn jpeg_components(image: &ImageView<'_>) -> String {
    match (image.photometric == YCBCR && !image.planar, image.samples_per_tile()) {
        (true, _) => {
            let [across, down] = image.chroma_subsampling;
            format!("YCbCr, a chroma sample for {across} × {down} pixels")
        }
        (false, 1) => "1".to_owned(),
        (false, samples) => format!("{samples}, interleaved"),
    }
}

fn features(file: &GeoTiff) -> Vec<(&'static str, String)> {
    let image = file.image(0).expect("a header has an image");
    let either = |first: bool, names: [&'static str; 2]| (if first { names[0] } else { names[1] }).to_owned();
    let mut features = vec![
        ("blocks", either(image.striped, ["strips", "tiles"])),
        ("byte order", either(image.big_endian, ["big-endian", "little-endian"])),
        ("offsets", either(file.is_big_tiff(), ["64 bits (BigTIFF)", "32 bits"])),
        ("bands", image.samples_per_pixel.to_string()),
    ];
    if image.samples_per_pixel > 1 {
        features.push(("samples of several bands", either(image.planar, ["in planes", "interleaved"])));
    }
    if usize::from(image.bits_per_sample) != 8 * image.dtype.size() {
        features.push(("bits of a sample", format!("{:2}, read as {}", image.bits_per_sample, image.dtype)));
    }
    if image.reversed_bits {
        features.push(("else", "least significant bit first".to_owned()));
    }
    if (0..image.tiles.len()).any(|tile| image.tiles.get(tile).is_none()) {
        features.push(("else", "sparse tiles".to_owned()));
    }
    if file.mask(0).is_some() {
        features.push(("else", "mask".to_owned()));
    }
    if file.header.images.len() > 1 {
        features.push(("else", "overviews".to_owned()));
    }
    features
}
