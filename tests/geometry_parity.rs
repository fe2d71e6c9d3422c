//! Masks, windows, transformations and footprints equal those of rasterio.

#![allow(clippy::unwrap_used, clippy::type_complexity)]

mod oracle;

use geo_types::{Coord, Geometry, LineString, MultiPolygon, Polygon};
use oracle::Random;
use rasteret::build::footprint::{FootprintError, footprint};
use rasteret::crs::vertices::map_vertices;
use rasteret::crs::{CrsError, Transformer, describe, to_epsg};
use rasteret::read::area::Area;
use rasteret::read::mask::Mask;
use rasteret::read::window::geometry_window;
use rasteret_schema::{Crs, Geotransform, Window};
use serde_json::{Value, json};
use std::f64::consts::TAU;
use std::path::PathBuf;

fn geojson(geometry: &Geometry<f64>) -> Value {
    serde_json::to_value(geojson::Geometry::from(geometry)).unwrap()
}

/// Geotransforms of all kinds for a window of the given size.
fn geotransform(random: &mut Random, height: u32) -> Geotransform {
    let rows = f64::from(height);
    match random.below(6) {
        0 => Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, rows),
        1 => Geotransform::new(10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0),
        2 => Geotransform::new(1.0 / 3600.0, 0.0, 77.512_345, 0.0, -1.0 / 3600.0, 13.087_654_3),
        3 => Geotransform::new(0.3, 0.0, -1234.56, 0.0, 0.7, 789.01),
        4 => Geotransform::new(30.1, 0.0, 2_600_000.25, 0.0, -29.9, 1_200_000.75),
        _ => Geotransform::new(8.0, 3.0, 500_000.0, 2.5, -9.0, 4_000_000.0),
    }
}

/// A ring in pixel coordinates, of one of the kinds that go wrong.
fn ring(random: &mut Random, width: f64, height: f64) -> LineString<f64> {
    let count = 3 + random.below(12);
    let anywhere = |random: &mut Random| Coord {
        x: random.between(-0.3 * width, 1.3 * width),
        y: random.between(-0.3 * height, 1.3 * height),
    };
    let half = |random: &mut Random| Coord {
        x: random.between(-4.0, 2.0 * width + 4.0).round() / 2.0,
        y: random.between(-4.0, 2.0 * height + 4.0).round() / 2.0,
    };
    match random.below(9) {
        // A star about a centre: simple, of any size.
        0 | 1 => {
            let centre = anywhere(random);
            let size = 10_f64.powf(random.between(-2.0, 2.5));
            (0..count)
                .map(|i| {
                    let angle = (i as f64 + random.between(0.0, 0.9)) / count as f64 * TAU;
                    let radius = size * random.between(0.2, 1.0);
                    Coord { x: centre.x + radius * angle.cos(), y: centre.y + radius * angle.sin() }
                })
                .collect()
        }
        // Tangled.
        2 => (0..count).map(|_| anywhere(random)).collect(),
        // On pixel centres, edges and corners, with vertices that repeat and runs that lie on a line.
        3 | 4 => (0..count).map(|_| half(random)).collect(),
        // A rectangle with corners on such places.
        5 => {
            let (a, b) = (half(random), half(random));
            vec![a, Coord { x: b.x, y: a.y }, b, Coord { x: a.x, y: b.y }].into()
        }
        // A sliver.
        6 => {
            let (a, b, c) = (anywhere(random), anywhere(random), random.between(0.0, 0.2));
            vec![a, b, Coord { x: b.x + c, y: b.y - c }, Coord { x: a.x + c, y: a.y }].into()
        }
        // Huge, around the window or beside it.
        7 => {
            let size = 10_f64.powf(random.between(3.0, 6.0));
            (0..count)
                .map(|_| Coord { x: random.between(-size, size), y: random.between(-size, size) })
                .collect()
        }
        // Collapsed: to a point, or to a line there and back.
        _ => {
            let (a, b) = (half(random), anywhere(random));
            if random.below(2) == 0 { vec![a, a, a, a].into() } else { vec![a, b, a, b, a].into() }
        }
    }
}

