use super::*;
use chrono::DateTime;
use proptest::prelude::*;
use std::path::Path;

fn file(path: &str) -> LocalFile {
    LocalFile::below(Path::new("/data/root"), Path::new(path), Path::new("/data/root").join(path)).unwrap()
}

fn naming(id: Option<&str>, band: Option<&str>, datetime: Option<&str>) -> Naming {
    let text = |rule: Option<&str>| rule.map(str::to_owned);
    Naming::new(&Rules { id: text(id), band: text(band), datetime: text(datetime) }).unwrap()
}

fn read(naming: &Naming, path: &str) -> (String, Option<String>, Option<i64>) {
    let name = naming.read(&file(path)).unwrap();
    (name.scene.qualified(0).unwrap().to_owned(), name.band, name.datetime)
}

fn utc(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros()
}

#[test]
fn product_names() {
    let naming = naming(None, None, None);
    // Path, id, band (or ""), time (or "").
    for (path, id, band, time) in [
        // Sentinel-2: ESA and Planetary Computer.
        ("T43PGQ_20240103T052231_B04_10m.tif", "T43PGQ_20240103T052231", "B04", "2024-01-03T05:22:31Z"),
        ("T43PGQ_20240103T052231_B8A_20m.tif", "T43PGQ_20240103T052231", "B8A", "2024-01-03T05:22:31Z"),
        ("T43PGQ_20240103T052231_B04_20m.tif", "T43PGQ_20240103T052231", "B04_20m", "2024-01-03T05:22:31Z"),
        ("T43PGQ_20240103T052231_SCL_20m.tif", "T43PGQ_20240103T052231", "SCL", "2024-01-03T05:22:31Z"),
        ("T43PGQ_20240103T052231_B01_60m.tif", "T43PGQ_20240103T052231", "B01", "2024-01-03T05:22:31Z"),
        ("T43PGQ_20240103T052231_B04.tif", "T43PGQ_20240103T052231", "B04", "2024-01-03T05:22:31Z"),
        ("L2A_T31UFS_20170101T105432_TCI_10m.tif", "T31UFS_20170101T105432", "TCI", "2017-01-01T10:54:32Z"),
        ("T43PGQ_20240103T052231.tif", "T43PGQ_20240103T052231", "", "2024-01-03T05:22:31Z"),
        (
            "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531_B04_10m.tif",
            "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531",
            "B04",
            "2019-06-29T21:25:29Z",
        ),
        (
            "S2A_MSIL2A_20240103T052231_N0510_R062_T43PGQ_20240103T083012.tif",
            "S2A_MSIL2A_20240103T052231_N0510_R062_T43PGQ_20240103T083012",
            "",
            "2024-01-03T05:22:31Z",
        ),
        (
            "S2A_MSIL2A_20240103T052231_N0510_R062_T43PGQ_20240103T083012.SAFE/GRANULE/\
             L2A_T43PGQ_A044568_20240103T052226/IMG_DATA/R10m/T43PGQ_20240103T052231_B08_10m.tif",
            "S2A_MSIL2A_20240103T052231_N0510_R062_T43PGQ_20240103T083012",
            "B08",
            "2024-01-03T05:22:31Z",
        ),
        (
            "S2A_MSIL2A_20240103T052231_N0510_R062_T43PGQ_20240103T083012.SAFE/GRANULE/\
             L2A_T43PGQ_A044568_20240103T052226/QI_DATA/MSK_CLDPRB_20m.tif",
            "S2A_MSIL2A_20240103T052231_N0510_R062_T43PGQ_20240103T083012",
            "MSK_CLDPRB_20m",
            "2024-01-03T05:22:31Z",
        ),
        // Sentinel-2: Earth Search.
        ("S2A_43PGQ_20240103_0_L2A/B04.tif", "S2A_43PGQ_20240103_0_L2A", "B04", "2024-01-03T00:00:00Z"),
        ("S2A_43PGQ_20240103_0_L2A/visual.tif", "S2A_43PGQ_20240103_0_L2A", "visual", "2024-01-03T00:00:00Z"),
        (
            "S2A_43PGQ_20240103_0_L2A/L2A_PVI.tif",
            "S2A_43PGQ_20240103_0_L2A",
            "L2A_PVI",
            "2024-01-03T00:00:00Z",
        ),
        (
            "43/P/GQ/2024/1/S2B_43PGQ_20240103_1_L2A/SCL.tif",
            "S2B_43PGQ_20240103_1_L2A",
            "SCL",
            "2024-01-03T00:00:00Z",
        ),
        (
            "S2C_T43PGQ_20250103T052231_L2A/nir08.tif",
            "S2C_T43PGQ_20250103T052231_L2A",
            "nir08",
            "2025-01-03T05:22:31Z",
        ),
        ("S2A_1CCV_20180320_0_L1C_B8A.tif", "S2A_1CCV_20180320_0_L1C", "B8A", "2018-03-20T00:00:00Z"),
        ("S2A_43PGQ_20240103_0_L2A.tif", "S2A_43PGQ_20240103_0_L2A", "", "2024-01-03T00:00:00Z"),
        // Landsat.
        (
            "LC08_L2SP_028030_20200114_20200824_02_T1_SR_B4.TIF",
            "LC08_L2SP_028030_20200114_20200824_02_T1",
            "SR_B4",
            "2020-01-14T00:00:00Z",
        ),
        (
            "LC08_L2SP_028030_20200114_20200824_02_T1/LC08_L2SP_028030_20200114_20200824_02_T1_QA_PIXEL.TIF",
            "LC08_L2SP_028030_20200114_20200824_02_T1",
            "QA_PIXEL",
            "2020-01-14T00:00:00Z",
        ),
        (
            "LC09_L2SP_044034_20240103_02_T1/red.tif",
            "LC09_L2SP_044034_20240103_02_T1",
            "red",
            "2024-01-03T00:00:00Z",
        ),
        (
            "LE07_L1TP_016039_20040918_20200915_02_T1_B6_VCID_1.TIF",
            "LE07_L1TP_016039_20040918_20200915_02_T1",
            "B6_VCID_1",
            "2004-09-18T00:00:00Z",
        ),
        (
            "LT05_L2SP_090086_20060115_20200901_02_RT_ST_B6.TIF",
            "LT05_L2SP_090086_20060115_20200901_02_RT",
            "ST_B6",
            "2006-01-15T00:00:00Z",
        ),
        ("LC80280302020014LGN00_B4.TIF", "LC80280302020014LGN00", "B4", "2020-01-14T00:00:00Z"),
        // Harmonized Landsat Sentinel-2.
        (
            "HLS.S30.T43PGQ.2024003T052231.v2.0.B8A.tif",
            "HLS.S30.T43PGQ.2024003T052231.v2.0",
            "B8A",
            "2024-01-03T05:22:31Z",
        ),
        (
            "HLS.L30.T10SFH.2023366T052231.v2.0/HLS.L30.T10SFH.2024366T052231.v2.0.Fmask.tif",
            "HLS.L30.T10SFH.2024366T052231.v2.0",
            "Fmask",
            "2024-12-31T05:22:31Z",
        ),
        // Scene and band.
        ("scene_B04.tif", "scene", "B04", ""),
        ("scene_b4.tif", "scene", "b4", ""),
        ("a/field-7_red.tiff", "field-7", "red", ""),
        ("scene_band1.tif", "scene", "band1", ""),
        ("scene_2024-01-03_SR_B4.tif", "scene_2024-01-03", "SR_B4", "2024-01-03T00:00:00Z"),
        ("scene.nir.tif", "scene", "nir", ""),
        ("s1_20240103T005123_vv.tif", "s1_20240103T005123", "vv", "2024-01-03T00:51:23Z"),
        ("B04_B08.tif", "B04", "B08", ""),
        // A folder a scene.
        ("field/B04.tif", "field", "B04", ""),
        ("x/2024-01-03/rededge1.tif", "2024-01-03", "rededge1", "2024-01-03T00:00:00Z"),
        ("red.tif", "root", "red", ""),
        ("field/B04_10m.tif", "field", "B04", ""),
        // A file a scene.
        ("m_3807708_sw_18_060_20180813.tif", "m_3807708_sw_18_060_20180813", "", "2018-08-13T00:00:00Z"),
        ("a/dem.tif", "dem", "", ""),
        ("infrared.tif", "infrared", "", ""),
        ("tired.tif", "tired", "", ""),
        ("Copernicus_DSM_COG_10_N12_00_E077_00_DEM.tif", "Copernicus_DSM_COG_10_N12_00_E077_00_DEM", "", ""),
        ("v1.2.dem.tif", "v1.2.dem", "", ""),
        ("name without extension", "name without extension", "", ""),
        (".tif", ".tif", "", ""),
        ("2024/01/03/dem.tif", "dem", "", "2024-01-03T00:00:00Z"),
        // Month 13 is not in the calendar: no product, and no date.
        ("S2A_43PGQ_20241303_0_L2A/B04.tif", "S2A_43PGQ_20241303_0_L2A", "B04", ""),
        ("T43PGQ_20241303T052231_B04.tif", "T43PGQ_20241303T052231", "B04", ""),
        ("LC80280302019366LGN00_B4.TIF", "LC80280302019366LGN00", "B4", ""),
    ] {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let expected = (id.to_owned(), some(band), some(time).map(|time| utc(&time)));
        assert_eq!(read(&naming, path), expected, "{path}");
    }
}

