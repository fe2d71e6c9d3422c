//! A whole band of 4096² `uint16` from one zone of UTM to the next, by four threads, and where there is a
//! Python with rasterio (`$RASTERET_PYTHON`), the same with GDAL.

#[path = "../tests/oracle/mod.rs"]
#[allow(dead_code)]
mod oracle;

use criterion::{Criterion, Throughput};
use ndarray::Array4;
use rasteret::PixelArray;
use rasteret::schema::{Crs, Geotransform, Window};
use rasteret::warp::{Grid, Method, Source, Suggestion, Warp, suggested_grid};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

const SIDE: u32 = 4096;
const THREADS: usize = 4;
const RUNS: usize = 5;

fn source() -> (Grid, PixelArray) {
    let transform = Geotransform::new(10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0);
    let grid = Grid::new(transform, SIDE, SIDE, Crs::from_epsg(32643));
    let mut random = oracle::Random(1);
    let pixels = Array4::from_shape_fn([1, 1, SIDE as usize, SIDE as usize], |(_, _, row, column)| {
        (row / 4 + column / 3) as u16 + (random.next() >> 54) as u16
    });
    (grid, PixelArray::UInt16(pixels))
}

/// Seconds of rasterio for each method, if there is one.
fn rasterio(source: &Grid, target: &Grid, pixels: &PixelArray) -> Option<Vec<f64>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("pixels.bin");
    std::fs::write(&file, pixels.to_bytes()).expect("pixels are written");
    let grid = |grid: &Grid| {
        json!({"transform": grid.transform.to_array(), "width": grid.width, "height": grid.height,
               "crs": grid.crs.as_str()})
    };
    let cases: Vec<Value> = Method::ALL
        .iter()
        .map(|method| {
            json!({"file": file, "dtype": "uint16", "bands": 1, "source": grid(source), "target": grid(target),
                   "method": method.name(), "threads": THREADS, "runs": RUNS})
        })
        .collect();
    let answer = oracle::ask("warp_oracle.py", &json!({"folder": folder.path(), "timings": cases}))?;
    serde_json::from_value(answer["timings"].clone()).ok()
}

fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(THREADS).build_global().expect("a thread pool");
    let (source, pixels) = source();
    let target =
        suggested_grid(&source, &Crs::from_epsg(32644), Suggestion::Default).expect("both CRSs are known");
    let window = Window::new(0, 0, SIDE, SIDE);
    let run = |method| {
        let warp = Warp::new(&source, &target, method).expect("both grids are possible");
        warp.warp(&Source::new(window, &pixels), None).expect("pixels fit their grid")
    };

    let theirs = rasterio(&source, &target, &pixels);
    println!("{} × {} pixels, {THREADS} threads, the least of {RUNS} runs:", target.width, target.height);
    for (i, method) in Method::ALL.into_iter().enumerate() {
        let seconds = (0..RUNS).map(|_| {
            let start = Instant::now();
            black_box(run(method));
            start.elapsed().as_secs_f64()
        });
        let ours = seconds.fold(f64::INFINITY, f64::min);
        let theirs = theirs.as_ref().map_or(f64::NAN, |theirs| theirs[i]);
        println!("{:12} {ours:.3} s, rasterio {theirs:.3} s: {:.2} of it", method.name(), ours / theirs);
    }

    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut group = criterion.benchmark_group("warp 4096² uint16, 32643 → 32644");
    group.throughput(Throughput::Elements(u64::from(target.width) * u64::from(target.height)));
    for method in [Method::Nearest, Method::Bilinear, Method::Cubic, Method::Average] {
        group.bench_function(method.name(), |bencher| bencher.iter(|| run(method)));
    }
    group.finish();
    criterion.final_summary();
}
