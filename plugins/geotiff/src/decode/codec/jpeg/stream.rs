//! One JPEG stream of a tile and the tables that its image keeps apart.

use crate::decode::CodecError;

/// What becomes of the components' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transform {
    None,
    YcbcrToRgb,
}

/// A JPEG stream that stands by itself.
#[derive(Debug)]
pub(super) struct Stream {
    bytes: Vec<u8>,
    pub frame: Frame,
}

/// What a frame header says (ITU-T T.81, B.2.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    marker: u8,
    pub precision: u8,
    pub rows: u16,
    pub columns: u16,
    pub components: u8,
}

impl Stream {
    /// Puts the tables before the tile's frame.
    ///
    /// Of the application segments, which are left out, a decoder would learn what the colours are,
    /// where only `PhotometricInterpretation` counts. One of Adobe's takes their place: it says so of three
    /// components and of four.
    ///
    /// # Errors
    ///
    /// If there is no frame, or if the segments before its scan are not well-formed.
    pub fn new(tables: &[u8], encoded: &[u8], transform: Transform) -> Result<Stream, CodecError> {
        let mut bytes = Vec::with_capacity(tables.len() + encoded.len() + 32);
        bytes.extend([0xFF, SOI]);
        bytes.extend(adobe_segment(transform));
        let mut frame = None;
        if !tables.is_empty() {
            append_segments(tables, &mut bytes, &mut frame)?;
        }
        let scan = append_segments(encoded, &mut bytes, &mut frame)?;
        let (Some(frame), false) = (frame, scan.is_empty()) else {
            return Err(CodecError::corrupt("JPEG stream without a frame"));
        };
        bytes.extend_from_slice(scan);
        // The end may be missing, as long as the samples are there.
        bytes.extend([0xFF, EOI]);
        Ok(Stream { bytes, frame })
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Frame {
    /// Reads a frame header's segment, marker included.
    fn read(segment: &[u8]) -> Option<Frame> {
        let [_, marker, _, _, precision, r1, r0, c1, c0, components, ..] = *segment else { return None };
        Some(Frame {
            marker,
            precision,
            rows: u16::from_be_bytes([r1, r0]),
            columns: u16::from_be_bytes([c1, c0]),
            components,
        })
    }

    /// The number of the coding process, as in `SOF0`.
    pub fn process(&self) -> u8 {
        self.marker - SOF0
    }

    /// Whether it is a baseline, extended sequential, or progressive frame.
    pub fn is_huffman_coded_dct(&self) -> bool {
        self.process() <= 2
    }
}

/// Appends what matters of the segments up to the first scan, and returns the bytes from there on.
fn append_segments<'a>(
    jpeg: &'a [u8],
    bytes: &mut Vec<u8>,
    frame: &mut Option<Frame>,
) -> Result<&'a [u8], CodecError> {
    let truncated = || CodecError::corrupt("JPEG stream ends within its header");
    let mut rest = jpeg.strip_prefix(&[0xFF, SOI]).ok_or_else(|| CodecError::corrupt("not a JPEG stream"))?;
    loop {
        let marker = match rest {
            [] | [0xFF, EOI, ..] => return Ok(&[]),
            [0xFF, 0xFF, ..] => {
                rest = &rest[1..];
                continue;
            }
            [0xFF, SOS, ..] => return Ok(rest),
            // Markers without a segment have no place here.
            [0xFF, marker @ (SOF0..RST0 | EOI..=COM), ..] => *marker,
            _ => return Err(CodecError::corrupt("JPEG stream without a segment where one has to be")),
        };
        let [_, _, high, low, ..] = *rest else { return Err(truncated()) };
        let end = 2 + usize::from(u16::from_be_bytes([high, low]));
        let (segment, after) = rest.split_at_checked(end).filter(|_| end >= 4).ok_or_else(truncated)?;
        match marker {
            DHT | DQT | DRI => bytes.extend_from_slice(segment),
            SOF0..DHT | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..RST0 => {
                let header = Frame::read(segment).ok_or_else(truncated)?;
                if frame.replace(header).is_some() {
                    return Err(CodecError::corrupt("JPEG stream with more than one frame"));
                }
                if header.components == 2 {
                    append_frame_of_two(segment, bytes)?;
                } else {
                    bytes.extend_from_slice(segment);
                }
            }
            _ => {}
        }
        rest = after;
    }
}