#[test]
fn rules_take_named_groups_first_groups_or_all() {
    let path = "site-7/x_42_foo_20240103.tif";
    for rule in ["(x)_(?<id>\\d+)_", "x_(\\d+)_", "42"] {
        assert_eq!(read(&naming(Some(rule), None, None), path).0, "42", "{rule}");
    }
    let (id, band, _) = read(&naming(Some("^([^/]+)/"), Some("_([a-z]+)_"), None), path);
    assert_eq!((id.as_str(), band.as_deref()), ("site-7", Some("foo")));
    for rule in ["_(\\d{8})", "(?<year>\\d{4})(?<month>\\d\\d)(?<day>\\d\\d)", "(?<datetime>\\d{8})"] {
        assert_eq!(
            read(&naming(None, None, Some(rule)), path).2,
            Some(utc("2024-01-03T00:00:00Z")),
            "{rule}"
        );
    }
    let doy = naming(None, None, Some("(?<year>\\d{4})-(?<doy>\\d+)-(?<hour>\\d+)h"));
    assert_eq!(read(&doy, "x_2024-032-06h.tif").2, Some(utc("2024-02-01T06:00:00Z")));
}

#[test]
fn rules_are_strict() {
    for (id, band, datetime) in [
        (Some("^nope"), None, None),
        (None, Some("(nope)?"), None),
        (None, None, Some("nope")),
        (None, None, Some("(\\d+)")),
        (None, None, Some("(?<year>\\d{4})(?<month>\\d\\d)(?<day>\\d\\d)")),
    ] {
        let error = naming(id, band, datetime).read(&file("a/scene_20241303.tif")).unwrap_err();
        assert!(error.to_string().contains("a/scene_20241303.tif"), "{error}");
    }
    let rules = Rules { band: Some("(".to_owned()), ..Rules::default() };
    assert!(Naming::new(&rules).unwrap_err().to_string().starts_with("band from \"(\""));
}

