//! Masks, sparse blocks, georeference, metadata and colours, as GDAL reads them.

use crate::cases::{Cases, band, ellipse, half_empty, pattern, rgb};
use rasteret_geotiff::write::{
    Blocks, ByteOrder, Codec, CogOptions, GeoKeyValue, GeoKeys, Image, Predictor, Resampling, key,
};
use rasteret_schema::{BandMetadata, ColorInterpretation, Geotransform, PixelValue};
use serde_json::json;

const NORTH_UP: Geotransform = Geotransform::new(10.0, 0.0, 699960.0, 0.0, -10.0, 1500000.0);
const DEFLATE: Codec = Codec::Deflate { level: 7 };

/// Tiles of 64², in UTM zone 43.
fn options() -> CogOptions {
    CogOptions {
        blocks: Blocks::Tiles { width: 64, height: 64 },
        transform: Some(NORTH_UP),
        geo_keys: Some(GeoKeys::utm(43, true)),
        ..CogOptions::default()
    }
}

/// Smooth, so that little is lost by lossy compression.
fn smooth(side: u32, bands: u16) -> Image<u8> {
    Image::from_fn(side, side, bands, |band, column, row| (40 * band as u32 + (column + row) / 4) as u8)
        .unwrap()
}

fn add_masks(cases: &Cases) {
    let image = pattern::<u8>(200, 150, 3);
    let mask = ellipse(200, 150);
    for (name, mut options) in [
        ("plain", options()),
        ("deflate", CogOptions { codec: DEFLATE, predictor: Predictor::Horizontal, ..options() }),
        ("planar", CogOptions { planar: true, ..options() }),
        ("big", CogOptions { big_tiff: true, byte_order: ByteOrder::Big, ..options() }),
        ("average", CogOptions { resampling: Resampling::Average, ..options() }),
        ("sparse", CogOptions { sparse: true, ..options() }),
        ("strips", CogOptions { blocks: Blocks::Strips { rows: 20 }, overviews: Some(2), ..options() }),
    ] {
        options.bands = rgb();
        let expected = json!({"colors": ["red", "green", "blue"]});
        let blank = Image::from_fn(200, 150, 3, |band, column, row| {
            if options.sparse && mask.row(0, row)[column as usize] == 0 {
                0
            } else {
                image.row(band, row)[column as usize] | 1
            }
        });
        cases.add(&format!("mask-{name}"), &options, &blank.unwrap(), Some(&mask), expected);
    }
    let jpeg = CogOptions { codec: Codec::Jpeg { quality: 95 }, bands: rgb(), ..options() };
    let expected = json!({"tolerance": 6, "structure": {"COMPRESSION": "YCbCr JPEG"}});
    cases.add("mask-jpeg", &jpeg, &smooth(256, 3), Some(&ellipse(256, 256)), expected);
}

fn add_sparse(cases: &Cases) {
    let sparse = CogOptions { sparse: true, codec: DEFLATE, ..options() };
    cases.add("sparse-zero", &sparse, &half_empty(300, 200, 1, 0), None, json!({}));
    let nodata = CogOptions { nodata: Some(PixelValue::Integer(65535)), ..sparse.clone() };
    cases.add("sparse-nodata", &nodata, &half_empty(300, 200, 2, 65535), None, json!({}));
    let big = CogOptions { big_tiff: true, planar: false, ..nodata };
    cases.add("sparse-big", &big, &half_empty(300, 200, 1, 65535), None, json!({}));
}

fn add_nodata(cases: &Cases) {
    let with = |value| CogOptions { nodata: Some(value), resampling: Resampling::Average, ..options() };
    cases.add("nodata-u8", &with(PixelValue::Integer(255)), &pattern::<u8>(130, 70, 1), None, json!({}));
    cases.add("nodata-i16", &with(PixelValue::Integer(-32768)), &pattern::<i16>(130, 70, 2), None, json!({}));
    cases.add(
        "nodata-i64",
        &with(PixelValue::Integer(i64::MIN)),
        &pattern::<i64>(130, 70, 1),
        None,
        json!({}),
    );
    cases.add(
        "nodata-u64",
        &with(PixelValue::Unsigned(1 << 63)),
        &pattern::<u64>(130, 70, 1),
        None,
        json!({}),
    );
    cases.add("nodata-f64", &with(PixelValue::Float(1e-300)), &pattern::<f64>(130, 70, 1), None, json!({}));
    let holes = Image::from_fn(130, 70, 1, |_, column, row| match column % 7 {
        0 => f32::NAN,
        1 => f32::INFINITY,
        _ => (column * row) as f32 / 3.0,
    });
    for codec in [DEFLATE, Codec::Zstd { level: 1 }] {
        let options =
            CogOptions { codec, predictor: Predictor::FloatingPoint, ..with(PixelValue::Float(f64::NAN)) };
        cases.add(
            &format!("nodata-nan-{}", codec.name()),
            &options,
            holes.as_ref().unwrap(),
            None,
            json!({}),
        );
    }
}

