//! Images that no file holds, for tests of single tiles.

// Every test uses a part.
#![allow(dead_code)]

use rasteret_geotiff::decode::{CodecRegistry, decode};
use rasteret_schema::{
    DataType, Encoding, HeaderArchive, ImageHeader, RasterError, RasterHeader, TileRequest, TileTable,
};
use std::ops::Range;

/// One sample of 8 bits, not compressed, in tiles.
pub fn encoding() -> Encoding {
    Encoding { chroma_subsampling: [2, 2], ..Encoding::uncompressed(DataType::UInt8) }
}

/// An image of a few tiles.
pub struct Image {
    archive: HeaderArchive,
    sample_size: usize,
}

impl Image {
    /// An image of the given columns and rows, in tiles of the given columns and rows.
    pub fn new(encoding: Encoding, size: [u32; 2], tile_size: [u32; 2]) -> Image {
        let planes = if encoding.planar { u32::from(encoding.samples_per_pixel) } else { 1 };
        let places = size[0].div_ceil(tile_size[0]) * size[1].div_ceil(tile_size[1]);
        let tiles = (places * planes) as usize;
        let sample_size = encoding.dtype.size();
        let image = ImageHeader::new(size, tile_size, TileTable::new(&vec![8; tiles], &vec![1; tiles]));
        let header = RasterHeader::new("geotiff", encoding, vec![image]);
        Image { archive: HeaderArchive::new(&header).expect("a header that can be archived"), sample_size }
    }

    /// An image of one tile.
    pub fn of_one_tile(encoding: Encoding, size: [u32; 2]) -> Image {
        Image::new(encoding, size, size)
    }

    /// Decodes a rectangle of a tile with the built-in codecs.
    pub fn decode(
        &self,
        tile: u32,
        encoded: &[u8],
        rows: Range<u32>,
        columns: Range<u32>,
        samples: &[u16],
    ) -> Result<Vec<u8>, RasterError> {
        self.decode_with(&CodecRegistry::default(), tile, encoded, rows, columns, samples)
    }

    /// Decodes a rectangle of a tile.
    pub fn decode_with(
        &self,
        codecs: &CodecRegistry,
        tile: u32,
        encoded: &[u8],
        rows: Range<u32>,
        columns: Range<u32>,
        samples: &[u16],
    ) -> Result<Vec<u8>, RasterError> {
        let view = self.archive.header().expect("a valid archive");
        let image = view.image(0).expect("an image");
        let request = TileRequest { rows, columns, samples };
        let mut out = vec![0; request.decoded_len(self.sample_size).expect("a small rectangle")];
        decode(codecs, &image, tile, encoded, &request, &mut out)?;
        Ok(out)
    }
}

/// Encoders of the schemes that have one in Rust.
pub mod encode {
    use std::io::Write;

    pub fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
        let mut encoded = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let len = compressor.zlib_compress(bytes, &mut encoded).expect("room");
        encoded.truncate(len);
        encoded
    }

    pub fn zstandard(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 3).expect("memory")
    }

    pub fn lzw(bytes: &[u8]) -> Vec<u8> {
        weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(bytes).expect("bytes")
    }

    pub fn old_style_lzw(bytes: &[u8]) -> Vec<u8> {
        weezl::encode::Encoder::new(weezl::BitOrder::Lsb, 8).encode(bytes).expect("bytes")
    }

    /// Literal runs only.
    pub fn packbits(bytes: &[u8]) -> Vec<u8> {
        bytes.chunks(128).flat_map(|run| [&[run.len() as u8 - 1], run].concat()).collect()
    }

    pub fn lzma(bytes: &[u8]) -> Vec<u8> {
        let options = lzma_rust2::XzOptions::with_preset(1);
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("valid options");
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    pub fn lerc(pixels: &[f32], [width, height]: [u32; 2]) -> Vec<u8> {
        lerc::encode_slice(width, height, pixels, lerc::Precision::Tolerance(0.25)).expect("a raster")
    }

    /// Lossless, of three samples.
    pub fn webp(pixels: &[u8], [width, height]: [u32; 2]) -> Vec<u8> {
        let mut encoded = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut encoded);
        encoder.encode(pixels, width, height, image_webp::ColorType::Rgb8).expect("an image");
        encoded
    }
}
