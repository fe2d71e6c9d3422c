//! The interior of a polygon: `GDALdllImageFilledPolygon` of GDAL's `alg/llrasterize.cpp`.
//!
//! GDAL looks at every edge for every row. Here the edges are sorted by where they start, and a row
//! looks only at those that it crosses; what is computed for a crossing is the same.

use super::{Canvas, Rings};

/// An edge that is not horizontal, from its upper to its lower end.
#[derive(Clone, Copy)]
struct Edge {
    top: f64,
    bottom: f64,
    x: f64,
    dx: f64,
    dy: f64,
}

/// Sets the pixels whose centres lie inside, by parity: left edges exclude centres that lie on them,
/// right edges include them.
pub(super) fn fill(canvas: &mut Canvas, rings: &Rings) {
    let last_centre = canvas.height as f64 - 0.5;
    let mut edges = Vec::with_capacity(rings.vertices.len());
    for ring in rings.iter() {
        for pair in ring.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            if from.y == to.y {
                // An edge through the centres of a row takes no part in the parity. It is drawn if
                // it runs from right to left: at the bottom of a clockwise ring.
                let row = from.y - 0.5;
                if from.x > to.x && row == row.floor() {
                    canvas.set_run(row as i64, boundary(to.x), boundary(from.x));
                }
                continue;
            }
            let (top, bottom) = if from.y < to.y { (from, to) } else { (to, from) };
            if bottom.y > 0.5 && top.y <= last_centre {
                let (dx, dy) = (bottom.x - top.x, bottom.y - top.y);
                edges.push(Edge { top: top.y, bottom: bottom.y, x: top.x, dx, dy });
            }
        }
    }
    edges.sort_unstable_by(|a, b| a.top.total_cmp(&b.top));

    let mut pending = edges.as_slice();
    let mut crossed: Vec<Edge> = Vec::new();
    let mut crossings: Vec<i64> = Vec::new();
    let first = edges.first().map_or(0.0, |edge| (edge.top - 0.5).floor().max(0.0)) as usize;
    for row in first..canvas.height {
        let y = row as f64 + 0.5;
        let starting = pending.partition_point(|edge| edge.top <= y);
        crossed.extend_from_slice(&pending[..starting]);
        pending = &pending[starting..];
        crossed.retain(|edge| y < edge.bottom);
        if crossed.is_empty() {
            if pending.is_empty() {
                break;
            }
            continue;
        }
        crossings.clear();
        crossings.extend(crossed.iter().map(|edge| boundary((y - edge.top) * edge.dx / edge.dy + edge.x)));
        crossings.sort_unstable();
        for pair in crossings.chunks_exact(2) {
            canvas.set_run(row as i64, pair[0], pair[1]);
        }
    }
}

/// The pixel boundary that is nearest to `x`.
fn boundary(x: f64) -> i64 {
    (x + 0.5).floor() as i64
}
