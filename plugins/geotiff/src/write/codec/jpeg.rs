//! JPEG blocks that share their tables, as TIFF technical note 2 lays down.

use crate::write::WriteError;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

const QUANTIZATION_TABLE: u8 = 0xdb;
const HUFFMAN_TABLE: u8 = 0xc4;
const START_OF_SCAN: u8 = 0xda;
const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Compresses a block of `(width, height, samples per pixel)` without tables.
pub(super) fn compress(
    dimensions: (u16, u16, u16),
    bytes: &[u8],
    quality: u8,
) -> Result<Vec<u8>, WriteError> {
    let jpeg = encode(dimensions, bytes, quality)?;
    let (segments, scan) = segments(&jpeg)?;
    let mut out = START_OF_IMAGE.to_vec();
    for segment in segments {
        if !is_table(segment) && !is_application(segment) {
            out.extend_from_slice(segment);
        }
    }
    out.extend_from_slice(scan);
    Ok(out)
}

/// The tables of all blocks of this quality: the value of the `JPEGTables` tag.
pub(in crate::write) fn tables(quality: u8, samples_per_pixel: u16) -> Result<Vec<u8>, WriteError> {
    let gray = vec![0; 16 * 16 * usize::from(samples_per_pixel)];
    let jpeg = encode((16, 16, samples_per_pixel), &gray, quality)?;
    let mut out = START_OF_IMAGE.to_vec();
    for segment in segments(&jpeg)?.0.into_iter().filter(|segment| is_table(segment)) {
        out.extend_from_slice(segment);
    }
    out.extend(END_OF_IMAGE);
    Ok(out)
}

/// A whole JPEG file. Its Huffman tables are those of the JPEG standard, the same in every file.
fn encode(
    (width, height, samples): (u16, u16, u16),
    bytes: &[u8],
    quality: u8,
) -> Result<Vec<u8>, WriteError> {
    let color = if samples == 1 { ColorType::Luma } else { ColorType::Rgb };
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(bytes, width, height, color).map_err(|error| WriteError::codec("JPEG", error))?;
    Ok(out)
}

fn is_table(segment: &[u8]) -> bool {
    matches!(segment, [0xff, QUANTIZATION_TABLE | HUFFMAN_TABLE, ..])
}

fn is_application(segment: &[u8]) -> bool {
    matches!(segment, [0xff, 0xe0..=0xef, ..])
}

/// The marker segments between the start of the image and the scan, and the scan to the end.
fn segments(jpeg: &[u8]) -> Result<(Vec<&[u8]>, &[u8]), WriteError> {
    let mut segments = Vec::new();
    let mut rest = jpeg.strip_prefix(&START_OF_IMAGE).unwrap_or_default();
    while let [0xff, marker, high, low, ..] = rest {
        if *marker == START_OF_SCAN {
            return Ok((segments, rest));
        }
        let length = 2 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((segment, after)) = rest.split_at_checked(length) else { break };
        segments.push(segment);
        rest = after;
    }
    Err(WriteError::codec("JPEG", "the encoder wrote no scan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_blocks_make_up_the_whole() {
        let bytes: Vec<u8> = (0..32 * 16 * 3).map(|i| (i * 7 % 256) as u8).collect();
        let whole = encode((32, 16, 3), &bytes, 80).unwrap();
        let block = compress((32, 16, 3), &bytes, 80).unwrap();
        let tables = tables(80, 3).unwrap();
        let (block_segments, block_scan) = segments(&block).unwrap();
        let (whole_segments, whole_scan) = segments(&whole).unwrap();
        assert_eq!(block_scan, whole_scan);
        assert!(!block_segments.iter().any(|segment| is_table(segment)));
        let table_bytes: usize = whole_segments.iter().filter(|s| is_table(s)).map(|s| s.len()).sum();
        assert_eq!(tables.len(), table_bytes + 4);
        for segment in whole_segments.iter().filter(|segment| is_table(segment)) {
            assert!(tables.windows(segment.len()).any(|window| window == *segment));
        }
    }
}
