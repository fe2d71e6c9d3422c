//! Every data type in every compression, predictor and layout, read back by GDAL to the bit.

use crate::cases::{Cases, pattern};
use rasteret_geotiff::write::{
    Blocks, ByteOrder, Codec, CogOptions, GeoKeys, LercCompression, Predictor, Sample,
};
use rasteret_schema::Geotransform;
use serde_json::json;

const WIDTH: u32 = 70;
const HEIGHT: u32 = 53;

fn codecs<T: Sample>() -> Vec<(Codec, Predictor)> {
    let mut codecs = vec![
        (Codec::None, Predictor::None),
        (Codec::PackBits, Predictor::None),
        (Codec::Lzma { preset: 1 }, Predictor::None),
    ];
    for codec in [Codec::Lzw, Codec::Deflate { level: 7 }, Codec::Zstd { level: 3 }] {
        codecs.extend([(codec, Predictor::None), (codec, Predictor::Horizontal)]);
        if T::DTYPE.is_float() {
            codecs.push((codec, Predictor::FloatingPoint));
        }
    }
    if !matches!(T::DTYPE.name(), "int64" | "uint64" | "float16") {
        for inner in [LercCompression::None, LercCompression::Deflate, LercCompression::Zstd] {
            codecs.push((Codec::Lerc { max_error: 0.0, inner }, Predictor::None));
        }
    }
    codecs
}

/// Layouts by name: blocks, bands, planes.
const LAYOUTS: [(&str, Blocks, u16, bool); 5] = [
    ("tiles", Blocks::Tiles { width: 32, height: 16 }, 1, false),
    ("chunky-tiles", Blocks::Tiles { width: 16, height: 32 }, 3, false),
    ("planar-tiles", Blocks::Tiles { width: 32, height: 32 }, 2, true),
    ("chunky-strips", Blocks::Strips { rows: 7 }, 2, false),
    ("planar-strips", Blocks::Strips { rows: 53 }, 3, true),
];

fn add_matrix<T: Sample>(cases: &Cases) {
    let mut big_tiff = false;
    for (codec, predictor) in codecs::<T>() {
        for (layout, blocks, bands, planar) in LAYOUTS {
            // Both kinds in turn: an odd number of layouts gives each layout both.
            big_tiff = !big_tiff;
            for byte_order in [ByteOrder::Little, ByteOrder::Big] {
                if byte_order == ByteOrder::Big && matches!(codec, Codec::Lerc { .. }) {
                    continue;
                }
                let options = CogOptions {
                    blocks,
                    planar,
                    codec,
                    predictor,
                    byte_order,
                    big_tiff,
                    overviews: Some(2),
                    transform: Some(Geotransform::new(10.0, 0.0, 699960.0, 0.0, -10.0, 1500000.0)),
                    geo_keys: Some(GeoKeys::utm(43, true)),
                    ..CogOptions::default()
                };
                let inner = match codec {
                    Codec::Lerc { inner, .. } => format!("-{inner:?}"),
                    _ => String::new(),
                };
                let name = format!(
                    "{}-{}{inner}-{predictor:?}-{layout}-{byte_order:?}",
                    T::DTYPE.name(),
                    codec.name()
                );
                let shape = match blocks {
                    Blocks::Tiles { width, height } => json!([height, width]),
                    Blocks::Strips { .. } => json!(null),
                };
                let expected = json!({"epsg": 32643, "blocks": shape});
                cases.add(&name, &options, &pattern::<T>(WIDTH, HEIGHT, bands), None, expected);
            }
        }
    }
}

#[test]
fn every_type_codec_predictor_and_layout_reads_back() {
    let Some(python) = crate::python("every_type_codec_predictor_and_layout_reads_back") else { return };
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::new(folder.path());
    add_matrix::<u8>(&cases);
    add_matrix::<i8>(&cases);
    add_matrix::<u16>(&cases);
    add_matrix::<i16>(&cases);
    add_matrix::<u32>(&cases);
    add_matrix::<i32>(&cases);
    add_matrix::<u64>(&cases);
    add_matrix::<i64>(&cases);
    add_matrix::<half::f16>(&cases);
    add_matrix::<f32>(&cases);
    add_matrix::<f64>(&cases);
    crate::run(&python, "check_cogs.py", &[folder.path()]);
}
