//! Writes `seeds`: small files of many kinds, their archives, their tiles, and tables, for the targets to start from.
//!
//! ```text
//! cargo run --example seeds
//! ```

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use rasteret_fuzz::tile::Case;
use rasteret_geotiff::header;
use rasteret_geotiff::write::{
    Blocks, ByteOrder, Codec, CogOptions, GeoKeyValue, GeoKeys, Image, LercCompression, Predictor, Sample,
    key, write_cog,
};
use rasteret_schema::{
    BandMetadata, ByteRanges, ColorInterpretation, Encoding, Geotransform, HeaderArchive, Parsed, PixelValue,
    RasterHeader, header_column,
};
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SIDE: u32 = 32;
const TILES: Blocks = Blocks::Tiles { width: SIDE, height: SIDE };

fn main() -> Result<()> {
    for (name, file) in files()? {
        let archive = archive(&file)?;
        write("header", &name, &file[..data_start(&archive.header()?.to_header()?, file.len())])?;
        write("archive", &name, archive.as_bytes())?;
        tiles(&name, &file)?;
    }
    tables()
}

/// A table of two scenes with headers in each format.
fn tables() -> Result<()> {
    let file = files()?.into_iter().find(|(name, _)| name == "geographic").ok_or("there is no such file")?.1;
    let archive = archive(&file)?;
    let headers = header_column::to_array([Some((archive.header()?, 0)); 2].into_iter())?;
    let text = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let numbers = |values: [f64; 2]| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("id", text(["a", "b"])),
        ("datetime", text(["2024-01-03", "2024-01-08T05:22:31Z"])),
        ("href", text(["a.tif", "b.tif"])),
        ("proj:epsg", numbers([32643.0, 32644.0])),
        ("href_metadata", Arc::new(headers) as ArrayRef),
    ])?;
    let mut parquet = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    parquet.write(&batch)?;
    write("table", "parquet", &parquet.into_inner()?)?;
    let compressions =
        [("", None), ("-lz4", Some(CompressionType::LZ4_FRAME)), ("-zstd", Some(CompressionType::ZSTD))];
    for (name, compression) in compressions {
        let options = IpcWriteOptions::default().try_with_compression(compression)?;
        let mut file = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options.clone())?;
        file.write(&batch)?;
        write("table", &format!("arrow-file{name}"), &file.into_inner()?)?;
        let mut stream = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options)?;
        stream.write(&batch)?;
        write("table", &format!("arrow-stream{name}"), &stream.into_inner()?)?;
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(name), bytes)?)
}

fn archive(file: &[u8]) -> Result<HeaderArchive> {
    match header::parse(&ByteRanges::whole(file.to_vec().into()))? {
        Parsed::Header(header) => Ok(HeaderArchive::new(&header)?),
        Parsed::Needs(ranges) => Err(format!("{ranges:?} of a whole file are needed").into()),
    }
}

/// Where the first tile lies: behind all of the header.
fn data_start(header: &RasterHeader, len: usize) -> usize {
    let tables = header.images.iter().chain(&header.masks).map(|image| image.tiles.view());
    let starts =
        tables.flat_map(|table| (0..table.len()).filter_map(move |tile| Some(table.get(tile)?.start)));
    starts.min().map_or(len, |start| len.min(start as usize))
}

/// The first tile of the image, and requests for some of it.
fn tiles(name: &str, file: &[u8]) -> Result<()> {
    let archive = archive(file)?;
    let header = archive.header()?.to_header()?;
    let image = &header.images[0];
    let encoding = &header.encodings[usize::from(image.encoding)];
    let Some(range) = image.tiles.view().get(0) else { return Ok(()) };
    let encoded = &file[range.start as usize..range.end as usize];
    let case = Case {
        encoding: Encoding { extra_samples: Vec::new(), ..encoding.clone() },
        size: [image.width, image.height],
        tile_size: [image.tile_width, image.tile_height],
        tile: 0,
        rows: [0, 5],
        columns: [0, image.tile_width],
        samples: [0, 1],
        encoded,
    };
    let target = match encoding.compression {
        1 => "decode_uncompressed",
        5 => "decode_lzw",
        7 => "decode_jpeg",
        8 => "decode_deflate",
        32773 => "decode_packbits",
        34887 => "decode_lerc",
        34925 => "decode_lzma",
        50000 => "decode_zstandard",
        50001 => "decode_webp",
        other => return Err(format!("no target for compression {other}").into()),
    };
    write(target, &format!("{name}-rows"), &case.input())?;
    let part = Case { rows: [3, 6], columns: [5, 12], ..case };
    write(target, &format!("{name}-part"), &part.input())
}