fn polygon(random: &mut Random, width: f64, height: f64) -> Polygon<f64> {
    let exterior = ring(random, width, height);
    let holes = if random.below(3) == 0 { 1 + random.below(3) } else { 0 };
    Polygon::new(exterior, (0..holes).map(|_| ring(random, width, height)).collect())
}

fn geometry(random: &mut Random, width: f64, height: f64) -> Geometry<f64> {
    match random.below(12) {
        0 => MultiPolygon((0..1 + random.below(4)).map(|_| polygon(random, width, height)).collect()).into(),
        1 => {
            let line = ring(random, width, height);
            let parts: Vec<Geometry<f64>> = vec![
                polygon(random, width, height).into(),
                line.into(),
                polygon(random, width, height).into(),
            ];
            Geometry::GeometryCollection(parts.into())
        }
        2 => ring(random, width, height).into(),
        3 => Geometry::MultiPoint(ring(random, width, height).0.into()),
        4 => Geometry::MultiLineString(geo_types::MultiLineString(vec![
            ring(random, width, height),
            ring(random, width, height),
        ])),
        _ => polygon(random, width, height).into(),
    }
}

#[test]
fn masks_equal_geometry_mask() {
    let mut random = Random(1);
    let mut cases = Vec::new();
    for _ in 0..1500 {
        let (width, height) = (1 + random.below(70) as u32, 1 + random.below(70) as u32);
        let transform = geotransform(&mut random, height);
        let pixels = geometry(&mut random, f64::from(width), f64::from(height));
        let geometry = map_vertices(&pixels, &mut |pixel| transform.apply(pixel.x, pixel.y).into());
        for all_touched in [false, true] {
            cases.push((geometry.clone(), transform, width, height, all_touched));
        }
    }
    let request: Vec<Value> = cases
        .iter()
        .map(|(geometry, transform, width, height, all_touched)| {
            json!({"geometry": geojson(geometry), "transform": transform.to_array(),
                   "width": width, "height": height, "all_touched": all_touched})
        })
        .collect();
    let Some(answer) = oracle::ask("geometry_oracle.py", &json!({ "masks": request })) else { return };
    let mut different = 0;
    for ((geometry, transform, width, height, all_touched), expected) in
        cases.iter().zip(answer["masks"].as_array().unwrap())
    {
        let mask = Mask::new(geometry, transform, *width, *height, *all_touched).unwrap();
        let packed: String = mask
            .into_vec()
            .chunks(8)
            .map(|bits| {
                bits.iter().enumerate().fold(0_u8, |byte, (i, &bit)| byte | (u8::from(bit) << (7 - i)))
            })
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if packed != expected.as_str().unwrap() {
            different += 1;
            eprintln!("{width} x {height}, all_touched {all_touched}, {transform:?}: {geometry:?}");
        }
    }
    assert_eq!(different, 0, "of {} masks", cases.len());
}

/// Rasters all over the world: UTM north and south, polar, Web Mercator, national grids, degrees.
const RASTERS: [(&str, [f64; 6], u32, u32, [f64; 4]); 10] = [
    ("EPSG:32643", [10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0], 10_980, 10_980, [76.5, 12.3, 78.2, 13.8]),
    ("EPSG:32733", [30.0, 0.0, 471_585.0, 0.0, -30.0, 7_787_515.0], 7_600, 7_800, [14.5, -22.3, 17.2, -19.8]),
    (
        "EPSG:32760",
        [10.0, 0.0, 699_960.0, 0.0, -10.0, 8_200_040.0],
        10_980,
        10_980,
        [178.5, -17.5, 180.0, -16.0],
    ),
    (
        "EPSG:3413",
        [500.0, 0.0, -3_850_000.0, 0.0, -500.0, 5_850_000.0],
        15_200,
        22_400,
        [-180.0, 60.0, 180.0, 90.0],
    ),
    (
        "EPSG:3031",
        [6250.0, 0.0, -3_950_000.0, 0.0, -6250.0, 4_350_000.0],
        1264,
        1327,
        [-180.0, -90.0, 180.0, -55.0],
    ),
    (
        "EPSG:3857",
        [0.597_164_034_8, 0.0, 14_321_853.1, 0.0, -0.597_164_034_8, 4_533_021.5],
        1024,
        1024,
        [128.65, 37.6, 128.66, 37.7],
    ),
    ("EPSG:2056", [2.5, 0.0, 2_573_000.0, 0.0, -2.5, 1_086_000.0], 400, 400, [7.07, 45.9, 7.12, 45.94]),
    ("EPSG:4326", [0.125, 0.0, -180.0, 0.0, -0.125, 75.0], 2880, 1200, [-180.0, -80.0, 180.0, 80.0]),
    ("EPSG:27700", [25.0, 0.0, 400_000.0, 0.0, -25.0, 300_000.0], 4000, 4000, [-2.1, 51.6, -0.4, 52.7]),
    (
        "EPSG:6933",
        [9_008.055_21, 0.0, -17_367_530.45, 0.0, -9_008.055_21, 7_314_540.83],
        3856,
        1624,
        [-179.0, -84.0, 179.0, 84.0],
    ),
];

