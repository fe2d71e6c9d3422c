//! A whole band onto the grid of the zone to the east.

use crate::context::{Context, EPSG, Result};
use crate::protocol::{Summary, Work};
use crate::scenes;
use rasteret::blocking::Wait;
use rasteret::warp::{Grid, Method, Source, Suggestion, Warp, Warped, suggested_grid};
use rasteret::{Area, Crs, Filter, PixelValue};
use rasteret_schema::Window;
use serde_json::json;

/// As many threads as the peer gets.
const THREADS: usize = 4;
const SIDE: u32 = 4096;
/// West, south, east, north of the scenes of zone 43.
const EXTENT: [f64; 4] = [699_960.0, 1_459_040.0, 740_920.0, 1_500_000.0];

/// The first band of the first scene, of which pixels of value 0 are no data.
pub fn warp(context: &Context, method: Method) -> Result<Work> {
    let scenes = scenes::open(context, &context.local_database())?;
    let first = scenes.ids()?.into_iter().next().ok_or("there is no scene")?;
    let extent = Area::bbox(EXTENT).with_crs(Crs::from_epsg(EPSG));
    let array = scenes.subset(Filter::new().ids([first])).read(extent).bands(["B04"]).array().wait()?;
    let transform = array.slices.first().ok_or("there is no slice")?.transform;
    let source = Grid::new(transform, SIDE, SIDE, array.crs.clone());
    let target = suggested_grid(&source, &Crs::from_epsg(EPSG + 1), Suggestion::Default)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    Ok(Box::new(move || {
        let pixels = Source {
            nodata: Some(PixelValue::Integer(0)),
            ..Source::new(Window::new(0, 0, SIDE, SIDE), &array.pixels)
        };
        let warped = pool.install(|| Warp::new(&source, &target, method)?.warp(&pixels, None))?;
        Ok(summary(warped))
    }))
}

/// As `warped` in `peer.py`.
fn summary(warped: Warped) -> Summary {
    Box::new(move || {
        let values = warped.pixels.view::<u16>().ok_or("the pixels are not uint16")?;
        let valid = values.iter().filter(|value| **value != 0);
        let (count, total) =
            valid.fold((0_u64, 0_u64), |(count, total), value| (count + 1, total + u64::from(*value)));
        let (grid, transform) = (&warped.grid, &warped.grid.transform);
        Ok(json!({
            "shape": [grid.height, grid.width],
            "origin": [rounded(transform.c, 1e6), rounded(transform.f, 1e6)],
            "resolution": rounded(transform.a, 1e9),
            "valid": count,
            "mean": total as f64 / count as f64,
        }))
    })
}

fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}
