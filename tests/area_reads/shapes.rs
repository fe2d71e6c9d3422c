//! Areas of all kinds, in pixel coordinates.

use crate::oracle::Random;
use geo_types::{Coord, Geometry, LineString, MultiPolygon, Polygon, Rect};
use std::f64::consts::TAU;

/// What kinds there are.
pub const KINDS: usize = 6;

/// An area of a kind, somewhere on a raster or across its edge.
pub fn shape(random: &mut Random, kind: usize, width: u32, height: u32) -> Geometry<f64> {
    let (width, height) = (f64::from(width), f64::from(height));
    let size = random.between(8.0, 300.0).min(width.max(height));
    // Of most areas the centre lies on the raster: on an edge, or inside.
    let mut along = |length: f64| match random.below(4) {
        0 => random.between(-0.3, 0.3) * size,
        1 => length + random.between(-0.3, 0.3) * size,
        _ => random.between(0.0, length),
    };
    let centre = Coord { x: along(width), y: along(height) };
    match kind {
        0 => {
            let half = Coord { x: size / 2.0, y: size * random.between(0.1, 0.5) };
            Rect::new(centre - half, centre + half).to_polygon().into()
        }
        1 => star(random, centre, size / 2.0).into(),
        2 => {
            let hole = star(random, centre, size / 6.0).exterior().clone();
            Polygon::new(circle(centre, size / 2.0), vec![hole]).into()
        }
        3 => {
            let parts = (0..3).map(|_| {
                let offset =
                    Coord { x: random.between(-0.5, 0.5) * size, y: random.between(-0.5, 0.5) * size };
                star(random, centre + offset, size / 4.0)
            });
            MultiPolygon(parts.collect()).into()
        }
        4 => {
            let thin = random.between(0.05, 2.0);
            let to = Coord { x: centre.x + size / 2.0, y: centre.y + random.between(-0.5, 0.5) * size };
            let ring =
                vec![centre, to, Coord { x: to.x, y: to.y + thin }, Coord { y: centre.y + thin, ..centre }];
            Polygon::new(ring.into(), vec![]).into()
        }
        // Less than a pixel, or a few.
        _ => star(random, centre, random_small(size)).into(),
    }
}

fn random_small(size: f64) -> f64 {
    0.3 + size / 100.0
}

/// Concave.
fn star(random: &mut Random, centre: Coord<f64>, radius: f64) -> Polygon<f64> {
    let count = 5 + random.below(9);
    let ring: LineString<f64> = (0..count)
        .map(|i| {
            let angle = (i as f64 + random.between(0.0, 0.9)) / count as f64 * TAU;
            let radius = radius * random.between(0.3, 1.0);
            Coord { x: centre.x + radius * angle.cos(), y: centre.y + radius * angle.sin() }
        })
        .collect();
    Polygon::new(ring, vec![])
}

fn circle(centre: Coord<f64>, radius: f64) -> LineString<f64> {
    let at = |angle: f64| Coord { x: centre.x + radius * angle.cos(), y: centre.y + radius * angle.sin() };
    (0..40).map(|i| at(f64::from(i) / 40.0 * TAU)).collect()
}
