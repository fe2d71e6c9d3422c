//! What is particular to JPEG: colours, tables, frames, and the limits of what a few bytes can claim.

mod handmade;

use handmade::{Image, encoding};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use rasteret_schema::{Encoding, RasterError};

const SIZE: [u32; 2] = [32, 32];
const RGB: u16 = 2;
const YCBCR: u16 = 6;
const END: [u8; 2] = [0xFF, 0xD9];

fn of(photometric: u16, samples_per_pixel: u16) -> Encoding {
    Encoding { compression: 7, photometric, samples_per_pixel, ..encoding() }
}

/// A file of red, green and blue that are far apart, as YCbCr.
fn file([columns, rows]: [u32; 2], set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let pixels: Vec<u8> = (0..columns * rows).flat_map(|at| [(at / 9 % 200) as u8, 90, 250]).collect();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 90);
    set(&mut encoder);
    encoder.encode(&pixels, columns as u16, rows as u16, ColorType::Rgb).expect("an image");
    bytes
}

fn subsampled() -> Vec<u8> {
    file(SIZE, |encoder| encoder.set_sampling_factor(SamplingFactor::F_2_2))
}

fn decode(encoding: Encoding, encoded: &[u8]) -> Result<Vec<u8>, RasterError> {
    Image::of_one_tile(encoding, SIZE).decode(0, encoded, 0..32, 0..32, &[0, 1, 2])
}

#[track_caller]
fn assert_corrupt(result: Result<Vec<u8>, RasterError>, reason: &str) {
    let Err(RasterError::CorruptTile { reason: actual, .. }) = &result else { panic!("{result:?}") };
    assert!(actual.contains(reason), "{actual}");
}

/// Where a marker is.
fn position(jpeg: &[u8], marker: u8) -> usize {
    jpeg.windows(2).position(|pair| pair == [0xFF, marker]).expect("a marker")
}

#[test]
fn colors_are_what_the_photometric_interpretation_says() {
    let jpeg = subsampled();
    assert!(jpeg.windows(4).any(|word| word == b"JFIF"), "the file says that it is YCbCr");
    let rgb = decode(of(YCBCR, 3), &jpeg).expect("a tile");
    let stored = decode(of(RGB, 3), &jpeg).expect("a tile");
    let planes = |pixels: &[u8]| [pixels[500], pixels[1024 + 500], pixels[2048 + 500]];
    let [red, green, blue] = planes(&rgb).map(f64::from);
    assert!(
        (red - 55.0).abs() < 8.0 && (green - 90.0).abs() < 8.0 && (blue - 250.0).abs() < 8.0,
        "{red}, {green}, {blue}"
    );
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    let chroma = [128.0 + (blue - luma) / 1.772, 128.0 + (red - luma) / 1.402];
    for (stored, expected) in planes(&stored).into_iter().zip([luma, chroma[0], chroma[1]]) {
        assert!((f64::from(stored) - expected).abs() < 3.0, "{stored}, {expected}");
    }
}

#[test]
fn rows_are_those_of_the_whole_tile() {
    for scans in [None, Some(8)] {
        for factor in [
            SamplingFactor::F_1_1,
            SamplingFactor::F_2_1,
            SamplingFactor::F_1_2,
            SamplingFactor::F_2_2,
            SamplingFactor::F_4_2,
        ] {
            let jpeg = file(SIZE, |encoder| {
                encoder.set_sampling_factor(factor);
                scans.into_iter().for_each(|scans| encoder.set_progressive_scans(scans));
            });
            let image = Image::of_one_tile(of(YCBCR, 3), SIZE);
            let whole = image.decode(0, &jpeg, 0..32, 0..32, &[0]).expect("a tile");
            for end in 1..32 {
                let rows = image.decode(0, &jpeg, end - 1..end, 0..32, &[0]).expect("rows");
                let start = 32 * (end as usize - 1);
                assert_eq!(rows, whole[start..start + 32], "{factor:?}, row {}", end - 1);
            }
        }
    }
}

