//! Whatever goes wrong, and in which order: the right pixels or an error, soon.

use crate::support::{Fixture, by_rows, impatient};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rasteret::blocking::Wait;
use rasteret::io::SourceOptions;
use rasteret_serve::Fault;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// About the most bytes of a request here.
const SIZE: u64 = 60_000;

fn fault() -> impl Strategy<Value = Option<Fault>> {
    let after = 0..SIZE;
    prop_oneof![
        12 => Just(None),
        3 => prop::sample::select(vec![500_u16, 502, 503, 504, 429, 408])
            .prop_map(|status| Some(Fault::Status(status))),
        1 => prop::sample::select(vec![404_u16, 403, 412, 416, 400, 301, 204, 206])
            .prop_map(|status| Some(Fault::Status(status))),
        1 => Just(Some(Fault::RetryAfter(503, 0))),
        2 => after.clone().prop_map(|after| Some(Fault::Reset { after })),
        2 => after.clone().prop_map(|after| Some(Fault::Truncate { after })),
        2 => after.clone().prop_map(|after| Some(Fault::TruncateChunked { after })),
        1 => proptest::option::of(after).prop_map(|after| Some(Fault::Stall { after })),
        1 => prop::sample::select(vec![Fault::WrongRange, Fault::IgnoreRange, Fault::OtherEtag, Fault::OtherSize])
            .prop_map(Some),
        2 => (0_u64..20).prop_map(|ms| Some(Fault::Delay(Duration::from_millis(ms)))),
    ]
}

#[test]
fn the_right_pixels_or_an_error() {
    let fixture = Fixture::new();
    let (local, built) = (fixture.local(), fixture.http());
    let all = built.with(SourceOptions {
        connect_timeout: Duration::from_millis(100),
        stall_timeout: Duration::from_millis(100),
        timeout: Duration::from_secs(1),
        ..impatient()
    });
    let cases = (
        prop::collection::vec(fault(), 0..16),
        0..450_u32,
        0..450_u32,
        1..300_u32,
        1..300_u32,
        any::<bool>(),
    );
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let (right, slowest) = (Cell::new(0), Cell::new(Duration::ZERO));
    let outcome = runner.run(&cases, |(faults, left, top, columns, rows, warped)| {
        let area = fixture.area(left.into(), top.into(), columns.into(), rows.into());
        let read = |all: &rasteret::Collection| {
            let read = all.read(area.clone()).bands(["B04", "B08"]).limits(by_rows());
            if warped { read.resolution(30.0, 30.0) } else { read.resolution(10.0, 10.0) }
        };
        fixture.server.set_faults([]);
        let expected = read(&local.all).array().wait().unwrap();
        fixture.server.set_faults(faults);
        let started = Instant::now();
        let result = read(&all).array().wait();
        let took = started.elapsed();
        slowest.set(slowest.get().max(took));
        if let Ok(array) = result {
            prop_assert_eq!(array.pixels, expected.pixels);
            prop_assert_eq!(array.valid, expected.valid);
            right.set(right.get() + 1);
        }
        prop_assert!(took < Duration::from_secs(3), "{took:?}");
        Ok(())
    });
    outcome.unwrap();
    println!("{} of 200 reads recovered; the slowest took {:?}", right.get(), slowest.get());
    assert!((20..200).contains(&right.get()), "{} of 200 reads recovered", right.get());
}
