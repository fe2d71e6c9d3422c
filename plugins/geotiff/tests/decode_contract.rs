//! What `decode` promises besides pixels: checks, errors, tolerance, and codecs of the user's own.

mod handmade;

use handmade::{Image, encode, encoding};
use rasteret_geotiff::decode::{Codec, CodecError, CodecRegistry, Decompressed, EncodedTile};
use rasteret_schema::{DataType, Encoding, RasterError};

/// Sixteen rows of sixteen different bytes.
fn tile() -> Vec<u8> {
    (0..=255).collect()
}

fn reason(result: Result<Vec<u8>, RasterError>) -> String {
    match result {
        Err(RasterError::CorruptTile { reason, .. }) => reason,
        other => panic!("not a corrupt tile: {other:?}"),
    }
}

#[track_caller]
fn assert_unsupported(result: Result<Vec<u8>, RasterError>, expected_tag: &str, expected_value: &str) {
    match result {
        Err(RasterError::Unsupported { tag, value, .. }) => {
            assert_eq!((tag, value.as_str()), (expected_tag, expected_value));
        }
        other => panic!("not unsupported: {other:?}"),
    }
}

#[test]
fn samples_come_in_the_order_they_are_asked_for() {
    let image = Image::of_one_tile(Encoding { samples_per_pixel: 4, ..encoding() }, [8, 8]);
    let samples = image.decode(0, &tile(), 1..2, 2..4, &[3, 0, 3]).unwrap();
    assert_eq!(samples, [43, 47, 40, 44, 43, 47]);
}

#[test]
fn planes_have_tiles_of_one_sample() {
    let planar = Encoding { samples_per_pixel: 3, planar: true, ..encoding() };
    let image = Image::of_one_tile(planar, [16, 16]);
    assert_eq!(image.decode(2, &tile(), 15..16, 14..16, &[0]).unwrap(), [254, 255]);
    assert!(reason(image.decode(2, &tile(), 15..16, 14..16, &[1])).contains("1 samples"));
}

#[test]
fn the_last_strip_is_cut() {
    let image = Image::new(Encoding { striped: true, ..encoding() }, [16, 20], [16, 16]);
    let last = &tile()[..64];
    assert_eq!(image.decode(1, last, 3..4, 15..16, &[0]).unwrap(), [63]);
    assert!(reason(image.decode(1, &tile(), 3..5, 0..1, &[0])).contains("4 rows"));
}

#[test]
fn nothing_is_decoded_where_nothing_is_wanted() {
    let image = Image::of_one_tile(Encoding { compression: 8, ..encoding() }, [16, 16]);
    assert_eq!(image.decode(0, b"not zlib", 4..4, 0..16, &[0]).unwrap(), b"");
    assert_eq!(image.decode(0, b"not zlib", 0..16, 0..16, &[]).unwrap(), b"");
}

#[test]
fn requests_have_to_fit() {
    let image = Image::of_one_tile(encoding(), [16, 16]);
    assert!(reason(image.decode(0, &tile(), 0..17, 0..1, &[0])).contains("16 rows"));
    assert!(reason(image.decode(0, &tile(), 0..1, 16..17, &[0])).contains("16 columns"));
    assert!(reason(image.decode(0, &tile(), 0..1, 0..1, &[1])).contains("1 samples"));
}

#[test]
fn sizes_that_no_tile_has_are_refused_before_anything_is_allocated() {
    for (columns, rows, samples) in [(u32::MAX, u32::MAX, u16::MAX), (1 << 20, 1 << 20, 1), (16, 16, 0)] {
        let encoding = Encoding { compression: 8, samples_per_pixel: samples, ..encoding() };
        let image = Image::of_one_tile(encoding, [columns, rows]);
        assert!(reason(image.decode(0, &[], 0..0, 0..0, &[])).contains("2 GiB"));
    }
}

type Encoder = fn(&[u8]) -> Vec<u8>;

