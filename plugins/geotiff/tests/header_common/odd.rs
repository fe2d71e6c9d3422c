//! Files as writers of all ages have made them: within the specification or a little beside it.

use super::tiff::{DATA, Directory, Tiff, Value};

/// A projected CRS and the keys that most CRSs have.
const UTM_33N: &[(u16, u16)] = &[(1024, 1), (1025, 1), (3072, 32633)];

fn georeferenced() -> Directory {
    Directory::image(40, 30)
        .doubles(33550, &[10.0, 10.0, 0.0])
        .doubles(33922, &[0.0, 0.0, 0.0, 300_000.0, 5_000_000.0, 0.0])
}

fn reduced(width: u32, height: u32) -> Directory {
    Directory::image(width, height).longs(254, &[1])
}

fn mask(width: u32, height: u32, flags: u32) -> Directory {
    Directory::image(width, height)
        .longs(254, &[flags])
        .shorts(258, &[1])
        .shorts(262, &[4])
        .longs(279, &[width.div_ceil(8) * height])
}

fn tiled() -> Directory {
    Directory::image(100, 70)
        .without(273)
        .without(278)
        .without(279)
        .longs(322, &[64])
        .longs(323, &[32])
        .longs(324, &[64, 2112, 4160, 6208, 8256, 10304])
        .longs(325, &[2048; 6])
}

fn rgb() -> Directory {
    Directory::image(40, 30).shorts(258, &[8, 8, 8]).shorts(262, &[2]).shorts(277, &[3]).longs(279, &[3600])
}

