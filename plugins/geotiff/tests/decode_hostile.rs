//! Whatever the bytes of a tile are, decoding ends in a result.

mod handmade;

use handmade::{Image, encode, encoding};
use proptest::prelude::*;
use rasteret_schema::{DataType, Encoding, RasterError};

const SIZE: [u32; 2] = [32, 32];
const COMPRESSIONS: [u16; 10] = [1, 5, 7, 8, 32773, 32946, 34887, 34925, 50000, 50001];

/// A tile that decodes, and how it is encoded.
fn valid_tiles() -> Vec<(Encoding, Vec<u8>)> {
    let bytes: Vec<u8> = (0..32 * 32).map(|i: u32| (i * i / 7) as u8).collect();
    let pixels: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte) * 1.7).collect();
    let rgb: Vec<u8> = bytes.iter().flat_map(|byte| [*byte, byte / 2, 255 - byte]).collect();
    let color = Encoding { samples_per_pixel: 3, photometric: 2, ..encoding() };
    let float = Encoding { dtype: DataType::Float32, bits_per_sample: 32, compression: 34887, ..encoding() };
    let lerc = encode::lerc(&pixels, SIZE);
    let constant = encode::lerc(&[7.5; 32 * 32], SIZE);
    vec![
        (Encoding { compression: 5, ..encoding() }, encode::lzw(&bytes)),
        (Encoding { compression: 5, ..encoding() }, encode::old_style_lzw(&bytes)),
        (Encoding { compression: 8, ..encoding() }, encode::deflate(&bytes)),
        (Encoding { compression: 32773, ..encoding() }, encode::packbits(&bytes)),
        (Encoding { compression: 34925, ..encoding() }, encode::lzma(&bytes)),
        (Encoding { compression: 50000, ..encoding() }, encode::zstandard(&bytes)),
        (Encoding { compression: 50001, ..color.clone() }, encode::webp(&rgb, SIZE)),
        (
            Encoding { compression: 50001, samples_per_pixel: 4, ..color.clone() },
            include_bytes!("handmade/lossy.webp").to_vec(),
        ),
        (
            Encoding { compression: 7, photometric: 6, ..color.clone() },
            include_bytes!("handmade/baseline.jpg").to_vec(),
        ),
        (
            Encoding { compression: 7, photometric: 6, ..color },
            include_bytes!("handmade/progressive.jpg").to_vec(),
        ),
        (float.clone(), lerc.clone()),
        (float.clone(), constant),
        (Encoding { lerc_compression: 1, ..float.clone() }, encode::deflate(&lerc)),
        (Encoding { lerc_compression: 2, ..float }, encode::zstandard(&lerc)),
    ]
}

/// Decodes the whole tile and some of its rows.
fn decode(encoding: &Encoding, encoded: &[u8]) -> Result<Vec<u8>, RasterError> {
    let image = Image::of_one_tile(encoding.clone(), SIZE);
    let samples: Vec<u16> = (0..encoding.samples_per_pixel).collect();
    let _ = image.decode(0, encoded, 3..9, 5..17, &samples[..1]);
    image.decode(0, encoded, 0..32, 0..32, &samples)
}

fn assert_typed(result: &Result<Vec<u8>, RasterError>) {
    assert!(
        matches!(result, Ok(_) | Err(RasterError::CorruptTile { .. } | RasterError::Unsupported { .. })),
        "{result:?}"
    );
}

#[test]
fn valid_tiles_decode() {
    for (encoding, encoded) in valid_tiles() {
        let decoded = decode(&encoding, &encoded);
        assert!(decoded.is_ok(), "compression {}: {decoded:?}", encoding.compression);
    }
}

#[test]
fn cut_tiles_do_not_panic() {
    for (encoding, encoded) in valid_tiles() {
        for len in 0..encoded.len() {
            assert_typed(&decode(&encoding, &encoded[..len]));
        }
        let half = decode(&encoding, &encoded[..encoded.len() / 2]);
        assert!(half.is_err(), "half a tile decodes, compression {}", encoding.compression);
    }
}

#[test]
fn small_tiles_that_claim_to_be_large_take_no_memory() {
    // 2 GiB of pixels in a few bytes: the decompressor is given what it asks for, page by page.
    for compression in COMPRESSIONS {
        let image = Image::of_one_tile(Encoding { compression, ..encoding() }, [1 << 15, 65535]);
        let encoded = encode::deflate(&[0; 100]);
        assert!(image.decode(0, &encoded, 65534..65535, 0..1, &[0]).is_err(), "compression {compression}");
    }
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kibibytes < 200 << 10, "{kibibytes} KiB");
    }
}

fn any_encoding() -> impl Strategy<Value = Encoding> {
    let numbers = (0..COMPRESSIONS.len(), 0..DataType::ALL.len(), 1u16..6, 0u16..4, 0u8..4, 0u16..7);
    (numbers, any::<[bool; 3]>()).prop_map(|(numbers, [planar, big_endian, reversed_bits])| {
        let (compression, dtype, samples_per_pixel, predictor, lerc_compression, photometric) = numbers;
        let dtype = DataType::ALL[dtype];
        Encoding {
            dtype,
            bits_per_sample: 8 * dtype.size() as u16,
            samples_per_pixel,
            planar,
            big_endian,
            reversed_bits,
            compression: COMPRESSIONS[compression],
            predictor,
            photometric,
            lerc_compression,
            ..encoding()
        }
    })
}

proptest! {
    #[test]
    fn any_bytes_do_not_panic(encoding in any_encoding(), encoded in prop::collection::vec(any::<u8>(), 0..400)) {
        assert_typed(&decode(&encoding, &encoded));
    }

    #[test]
    fn damaged_tiles_do_not_panic(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let tiles = valid_tiles();
        let (encoding, mut encoded) = tiles[which.index(tiles.len())].clone();
        for (at, byte) in damage {
            let at = at.index(encoded.len());
            encoded[at] = byte;
        }
        assert_typed(&decode(&encoding, &encoded));
    }

    #[test]
    fn valid_tiles_of_other_encodings_do_not_panic(encoding in any_encoding(), which in any::<prop::sample::Index>()) {
        let tiles = valid_tiles();
        let (of, encoded) = &tiles[which.index(tiles.len())];
        assert_typed(&decode(&Encoding { compression: of.compression, ..encoding }, encoded));
    }
}