#[test]
fn a_band_rule_alone_leaves_the_rest_of_the_name_as_the_id() {
    for (rule, path, scene, band) in [
        ("_(foo|bar)\\.tif$", "a/abc_foo.tif", "a/abc", "foo"),
        ("_(foo|bar)", "a/abc_foo_v2.tif", "a/abc_v2", "foo"),
        ("_foo_", "a/abc_foo_v2.tif", "a/abcv2", "_foo_"),
        ("([a-z]+)_\\d+\\.tif$", "a/foo_7.tif", "a/7", "foo"),
        ("([a-z]+)\\.tif$", "a/foo.tif", "a", "foo"),
        ("([a-z]+)\\.tif$", "foo.tif", "root", "foo"),
        ("^(\\w+)/", "foo/abc.tif", "abc", "foo"),
        ("_(pan_\\w+)\\.tif$", "site_pan_nir.tif", "site", "pan_nir"),
        (
            "_(B\\d+)\\.TIF$",
            "LC08_L2SP_028030_20200114_20200824_02_T1_SR_B4.TIF",
            "LC08_L2SP_028030_20200114_20200824_02_T1",
            "B4",
        ),
    ] {
        let name = naming(None, Some(rule), None).read(&file(path)).unwrap();
        assert_eq!(name.band.as_deref(), Some(band), "{path}");
        assert_eq!(name.scene.qualified(1), Some(scene), "{path}");
    }
}

