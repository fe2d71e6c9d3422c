//! How fast items come, for who wants to know: `cargo test --release --test stac -- --ignored --nocapture`.

use crate::paging::{base, landing, page};
use crate::scripted::{Scripted, Seen};
use crate::support::source;
use futures::TryStreamExt;
use rasteret::blocking::Wait;
use rasteret::schema::{Selection, SourceAdapter};
use serde_json::{Value, json};
use std::time::Instant;

const ITEMS: usize = 20_000;

/// The limit and the first item of a request.
fn asked(seen: &Seen) -> (usize, usize) {
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    let number = |name: &str| body[name].as_u64().unwrap_or(0) as usize;
    (number("limit"), number("token"))
}

/// The most memory that this process has had, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|n| n.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

#[test]
#[ignore = "a measurement"]
fn ingest() {
    // A real item of Sentinel-2 with all its assets and properties.
    let Some(document) = crate::data::json("rustac/sentinel-2-item-collection.json") else { return };
    let template = document["features"][0].clone();
    let bytes = template.to_string().len();
    let server = Scripted::start(move |seen| {
        if seen.target == "/" {
            return landing(seen, &["POST"]);
        }
        let (limit, at) = asked(seen);
        let end = (at + limit).min(ITEMS);
        let items = (at..end).map(|at| {
            let mut item = template.clone();
            item["id"] = format!("item-{at}").into();
            item
        });
        let next = json!({"rel": "next", "method": "POST", "href": format!("{}/search", base(seen)),
            "body": {"token": end}, "merge": true});
        page(items, if end < ITEMS { vec![next] } else { Vec::new() })
    });
    for page_size in [100, 250, 1000] {
        let source = source(&server.url).page_size(page_size);
        let selection = Selection::default();
        let (start, before) = (Instant::now(), peak());
        let mut records = 0;
        async {
            let mut batches = source.records(&selection);
            while let Some(batch) = batches.try_next().await.unwrap() {
                records += batch.records.num_rows();
            }
        }
        .wait();
        assert_eq!(records, ITEMS);
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{ITEMS} items of {bytes} bytes, {page_size} a page: {seconds:.2} s, {:.0} items/s; peak {before} MB before, \
             {} MB after",
            ITEMS as f64 / seconds,
            peak()
        );
    }
}