/// Appends the header of a frame of two components with a third one, of which there is no scan.
///
/// TurboJPEG has pixels of one, three, or four samples.
fn append_frame_of_two(segment: &[u8], bytes: &mut Vec<u8>) -> Result<(), CodecError> {
    let [.., first, sampling, _, second, _, _] = *segment else {
        return Err(CodecError::corrupt("JPEG stream ends within its header"));
    };
    let (Ok(header), true) = (<[u8; 10]>::try_from(&segment[..10]), segment.len() == 16) else {
        return Err(CodecError::corrupt("JPEG frame header of another length than its components have"));
    };
    let [marker @ .., _, _, p, r1, r0, c1, c0, _] = header;
    let third = (0..3).find(|id| ![first, second].contains(id)).unwrap_or_default();
    bytes.extend(marker);
    bytes.extend([0, 17, p, r1, r0, c1, c0, 3]);
    bytes.extend_from_slice(&segment[10..]);
    bytes.extend([third, sampling, 0]);
    Ok(())
}

/// An application segment of Adobe's, which says whether three components are YCbCr (1) or RGB (0);
/// with 0, four are left as they are.
fn adobe_segment(transform: Transform) -> [u8; 16] {
    let transform = if transform == Transform::YcbcrToRgb { 1 } else { 0 };
    let [a, d, o, b, e] = *b"Adobe";
    [0xFF, APP14, 0, 14, a, d, o, b, e, 0, 100, 0, 0, 0, 0, transform]
}

const SOF0: u8 = 0xC0;
const DHT: u8 = 0xC4;
const RST0: u8 = 0xD0;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DRI: u8 = 0xDD;
const APP14: u8 = 0xEE;
const COM: u8 = 0xFE;

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 13] = [0xFF, 0xC0, 0, 11, 8, 0, 16, 0, 24, 1, 0, 0x11, 0];
    const SCAN: [u8; 4] = [0xFF, 0xDA, 1, 2];

    fn jpeg(segments: &[&[u8]]) -> Vec<u8> {
        [&[&[0xFF, SOI][..]], segments].concat().concat()
    }

    fn stream(segments: &[&[u8]]) -> Result<Stream, CodecError> {
        Stream::new(&[], &jpeg(segments), Transform::YcbcrToRgb)
    }

    #[test]
    fn tables_come_first_and_application_segments_go() {
        let tables = jpeg(&[&[0xFF, DQT, 0, 3, 7], &[0xFF, EOI]]);
        let tile = jpeg(&[&[0xFF, 0xE0, 0, 4, 1, 2], &[0xFF, 0xFF, COM, 0, 2], &FRAME, &SCAN]);
        let stream = Stream::new(&tables, &tile, Transform::YcbcrToRgb).unwrap();
        let adobe = adobe_segment(Transform::YcbcrToRgb);
        let expected = jpeg(&[&adobe, &[0xFF, DQT, 0, 3, 7], &FRAME, &SCAN, &[0xFF, EOI]]);
        assert_eq!(stream.as_bytes(), expected);
        let Frame { rows, columns, components, precision, .. } = stream.frame;
        assert_eq!((rows, columns, components, precision), (16, 24, 1, 8));
    }

    #[test]
    fn two_components_get_a_third() {
        let two = [0xFF, 0xC0, 0, 14, 8, 0, 16, 0, 24, 2, 1, 0x21, 0, 0, 0x11, 1];
        let stream = stream(&[&two, &SCAN]).unwrap();
        let three = [0xFF, 0xC0, 0, 17, 8, 0, 16, 0, 24, 3, 1, 0x21, 0, 0, 0x11, 1, 2, 0x21, 0];
        assert_eq!(stream.as_bytes()[18..37], three);
        assert_eq!(stream.frame.components, 2);
    }

    #[test]
    fn what_a_decoder_would_read_otherwise_is_refused() {
        let refused: [&[&[u8]]; 8] = [
            &[&FRAME],
            &[&SCAN],
            &[&FRAME, &FRAME, &SCAN],
            // A restart marker has no length: what looks like one would be another frame.
            &[&[0xFF, 0xD0, 0xFF, 0xC0], &FRAME, &SCAN],
            &[&[0xFF, 0x01, 0, 2], &FRAME, &SCAN],
            &[&[0xFF, SOI], &FRAME, &SCAN],
            &[&[0xFF, 0xC0, 0, 13, 8, 0, 16, 0, 24, 2, 0, 0x11, 0, 1, 0x11], &SCAN],
            &[&[0xFF, DQT, 0, 1, 0], &FRAME, &SCAN],
        ];
        for segments in refused {
            assert!(matches!(stream(segments), Err(CodecError::Corrupt(_))), "{segments:?}");
        }
    }
}
