//! Decoded bytes a second on one core, beside what the codec's crate does by itself with the same bytes.
//!
//! Tiles are of 1024² pixels: `uint16` terrain with noise; `float32` terrain; 8-bit RGB.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use rasteret_geotiff::decode::{CodecRegistry, decode};
use rasteret_schema::{DataType, Encoding, HeaderArchive, ImageHeader, RasterHeader, TileRequest, TileTable};
use std::hint::black_box;
use std::io::{Cursor, Read, Write};
use std::ops::Range;

const SIZE: u32 = 1024;
const PIXELS: usize = (SIZE * SIZE) as usize;

/// Hills of several sizes with noise, from 0 to 1.
fn terrain(x: u32, y: u32) -> f64 {
    let noise = x.wrapping_mul(0x9E37_79B9) ^ y.wrapping_mul(0x85EB_CA6B);
    let noise = f64::from(noise.wrapping_mul(0xC2B2_AE35) >> 16) / 65536.0;
    let (x, y) = (f64::from(x), f64::from(y));
    let hills: f64 = (0..7)
        .map(|octave| {
            let frequency = f64::from(1 << octave) / 600.0;
            ((x * frequency + 1.3 * y * frequency).sin() + (y * frequency - 0.4 * x * frequency).cos())
                / f64::from(1 << octave)
        })
        .sum();
    ((hills + 4.0) / 8.0 + noise * 0.004).clamp(0.0, 1.0)
}

fn samples<const N: usize>(sample: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
    (0..SIZE).flat_map(|y| (0..SIZE).map(move |x| (x, y))).flat_map(|(x, y)| sample(terrain(x, y))).collect()
}

fn uint16() -> Vec<u8> {
    samples(|height| ((height * 9000.0) as u16).to_le_bytes())
}

fn float32() -> Vec<u8> {
    samples(|height| ((height * 4000.0) as f32).to_le_bytes())
}

fn rgb() -> Vec<u8> {
    samples(|height| {
        [(height * 255.0) as u8, (200.0 - height * 180.0) as u8, (height * height * 255.0) as u8]
    })
}

/// `Predictor` 2, for words of `N` bytes.
fn difference<const N: usize>(bytes: &[u8], stride: usize) -> Vec<u8> {
    let number = |word: &[u8; N]| word.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let mut out = bytes.to_vec();
    for row in out.chunks_exact_mut(SIZE as usize * stride * N) {
        let words = row.as_chunks_mut::<N>().0;
        for index in (stride..words.len()).rev() {
            let difference = number(&words[index]).wrapping_sub(number(&words[index - stride]));
            words[index] = std::array::from_fn(|byte| (difference >> (8 * byte)) as u8);
        }
    }
    out
}

/// `Predictor` 3, for one sample of `float32`.
fn difference_floats(bytes: &[u8]) -> Vec<u8> {
    let planes = bytes.chunks_exact(SIZE as usize * 4).flat_map(|row| {
        let numbers = row.as_chunks::<4>().0;
        (0..4).rev().flat_map(move |byte| numbers.iter().map(move |number| number[byte])).collect::<Vec<_>>()
    });
    let planes: Vec<u8> = planes.collect();
    planes
        .chunks_exact(SIZE as usize * 4)
        .flat_map(|row| {
            std::iter::once(row[0]).chain(row.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])))
        })
        .collect()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; compressor.zlib_compress_bound(bytes.len())];
    let len = compressor.zlib_compress(bytes, &mut out).expect("room");
    out.truncate(len);
    out
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 9).expect("memory")
}

fn lzw(bytes: &[u8]) -> Vec<u8> {
    weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(bytes).expect("bytes")
}

fn packbits(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(128).flat_map(|run| [&[run.len() as u8 - 1], run].concat()).collect()
}

fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(6);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).expect("valid options");
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn encoding(dtype: DataType, samples_per_pixel: u16, compression: u16, predictor: u16) -> Encoding {
    Encoding {
        bits_per_sample: 8 * dtype.size() as u16,
        samples_per_pixel,
        compression,
        predictor,
        photometric: if samples_per_pixel == 3 { 2 } else { 1 },
        chroma_subsampling: [2, 2],
        ..Encoding::uncompressed(dtype)
    }
}

fn header(encoding: Encoding) -> HeaderArchive {
    let image = ImageHeader::new([SIZE; 2], [SIZE; 2], TileTable::new(&[8], &[8]));
    let header = RasterHeader::new("geotiff", encoding, vec![image]);
    HeaderArchive::new(&header).expect("a header that can be archived")
}

