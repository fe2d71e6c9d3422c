use crate::decode::{Codec, CodecError, Decompressed, EncodedTile, scratch};
use std::num::NonZeroU32;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

const YCBCR: u16 = 6;

/// JPEG of 8 bits, baseline and progressive (`Compression` 7; Adobe Photoshop TIFF Technical Note 2).
///
/// YCbCr becomes RGB, as GDAL reads it; any other photometric interpretation is left as it is.
#[derive(Debug, Clone, Copy)]
pub struct Jpeg;

impl Codec for Jpeg {
    fn decompressed(&self) -> Decompressed {
        Decompressed::Samples
    }

    fn decompress(
        &self,
        tile: &EncodedTile<'_>,
        encoded: &[u8],
        needed: usize,
        out: &mut [u8],
    ) -> Result<(), CodecError> {
        let frame = Frame::read(tile.image.jpeg_tables, encoded)?;
        frame.check(tile)?;
        let convert = tile.image.photometric == YCBCR && !tile.image.planar;
        let options = DecoderOptions::default()
            .set_max_width(frame.columns.into())
            .set_max_height(frame.rows.into())
            // Decoding two components is not strict, in the eyes of zune-jpeg.
            .set_strict_mode(tile.samples != 2);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&frame.stream), options);
        decoder.decode_headers().map_err(CodecError::corrupt)?;
        let stored = decoder.input_colorspace().unwrap_or(ColorSpace::Unknown);
        let wanted = match (tile.samples, stored) {
            (1, _) => ColorSpace::Luma,
            (3, ColorSpace::YCbCr) if convert => ColorSpace::RGB,
            (2, _) if !convert => ColorSpace::MultiBand(NonZeroU32::new(2).unwrap_or(NonZeroU32::MIN)),
            (3, ColorSpace::YCbCr | ColorSpace::RGB) | (4, ColorSpace::CMYK) if !convert => stored,
            _ => {
                return Err(CodecError::Unsupported {
                    tag: "PhotometricInterpretation",
                    value: format!("{} for JPEG of {} samples", tile.image.photometric, tile.samples),
                    hint: "",
                });
            }
        };
        decoder.set_options(options.jpeg_set_out_colorspace(wanted));

        let len = usize::from(frame.rows) * tile.row_len;
        CodecError::check_len(len, needed)?;
        if let Some(out) = out.get_mut(..len) {
            return decoder.decode_into(out).map_err(CodecError::corrupt);
        }
        // The last strip holds as many rows as the others.
        scratch::with_codec_buffer(len, |rows| {
            decoder.decode_into(rows).map_err(CodecError::corrupt)?;
            out.copy_from_slice(&rows[..out.len()]);
            Ok(())
        })
    }
}

/// A JPEG stream that stands by itself, and what its frame header says.
struct Frame {
    stream: Vec<u8>,
    process: u8,
    precision: u8,
    rows: u16,
    columns: u16,
    components: u8,
}

impl Frame {
    /// Puts the tables before the tile's frame, and leaves out the application segments: a decoder
    /// would go by them for colours, where only `PhotometricInterpretation` counts.
    fn read(tables: &[u8], encoded: &[u8]) -> Result<Frame, CodecError> {
        let mut frame = Frame {
            stream: Vec::with_capacity(tables.len() + encoded.len()),
            process: 0,
            precision: 0,
            rows: 0,
            columns: 0,
            components: 0,
        };
        frame.stream.extend([0xFF, SOI]);
        if !tables.is_empty() {
            frame.append(tables)?;
        }
        let scan = frame.append(encoded)?;
        if scan.is_empty() || frame.process == 0 {
            return Err(CodecError::corrupt("JPEG stream without a frame"));
        }
        frame.check_scan(scan)?;
        frame.stream.extend_from_slice(scan);
        Ok(frame)
    }

