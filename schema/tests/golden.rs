//! Header archives of released versions can be read forever. `RASTERET_UPDATE_GOLDEN=1` writes that of
//! the present version, which is for a version that has not been released.
#![allow(clippy::unwrap_used, missing_docs)]

use rasteret_schema::{
    BandMetadata, ColorInterpretation, Crs, DataType, Encoding, Georeference, Geotransform, HeaderArchive,
    ImageHeader, ObjectVersion, PixelValue, RasterHeader, TileTable,
};
use std::path::PathBuf;

/// A header that has something in every field.
fn header() -> RasterHeader {
    let encoding = |dtype, bits_per_sample, samples_per_pixel| Encoding {
        bits_per_sample,
        samples_per_pixel,
        planar: true,
        big_endian: true,
        compression: 34887,
        predictor: 2,
        photometric: 6,
        chroma_subsampling: [2, 1],
        extra_samples: vec![2],
        jpeg_tables: vec![0xff, 0xd8, 0xff, 0xd9],
        lerc_compression: 1,
        ..Encoding::uncompressed(dtype)
    };
    let image = |size: u32, encoding, mask, offsets: &[u64], counts: &[u64]| ImageHeader {
        width: size,
        height: size,
        tile_width: 512,
        tile_height: 256,
        encoding,
        mask,
        tiles: TileTable::new(offsets, counts),
    };
    RasterHeader {
        format: "geotiff".to_owned(),
        georeference: Georeference {
            transform: Some(Geotransform::new(10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0)),
            crs: Some(Crs::from_epsg(32643)),
            pixel_is_point: true,
            ground_control_points: 4,
        },
        nodata: Some(PixelValue::Unsigned(u64::MAX)),
        bands: vec![
            BandMetadata {
                description: Some("near infrared".to_owned()),
                unit: Some("reflectance".to_owned()),
                scale: 0.0001,
                offset: -0.1,
                color: ColorInterpretation::Nir,
            },
            BandMetadata { color: ColorInterpretation::Alpha, ..BandMetadata::default() },
        ],
        color_map: vec![0, 257, 65535],
        encodings: vec![encoding(DataType::Float16, 16, 2), encoding(DataType::UInt8, 1, 1)],
        images: vec![
            image(600, 0, Some(0), &[100, 208, 0, 700], &[100, 64, 0, 9]),
            image(300, 0, None, &[5_000_000_000], &[77]),
        ],
        masks: vec![image(600, 1, None, &[10, 20], &[5, 5])],
        object: ObjectVersion {
            size: Some(6_000_000_000),
            etag: Some("\"abc\"".to_owned()),
            last_modified: Some(1_704_067_200_000_000),
        },
    }
}

#[test]
fn version_1() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/header-v1.bin");
    if std::env::var_os("RASTERET_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, HeaderArchive::new(&header()).unwrap().as_bytes()).unwrap();
    }
    let archive = HeaderArchive::from_bytes(std::fs::read(path).unwrap()).unwrap();
    assert_eq!(archive.header().unwrap().to_header().unwrap(), header());
    assert_eq!(HeaderArchive::new(&header()).unwrap(), archive, "the bytes are still written the same way");
}