#[test]
fn windows_equal_geometry_window() {
    let mut random = Random(2);
    let mut cases = Vec::new();
    for i in 0..600 {
        let (crs, transform, width, height, [west, south, east, north]) = RASTERS[i % RASTERS.len()];
        let size = 10_f64.powf(random.between(-3.0, 0.0));
        let centre = (random.between(west, east), random.between(south, north));
        let (dx, dy) = ((east - west) * size / 2.0, (north - south) * size / 2.0);
        let geometry = match random.below(3) {
            0 => {
                let bbox =
                    [centre.0 - dx, (centre.1 - dy).max(-90.0), centre.0 + dx, (centre.1 + dy).min(90.0)];
                Area::bbox(bbox).geometries().unwrap().remove(0)
            }
            _ => (0..3 + random.below(8))
                .map(|_| {
                    (
                        centre.0 + random.between(-dx, dx),
                        (centre.1 + random.between(-dy, dy)).clamp(-90.0, 90.0),
                    )
                })
                .collect::<LineString<f64>>()
                .into(),
        };
        let geometry = match geometry {
            Geometry::LineString(ring) => Polygon::new(ring, vec![]).into(),
            other => other,
        };
        cases.push((
            geometry,
            Crs::new(crs),
            Geotransform::new(transform[0], 0.0, transform[2], 0.0, transform[4], transform[5]),
            width,
            height,
        ));
    }
    let request: Vec<Value> = cases
        .iter()
        .map(|(geometry, crs, transform, width, height)| {
            json!({"geometry": geojson(geometry), "from": "EPSG:4326", "to": crs.as_str(),
                   "transform": transform.to_array(), "width": width, "height": height})
        })
        .collect();
    let Some(answer) = oracle::ask("geometry_oracle.py", &json!({ "windows": request })) else { return };
    let expected: Vec<Option<[u32; 4]>> = serde_json::from_value(answer["windows"].clone()).unwrap();
    let mut overlapping = 0;
    for ((geometry, crs, transform, width, height), expected) in cases.iter().zip(expected) {
        let projected = Area::geometry(geometry.clone()).to_crs(crs).unwrap().remove(0);
        let window = geometry_window(&projected, transform, *width, *height).unwrap();
        assert_eq!(window, expected.map(|[x, y, w, h]| Window::new(x, y, w, h)), "{crs}: {geometry:?}");
        overlapping += usize::from(window.is_some());
    }
    assert!(overlapping > cases.len() / 2, "only {overlapping} of {} overlap", cases.len());
}

