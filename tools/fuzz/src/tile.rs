//! Tiles of any bytes in any encoding: decoding ends in pixels or an error, and pixels do not depend on
//! which of them are asked for.
//!
//! An input starts with [`PARAMETERS`] bytes that choose the encoding and the request, see [`Case`].

use rasteret_geotiff::decode::{CodecRegistry, decode};
use rasteret_schema::{
    DataType, Encoding, HeaderArchive, ImageHeader, ImageView, RasterError, RasterHeader, TileRequest,
    TileTable,
};
use std::cell::OnceCell;

/// Bytes in front of an input that are not the tile's.
pub const PARAMETERS: usize = 24;

/// Tiles are no wider nor higher.
const SIDE: u8 = 64;

const JPEG: u16 = 7;

/// One tile and a request for some of its pixels.
///
/// | byte | what |
/// | --- | --- |
/// | 0 | data type |
/// | 1 | `BitsPerSample`; 0 for those of the data type |
/// | 2 | samples of a pixel |
/// | 3 | bits: planar, striped, big-endian, reversed bits, JPEG tables |
/// | 4, 5, 6 | predictor, photometric interpretation, compression within LERC |
/// | 7, 8 | subsampling |
/// | 9, 10, 11, 12 | width, height, tile width, tile height, each less one |
/// | 13 | tile |
/// | 14, 15, 16, 17 | first row, rows, first column, columns |
/// | 18, 19 | first sample, samples |
/// | 20, 21 | length of the JPEG tables |
///
/// After the parameters there are the JPEG tables, and then the tile.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// How the samples are encoded.
    pub encoding: Encoding,
    /// Columns and rows of the image.
    pub size: [u32; 2],
    /// Columns and rows of a tile.
    pub tile_size: [u32; 2],
    /// Index of the tile.
    pub tile: u32,
    /// First row and rows of the request.
    pub rows: [u32; 2],
    /// First column and columns.
    pub columns: [u32; 2],
    /// First sample and samples.
    pub samples: [u16; 2],
    /// The tile.
    pub encoded: &'a [u8],
}

impl<'a> Case<'a> {
    /// Reads an input; `None` where it is too short.
    pub fn new(compression: u16, input: &'a [u8]) -> Option<Self> {
        let (parameters, rest) = input.split_first_chunk::<PARAMETERS>()?;
        let side = |at: usize, most: u8| u32::from(parameters[at] % most) + 1;
        let flag = |bit: u8| parameters[3] >> bit & 1 == 1;
        let dtype = DataType::ALL[usize::from(parameters[0]) % DataType::ALL.len()];
        let bits_per_sample = match parameters[1] {
            0 => 8 * dtype.size() as u16,
            bits => bits.into(),
        };
        let tables = usize::from(u16::from_le_bytes([parameters[20], parameters[21]]));
        let has_tables = compression == JPEG && flag(4);
        let (jpeg_tables, encoded) = rest.split_at(if has_tables { tables.min(rest.len()) } else { 0 });
        Some(Case {
            encoding: Encoding {
                bits_per_sample,
                samples_per_pixel: parameters[2].into(),
                planar: flag(0),
                striped: flag(1),
                big_endian: flag(2),
                reversed_bits: flag(3),
                compression,
                predictor: parameters[4].into(),
                photometric: parameters[5].into(),
                chroma_subsampling: [parameters[7], parameters[8]],
                jpeg_tables: jpeg_tables.to_vec(),
                lerc_compression: parameters[6],
                ..Encoding::uncompressed(dtype)
            },
            size: [side(9, 2 * SIDE), side(10, 2 * SIDE)],
            tile_size: [side(11, SIDE), side(12, SIDE)],
            tile: parameters[13].into(),
            rows: [parameters[14].into(), parameters[15].into()],
            columns: [parameters[16].into(), parameters[17].into()],
            samples: [parameters[18].into(), parameters[19].into()],
            encoded,
        })
    }

