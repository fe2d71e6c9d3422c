//! What the reader supports, compared with rasterio, and said in `SUPPORT.md`.
//!
//! `RASTERET_UPDATE_SUPPORT=1 cargo test -p rasteret-geotiff --test support` writes the file; without
//! the variable the test fails if the file is another than it would write. Either way it fails where
//! the reader gives anything else than GDAL.

// A test file's modules lie beside it only where it is a folder.
#[path = "support/compare.rs"]
mod compare;
#[path = "support/encoding.rs"]
mod encoding;
#[path = "support/expected.rs"]
mod expected;
#[path = "support/pixels.rs"]
mod pixels;
#[path = "support/table.rs"]
mod table;

use compare::{Outcome, check};
use expected::{Expected, Python};
use rayon::prelude::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use table::Tally;

#[test]
fn support_is_as_stated() {
    let python = match Python::find() {
        Ok(python) => python,
        Err(reason) => return skip(&reason),
    };
    let (folder, rasters) = (tempfile::tempdir().expect("a temporary folder"), test_data().join("cogs"));
    let (generated, real) = rayon::join(
        || python.generate(folder.path()),
        || rasters.is_dir().then(|| python.read(folder.path(), &rasters)),
    );
    assert!(generated.rasters.len() > 4000, "only {} files", generated.rasters.len());
    let generated_outcomes = check_all(&generated);
    let Some(real) = real else {
        assert_none_fails(&generated_outcomes);
        return skip(&format!("real files: {} is no folder; set RASTERET_TEST_DATA", rasters.display()));
    };
    assert!(!real.rasters.is_empty(), "{} has no rasters", rasters.display());
    let real_outcomes = check_all(&real);

    let document = table::document(&real.versions, &generated_outcomes, &real_outcomes);
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/SUPPORT.md"));
    if std::env::var_os("RASTERET_UPDATE_SUPPORT").is_some_and(|value| value == "1") {
        std::fs::write(path, &document).expect("a writable file");
    }
    assert_none_fails(generated_outcomes.iter().chain(&real_outcomes));
    let stated = std::fs::read_to_string(path).unwrap_or_default();
    let differing = document.lines().find(|line| !stated.lines().any(|stated| stated == *line));
    assert!(
        stated == document,
        "SUPPORT.md does not hold; set RASTERET_UPDATE_SUPPORT=1 to write it. First new line: {differing:?}"
    );
}

fn check_all(expected: &Expected) -> Vec<Outcome> {
    for raster in &expected.rasters {
        if let Some(reason) = &raster.skipped {
            skip(&format!("{}: {reason}", raster.name));
        }
    }
    let outcomes: Vec<_> =
        expected.rasters.par_iter().filter(|raster| raster.skipped.is_none()).map(check).collect();
    let Tally { files, refused, windows, farthest, .. } = outcomes.iter().map(Tally::of).sum();
    let whole: usize =
        outcomes.iter().flat_map(|outcome| &outcome.result).map(|compared| compared.whole).sum();
    println!("{files} files, {refused} of them refused, {whole} parts and {windows} windows, ≤ {farthest}");
    outcomes
}

fn assert_none_fails<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) {
    let failures: Vec<&str> =
        outcomes.into_iter().flat_map(|outcome| &outcome.failures).map(String::as_str).collect();
    let few = failures.iter().take(100).copied().collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} failures:\n{few}", failures.len());
}

fn workspace_root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn test_data() -> PathBuf {
    std::env::var_os("RASTERET_TEST_DATA")
        .map_or_else(|| workspace_root().join("../shared/data"), PathBuf::from)
}

/// Says loudly that something is not tested.
fn skip(reason: &str) {
    let line = format!("SKIPPED: {}::support_is_as_stated: {reason}\n", module_path!());
    eprint!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("a writable list of skipped tests");
    }
}