#[test]
fn transformed_points_equal_those_of_rasterio() {
    let targets = [
        "EPSG:32643",
        "EPSG:32733",
        "EPSG:32760",
        "EPSG:3413",
        "EPSG:3031",
        "EPSG:3857",
        "EPSG:2056",
        "EPSG:27700",
        "EPSG:6933",
        "EPSG:5070",
        "EPSG:3978",
        "EPSG:2193",
        "EPSG:2180",
        "EPSG:31467",
        "EPSG:2065",
        "EPSG:5514",
        "EPSG:2230",
        "EPSG:3035",
        "EPSG:28992",
        "EPSG:4267",
        "EPSG:4269",
        "EPSG:4258",
        "EPSG:2053",
        "OGC:CRS84",
        "ESRI:54009",
        "+proj=sinu +R=6371007.181 +units=m +no_defs",
        "+proj=laea +lat_0=90 +lon_0=-45 +datum=WGS84",
    ];
    let mut random = Random(3);
    let mut cases = Vec::new();
    for target in targets {
        let area = describe(&Crs::new(target)).unwrap().area_of_use;
        let [west, south, east, north] = area.map_or([-179.0, -85.0, 179.0, 85.0], |area| {
            [
                area.xmin,
                area.ymin.max(-85.0),
                if area.crosses_antimeridian() { area.xmax + 360.0 } else { area.xmax },
                area.ymax.min(89.9),
            ]
        });
        // Some lie outside of the area of use, by up to a tenth of it.
        let xs: Vec<f64> = (0..60).map(|_| random.between(west, east)).collect();
        let ys: Vec<f64> =
            (0..60).map(|_| random.between(south, north) * random.between(0.97, 1.0)).collect();
        let (mut back_xs, mut back_ys) = (xs.clone(), ys.clone());
        Transformer::new(&Crs::from_epsg(4326), &Crs::new(target))
            .unwrap()
            .transform(&mut back_xs, &mut back_ys)
            .unwrap();
        cases.push(("EPSG:4326", target, xs, ys));
        cases.push((target, "EPSG:4326", back_xs, back_ys));
    }
    let request: Vec<Value> =
        cases.iter().map(|(from, to, xs, ys)| json!({"from": from, "to": to, "xs": xs, "ys": ys})).collect();
    let Some(answer) = oracle::ask("geometry_oracle.py", &json!({ "transforms": request })) else { return };
    let expected: Vec<[[Vec<f64>; 2]; 2]> = serde_json::from_value(answer["transforms"].clone()).unwrap();
    let mut worst = (0.0_f64, 0.0_f64);
    for ((from, to, xs, ys), [rasterio, pyproj]) in cases.iter().zip(expected) {
        let (mut our_xs, mut our_ys) = (xs.clone(), ys.clone());
        Transformer::new(&Crs::new(from), &Crs::new(to))
            .unwrap()
            .transform(&mut our_xs, &mut our_ys)
            .unwrap();
        let in_degrees = describe(&Crs::new(to)).unwrap().unit.name == "degree";
        for i in 0..xs.len() {
            let off =
                |other: &[Vec<f64>; 2]| (our_xs[i] - other[0][i]).abs().max((our_ys[i] - other[1][i]).abs());
            let (tolerance, worst) = if in_degrees { (1e-9, &mut worst.0) } else { (1e-6, &mut worst.1) };
            // PROJ 9.7, which rasterio has, computes the latitudes of equal-area projections by a
            // series that differs from the one of 9.5 (pyproj) and 9.6 (here) by up to 1.5e-8 degrees.
            let other_series = in_degrees && off(&pyproj) <= tolerance && off(&rasterio) < 2e-8;
            assert!(
                off(&rasterio) <= tolerance || other_series,
                "{from} to {to} at ({}, {}): ({}, {}), but ({}, {}) in rasterio",
                xs[i],
                ys[i],
                our_xs[i],
                our_ys[i],
                rasterio[0][i],
                rasterio[1][i]
            );
            *worst = worst.max(off(&rasterio));
        }
    }
    eprintln!("largest difference: {:e} degrees, {:e} metres or feet", worst.0, worst.1);
}

#[derive(serde::Deserialize)]
struct Raster {
    crs: Option<String>,
    epsg: Option<u32>,
    transform: [f64; 6],
    width: u32,
    height: u32,
}

impl Raster {
    fn geotransform(&self) -> Geotransform {
        let [a, b, c, d, e, f] = self.transform;
        Geotransform::new(a, b, c, d, e, f)
    }
}

