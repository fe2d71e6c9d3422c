//! Names of compression schemes, and the error for those that there is no codec for.

use rasteret_schema::RasterError;

/// The error for a compression number without a codec.
pub(super) fn unsupported(compression: u16) -> RasterError {
    let value = match compression_name(compression) {
        Some(name) => format!("{compression} ({name})"),
        None => compression.to_string(),
    };
    RasterError::Unsupported { tag: "Compression", value, hint: hint(compression) }
}

/// The name of a registered compression scheme, as in libtiff's `tiff.h`.
///
/// ```
/// assert_eq!(rasteret_geotiff::decode::compression_name(8), Some("Deflate"));
/// ```
pub fn compression_name(compression: u16) -> Option<&'static str> {
    Some(match compression {
        1 => "none",
        2 => "CCITT modified Huffman RLE",
        3 => "CCITT Group 3 fax",
        4 => "CCITT Group 4 fax",
        5 => "LZW",
        6 => "old-style JPEG",
        7 => "JPEG",
        8 | 32946 => "Deflate",
        9 => "JBIG on black and white",
        10 => "JBIG on color",
        32766 => "NeXT 2-bit RLE",
        32771 => "CCITT RLE with word alignment",
        32773 => "PackBits",
        32809 => "ThunderScan 4-bit RLE",
        32895..=32898 => "raster padding",
        32908 => "Pixar 10-bit LZW",
        32909 => "Pixar 11-bit ZIP",
        32947 => "Kodak DCS",
        33003 => "JPEG 2000, YCbCr",
        33004 => "JPEG 2000, lossy",
        33005 => "JPEG 2000, RGB",
        34661 => "JBIG",
        34676 => "SGI LogLuv RLE",
        34677 => "SGI LogLuv, 24 bits",
        34712 => "JPEG 2000",
        34887 => "LERC",
        34892 => "lossy JPEG of DNG",
        34925 => "LZMA",
        34926 | 50000 => "Zstandard",
        34927 | 50001 => "WebP",
        50002 => "JPEG XL",
        52546 => "JPEG XL of DNG 1.7",
        _ => return None,
    })
}

fn hint(compression: u16) -> &'static str {
    match compression {
        6 => {
            "old-style JPEG was withdrawn in 1995; rewrite the file, for instance with `gdal_translate -co COMPRESS=JPEG`"
        }
        1 | 5 | 7 | 8 | 32773 | 32946 | 34887 | 34925 | 50000 | 50001 => {
            "the reader was made without this codec"
        }
        _ => "rewrite the file, for instance with `gdal_translate -co COMPRESS=ZSTD`, or register a codec",
    }
}