#[test]
fn an_id_rule_alone_leaves_the_rest_of_the_name() {
    let rest = |rule: &str, path: &str| naming(Some(rule), None, None).read(&file(path)).unwrap().rest;
    assert_eq!(rest("^(\\w+?)_", "s1_foo.tif").as_deref(), Some("foo"));
    assert_eq!(rest("^(\\w+)/", "s1/foo.tif").as_deref(), Some("foo"));
    assert_eq!(rest("_(\\d+)_", "tile_42_foo.tif").as_deref(), Some("tile_foo"));
    assert_eq!(rest("(.*)\\.tif", "s1.tif"), None);
    assert_eq!(rest(".*", "s1.tif"), None);
}

#[test]
fn scenes_are_qualified_by_their_folders() {
    let name = naming(None, None, None).read(&file("north/a/dem.tif")).unwrap().scene;
    let levels: Vec<_> = (0..5).map(|level| name.qualified(level)).collect();
    let whole = "/data/root/north/a/dem";
    assert_eq!(levels, ["dem", "north/a/dem", "root/north/a/dem", "data/root/north/a/dem", whole].map(Some));
    assert_eq!(name.qualified(5), None);
    let folder = naming(None, None, None).read(&file("north/a/red.tif")).unwrap().scene;
    assert_eq!((folder.qualified(0), folder.qualified(1)), (Some("a"), Some("north/a")));
    let product = naming(None, None, None).read(&file("x/T43PGQ_20240103T052231_B04.tif")).unwrap().scene;
    assert_eq!((product.qualified(1), product.qualified(2)), (Some("T43PGQ_20240103T052231"), None));
}

proptest! {
    /// Whatever a path and a rule are, names are not empty, and equal for equal paths.
    #[test]
    fn any_path_has_a_name(
        path in "[a-zA-Z0-9_. é/-]{0,30}[\\PC&&[^/]]{1,20}",
        rule in prop_oneof![Just(None), Just(Some("(\\w+)")), Just(Some(".+")), Just(Some("(.)$"))],
        which in 0usize..3,
    ) {
        let file = LocalFile::below(Path::new("/"), Path::new(&path), Path::new("/").join(&path)).unwrap();
        let rules = [0, 1, 2].map(|i| rule.filter(|_| i == which));
        let naming = naming(rules[0], rules[1], rules[2]);
        if let Ok(name) = naming.read(&file) {
            for level in 0..40 {
                if let Some(id) = name.scene.qualified(level) {
                    prop_assert!(!id.is_empty());
                    prop_assert!(level > 0 || !id.contains('/') || rules[0].is_some(), "{}", id);
                }
            }
            prop_assert!(name.band.as_deref() != Some(""));
            prop_assert_eq!(naming.read(&file).unwrap(), name);
        }
    }
}
