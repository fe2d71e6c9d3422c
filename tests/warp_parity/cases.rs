//! Sources and targets all over the world.

use crate::oracle::Random;
use half::f16;
use ndarray::Array4;
use rasteret::schema::{Crs, Geotransform};
use rasteret::warp::{Grid, Suggestion, suggested_grid};
use rasteret::{DataType, PixelArray};

/// A pair of CRSs, and where to go from one to the other.
pub struct Pair {
    pub name: &'static str,
    pub source: Grid,
    pub target: &'static str,
    /// How far floating point values may differ, relative to them.
    pub tolerance: f64,
}

fn grid(crs: &str, (left, top): (f64, f64), pixel: f64, (width, height): (u32, u32)) -> Grid {
    Grid::new(Geotransform::new(pixel, 0.0, left, 0.0, -pixel, top), width, height, Crs::new(crs))
}

/// Neighbouring zones, degrees, Web Mercator, both poles, equal-area and oblique projections, the
/// antimeridian from both sides, and the whole globe.
pub fn pairs() -> Vec<Pair> {
    let utm = || grid("EPSG:32643", (699_960.0, 1_500_000.0), 120.0, (150, 130));
    // The PROJ of rasterio's wheels has a newer series of the authalic latitude, which moves a place by a
    // millimetre.
    let pair = |name, source, target| {
        let tolerance = if target == "EPSG:3035" { 1e-3 } else { 1e-5 };
        Pair { name, source, target, tolerance }
    };
    vec![
        pair("UTM to its neighbour", utm(), "EPSG:32644"),
        pair("UTM to degrees", utm(), "EPSG:4326"),
        pair("UTM to Web Mercator", utm(), "EPSG:3857"),
        pair("degrees to Web Mercator", grid("EPSG:4326", (10.0, 50.0), 0.004, (140, 120)), "EPSG:3857"),
        pair("degrees to the south pole", grid("EPSG:4326", (-60.0, -62.0), 0.4, (300, 65)), "EPSG:3031"),
        pair("degrees to the north pole", grid("EPSG:4326", (-80.0, 85.0), 0.2, (250, 100)), "EPSG:3413"),
        pair(
            "the pole to degrees",
            grid("EPSG:3031", (-400_000.0, 900_000.0), 6000.0, (150, 100)),
            "EPSG:4326",
        ),
        pair(
            "UTM to Lambert's equal area",
            grid("EPSG:32632", (400_000.0, 5_500_000.0), 200.0, (125, 125)),
            "EPSG:3035",
        ),
        pair(
            "UTM to Switzerland",
            grid("EPSG:32632", (400_000.0, 5_250_000.0), 200.0, (125, 125)),
            "EPSG:2056",
        ),
        pair(
            "UTM at the antimeridian",
            grid("EPSG:32601", (300_000.0, 7_000_000.0), 1000.0, (130, 130)),
            "EPSG:3832",
        ),
        pair("degrees to the Pacific", grid("EPSG:4326", (150.0, 20.0), 0.5, (120, 80)), "EPSG:3832"),
        pair(
            "beyond the antimeridian",
            grid("EPSG:32660", (600_000.0, 7_000_000.0), 1000.0, (150, 130)),
            "EPSG:32601",
        ),
        pair("the globe to the Pacific", grid("EPSG:4326", (-180.0, 85.0), 2.0, (180, 85)), "EPSG:3832"),
        pair("the same CRS", utm(), "EPSG:32643"),
    ]
}

/// Targets as fine as the source, finer and coarser, and one that reaches beyond it.
pub fn targets(pair: &Pair) -> Vec<(&'static str, Grid)> {
    let crs = Crs::new(pair.target);
    let same = suggested_grid(&pair.source, &crs, Suggestion::Default).unwrap();
    let times = |factor: f64| {
        let size = |size: u32| ((f64::from(size) * factor) as u32).max(1);
        same.resized(size(same.width), size(same.height))
    };
    let transform = same.transform.translated(f64::from(same.width) * 0.37, -17.3);
    let beside = Grid::new(transform, same.width / 2, same.height / 2, crs);
    vec![
        ("same", same.clone()),
        ("finer", times(1.7)),
        ("coarser", times(0.27)),
        ("a third", times(1.0 / 3.0)),
        ("beside", beside),
    ]
}

/// Samples with gradients, edges, noise and repeated values.
pub fn pixels(random: &mut Random, dtype: DataType, bands: usize, grid: &Grid) -> PixelArray {
    let shape = [1, bands, grid.height as usize, grid.width as usize];
    let noise: Vec<f64> = (0..shape.iter().product()).map(|_| random.unit()).collect();
    let values = Array4::from_shape_fn(shape, |(_, band, row, column)| {
        let index = (band * shape[2] + row) * shape[3] + column;
        let (x, y) = (column as f64, row as f64);
        let wave = (x / 9.0).sin() * (y / 7.0).cos() * 0.2;
        let field = if (column / 16 + row / 16) % 3 == 0 { 0.3 } else { 0.0 };
        let value = 0.35 + wave + field + 0.15 * (noise[index] - 0.5) + 0.02 * band as f64;
        // Few values, so that one is the most frequent.
        (value * 60.0).floor() / 60.0
    });
    let (low, high) = match dtype {
        DataType::UInt8 => (0.0, 255.0),
        DataType::Int8 => (-128.0, 127.0),
        DataType::UInt16 => (0.0, 12_000.0),
        DataType::Int16 => (-3000.0, 9000.0),
        DataType::UInt32 | DataType::UInt64 => (0.0, 4e6),
        DataType::Int32 | DataType::Int64 => (-2e6, 2e6),
        _ => (-1.5, 3.25),
    };
    let place = |value: f64| low + value * (high - low);
    macro_rules! array {
        ($variant:ident, $map:expr) => {
            PixelArray::$variant(values.mapv(|value| ($map)(place(value))))
        };
    }
    match dtype {
        DataType::UInt8 => array!(UInt8, |v| v as u8),
        DataType::Int8 => array!(Int8, |v| v as i8),
        DataType::UInt16 => array!(UInt16, |v| v as u16),
        DataType::Int16 => array!(Int16, |v| v as i16),
        DataType::UInt32 => array!(UInt32, |v| v as u32),
        DataType::Int32 => array!(Int32, |v| v as i32),
        DataType::UInt64 => array!(UInt64, |v| v as u64),
        DataType::Int64 => array!(Int64, |v| v as i64),
        DataType::Float16 => array!(Float16, f16::from_f64),
        DataType::Float32 => array!(Float32, |v| v as f32),
        DataType::Float64 => array!(Float64, |v| v),
    }
}

/// Holes of all sizes.
pub fn mask(random: &mut Random, grid: &Grid) -> Array4<bool> {
    let (height, width) = (grid.height as usize, grid.width as usize);
    let mut valid = Array4::from_elem([1, 1, height, width], true);
    for _ in 0..60 {
        let most = if random.below(5) == 0 { 40 } else { 3 };
        let size = 1 + random.below(most);
        let (top, left) = (random.below(height), random.below(width));
        for row in top..(top + size).min(height) {
            for column in left..(left + size).min(width) {
                valid[[0, 0, row, column]] = false;
            }
        }
    }
    valid
}