    /// Appends segments up to the first scan, and returns the bytes from there on.
    fn append<'a>(&mut self, jpeg: &'a [u8]) -> Result<&'a [u8], CodecError> {
        let truncated = || CodecError::corrupt("JPEG stream ends within its header");
        let mut rest =
            jpeg.strip_prefix(&[0xFF, SOI]).ok_or_else(|| CodecError::corrupt("not a JPEG stream"))?;
        loop {
            let marker = match rest {
                [] => return Ok(&[]),
                [0xFF, 0xFF, ..] => {
                    rest = &rest[1..];
                    continue;
                }
                [0xFF, EOI, ..] => return Ok(&[]),
                [0xFF, SOS, ..] => return Ok(rest),
                [0xFF, marker, ..] => *marker,
                _ => return Err(CodecError::corrupt("JPEG stream without a marker where one has to be")),
            };
            let [_, _, high, low, ..] = *rest else { return Err(truncated()) };
            let end = 2 + usize::from(u16::from_be_bytes([high, low]));
            let (segment, after) = rest.split_at_checked(end).filter(|_| end >= 4).ok_or_else(truncated)?;
            match marker {
                0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                    let [_, _, _, _, precision, r1, r0, c1, c0, components, ..] = *segment else {
                        return Err(truncated());
                    };
                    self.process = marker;
                    self.precision = precision;
                    self.rows = u16::from_be_bytes([r1, r0]);
                    self.columns = u16::from_be_bytes([c1, c0]);
                    self.components = components;
                    self.stream.extend_from_slice(segment);
                }
                APP0..=APP15 | COM => {}
                _ => self.stream.extend_from_slice(segment),
            }
            rest = after;
        }
    }

    /// Refuses a scan of all components that ends in anything but the end of the image: zune-jpeg 0.5.15
    /// takes what follows for the next scan, returns `Ok`, and leaves rows of the output as they were.
    ///
    /// Scans of some components, and progressive ones, it collects before it writes any row.
    fn check_scan(&self, scan: &[u8]) -> Result<(), CodecError> {
        let [_, _, high, low, components, ..] = *scan else {
            return Err(CodecError::corrupt("JPEG stream ends within its header"));
        };
        if self.process == PROGRESSIVE || components < self.components {
            return Ok(());
        }
        let entropy_coded = scan.get(2 + usize::from(u16::from_be_bytes([high, low]))..).unwrap_or_default();
        let is_marker = |pair: &&[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | RST0..=RST7 | 0xFF);
        match entropy_coded.windows(2).find(is_marker) {
            None | Some([_, EOI]) => Ok(()),
            Some(marker) => Err(CodecError::corrupt(format_args!(
                "JPEG scan that ends in marker {:02X} instead of the end of the image",
                marker[1]
            ))),
        }
    }

    fn check(&self, tile: &EncodedTile<'_>) -> Result<(), CodecError> {
        let unsupported = |tag, value| {
            Err(CodecError::Unsupported {
                tag,
                value,
                hint: "rewrite the file, for instance with `gdal_translate`",
            })
        };
        if !matches!(self.process, 0xC0..=PROGRESSIVE) {
            return unsupported("JPEG process", format!("SOF{}", self.process - 0xC0));
        }
        if self.precision != 8 {
            return unsupported("BitsPerSample", format!("{} for JPEG", self.precision));
        }
        if tile.image.bits_per_sample != 8 {
            return Err(CodecError::corrupt(format_args!(
                "JPEG frame of 8 bits a sample for a tile of {}",
                tile.image.bits_per_sample
            )));
        }
        // A last strip may have as many rows as the others, as libtiff allows.
        let most_rows = if tile.image.striped { tile.image.tile_height } else { tile.rows };
        if u16::from(self.components) != tile.samples
            || u32::from(self.columns) != tile.columns
            || u32::from(self.rows) > most_rows
        {
            return Err(CodecError::corrupt(format_args!(
                "JPEG frame of {} × {} pixels of {} samples for a tile of {} × {} of {}",
                self.columns, self.rows, self.components, tile.columns, tile.rows, tile.samples
            )));
        }
        Ok(())
    }
}

const PROGRESSIVE: u8 = 0xC2;
const RST0: u8 = 0xD0;
const RST7: u8 = 0xD7;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP0: u8 = 0xE0;
const APP15: u8 = 0xEF;
const COM: u8 = 0xFE;