fn add_georeference(cases: &Cases) {
    let image = pattern::<u8>(100, 80, 1);
    let at = |transform| CogOptions { transform: Some(transform), ..options() };
    let area = json!({"epsg": 32643, "area_or_point": "Area"});
    cases.add("south-up", &at(Geotransform::new(10.0, 0.0, 5.0, 0.0, 10.0, 7.0)), &image, None, area.clone());
    cases.add("rotated", &at(Geotransform::new(10.0, 1.0, 5.0, 2.0, -10.0, 7.0)), &image, None, area);
    let point = json!({"epsg": 32643, "area_or_point": "Point"});
    let options_of_point = CogOptions { pixel_is_point: true, ..options() };
    cases.add("point", &options_of_point, &image, None, point.clone());
    let south_up = Geotransform::new(10.0, 0.0, 5.0, 0.0, 10.0, 7.0);
    cases.add(
        "point-south-up",
        &CogOptions { transform: Some(south_up), ..options_of_point },
        &image,
        None,
        point,
    );

    let degrees = Geotransform::new(0.001, 0.0, 77.0, 0.0, -0.001, 13.0);
    let geographic = CogOptions { geo_keys: Some(GeoKeys::geographic(4326)), ..at(degrees) };
    cases.add("geographic", &geographic, &image, None, json!({"epsg": 4326}));
    let mercator = CogOptions { geo_keys: Some(GeoKeys::projected(3857)), ..options() };
    cases.add("projected", &mercator, &image, None, json!({"epsg": 3857}));
    let feet = CogOptions { geo_keys: Some(GeoKeys::projected(2263)), ..options() };
    cases.add("feet", &feet, &image, None, json!({"epsg": 2263}));
    let south = CogOptions { geo_keys: Some(GeoKeys::utm(33, false)), ..options() };
    cases.add("utm-south", &south, &image, None, json!({"epsg": 32733}));
    let user = GeoKeys::default()
        .with(key::MODEL_TYPE, GeoKeyValue::Short(1))
        .with(key::CITATION, GeoKeyValue::Ascii("unknown".to_owned()))
        .with(key::GEODETIC_CRS, GeoKeyValue::Short(4326))
        .with(key::ANGULAR_UNITS, GeoKeyValue::Short(9102))
        .with(key::PROJECTED_CRS, GeoKeyValue::Short(key::USER_DEFINED))
        .with(key::PROJECTION, GeoKeyValue::Short(key::USER_DEFINED))
        .with(key::PROJECTION_METHOD, GeoKeyValue::Short(10))
        .with(key::LINEAR_UNITS, GeoKeyValue::Short(9001))
        .with(key::FALSE_EASTING, GeoKeyValue::Double(0.0))
        .with(key::FALSE_NORTHING, GeoKeyValue::Double(0.0))
        .with(key::CENTER_LONGITUDE, GeoKeyValue::Double(20.0))
        .with(key::CENTER_LATITUDE, GeoKeyValue::Double(10.0));
    let proj4 = "+proj=laea +lat_0=10 +lon_0=20 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs";
    let user = CogOptions { geo_keys: Some(user), byte_order: ByteOrder::Big, ..options() };
    cases.add("user-defined", &user, &image, None, json!({"proj4": proj4}));
}

