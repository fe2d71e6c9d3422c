//! Masks, windows, transformations and footprints equal those of rasterio.

mod oracle;

use geo_types::{Coord, Geometry, LineString, MultiPolygon, Polygon};
use oracle::Random;
use rasteret::crs::vertices::map_vertices;
use rasteret::read::mask::Mask;
use rasteret_schema::Geotransform;
use serde_json::{Value, json};
use std::f64::consts::TAU;

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
