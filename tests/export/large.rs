//! Figures: a million records in little memory. Made by hand, since it takes minutes:
//!
//! ```text
//! RASTERET_TEST_DATABASE=/tmp/large.rasteret cargo test --release -p rasteret --test export -- --ignored --nocapture large::make
//! RASTERET_TEST_DATABASE=/tmp/large.rasteret RASTERET_TEST_DEST=/tmp/large cargo test … large::export
//! ```

use crate::support::{batch, write};
use rasteret::Database;
use rasteret::blocking::Wait;
use std::path::PathBuf;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

fn database() -> PathBuf {
    PathBuf::from(std::env::var("RASTERET_TEST_DATABASE").unwrap())
}

#[test]
#[ignore = "makes figures, by hand"]
fn make() {
    let records = number("RASTERET_TEST_RECORDS", 1_000_000);
    // Headers of n × n tiles.
    let tiles = number("RASTERET_TEST_TILES", 4) as u32;
    let batches = (0..records).step_by(8192).map(|start| batch(start..(start + 8192).min(records)));
    write(&database(), batches, tiles);
}

#[test]
#[ignore = "makes figures, by hand"]
fn export() {
    let dest = std::env::var("RASTERET_TEST_DEST").unwrap();
    let collection = Database::open(database()).unwrap().collection("c").unwrap();
    let mut export = collection.export(dest).overwrite(true);
    if std::env::var_os("RASTERET_TEST_ONE_FILE").is_some() {
        export = export.partition_by(Vec::<String>::new());
    }
    println!("{:?}", export.run().wait().unwrap());
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("RssAnon"));
        println!("{}", peak.collect::<Vec<_>>().join(", "));
    }
}
