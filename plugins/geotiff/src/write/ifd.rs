//! TIFF fields: tags and their values.

use super::ByteOrder;

/// Tags, under the names of the TIFF specification and of GeoTIFF.
pub(super) mod tag {
    pub const NEW_SUBFILE_TYPE: u16 = 254;
    pub const IMAGE_WIDTH: u16 = 256;
    pub const IMAGE_LENGTH: u16 = 257;
    pub const BITS_PER_SAMPLE: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES_PER_PIXEL: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_BYTE_COUNTS: u16 = 279;
    pub const PLANAR_CONFIGURATION: u16 = 284;
    pub const PREDICTOR: u16 = 317;
    pub const COLOR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_LENGTH: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_BYTE_COUNTS: u16 = 325;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const YCBCR_SUBSAMPLING: u16 = 530;
    pub const REFERENCE_BLACK_WHITE: u16 = 532;
    pub const MODEL_PIXEL_SCALE: u16 = 33550;
    pub const MODEL_TIEPOINT: u16 = 33922;
    pub const MODEL_TRANSFORMATION: u16 = 34264;
    pub const GEO_KEY_DIRECTORY: u16 = 34735;
    pub const GEO_DOUBLE_PARAMS: u16 = 34736;
    pub const GEO_ASCII_PARAMS: u16 = 34737;
    pub const GDAL_METADATA: u16 = 42112;
    pub const GDAL_NODATA: u16 = 42113;
    pub const LERC_PARAMETERS: u16 = 50674;
}

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Ascii(String),
    Short(Vec<u16>),
    Long(Vec<u32>),
    Rational(Vec<(u32, u32)>),
    Undefined(Vec<u8>),
    Double(Vec<f64>),
    Long8(Vec<u64>),
}

impl Value {
    /// Type code, and number of values.
    pub fn kind(&self) -> (u16, u64) {
        let (code, count) = match self {
            Value::Ascii(text) => (2, text.len() + 1),
            Value::Short(values) => (3, values.len()),
            Value::Long(values) => (4, values.len()),
            Value::Rational(values) => (5, values.len()),
            Value::Undefined(bytes) => (7, bytes.len()),
            Value::Double(values) => (12, values.len()),
            Value::Long8(values) => (16, values.len()),
        };
        (code, count as u64)
    }

    /// The values one after the other.
    pub fn to_bytes(&self, order: ByteOrder) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Value::Ascii(text) => {
                out.extend_from_slice(text.as_bytes());
                out.push(0);
            }
            Value::Undefined(bytes) => out.extend_from_slice(bytes),
            Value::Short(values) => values.iter().for_each(|v| order.put(&mut out, (*v).into(), 2)),
            Value::Long(values) => values.iter().for_each(|v| order.put(&mut out, (*v).into(), 4)),
            Value::Rational(values) => {
                for (numerator, denominator) in values {
                    order.put(&mut out, (*numerator).into(), 4);
                    order.put(&mut out, (*denominator).into(), 4);
                }
            }
            Value::Double(values) => values.iter().for_each(|v| order.put(&mut out, v.to_bits(), 8)),
            Value::Long8(values) => values.iter().for_each(|v| order.put(&mut out, *v, 8)),
        }
        out
    }
}

/// A tag and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub tag: u16,
    pub value: Value,
}

impl Field {
    pub fn new(tag: u16, value: Value) -> Self {
        Field { tag, value }
    }

    /// Offsets and sizes of blocks, which GDAL writes behind all directories.
    pub fn is_block_array(&self) -> bool {
        use tag::{STRIP_BYTE_COUNTS, STRIP_OFFSETS, TILE_BYTE_COUNTS, TILE_OFFSETS};
        matches!(self.tag, STRIP_OFFSETS | STRIP_BYTE_COUNTS | TILE_OFFSETS | TILE_BYTE_COUNTS)
    }

    /// Where libtiff puts the value among those of the same directory: first its own tags, then
    /// those of the codec, then those that GDAL registers, in the order in which it sets them.
    pub fn rank(&self) -> (u8, u16) {
        use tag::{GDAL_METADATA, GDAL_NODATA, GEO_ASCII_PARAMS, JPEG_TABLES, MODEL_PIXEL_SCALE};
        let group = match self.tag {
            JPEG_TABLES => 1,
            GDAL_METADATA | GDAL_NODATA => 2,
            MODEL_PIXEL_SCALE..=GEO_ASCII_PARAMS => 3,
            _ => 0,
        };
        (group, self.tag)
    }
}
