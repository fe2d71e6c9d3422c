//! Files that are the same to the byte as those of GDAL's COG driver.

use crate::cases::{Cases, band, ellipse, half_empty, pattern, rgb};
use rasteret_geotiff::write::{Blocks, Codec, CogOptions, GeoKeys, Predictor, Resampling};
use rasteret_schema::{BandMetadata, ColorInterpretation, Geotransform, PixelValue};
use serde_json::json;

/// Tiles of 128², in UTM zone 43.
fn options() -> CogOptions {
    CogOptions {
        blocks: Blocks::Tiles { width: 128, height: 128 },
        transform: Some(Geotransform::new(10.0, 0.0, 699960.0, 0.0, -10.0, 1500000.0)),
        geo_keys: Some(GeoKeys::utm(43, true)),
        ..CogOptions::default()
    }
}

/// The same bytes as GDAL's COG driver, which is given the same pixels and `gdal` to create them with.
fn add_same_as_gdal(cases: &Cases) {
    let same = |options: serde_json::Value| {
        let mut common =
            json!({"blocksize": 128, "compress": "NONE", "bigtiff": "NO", "overview_resampling": "NEAREST"});
        common.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        json!({"gdal": {"crs": "EPSG:32643", "options": common}})
    };
    let plain = options();
    cases.add("gdal-plain", &plain, &pattern::<u16>(300, 260, 1), None, same(json!({})));
    cases.add("gdal-odd", &plain, &pattern::<f32>(301, 263, 1), None, same(json!({})));
    cases.add("gdal-bands", &plain, &pattern::<i16>(150, 140, 5), None, same(json!({})));
    let big = CogOptions { big_tiff: true, ..options() };
    cases.add("gdal-big", &big, &pattern::<i32>(300, 260, 1), None, same(json!({"bigtiff": "YES"})));
    let nodata = CogOptions { nodata: Some(PixelValue::Float(0.1)), ..options() };
    cases.add("gdal-nodata", &nodata, &pattern::<f64>(150, 140, 2), None, same(json!({})));
    let sparse = CogOptions { nodata: Some(PixelValue::Integer(7)), sparse: true, ..options() };
    cases.add("gdal-sparse", &sparse, &half_empty(400, 300, 1, 7), None, same(json!({"sparse_ok": "YES"})));
    cases.add("gdal-mask", &plain, &pattern::<u16>(150, 140, 1), Some(&ellipse(150, 140)), same(json!({})));
    let mut with_source = same(json!({}));
    with_source["gdal"]["source"] = json!({"photometric": "RGB"});
    let colors = CogOptions { bands: rgb(), ..options() };
    cases.add(
        "gdal-rgb",
        &colors,
        &pattern::<u8>(150, 140, 3),
        Some(&ellipse(150, 140)),
        with_source.clone(),
    );
    with_source["gdal"]["source"]["alpha"] = json!("YES");
    let colors = CogOptions { bands: [rgb(), vec![band(ColorInterpretation::Alpha)]].concat(), ..options() };
    cases.add("gdal-rgba", &colors, &pattern::<u8>(150, 140, 4), None, with_source);

    let described = BandMetadata {
        description: Some("B04 <red>".to_owned()),
        unit: Some("1".to_owned()),
        scale: 1e-4,
        offset: -0.1,
        ..BandMetadata::default()
    };
    let described = CogOptions {
        bands: vec![described],
        metadata: vec![("TITLE".to_owned(), "a & b".to_owned())],
        nodata: Some(PixelValue::Integer(0)),
        ..options()
    };
    let mut expected = same(json!({}));
    expected.as_object_mut().unwrap().extend(
        json!({
            "scales": [1e-4], "offsets": [-0.1], "units": ["1"], "descriptions": ["B04 <red>"],
            "tags": {"TITLE": "a & b"},
        })
        .as_object()
        .unwrap()
        .clone(),
    );
    cases.add("gdal-described", &described, &pattern::<u16>(150, 140, 1), None, expected);
    let color_map =
        (0..3u16).flat_map(|channel| (0..256).map(move |value| (value ^ channel) * 257)).collect();
    let palette = CogOptions { color_map, ..options() };
    let mut expected = same(json!({}));
    let entries = (0..256u16).map(|value| (value.to_string(), json!([value, value ^ 1, value ^ 2, 255])));
    expected["gdal"]["colormap"] = entries.collect::<serde_json::Map<_, _>>().into();
    cases.add("gdal-palette", &palette, &pattern::<u8>(150, 140, 1), None, expected);

    let deflate =
        CogOptions { codec: Codec::Deflate { level: 7 }, predictor: Predictor::Horizontal, ..options() };
    let expected = same(json!({"compress": "DEFLATE", "predictor": "YES"}));
    cases.add("gdal-deflate", &deflate, &pattern::<u16>(300, 260, 1), None, expected);
    let average =
        CogOptions { nodata: Some(PixelValue::Integer(0)), resampling: Resampling::Average, ..options() };
    let expected = same(json!({"overview_resampling": "AVERAGE"}));
    cases.add("gdal-average", &average, &pattern::<u16>(512, 384, 1), None, expected);

    let deflate = CogOptions { predictor: Predictor::FloatingPoint, ..deflate };
    let expected = same(json!({"compress": "DEFLATE", "predictor": "YES"}));
    cases.add("gdal-deflate-float", &deflate, &pattern::<f32>(300, 260, 1), None, expected);
}

#[test]
fn gdal_writes_the_same_bytes() {
    let Some(python) = crate::python("gdal_writes_the_same_bytes") else { return };
    let folder = tempfile::tempdir().unwrap();
    add_same_as_gdal(&Cases::new(folder.path()));
    crate::run(&python, "check_cogs.py", &[folder.path()]);
}