/// Names and bytes.
pub fn odd_files() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, chain: &[Directory]| {
        files.push((name.to_owned(), Tiff::default().bytes(chain)));
    };
    let full = Directory::image(40, 30);
    let chain =
        [full.clone(), reduced(20, 15), reduced(10, 8), mask(40, 30, 4), mask(20, 15, 5), mask(10, 8, 5)];

    // Directories.
    add("chain", &chain);
    add(
        "sub-directories",
        &[full.clone().above(reduced(20, 15)).above(mask(20, 15, 5)).above(mask(40, 30, 4))],
    );
    add("sub-directories-and-chain", &[full.clone().above(reduced(20, 15)), reduced(10, 8)]);
    add("sub-directories-of-overview", &[full.clone(), reduced(20, 15).above(reduced(10, 8)), reduced(5, 4)]);
    add("pages", &[full.clone(), Directory::image(20, 15), Directory::image(50, 60).longs(254, &[2])]);
    add("old-subfile-type", &[full.clone().shorts(255, &[1]), Directory::image(20, 15).shorts(255, &[2])]);
    add("first-is-reduced", &[reduced(40, 30), reduced(20, 15)]);
    add("coarse-first", &[full.clone(), reduced(10, 8), reduced(20, 15)]);
    add("overview-of-other-bands", &[full.clone(), rgb().longs(254, &[1]), reduced(20, 15)]);
    add("mask-of-other-size", &[full.clone(), mask(41, 30, 4), mask(40, 30, 4)]);
    add("mask-of-8-bits", &[full.clone(), Directory::image(40, 30).longs(254, &[4])]);
    add(
        "mask-of-16-bits",
        &[full.clone(), Directory::image(40, 30).longs(254, &[4]).shorts(258, &[16]).longs(279, &[2400])],
    );
    add("mask-of-rgb", &[rgb(), rgb().longs(254, &[4])]);
    add("overview-without-offsets", &[full.clone(), reduced(20, 15), reduced(10, 8).without(273)]);
    for big_endian in [false, true] {
        for big_tiff in [false, true] {
            let tiff = Tiff { big_endian, big_tiff, ..Tiff::default() };
            let name = format!("layout-{big_endian}-{big_tiff}");
            files.push((name.clone(), tiff.bytes(&chain)));
            let keys = georeferenced().keys(0, UTM_33N, &[], &[(1026, "a name")]).text(42113, "7");
            files.push((format!("{name}-keys"), tiff.bytes(&[keys.above(reduced(20, 15))])));
            files.push((format!("{name}-tiled"), tiff.bytes(&[tiled()])));
        }
    }
    for last in [8, 1 << 20, u64::from(DATA)] {
        let tiff = Tiff { last, ..Tiff::default() };
        files.push((format!("last-{last}"), tiff.bytes(&chain)));
    }
    // The link of the last directory leads back to the first one.
    files.push(("loop".to_owned(), Tiff { last: 64 + (1 << 16), ..Tiff::default() }.bytes(&chain)));

    let mut add = |name: &str, directory: Directory| {
        files.push((name.to_owned(), Tiff::default().bytes(&[directory])));
    };
    // Strips and tiles.
    add("no-byte-counts", full.clone().without(279));
    add("zero-byte-count", full.clone().longs(279, &[0]));
    add("short-byte-count", full.clone().longs(279, &[1199]));
    add("byte-count-behind-the-end", full.clone().longs(279, &[1 << 20]));
    add("no-offset", full.clone().longs(273, &[0]).longs(279, &[0]));
    add("planes-no-byte-counts", rgb().shorts(284, &[2]).longs(273, &[64, 1264, 2464]).without(279));
    add("no-rows-per-strip", full.clone().without(278));
    add("zero-rows-per-strip", full.clone().longs(278, &[0]));
    add("many-rows-per-strip", full.clone().longs(278, &[u32::MAX]));
    let strips = full.clone().longs(278, &[10]);
    add("more-strips", strips.clone().longs(273, &[64, 464, 864, 9, 9]).longs(279, &[400, 400, 400, 9, 9]));
    add("fewer-strips", strips.clone().shorts(259, &[5]).longs(273, &[64, 464]).longs(279, &[400, 400]));
    add("strips-of-shorts", strips.clone().shorts(273, &[64, 464, 864]).shorts(279, &[400; 3]));
    add("one-large-strip", Directory::image(300, 200));
    add("one-large-strip-of-long-rows", Directory::image(9000, 7));
    add("one-large-strip-of-bits", Directory::image(9001, 57).shorts(258, &[1]).longs(279, &[1126 * 57]));
    add("one-large-strip-compressed", Directory::image(300, 200).shorts(259, &[5]));
    add("one-strip-in-planes", rgb().shorts(284, &[2]).longs(273, &[64, 1264, 2464]).longs(279, &[1200; 3]));
    add("tiles", tiled());
    add("tiles-as-strips", {
        let tiles = tiled().without(324).without(325);
        tiles.longs(273, &[64, 2112, 4160, 6208, 8256, 10304]).longs(279, &[2048; 6])
    });
    add("sparse", tiled().longs(324, &[0, 64, 0, 0, 4160, 0]).longs(325, &[0, 2048, 0, 0, 2048, 0]));
    add(
        "odd-tiles",
        tiled()
            .longs(322, &[50])
            .longs(323, &[35])
            .longs(324, &[64, 1814, 3564, 5314])
            .longs(325, &[1750; 4]),
    );

    // Values of unusual types and counts.
    add("width-of-bytes", full.clone().with(256, Value::Byte(vec![40])));
    add("width-of-8-bytes", full.clone().with(256, Value::Long8(vec![40])));
    add("signed-offsets", full.clone().with(273, Value::Signed8(vec![64])));
    add("twice-the-width", full.clone().and(256, Value::Short(vec![41])));
    add("unsorted", full.clone().unsorted().longs(256, &[40]).longs(254, &[0]));
    add("one-bits-value", rgb().shorts(258, &[8]));
    add("different-bits", rgb().shorts(258, &[8, 8, 16]));
    add("few-bits-values", rgb().shorts(258, &[8, 8]));
    add("no-bits", full.clone().without(258).longs(279, &[150]));
    add("undefined-samples", full.clone().shorts(339, &[4]));
    add("no-photometric", full.clone().without(262));
    add("predictor-of-uncompressed", full.clone().shorts(317, &[2]));

    // Colours.
    add("rgb-without-extra-samples", rgb().shorts(258, &[8; 4]).shorts(277, &[4]).longs(279, &[4800]));
    add(
        "rgb-with-few-extra-samples",
        rgb().shorts(258, &[8; 5]).shorts(277, &[5]).shorts(338, &[2]).longs(279, &[6000]),
    );
    add(
        "corel-extra-samples",
        rgb().shorts(258, &[8; 4]).shorts(277, &[4]).shorts(338, &[999]).longs(279, &[4800]),
    );
    add(
        "wrong-extra-samples",
        rgb().shorts(258, &[8; 4]).shorts(277, &[4]).shorts(338, &[7]).longs(279, &[4800]),
    );
    add("gray-extra-samples", rgb().shorts(262, &[1]).shorts(338, &[0, 1]));
    let palette: Vec<u16> = (0..768).map(|value| value * 80).collect();
    add("palette", full.clone().shorts(262, &[3]).shorts(320, &palette));
    add(
        "palette-to-255",
        full.clone().shorts(262, &[3]).shorts(320, &palette.iter().map(|v| v / 256).collect::<Vec<_>>()),
    );
    add("palette-of-other-photometric", full.clone().shorts(320, &palette));
    add("palette-too-short", full.clone().shorts(262, &[3]).shorts(320, &palette[..300]));
    add("no-palette", full.clone().shorts(262, &[3]));
    add("white-is-zero", full.clone().shorts(262, &[0]));
    add("white-is-zero-4-bits", full.clone().shorts(262, &[0]).shorts(258, &[4]).longs(279, &[600]));
    add("black-and-white", full.clone().shorts(258, &[1]).longs(279, &[150]));
    add("white-and-black", full.clone().shorts(258, &[1]).shorts(262, &[0]).longs(279, &[150]));

    // Metadata and nodata.
    add("nodata-beyond-range", full.clone().text(42113, "256"));
    add("nodata-below-range", full.clone().text(42113, "-1"));
    add("nodata-with-spaces", full.clone().text(42113, " 17 "));
    add(
        "nodata-of-fraction",
        full.clone().shorts(258, &[32]).shorts(339, &[3]).longs(279, &[4800]).text(42113, "0.1"),
    );
    add("empty-nodata", full.clone().text(42113, ""));
    let item = r#"<Item name="SCALE" sample="0" role="scale">0.5</Item>"#;
    add("metadata", full.clone().text(42112, &format!("<GDALMetadata>{item}</GDALMetadata>")));
    add("metadata-cut-off", full.clone().text(42112, &format!("<GDALMetadata>{item}")));
    add(
        "metadata-with-header",
        full.clone()
            .text(42112, &format!("<?xml version=\"1.0\"?><!-- c --><GDALMetadata>{item}</GDALMetadata>")),
    );
    let mixed = r#"<Item name="X" sample="0" role="description"><![CDATA[a < b]]></Item>
        <Item name="Y" sample="0" role="unittype">m<sup>2</sup></Item><Item sample="0" role="offset">4</Item>"#;
    add("metadata-of-all-kinds", full.clone().text(42112, &format!("<GDALMetadata>{mixed}</GDALMetadata>")));

    // Geotransforms.
    let tiepoint = [1.0, 2.0, 0.0, 300_000.0, 5_000_000.0, 0.0];
    let matrix = [1.5, 0.5, 0.0, 1000.0, -0.5, -1.5, 0.0, 2000.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    for (suffix, raster_type) in [("", 1), ("-point", 2)] {
        let keys: &[(u16, u16)] = &[(1024, 1), (1025, raster_type), (3072, 32633)];
        let mut add = |name: &str, directory: Directory| {
            add(&format!("{name}{suffix}"), directory.keys(0, keys, &[], &[]))
        };
        add("scale", georeferenced().doubles(33922, &tiepoint));
        add("negative-scale", full.clone().doubles(33550, &[10.0, -10.0, 0.0]).doubles(33922, &tiepoint));
        add("zero-scale", full.clone().doubles(33550, &[0.0, 10.0, 0.0]).doubles(33922, &tiepoint));
        add("scale-only", full.clone().doubles(33550, &[10.0, 10.0, 0.0]));
        add("scale-and-matrix", full.clone().doubles(33550, &[10.0, 10.0, 0.0]).doubles(34264, &matrix));
        add("matrix", full.clone().doubles(34264, &matrix));
        add("short-matrix", full.clone().doubles(34264, &matrix[..12]));
        add("tiepoint-only", full.clone().doubles(33922, &tiepoint));
        add("tiepoints", full.clone().doubles(33922, &[tiepoint, tiepoint, tiepoint].concat()));
    }

    // CRSs.
    let mut crs = |name: &str, shorts: &[(u16, u16)], doubles: &[(u16, f64)], texts: &[(u16, &str)]| {
        add(&format!("crs-{name}"), georeferenced().keys(0, shorts, doubles, texts));
    };
    crs("none", &[(1025, 1)], &[], &[]);
    crs("no-model", &[(3072, 32633)], &[], &[]);
    crs("local", &[(1024, 32767), (3076, 9002)], &[], &[(1026, "site")]);
    crs("with-geographic", &[(1024, 1), (2048, 4326), (3072, 32633), (3076, 9001)], &[], &[]);
    crs("utm-by-projection", &[(1024, 1), (2048, 4267), (3072, 32767), (3074, 16011)], &[], &[]);
    crs("state-plane", &[(1024, 1), (2048, 4267), (3072, 32767), (3074, 10406), (3076, 9003)], &[], &[]);
    crs(
        "state-plane-in-metres",
        &[(1024, 1), (2048, 4269), (3072, 32767), (3074, 14631), (3076, 9001)],
        &[],
        &[],
    );
    crs("user-defined-without-method", &[(1024, 1), (2048, 4326), (3072, 32767)], &[], &[(1026, "name")]);
    let albers: &[(u16, f64)] =
        &[(3078, 29.5), (3079, 45.5), (3081, 23.0), (3080, -96.0), (3082, 10.0), (3083, 20.0)];
    crs("coded-datum", &[(1024, 1), (2048, 4269), (3072, 32767), (3075, 11), (3076, 9001)], albers, &[]);
    crs(
        "false-origin",
        &[(1024, 1), (2048, 4326), (3072, 32767), (3075, 8), (3076, 9003)],
        &[(3078, 33.0), (3079, 45.0), (3084, -96.0), (3085, 39.0), (3086, 1000.0), (3087, 2000.0)],
        &[],
    );
    crs("no-ellipsoid", &[(1024, 1), (3072, 32767), (3075, 11)], albers, &[]);
    crs(
        "semi-minor",
        &[(1024, 2), (2048, 32767), (2050, 32767)],
        &[(2057, 6378000.0), (2058, 6356000.0)],
        &[(2049, "GCS Name = mine|Datum = D_mine|Ellipsoid = E_mine|Primem = P_mine|")],
    );
    crs(
        "datum-only",
        &[(1024, 2), (2048, 32767), (2050, 6230), (2054, 9102)],
        &[],
        &[(2049, "ED50 by its datum")],
    );
    crs(
        "ellipsoid-only",
        &[(1024, 2), (2048, 32767), (2050, 32767), (2056, 7022), (2054, 9102)],
        &[],
        &[(2049, "by ellipsoid")],
    );
    crs(
        "meridian",
        &[(1024, 2), (2048, 32767), (2050, 6230), (2051, 8903), (2054, 9102)],
        &[],
        &[(2049, "ED50 (Paris)")],
    );
    crs(
        "meridian-by-longitude",
        &[(1024, 2), (2048, 32767), (2050, 6230), (2051, 32767), (2054, 9102)],
        &[(2061, 2.5)],
        &[(2049, "by longitude")],
    );
    crs(
        "grads",
        &[(1024, 1), (2048, 4807), (3072, 32767), (3075, 9), (3076, 9001)],
        &[(3081, 46.8), (3080, 0.0), (3092, 0.99987742), (3082, 600_000.0), (3083, 2_200_000.0)],
        &[],
    );
    crs(
        "esri",
        &[(1024, 32767), (3072, 32767)],
        &[],
        &[(
            3073,
            "ESRI PE String = PROJCS[\"World_Mollweide\",GEOGCS[\"GCS_WGS_1984\",DATUM[\"D_WGS_1984\",SPHEROID[\"WGS_1984\",6378137.0,298.257223563]],PRIMEM[\"Greenwich\",0.0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Mollweide\"],PARAMETER[\"False_Easting\",0.0],PARAMETER[\"False_Northing\",0.0],PARAMETER[\"Central_Meridian\",10.0],UNIT[\"Meter\",1.0]]",
        )],
    );
    crs(
        "web-mercator-by-name",
        &[(1024, 1), (2048, 4326), (3072, 32767), (3075, 7), (3076, 9001)],
        &[(3080, 0.0), (3081, 0.0)],
        &[(3073, "Google Maps Global Mercator")],
    );
    for method in 1..=28 {
        let doubles: &[(u16, f64)] = &[
            (3078, 30.0),
            (3079, 50.0),
            (3080, 10.0),
            (3081, 40.0),
            (3082, 1000.0),
            (3083, 2000.0),
            (3092, 0.999),
            (3094, 30.0),
            (3096, 29.0),
            (2057, 6378137.0),
            (2059, 298.257223563),
        ];
        let keys = [(1024, 1), (2048, 4326), (3072, 32767), (3075, method), (3076, 9001)];
        crs(&format!("method-{method}"), &keys, doubles, &[(3073, "all methods")]);
        let centered: Vec<(u16, f64)> = doubles
            .iter()
            .map(|(id, value)| match id {
                3080 => (3088, *value),
                3081 => (3089, *value),
                3082 => (3090, *value),
                3083 => (3091, *value),
                3092 => (3093, *value),
                other => (*other, *value),
            })
            .filter(|(id, _)| *id != 3078)
            .collect();
        crs(&format!("method-{method}-centered"), &keys, &centered, &[(3073, "all methods")]);
    }
    let utm_with = |id: u16, value: u16| [UTM_33N, &[(id, value)]].concat();
    add("vertical", georeferenced().keys(1, &utm_with(4096, 5773), &[], &[]));
    add("vertical-1.0", georeferenced().keys(0, &utm_with(4096, 5103), &[], &[]));
    add("vertical-by-unit", georeferenced().keys(1, &utm_with(4099, 9003), &[], &[]));
    add("vertical-that-is-none", georeferenced().keys(1, &utm_with(4096, 4326), &[], &[]));
    add("vertical-scale", {
        let scaled = georeferenced().doubles(33550, &[10.0, 10.0, 0.5]);
        scaled.doubles(33922, &[0.0, 0.0, 3.0, 300_000.0, 5_000_000.0, 7.0]).keys(
            1,
            &utm_with(4096, 5773),
            &[],
            &[],
        )
    });
    add("corrupt-keys", georeferenced().shorts(34735, &[1, 1, 0, 2, 1024, 0, 1, 1, 3072, 34736, 1, 9]));
    add("keys-of-the-future", georeferenced().shorts(34735, &[2, 1, 0, 1, 1024, 0, 1, 1]));
    files
}