    /// The input of a case whose numbers are small enough, to seed a corpus.
    pub fn input(&self) -> Vec<u8> {
        let Encoding { dtype, bits_per_sample, samples_per_pixel, .. } = self.encoding;
        let flags = [
            self.encoding.planar,
            self.encoding.striped,
            self.encoding.big_endian,
            self.encoding.reversed_bits,
            !self.encoding.jpeg_tables.is_empty(),
        ];
        let flags = flags.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag));
        let [horizontal, vertical] = self.encoding.chroma_subsampling;
        let tables = (self.encoding.jpeg_tables.len() as u16).to_le_bytes();
        let parameters: [u8; PARAMETERS] = [
            dtype as u8,
            bits_per_sample as u8,
            samples_per_pixel as u8,
            flags,
            self.encoding.predictor as u8,
            self.encoding.photometric as u8,
            self.encoding.lerc_compression,
            horizontal,
            vertical,
            self.size[0] as u8 - 1,
            self.size[1] as u8 - 1,
            self.tile_size[0] as u8 - 1,
            self.tile_size[1] as u8 - 1,
            self.tile as u8,
            self.rows[0] as u8,
            self.rows[1] as u8,
            self.columns[0] as u8,
            self.columns[1] as u8,
            self.samples[0] as u8,
            self.samples[1] as u8,
            tables[0],
            tables[1],
            0,
            0,
        ];
        [&parameters, self.encoding.jpeg_tables.as_slice(), self.encoded].concat()
    }

    fn archive(&self) -> HeaderArchive {
        let [width, height] = self.size;
        let [tile_width, tile_height] = self.tile_size;
        let planes = if self.encoding.planar { u32::from(self.encoding.samples_per_pixel) } else { 1 };
        let tiles = (width.div_ceil(tile_width) * height.div_ceil(tile_height) * planes) as usize;
        // Of one sparse tile less than a byte is kept.
        let sparse = vec![0; tiles];
        let image = ImageHeader::new(self.size, self.tile_size, TileTable::new(&sparse, &sparse));
        let header = RasterHeader::new(rasteret_geotiff::FORMAT, self.encoding.clone(), vec![image]);
        HeaderArchive::new(&header).expect("a header that can be archived")
    }
}

/// Decodes the tile of an input: all of it, and the part that it asks for.
pub fn check(compression: u16, input: &[u8]) {
    let Some(case) = Case::new(compression, input) else { return };
    let archive = case.archive();
    let archived = archive.header().expect("it has just been archived");
    let image = archived.image(0).expect("it has an image");

    let (rows, columns, samples) =
        (image.encoded_rows(case.tile), image.tile_width, image.samples_per_tile());
    let all: Vec<u16> = (0..samples).collect();
    let whole =
        decoded(&image, &case, &TileRequest { rows: 0..rows, columns: 0..columns, samples: &all }, 0xA5);

    let some: Vec<u16> =
        (0..case.samples[1].min(8)).map(|sample| case.samples[0].saturating_add(sample)).collect();
    let request = TileRequest {
        rows: case.rows[0]..case.rows[0] + case.rows[1],
        columns: case.columns[0]..case.columns[0] + case.columns[1],
        samples: &some,
    };
    let part = decoded(&image, &case, &request, 0x5A);
    let inside = request.rows.end <= rows
        && request.columns.end <= columns
        && request.samples.iter().all(|sample| *sample < samples);
    assert!(inside || part.is_err(), "{request:?} leaves the tile");
    if let (Ok(whole), Ok(part)) = (whole, part) {
        assert_eq!(part, cropped(&whole, [rows, columns], &request, image.dtype.size()), "{request:?}");
    }
}

/// Decodes into a buffer that is filled with something, to tell what has not been written.
fn decoded(
    image: &ImageView<'_>,
    case: &Case<'_>,
    request: &TileRequest<'_>,
    filled_with: u8,
) -> Result<Vec<u8>, RasterError> {
    thread_local! {
        static CODECS: OnceCell<CodecRegistry> = const { OnceCell::new() };
    }
    let len = request.decoded_len(image.dtype.size()).expect("small numbers");
    let mut out = vec![filled_with; len];
    CODECS.with(|codecs| {
        decode(codecs.get_or_init(CodecRegistry::default), image, case.tile, case.encoded, request, &mut out)
    })?;
    Ok(out)
}

/// The part of a whole tile's samples, `[samples, rows, columns]`, that a request is for.
fn cropped(
    whole: &[u8],
    [rows, columns]: [u32; 2],
    request: &TileRequest<'_>,
    sample_size: usize,
) -> Vec<u8> {
    let mut part = Vec::new();
    for sample in request.samples {
        for row in request.rows.clone() {
            let start = ((u32::from(*sample) * rows + row) * columns + request.columns.start) as usize;
            part.extend(&whole[start * sample_size..][..request.columns.len() * sample_size]);
        }
    }
    part
}