/// Real files, and made-up rasters all over the world.
fn rasters() -> Option<Vec<(String, Raster)>> {
    let mut rasters: Vec<(String, Raster)> = RASTERS
        .iter()
        .map(|&(crs, transform, width, height, _)| {
            (
                crs.to_owned(),
                Raster { crs: Some(crs.to_owned()), epsg: crs[5..].parse().ok(), transform, width, height },
            )
        })
        .collect();
    let files = [
        "rasterio/RGB.byte.tif",
        "rasterio/shade.tif",
        "rasterio/world.byte.tif",
        "rio-tiler/cog.tif",
        "rio-tiler/cog_dateline.tif",
        "rio-tiler/cog_gradient.tif",
        "rio-tiler/cog_hirise_mars.tif",
        "rio-tiler/cog_rgb.tif",
        "rio-tiler/inverted_lat.tif",
        "rio-tiler/web.tif",
        "titiler/dem.tif",
        "cogeotiff-js/sparse.tiff",
        "geotiff-test-data/bremen_sea_ice_conc_2022_9_9.tif",
        "geotiff-test-data/gfw-azores.tif",
        "geotiff-test-data/lcv_landuse.cropland_hyde_p_10km_s0..0cm_2016_v3.2.tif",
    ];
    if let Some(cogs) = oracle::data("cogs") {
        let paths: Vec<PathBuf> = files.iter().map(|file| cogs.join(file)).collect();
        let answer = oracle::ask("geometry_oracle.py", &json!({ "rasters": paths }))?;
        let real: Vec<Raster> = serde_json::from_value(answer["rasters"].clone()).unwrap();
        rasters.extend(files.map(str::to_owned).into_iter().zip(real));
    }
    Some(rasters)
}

#[test]
fn footprints_equal_those_of_rasterio() {
    let Some(rasters) = rasters() else { return };
    let mut cases = Vec::new();
    for (name, raster) in &rasters {
        let crs = Crs::new(raster.crs.as_deref().unwrap());
        assert_eq!(to_epsg(&crs).unwrap(), raster.epsg, "{name}");
        let ours = footprint(&raster.geotransform(), raster.width, raster.height, &crs);
        if name.contains("mars") {
            assert!(
                matches!(ours, Err(FootprintError::Crs(CrsError::DifferentCelestialBodies { .. }))),
                "{ours:?}"
            );
            continue;
        }
        cases.push((name, raster, ours.unwrap()));
    }
    let request: Vec<Value> = cases
        .iter()
        .map(|(_, raster, ours)| {
            json!({"crs": raster.crs, "transform": raster.transform, "width": raster.width, "height": raster.height,
                   "geometry": geojson(&ours.geometry)})
        })
        .collect();
    let Some(answer) = oracle::ask("geometry_oracle.py", &json!({ "footprints": request })) else { return };
    for ((name, _, ours), theirs) in cases.iter().zip(answer["footprints"].as_array().unwrap()) {
        let [xmin, ymin, xmax, ymax]: [f64; 4] = serde_json::from_value(theirs["bounds"].clone()).unwrap();
        let bbox = ours.bbox;
        let difference = theirs["difference"].as_f64().unwrap();
        assert!(theirs["valid"].as_bool().unwrap(), "{name}: {:?}", ours.geometry);
        if *name == "EPSG:6933" {
            // The edge of this map of the world lies some millimetres beyond the world's, where GDAL
            // takes the east for the west.
            assert!(xmax - xmin < 1.0 && bbox.xmin < -179.99 && bbox.xmax > 179.99, "{name}: {bbox:?}");
            assert!((bbox.ymin - ymin).abs() < 0.01 && (bbox.ymax - ymax).abs() < 0.01, "{name}: {bbox:?}");
            continue;
        }
        let off = [bbox.xmin - xmin, bbox.ymin - ymin, bbox.xmax - xmax, bbox.ymax - ymax];
        assert!(off.iter().all(|off| off.abs() < 1e-9), "{name}: {bbox:?}, not {theirs}");
        assert!(difference < 1e-5, "{name}: {difference} of {:?} lies elsewhere", ours.geometry);
    }
}
