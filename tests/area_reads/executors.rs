//! The same read from async code of several executors, and from plain code.

use crate::fixture::{Fixture, Raster};
use rasteret::blocking::Wait;
use rasteret::{AreaArray, ReadRequest};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Builder;

fn fixture() -> Fixture {
    Fixture::of_rasters(&[Raster::new("field_20240105_B04.tif"), Raster::new("field_20240105_B08.tif")])
}

fn request(fixture: &Fixture) -> ReadRequest {
    let area = fixture.all.info().unwrap().bounds.map(rasteret::Area::bbox).unwrap();
    fixture.all.read(area).bands(["B04", "B08"])
}

#[test]
fn any_executor_drives_a_read() {
    let fixture = fixture();
    let expected = request(&fixture).array().wait().unwrap().pixels;
    let is_same = |array: AreaArray| assert_eq!(array.pixels, expected);

    let current_thread = Builder::new_current_thread().build().unwrap();
    is_same(current_thread.block_on(request(&fixture).array()).unwrap());
    let multi_thread = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    is_same(multi_thread.block_on(multi_thread.spawn(request(&fixture).array())).unwrap().unwrap());
    // A thread of the caller's own pool, all of which wait at once.
    (0..32).into_par_iter().for_each(|_| is_same(request(&fixture).array().wait().unwrap()));
    // Plain code that async code calls.
    is_same(current_thread.block_on(async { request(&fixture).array().wait() }).unwrap());
}

#[test]
fn progress_ends_with_all_tiles() {
    let fixture = fixture();
    let (done, of) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let request = request(&fixture).on_progress({
        let (done, of) = (Arc::clone(&done), Arc::clone(&of));
        move |progress| {
            done.fetch_max(progress.tiles, Ordering::Relaxed);
            of.store(progress.of_tiles, Ordering::Relaxed);
        }
    });
    let statistics = request.array().wait().unwrap().statistics;
    assert_eq!(done.load(Ordering::Relaxed), statistics.tiles);
    assert_eq!(of.load(Ordering::Relaxed), statistics.tiles);
    assert_eq!((statistics.tiles, statistics.requests), (2, 0));
    assert!(statistics.bytes > 0);
}