/// Compression numbers and encoders.
const LOSSLESS: [(u16, Encoder); 6] = [
    (1, |bytes| bytes.to_vec()),
    (5, encode::lzw),
    (8, encode::deflate),
    (32773, encode::packbits),
    (34925, encode::lzma),
    (50000, encode::zstandard),
];

#[test]
fn short_tiles_are_corrupt() {
    for (compression, encode) in LOSSLESS {
        let image = Image::of_one_tile(Encoding { compression, ..encoding() }, [16, 16]);
        let short = encode(&tile()[..200]);
        let error = reason(image.decode(0, &short, 0..16, 0..16, &[0]));
        assert_eq!(error, "it decodes to 200 bytes instead of 256", "compression {compression}");
        // What is there can be read, as long as nothing else is wanted.
        if compression != 50000 {
            assert_eq!(
                image.decode(0, &short, 11..12, 0..1, &[0]),
                Ok(vec![176]),
                "compression {compression}"
            );
        }
    }
}

#[test]
fn what_follows_a_tile_does_not_matter() {
    for (compression, encode) in LOSSLESS {
        let image = Image::of_one_tile(Encoding { compression, ..encoding() }, [16, 16]);
        let long = encode(&[tile(), vec![7; 5000]].concat());
        let followed = [encode(&tile()), b"garbage".to_vec()].concat();
        for encoded in [long, followed] {
            assert_eq!(
                image.decode(0, &encoded, 0..16, 0..16, &[0]),
                Ok(tile()),
                "compression {compression}"
            );
            assert_eq!(
                image.decode(0, &encoded, 1..3, 0..1, &[0]),
                Ok(vec![16, 32]),
                "compression {compression}"
            );
        }
    }
}

#[test]
fn checksums_of_whole_tiles_are_checked() {
    let image = Image::of_one_tile(Encoding { compression: 8, ..encoding() }, [16, 16]);
    let mut encoded = encode::deflate(&tile());
    *encoded.last_mut().unwrap() ^= 1;
    reason(image.decode(0, &encoded, 0..16, 0..16, &[0]));
}

#[test]
fn old_style_lzw_is_recognized() {
    let image = Image::of_one_tile(Encoding { compression: 5, ..encoding() }, [16, 16]);
    let encoded = encode::old_style_lzw(&tile());
    assert_eq!(encoded[..2], [0, 1 | encoded[1]]);
    assert_eq!(image.decode(0, &encoded, 0..16, 0..16, &[0]), Ok(tile()));
}

#[test]
fn lzw_needs_no_end_code() {
    let image = Image::of_one_tile(Encoding { compression: 5, ..encoding() }, [16, 16]);
    let mut encoded = encode::lzw(&tile());
    encoded.pop();
    assert_eq!(image.decode(0, &encoded, 0..16, 0..16, &[0]), Ok(tile()));
}

#[test]
fn reversed_bits_are_those_of_the_encoded_bytes() {
    for (compression, encode) in LOSSLESS {
        let image = Image::of_one_tile(Encoding { compression, reversed_bits: true, ..encoding() }, [16, 16]);
        let encoded: Vec<u8> = encode(&tile()).into_iter().map(u8::reverse_bits).collect();
        assert_eq!(image.decode(0, &encoded, 0..16, 0..16, &[0]), Ok(tile()), "compression {compression}");
    }
}

#[test]
fn predictors_are_for_the_schemes_that_libtiff_has_them_for() {
    for (compression, encode) in LOSSLESS {
        let image = Image::of_one_tile(Encoding { compression, predictor: 2, ..encoding() }, [16, 16]);
        let decoded = image.decode(0, &encode(&[1; 256]), 3..4, 0..4, &[0]).unwrap();
        let expected = if [1, 32773].contains(&compression) { [1; 4] } else { [1, 2, 3, 4] };
        assert_eq!(decoded, expected, "compression {compression}");
    }
}