/// Decodes rows and columns of all samples.
fn decoding(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    encoding: Encoding,
    encoded: &[u8],
    [rows, columns]: [Range<u32>; 2],
) {
    let samples: Vec<u16> = (0..encoding.samples_per_pixel).collect();
    let sample_size = encoding.dtype.size();
    let archive = header(encoding);
    let image = archive.header().expect("a valid archive").image(0).expect("an image");
    let codecs = CodecRegistry::default();
    let request = TileRequest { rows, columns, samples: &samples };
    let mut out = vec![0; request.decoded_len(sample_size).expect("a small tile")];
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            decode(&codecs, &image, 0, black_box(encoded), &request, &mut out).expect("a valid tile");
            black_box(&mut out);
        });
    });
}

/// The codec's crate by itself, on a whole tile.
fn raw(
    group: &mut BenchmarkGroup<'_, WallTime>,
    encoded: &[u8],
    len: usize,
    mut decompress: impl FnMut(&[u8], &mut [u8]),
) {
    let mut out = vec![0; len];
    group.throughput(Throughput::Bytes(len as u64));
    group.bench_function("crate", |bencher| {
        bencher.iter(|| {
            decompress(black_box(encoded), &mut out);
            black_box(&mut out);
        });
    });
}

fn whole() -> [Range<u32>; 2] {
    [0..SIZE, 0..SIZE]
}

fn inflate(decompressor: &mut libdeflater::Decompressor, encoded: &[u8], out: &mut [u8]) {
    decompressor.zlib_decompress(encoded, out).expect("valid bytes");
}

fn deflate_tiles(criterion: &mut Criterion) {
    let mut decompressor = libdeflater::Decompressor::new();
    let cases = [
        ("uint16", encoding(DataType::UInt16, 1, 8, 1), uint16()),
        ("uint16 predictor 2", encoding(DataType::UInt16, 1, 8, 2), difference::<2>(&uint16(), 1)),
        ("float32 predictor 2", encoding(DataType::Float32, 1, 8, 2), difference::<4>(&float32(), 1)),
        ("float32 predictor 3", encoding(DataType::Float32, 1, 8, 3), difference_floats(&float32())),
        ("RGB", encoding(DataType::UInt8, 3, 8, 1), rgb()),
        ("RGB predictor 2", encoding(DataType::UInt8, 3, 8, 2), difference::<1>(&rgb(), 3)),
    ];
    for (name, encoding, bytes) in cases {
        let mut group = criterion.benchmark_group(format!("Deflate {name}"));
        let encoded = deflate(&bytes);
        raw(&mut group, &encoded, bytes.len(), |encoded, out| inflate(&mut decompressor, encoded, out));
        decoding(&mut group, "decode", encoding.clone(), &encoded, whole());
        decoding(
            &mut group,
            "decode a quarter of the rows",
            encoding.clone(),
            &encoded,
            [0..SIZE / 4, 0..SIZE],
        );
        decoding(&mut group, "decode the middle", encoding, &encoded, [SIZE / 4..SIZE * 3 / 4, 256..768]);
    }

    let mut group = criterion.benchmark_group("Deflate uint16 predictor 2 big-endian");
    let swapped: Vec<u8> =
        difference::<2>(&uint16(), 1).as_chunks::<2>().0.iter().flat_map(|[a, b]| [*b, *a]).collect();
    let encoded = deflate(&swapped);
    raw(&mut group, &encoded, swapped.len(), |encoded, out| inflate(&mut decompressor, encoded, out));
    let big_endian = Encoding { big_endian: true, ..encoding(DataType::UInt16, 1, 8, 2) };
    decoding(&mut group, "decode", big_endian, &encoded, whole());
}

