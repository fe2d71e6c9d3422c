//! Decoded pixels against GDAL's.

mod parity;

use parity::{Case, Oracle, Verdict, check, skip};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Checks all cases, and fails with a list of those that do not come out right.
fn check_all(cases: &[Case]) {
    let mut failures = Vec::new();
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for (case, result) in cases.iter().zip(check_in_parallel(cases)) {
        match (&case.skipped, result) {
            (Some(reason), _) => skip(&format!("{}: {reason}", case.name)),
            (None, Ok(verdict)) => {
                let codec =
                    case.properties.get("compress").and_then(|name| name.as_str()).unwrap_or("handmade");
                *verdicts.entry(format!("{codec}: {verdict:?}")).or_default() += 1;
            }
            (None, Err(error)) => failures.push(format!("{}: {error}", case.name)),
        }
    }
    println!("{verdicts:#?}");
    let few: Vec<_> = failures.iter().take(50).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), few.join("\n"));
}

fn check_in_parallel(cases: &[Case]) -> Vec<Result<Verdict, String>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let chunks = cases.chunks(cases.len().div_ceil(threads).max(1));
        let handles: Vec<_> =
            chunks.map(|cases| scope.spawn(|| cases.iter().map(check).collect::<Vec<_>>())).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("no panic")).collect()
    })
}

#[test]
fn every_encoding_decodes_as_in_gdal() {
    let Some(oracle) = Oracle::find("every encoding") else { return };
    let cases = oracle.generate();
    assert!(cases.len() > 3000, "only {} cases", cases.len());
    let with_libjpeg_turbo = cases.iter().filter(|case| case.libjpeg_turbo.is_some()).count();
    assert!(with_libjpeg_turbo > 100, "only {with_libjpeg_turbo} cases with libjpeg-turbo");
    check_all(&cases);
}

#[test]
fn real_files_decode_as_in_gdal() {
    let Some(oracle) = Oracle::find("real files") else { return };
    let folder = std::env::var_os("RASTERET_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let files = files(&folder.join("cogs"));
    if files.is_empty() {
        return skip(&format!("real files: {} has none; set RASTERET_TEST_DATA", folder.display()));
    }
    check_all(&oracle.read(&files));
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() { files(&path) } else { vec![path] }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "tif" || extension == "tiff"))
        .collect();
    found.sort();
    found
}