#[test]
fn encodings_that_gdal_does_not_read_are_refused() {
    let decode = |encoding: Encoding| {
        Image::of_one_tile(Encoding { compression: 8, ..encoding }, [16, 16]).decode(0, &[], 0..1, 0..1, &[0])
    };
    let bits = |dtype, bits_per_sample| Encoding { dtype, bits_per_sample, ..encoding() };
    assert_unsupported(decode(bits(DataType::Float32, 24)), "BitsPerSample", "24 for float32");
    assert_unsupported(decode(bits(DataType::Int16, 12)), "BitsPerSample", "12 for int16");
    assert_unsupported(decode(bits(DataType::UInt8, 16)), "BitsPerSample", "16 for uint8");
    let with_predictor = |encoding, predictor| decode(Encoding { predictor, ..encoding });
    assert_unsupported(with_predictor(bits(DataType::UInt8, 4), 2), "Predictor", "2 for 4 bits of uint8");
    assert_unsupported(with_predictor(bits(DataType::UInt16, 16), 3), "Predictor", "3 for 16 bits of uint16");
    assert_unsupported(
        with_predictor(bits(DataType::Float32, 24), 3),
        "Predictor",
        "3 for 24 bits of float32",
    );
    assert_unsupported(with_predictor(bits(DataType::UInt8, 8), 0), "Predictor", "0");
    assert_unsupported(with_predictor(bits(DataType::UInt8, 8), 34892), "Predictor", "34892");
    let ycbcr = Encoding { photometric: 6, samples_per_pixel: 3, ..encoding() };
    assert_unsupported(decode(ycbcr), "PhotometricInterpretation", "6 (YCbCr) without JPEG compression");
}

#[test]
fn compression_without_a_codec_is_named() {
    for (compression, value) in [
        (2, "2 (CCITT modified Huffman RLE)"),
        (3, "3 (CCITT Group 3 fax)"),
        (4, "4 (CCITT Group 4 fax)"),
        (6, "6 (old-style JPEG)"),
        (33003, "33003 (JPEG 2000, YCbCr)"),
        (34661, "34661 (JBIG)"),
        (34712, "34712 (JPEG 2000)"),
        (50002, "50002 (JPEG XL)"),
        (52546, "52546 (JPEG XL of DNG 1.7)"),
        (64999, "64999"),
    ] {
        let image = Image::of_one_tile(Encoding { compression, ..encoding() }, [16, 16]);
        assert_unsupported(image.decode(0, &[], 0..1, 0..1, &[0]), "Compression", value);
    }
}

#[test]
fn jpeg_of_12_bits_is_refused() {
    let encoding = Encoding { compression: 7, dtype: DataType::UInt16, bits_per_sample: 16, ..encoding() };
    let frame =
        [0xFF, 0xD8, 0xFF, 0xC1, 0, 11, 12, 0, 16, 0, 16, 1, 0, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 0, 0, 0, 63, 0];
    let result = Image::of_one_tile(encoding, [16, 16]).decode(0, &frame, 0..1, 0..1, &[0]);
    assert_unsupported(result, "BitsPerSample", "12 for JPEG");
}

/// Counts how far it is asked to decompress.
#[derive(Debug)]
struct Counted;

impl Codec for Counted {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Samples
    }

    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        _: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        out.fill((needed / tile.row_len) as u8);
        Ok(())
    }

    fn room(&self, _: &EncodedTile<'_>, needed: usize) -> usize {
        needed
    }
}

#[test]
fn users_bring_codecs() {
    let codecs = CodecRegistry::empty().with(65000, Counted);
    assert_eq!(codecs.compressions().collect::<Vec<_>>(), [65000]);
    let image = Image::of_one_tile(Encoding { compression: 65000, photometric: 6, ..encoding() }, [16, 16]);
    assert_eq!(image.decode_with(&codecs, 0, &[], 2..5, 1..3, &[0]), Ok(vec![5; 6]));
    assert_eq!(image.decode_with(&codecs, 0, &[], 0..7, 0..16, &[0]), Ok(vec![7; 112]));
    let uncompressed = Image::of_one_tile(encoding(), [16, 16]);
    let result = uncompressed.decode_with(&codecs, 0, &tile(), 0..1, 0..1, &[0]);
    assert_unsupported(result, "Compression", "1 (none)");
}
