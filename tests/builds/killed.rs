//! A build that is killed: what was stored stays, is not asked for again, and the end is the same.

use crate::process::run_for;
use crate::support::{BANDS, Files, listed};
use rasteret::blocking::Wait;
use rasteret::{Database, HeaderDescription};
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

const RECORDS: usize = 120;
const KILLS: usize = 50;

/// A build of the records that the parent's server has.
#[test]
#[ignore = "runs as a process of its own, and is killed"]
fn child_builds() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let source = listed(&variable("RASTERET_TEST_URL"), RECORDS, 10);
    let database = Database::open_writable(variable("RASTERET_TEST_DATABASE")).unwrap();
    database.build(source).name("x").max_concurrent(8).run().wait().unwrap();
}

/// Lets a build run for a while. Returns whether it came to its end.
pub fn run(path: &Path, url: &str, patience: Duration) -> bool {
    let environment = [("RASTERET_TEST_URL", url.into()), ("RASTERET_TEST_DATABASE", path.into())];
    run_for(patience, "killed::child_builds", environment)
}

/// Paths of the files whose headers are stored.
///
/// # Errors
///
/// If there is no database or no collection yet.
fn stored(path: &Path) -> rasteret::Result<HashSet<String>> {
    // As the next build opens it: one that was killed while it compacted the file needs that.
    let collection = Database::open_writable(path)?.collection("x")?;
    let places = collection.ids()?.into_iter().flat_map(|id| BANDS.map(|band| (id.clone(), band)));
    let known = places.filter(|(id, band)| collection.header(id, band).is_ok());
    Ok(known.map(|(id, band)| format!("/{}/{band}.tif", id.strip_prefix("scene-").unwrap())).collect())
}

/// All records and headers, as they may be compared.
fn content(path: &Path) -> (Vec<serde_json::Map<String, serde_json::Value>>, Vec<HeaderDescription>) {
    let collection = Database::open(path).unwrap().collection("x").unwrap();
    let header = |id: &String, band: &str| collection.header(id, band).unwrap();
    let headers = collection.ids().unwrap();
    let headers = headers.iter().flat_map(|id| BANDS.map(|band| header(id, band))).collect();
    (rasteret::query::json_rows(&collection.head(RECORDS + 1).unwrap()).unwrap(), headers)
}

#[test]
fn nothing_is_lost_and_nothing_read_twice() {
    let files = Files::new(RECORDS, Duration::from_millis(10));
    let url = files.server.base_url();
    let undisturbed = files.path("undisturbed.rasteret");
    let started = Instant::now();
    assert!(run(&undisturbed, &url, Duration::from_secs(120)));
    let whole = started.elapsed();
    assert_eq!(files.server.requests_by_path().len(), RECORDS * BANDS.len());
    let expected = content(&undisturbed);
    assert_eq!(expected.0.len(), RECORDS);

    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as f64 / u64::MAX as f64
    };
    let (mut kills, mut databases, mut taken_up) = (0, 0, 0);
    while kills < KILLS {
        databases += 1;
        let path = files.path(&format!("{databases}.rasteret"));
        let mut before = HashSet::new();
        loop {
            files.server.reset_stats();
            // From before its first request to about half of what it needs.
            let patience = whole.mul_f64(0.05 + 0.5 * next());
            let done = run(&path, &url, patience);
            let again: Vec<String> =
                files.server.requests_by_path().into_keys().filter(|path| before.contains(path)).collect();
            assert_eq!(again, Vec::<String>::new(), "headers that were stored are read again");
            let after = stored(&path).unwrap_or_else(|error| {
                assert!(before.is_empty(), "what was stored is lost: {error}");
                HashSet::new()
            });
            assert!(before.is_subset(&after), "what was stored is lost");
            if done {
                break;
            }
            kills += 1;
            taken_up += usize::from(!after.is_empty() && after.len() < RECORDS * BANDS.len());
            before = after;
        }
        assert!(content(&path) == expected, "the end is another");
    }
    println!(
        "killed {kills} times, {taken_up} of them with a part stored; {databases} builds came to their end"
    );
    assert!(taken_up * 3 > kills, "most kills came before or after the work");
}