/// Names and bytes of files.
fn files() -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut add = |name: &str, file: Vec<u8>| files.push((name.to_owned(), file));

    let plain = CogOptions { blocks: TILES, overviews: Some(0), ..CogOptions::default() };
    let placed = CogOptions {
        transform: Some(Geotransform::new(10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0)),
        geo_keys: Some(GeoKeys::utm(43, true)),
        ..plain.clone()
    };
    for (big_tiff, byte_order, name) in [
        (false, ByteOrder::Little, "classic-little"),
        (false, ByteOrder::Big, "classic-big"),
        (true, ByteOrder::Little, "bigtiff-little"),
        (true, ByteOrder::Big, "bigtiff-big"),
    ] {
        let options = CogOptions { big_tiff, byte_order, overviews: Some(2), ..placed.clone() };
        add(name, cog::<u16>(&options, 1, true)?);
    }
    add(
        "strips",
        cog::<i16>(&CogOptions { blocks: Blocks::Strips { rows: 7 }, ..placed.clone() }, 1, false)?,
    );
    add("planar", cog::<u8>(&CogOptions { planar: true, ..placed.clone() }, 3, true)?);
    add("sparse", {
        let options = CogOptions { sparse: true, nodata: Some(PixelValue::Integer(7)), ..placed.clone() };
        let image =
            Image::from_fn(2 * SIDE, 2 * SIDE, 1, |_, column, _| if column < SIDE { 7u8 } else { 9 })?;
        let mut file = Vec::new();
        write_cog(&options, &image, None, &mut file)?;
        file
    });
    add("metadata", {
        let band = BandMetadata {
            description: Some("near infrared".to_owned()),
            unit: Some("1".to_owned()),
            scale: 0.0001,
            offset: -0.1,
            color: ColorInterpretation::Nir,
        };
        let options = CogOptions {
            bands: vec![band.clone(), band],
            metadata: vec![("AREA".to_owned(), "<&\">".to_owned())],
            nodata: Some(PixelValue::Float(f64::NAN)),
            pixel_is_point: true,
            ..placed.clone()
        };
        cog::<f32>(&options, 2, false)?
    });
    add("palette", {
        let options = CogOptions { color_map: (0..768).collect(), codec: Codec::PackBits, ..plain.clone() };
        cog::<u8>(&options, 1, false)?
    });
    let double = |keys: GeoKeys, key, value| keys.with(key, GeoKeyValue::Double(value));
    let geographic = GeoKeys::geographic(4326);
    let lambert = geographic.clone().with(key::MODEL_TYPE, GeoKeyValue::Short(1));
    let lambert = lambert
        .with(key::PROJECTED_CRS, GeoKeyValue::Short(key::USER_DEFINED))
        .with(key::PROJECTED_CITATION, GeoKeyValue::Ascii("LAEA".to_owned()))
        .with(key::PROJECTION, GeoKeyValue::Short(key::USER_DEFINED))
        .with(key::PROJECTION_METHOD, GeoKeyValue::Short(10))
        .with(key::LINEAR_UNITS, GeoKeyValue::Short(9001));
    let lambert = [
        (key::FALSE_EASTING, 4_321_000.0),
        (key::FALSE_NORTHING, 3_210_000.0),
        (key::CENTER_LONGITUDE, 10.0),
        (key::CENTER_LATITUDE, 52.0),
    ]
    .into_iter()
    .fold(lambert, |keys, (key, value)| double(keys, key, value));
    let ellipsoid = double(
        double(
            geographic
                .clone()
                .with(key::GEODETIC_CRS, GeoKeyValue::Short(key::USER_DEFINED))
                .with(key::GEODETIC_DATUM, GeoKeyValue::Short(key::USER_DEFINED))
                .with(key::ELLIPSOID, GeoKeyValue::Short(key::USER_DEFINED)),
            key::SEMI_MAJOR_AXIS,
            6_371_000.0,
        ),
        key::INVERSE_FLATTENING,
        0.0,
    );
    for (name, keys) in [("geographic", geographic), ("lambert", lambert), ("ellipsoid", ellipsoid)] {
        add(
            name,
            cog::<u8>(&CogOptions { geo_keys: Some(keys), codec: Codec::Lzw, ..placed.clone() }, 1, false)?,
        );
    }

    let codecs = [
        ("packbits", Codec::PackBits),
        ("lzw", Codec::Lzw),
        ("deflate", Codec::Deflate { level: 6 }),
        ("zstd", Codec::Zstd { level: 9 }),
        ("lzma", Codec::Lzma { preset: 6 }),
        ("lerc", Codec::Lerc { max_error: 0.0, inner: LercCompression::None }),
        ("lerc-lossy", Codec::Lerc { max_error: 5.0, inner: LercCompression::None }),
        ("lerc-deflate", Codec::Lerc { max_error: 0.0, inner: LercCompression::Deflate }),
        ("lerc-zstd", Codec::Lerc { max_error: 0.0, inner: LercCompression::Zstd }),
    ];
    for (name, codec) in codecs {
        let options = CogOptions { codec, ..plain.clone() };
        add(&format!("{name}-u8"), cog::<u8>(&options, 1, false)?);
        add(&format!("{name}-u16x3"), cog::<u16>(&options, 3, false)?);
        add(&format!("{name}-f32"), cog::<f32>(&options, 1, false)?);
        if matches!(codec, Codec::Lzw | Codec::Deflate { .. } | Codec::Zstd { .. }) {
            let horizontal = CogOptions { predictor: Predictor::Horizontal, ..options.clone() };
            let floating = CogOptions { predictor: Predictor::FloatingPoint, ..options };
            let big = CogOptions { byte_order: ByteOrder::Big, ..horizontal.clone() };
            add(&format!("{name}-horizontal-u16x3"), cog::<u16>(&horizontal, 3, false)?);
            add(&format!("{name}-horizontal-i64-big"), cog::<i64>(&big, 1, false)?);
            add(&format!("{name}-floating-f32x2"), cog::<f32>(&floating, 2, false)?);
            add(&format!("{name}-floating-f64"), cog::<f64>(&floating, 1, false)?);
        }
    }
    // Larger than what a decoder may leave unwritten at the end of its room.
    add(
        "deflate-u8x100",
        cog::<u8>(&CogOptions { codec: Codec::Deflate { level: 12 }, ..plain.clone() }, 100, false)?,
    );
    let colors = [ColorInterpretation::Red, ColorInterpretation::Green, ColorInterpretation::Blue];
    let bands = colors.map(|color| BandMetadata { color, ..BandMetadata::default() }).to_vec();
    let jpeg = CogOptions { codec: Codec::Jpeg { quality: 75 }, ..plain.clone() };
    add("jpeg-gray", cog::<u8>(&jpeg, 1, false)?);
    add("jpeg-rgb", cog::<u8>(&CogOptions { bands, ..jpeg }, 3, true)?);
    let webp = CogOptions { codec: Codec::WebP, ..plain };
    add("webp-rgb", cog::<u8>(&webp, 3, false)?);
    add("webp-rgba", cog::<u8>(&webp, 4, false)?);
    Ok(files)
}

/// A small file of pixels that neither repeat nor are noise.
fn cog<T: Sample>(options: &CogOptions, bands: u16, masked: bool) -> Result<Vec<u8>> {
    let pixel = |band: u16, column: u32, row: u32| {
        let value = u32::from(band) * 40 + column * column / 9 + row * 3 + (column * 7 + row * 13) % 5;
        T::from_value(PixelValue::Integer(i64::from(value % 100))).unwrap_or_default()
    };
    let image = Image::from_fn(SIDE + 9, SIDE - 5, bands, pixel)?;
    let mask = Image::from_fn(SIDE + 9, SIDE - 5, 1, |_, column, row| u8::from(column > row) * 255)?;
    let mut file = Vec::new();
    write_cog(options, &image, masked.then_some(&mask), &mut file)?;
    Ok(file)
}
