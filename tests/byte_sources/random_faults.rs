//! Whatever goes wrong, and in which order: the right bytes or an error, soon.

use crate::clouds;
use crate::support::{Fixture, impatient, timed};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rasteret::io::{ByteSources, SourceOptions};
use rasteret_serve::Fault;
use std::time::Duration;

const SIZE: u64 = 100_000;

fn fault() -> impl Strategy<Value = Option<Fault>> {
    let after = 0..SIZE;
    prop_oneof![
        2 => Just(None),
        3 => prop::sample::select(vec![500_u16, 502, 503, 504, 429, 408, 404, 403, 412, 416, 400, 301, 204, 206])
            .prop_map(|status| Some(Fault::Status(status))),
        1 => prop::sample::select(vec![503_u16, 429]).prop_map(|status| Some(Fault::RetryAfter(status, 0))),
        2 => after.clone().prop_map(|after| Some(Fault::Reset { after })),
        2 => after.clone().prop_map(|after| Some(Fault::Truncate { after })),
        2 => after.clone().prop_map(|after| Some(Fault::TruncateChunked { after })),
        1 => proptest::option::of(after).prop_map(|after| Some(Fault::Stall { after })),
        1 => Just(Some(Fault::WrongRange)),
        1 => Just(Some(Fault::IgnoreRange)),
        1 => Just(Some(Fault::OtherEtag)),
        1 => Just(Some(Fault::OtherSize)),
        1 => (0_u64..20).prop_map(|ms| Some(Fault::Delay(Duration::from_millis(ms)))),
    ]
}

#[test]
fn the_right_bytes_or_an_error() {
    let fixture = Fixture::new(SIZE as usize);
    let version = fixture.version();
    let options = SourceOptions {
        connect_timeout: Duration::from_millis(40),
        stall_timeout: Duration::from_millis(40),
        timeout: Duration::from_millis(500),
        ..impatient()
    };
    let stores = clouds::stores(&fixture, &options);
    let sources = ByteSources::new(options);
    // Over HTTP with a version known and without, and from object stores.
    let way = 0_usize..5;
    let cases = (prop::collection::vec(fault(), 0..8), 0..SIZE, 1..SIZE, way, any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let right = std::cell::Cell::new(0);
    let outcome = runner.run(&cases, |(faults, start, len, way, from_start)| {
        fixture.server.set_faults(faults);
        let source = match way {
            0 | 1 => sources.open(&fixture.url(), (way == 0).then_some(&version)).unwrap(),
            store => clouds::open(&stores)[store - 2].clone(),
        };
        let range = if from_start { 0..len } else { start..(start + len).min(SIZE) };
        let (result, took) = timed(async {
            match from_start {
                true => source.read_start(len).await.map(|(fetched, _)| fetched),
                false => source.read(range.clone()).await,
            }
        });
        if let Ok(fetched) = result {
            prop_assert_eq!(&fetched.bytes[..], fixture.part(range));
            prop_assert!(fetched.requests >= 1);
            right.set(right.get() + 1);
        }
        prop_assert!(took < Duration::from_secs(2), "{took:?}");
        Ok(())
    });
    outcome.unwrap();
    assert!((20..200).contains(&right.get()), "{} of 200 reads recovered", right.get());
}
