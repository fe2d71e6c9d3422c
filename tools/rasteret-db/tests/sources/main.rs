//! Collections of STAC catalogues, of tables and of datasets: built, described, read.

#![allow(clippy::unwrap_used)]

mod datasets;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../../tests/oracle/mod.rs"]
mod oracle;
mod served;
mod stac;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../interop/support.rs"]
mod support;
mod table;
mod usage;

use support::{Home, area, keys, npy_u16};

/// The members of what a build prints.
const BUILD_REPORT: [&str; 8] =
    ["bytes", "cached", "failed", "headers", "name", "records", "requests", "seconds"];

/// Reads bands of a collection around the middle of the one that is called `scenes`.
fn pixels(home: &Home, collection: &str, bands: &str) -> Vec<u16> {
    let out = format!("{collection}.npy");
    let report = home.json(0, &["read", collection, "--aoi", &area(home), "--bands", bands, "-o", &out]);
    assert_eq!(report["records"], 4);
    npy_u16(&home.path(&out))
}

/// Builds, and checks the report.
#[track_caller]
fn build(home: &Home, arguments: &[&str]) -> serde_json::Value {
    let summary = home.json(0, &[&["collections"], arguments].concat());
    assert_eq!(keys(&summary), BUILD_REPORT);
    assert_eq!(summary["failed"], serde_json::json!([]));
    summary
}
