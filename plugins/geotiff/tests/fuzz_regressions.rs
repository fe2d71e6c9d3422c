//! Inputs that fuzzing once found something with, and those that it starts from, hold what fuzzing checks.
//!
//! The checks are those of `tools/fuzz`. Inputs lie in folders named after their target.

#[path = "../../../tools/fuzz/src/archive.rs"]
mod archive;
#[path = "../../../tools/fuzz/src/header.rs"]
mod header;
#[path = "../../../tools/fuzz/src/lerc.rs"]
mod lerc;
#[path = "../../../tools/fuzz/src/tile.rs"]
#[expect(dead_code, reason = "seeds are written elsewhere")]
mod tile;

use std::path::Path;

type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 11] = [
    ("header", header::check),
    ("archive", archive::check),
    ("decode_uncompressed", |bytes| tile::check(1, bytes)),
    ("decode_lzw", |bytes| tile::check(5, bytes)),
    ("decode_jpeg", |bytes| tile::check(7, bytes)),
    ("decode_deflate", |bytes| tile::check(8, bytes)),
    ("decode_packbits", |bytes| tile::check(32773, bytes)),
    ("decode_lerc", lerc::check),
    ("decode_lzma", |bytes| tile::check(34925, bytes)),
    ("decode_zstandard", |bytes| tile::check(50000, bytes)),
    ("decode_webp", |bytes| tile::check(50001, bytes)),
];

/// Checks the inputs of all targets in a folder, and says how many there were.
fn check(folder: &Path) -> usize {
    let mut inputs = 0;
    for (target, check) in TARGETS {
        for input in std::fs::read_dir(folder.join(target)).into_iter().flatten() {
            let path = input.expect("a readable folder").path();
            // What is printed is shown where a check fails.
            println!("{}", path.display());
            check(&std::fs::read(&path).expect("a readable file"));
            inputs += 1;
        }
    }
    inputs
}

#[test]
fn regressions() {
    assert!(check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/regressions")) > 0);
}

#[test]
fn seeds() {
    assert!(check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/fuzz/seeds")) > 100);
}