#[test]
fn tables_are_those_of_the_image() {
    let jpeg = subsampled();
    let whole = decode(of(YCBCR, 3), &jpeg).expect("a tile");
    // Tables are all segments but those of the frame and the scan.
    let frame = position(&jpeg, 0xC0);
    let after = frame + 2 + usize::from(jpeg[frame + 3]);
    let scan = position(&jpeg, 0xDA);
    let jpeg_tables = [&jpeg[..frame], &jpeg[after..scan], &END].concat();
    let tile = [&jpeg[..2], &jpeg[frame..after], &jpeg[scan..]].concat();
    assert_eq!(decode(Encoding { jpeg_tables, ..of(YCBCR, 3) }, &tile), Ok(whole));
    assert_corrupt(decode(of(YCBCR, 3), &tile), "table");
}

#[test]
fn the_end_may_be_missing_but_not_what_comes_before() {
    let jpeg = subsampled();
    let end = jpeg.strip_suffix(&END).expect("an end");
    assert_eq!(decode(of(YCBCR, 3), end), decode(of(YCBCR, 3), &jpeg));
    assert_corrupt(decode(of(YCBCR, 3), &end[..end.len() - 20]), "premature end");
}

#[test]
fn frames_of_another_size_are_refused() {
    for size in [[31, 32], [33, 32], [32, 33]] {
        assert_corrupt(decode(of(YCBCR, 3), &file(size, |_| ())), "for a tile of 32 × 32");
    }
    assert_corrupt(decode(of(YCBCR, 3), &file([32, 31], |_| ())), "2976 bytes instead of 3072");
    assert_corrupt(decode(of(1, 4), &subsampled()), "of 3 samples for a tile");
    // Of a last strip, there may be as many rows as of the others.
    let image = Image::new(Encoding { striped: true, ..of(YCBCR, 3) }, [32, 40], SIZE);
    let whole = decode(of(YCBCR, 3), &subsampled()).expect("a tile");
    assert_eq!(image.decode(1, &subsampled(), 0..8, 0..32, &[0]), Ok(whole[..8 * 32].to_vec()));
}

#[test]
fn frames_of_many_scans_are_refused() {
    assert!(decode(of(YCBCR, 3), &file(SIZE, |encoder| encoder.set_progressive_scans(16))).is_ok());
    let jpeg = file(SIZE, |encoder| encoder.set_progressive_scans(64));
    let scans: Vec<usize> = (0..jpeg.len()).filter(|at| jpeg[*at..].starts_with(&[0xFF, 0xDA])).collect();
    let ends = scans.iter().skip(1).copied().chain([jpeg.len()]);
    // The encoder writes scans of no coefficients, too, which the standard does not have.
    let valid =
        scans.iter().zip(ends).map(|(start, end)| &jpeg[*start..end]).filter(|scan| scan[7] <= scan[8]);
    let jpeg = [jpeg[..scans[0]].to_vec(), valid.flatten().copied().collect()].concat();
    assert_corrupt(decode(of(YCBCR, 3), &jpeg), "more than 100 scans");
}

#[test]
fn small_tiles_that_claim_to_be_large_take_no_memory() {
    const SIDE: u16 = 16384;
    let image = Image::of_one_tile(of(YCBCR, 3), [SIDE.into(); 2]);
    for (marker, progressive, reason) in
        [(0xC0, false, "premature end"), (0xC2, true, "Memory limit exceeded")]
    {
        let mut jpeg = file(SIZE, |encoder| encoder.set_progressive(progressive));
        let size = position(&jpeg, marker) + 5;
        let [high, low] = SIDE.to_be_bytes();
        jpeg[size..size + 4].copy_from_slice(&[high, low, high, low]);
        let row = u32::from(SIDE) - 1;
        assert_corrupt(image.decode(0, &jpeg, row..row + 1, 0..1, &[0]), reason);
    }
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
        assert!(kibibytes < 200 << 10, "{kibibytes} KiB");
    }
}