fn add_colors(cases: &Cases) {
    use ColorInterpretation::{Alpha, Blue, Gray, Green, Nir, Red};
    let described: Vec<BandMetadata> = (0..3)
        .map(|band| BandMetadata {
            description: Some(format!("B{band} <&> \"é\"")),
            unit: Some("m".to_owned()),
            scale: 1e-4,
            offset: -0.1 * f64::from(band),
            ..BandMetadata::default()
        })
        .collect();
    let expected = json!({
        "scales": [1e-4, 1e-4, 1e-4], "offsets": [0.0, -0.1, -0.2], "units": ["m", "m", "m"],
        "descriptions": ["B0 <&> \"é\"", "B1 <&> \"é\"", "B2 <&> \"é\""],
        "tags": {"TITLE": "a <b> & \"c\""},
    });
    let options_of_described = CogOptions {
        bands: described,
        metadata: vec![("TITLE".to_owned(), "a <b> & \"c\"".to_owned())],
        ..options()
    };
    cases.add("described", &options_of_described, &pattern::<i16>(90, 60, 3), None, expected);

    let color_map = |colors: u32| -> Vec<u16> {
        (0..3)
            .flat_map(|channel| (0..colors).map(move |value| (value * (channel + 1) % 256 * 257) as u16))
            .collect()
    };
    let colormap = json!([[0, [0, 0, 0, 255]], [1, [1, 2, 3, 255]], [200, [200, 144, 88, 255]]]);
    let expected = json!({"colors": ["palette"], "colormap": colormap});
    let palette = CogOptions { color_map: color_map(256), ..options() };
    cases.add("palette-u8", &palette, &pattern::<u8>(100, 80, 1), None, expected.clone());
    let palette = CogOptions { color_map: color_map(65536), big_tiff: true, ..options() };
    cases.add("palette-u16", &palette, &pattern::<u16>(100, 80, 1), None, expected);

    for (name, colors) in [
        ("rgb", vec![Red, Green, Blue]),
        ("rgba", vec![Red, Green, Blue, Alpha]),
        ("bgr", vec![Blue, Green, Red]),
        ("gray-alpha", vec![Gray, Alpha]),
        ("red-nir", vec![Red, Nir]),
    ] {
        let image = pattern::<u8>(150, 140, colors.len() as u16);
        let names: Vec<String> = colors.iter().map(|color| format!("{color:?}").to_lowercase()).collect();
        let bands: Vec<BandMetadata> = colors.into_iter().map(band).collect();
        let options = CogOptions { bands, ..options() };
        let expected = json!({"colors": names});
        cases.add(&format!("colors-{name}"), &options, &image, None, expected.clone());
        if image.bands() >= 3 {
            let webp = CogOptions { codec: Codec::WebP, ..options };
            cases.add(&format!("webp-{name}"), &webp, &image, None, expected);
        }
    }
    let jpeg = CogOptions { codec: Codec::Jpeg { quality: 95 }, ..options() };
    let tolerance = json!({"tolerance": 6});
    cases.add("jpeg-gray", &jpeg, &smooth(256, 1), None, tolerance.clone());
    cases.add(
        "jpeg-planar",
        &CogOptions { planar: true, ..jpeg.clone() },
        &smooth(256, 3),
        None,
        tolerance.clone(),
    );
    let strips = Blocks::Strips { rows: 48 };
    let jpeg = CogOptions { bands: rgb(), blocks: strips, overviews: Some(1), ..jpeg };
    cases.add("jpeg-strips", &jpeg, &smooth(256, 3), None, tolerance);
}

fn add_sizes(cases: &Cases) {
    let levels = |overviews| CogOptions { overviews, ..options() };
    cases.add("one-pixel", &levels(None), &pattern::<u16>(1, 1, 1), None, json!({}));
    cases.add("one-tile", &levels(None), &pattern::<u16>(64, 64, 1), None, json!({}));
    cases.add("one-column", &levels(None), &pattern::<u16>(1, 700, 1), None, json!({}));
    cases.add("no-overviews", &levels(Some(0)), &pattern::<u16>(200, 200, 1), None, json!({}));
    cases.add("more-overviews", &levels(Some(4)), &pattern::<u16>(65, 33, 1), None, json!({}));
    let wide = CogOptions { blocks: Blocks::Tiles { width: 256, height: 16 }, codec: DEFLATE, ..options() };
    cases.add("wide", &wide, &pattern::<u8>(70_000, 20, 1), None, json!({}));
}

#[test]
fn gdal_reads_what_was_written() {
    let Some(python) = crate::python("gdal_reads_what_was_written") else { return };
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::new(folder.path());
    add_masks(&cases);
    add_sparse(&cases);
    add_nodata(&cases);
    add_georeference(&cases);
    add_colors(&cases);
    add_sizes(&cases);
    crate::run(&python, "check_cogs.py", &[folder.path()]);
}