fn lossless_tiles(criterion: &mut Criterion) {
    let (plain, differences) = (uint16(), difference::<2>(&uint16(), 1));
    let uint16 = |compression, predictor| encoding(DataType::UInt16, 1, compression, predictor);

    let mut group = criterion.benchmark_group("None uint16");
    raw(&mut group, &plain, plain.len(), |encoded, out| out.copy_from_slice(encoded));
    decoding(&mut group, "decode", uint16(1, 1), &plain, whole());
    group.finish();

    let mut group = criterion.benchmark_group("PackBits uint16");
    decoding(&mut group, "decode", uint16(32773, 1), &packbits(&plain), whole());
    group.finish();

    let mut group = criterion.benchmark_group("LZW uint16 predictor 2");
    let encoded = lzw(&differences);
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
    raw(&mut group, &encoded, differences.len(), |encoded, out| {
        decoder.reset();
        let (mut read, mut written) = (0, 0);
        while written < out.len() {
            let step = decoder.decode_bytes(&encoded[read..], &mut out[written..]);
            step.status.expect("valid bytes");
            read += step.consumed_in;
            written += step.consumed_out;
        }
    });
    decoding(&mut group, "decode", uint16(5, 2), &encoded, whole());
    decoding(&mut group, "decode a quarter of the rows", uint16(5, 2), &encoded, [0..SIZE / 4, 0..SIZE]);
    group.finish();

    let mut group = criterion.benchmark_group("Zstandard uint16 predictor 2");
    let encoded = zstandard(&differences);
    let mut context = zstd::zstd_safe::DCtx::create();
    raw(&mut group, &encoded, differences.len(), |encoded, out| {
        context.decompress(out, encoded).expect("valid bytes");
    });
    decoding(&mut group, "decode", uint16(50000, 2), &encoded, whole());
    decoding(&mut group, "decode a quarter of the rows", uint16(50000, 2), &encoded, [0..SIZE / 4, 0..SIZE]);
    group.finish();

    let mut group = criterion.benchmark_group("LZMA uint16 predictor 2");
    group.sample_size(10);
    let encoded = lzma(&differences);
    raw(&mut group, &encoded, differences.len(), |encoded, out| {
        lzma_rust2::XzReader::new(encoded, false).read_exact(out).expect("valid bytes");
    });
    decoding(&mut group, "decode", uint16(34925, 2), &encoded, whole());
    group.finish();
}

fn lerc_tiles(criterion: &mut Criterion) {
    let pixels: Vec<f32> =
        float32().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    for (name, precision) in
        [("0.01", lerc::Precision::Tolerance(0.01)), ("lossless", lerc::Precision::Lossless)]
    {
        let mut group = criterion.benchmark_group(format!("LERC float32 {name}"));
        let encoded = lerc::encode_slice(SIZE, SIZE, &pixels, precision).expect("a raster");
        let mut out = vec![0f32; PIXELS];
        group.throughput(Throughput::Bytes(4 * PIXELS as u64));
        group.bench_function("crate", |bencher| {
            bencher.iter(|| lerc::decode_into(black_box(&encoded), &mut out).expect("valid bytes"));
        });
        decoding(&mut group, "decode", encoding(DataType::Float32, 1, 34887, 1), &encoded, whole());
    }
}

/// Decompresses a JPEG file to RGB.
fn libjpeg_turbo(encoded: &[u8], out: &mut [u8]) {
    use turbojpeg_sys as sys;
    let (len, pitch) = (encoded.len() as sys::size_t, 3 * SIZE as i32);
    assert_eq!(out.len(), PIXELS * 3);
    // SAFETY: the handle is valid, the bytes are those of an image of SIZE² pixels, and `out` has room for it.
    let result = unsafe {
        let handle = sys::tj3Init(sys::TJINIT_TJINIT_DECOMPRESS as i32);
        let format = sys::TJPF_TJPF_RGB;
        let result = sys::tj3Decompress8(handle, encoded.as_ptr(), len, out.as_mut_ptr(), pitch, format);
        sys::tj3Destroy(handle);
        result
    };
    assert_eq!(result, 0, "valid bytes");
}

fn image_tiles(criterion: &mut Criterion) {
    let rgb = rgb();

    let mut group = criterion.benchmark_group("JPEG YCbCr 4:2:0");
    let mut encoded = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut encoded, 75);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(&rgb, SIZE as u16, SIZE as u16, jpeg_encoder::ColorType::Rgb).expect("an image");
    raw(&mut group, &encoded, rgb.len(), |encoded, out| {
        libjpeg_turbo(encoded, out);
    });
    let ycbcr = Encoding { photometric: 6, ..encoding(DataType::UInt8, 3, 7, 1) };
    decoding(&mut group, "decode", ycbcr, &encoded, whole());
    group.finish();

    let mut group = criterion.benchmark_group("WebP lossless");
    let mut encoded = Vec::new();
    let encoder = image_webp::WebPEncoder::new(&mut encoded);
    encoder.encode(&rgb, SIZE, SIZE, image_webp::ColorType::Rgb8).expect("an image");
    raw(&mut group, &encoded, rgb.len(), |encoded, out| {
        let mut decoder = image_webp::WebPDecoder::new(Cursor::new(encoded)).expect("valid bytes");
        decoder.read_image(out).expect("valid bytes");
    });
    decoding(&mut group, "decode", encoding(DataType::UInt8, 3, 50001, 1), &encoded, whole());
    group.finish();
}

criterion_group!(benches, deflate_tiles, lossless_tiles, lerc_tiles, image_tiles);
criterion_main!(benches);
