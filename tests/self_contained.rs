//! The binary carries PROJ and its database: it runs where nothing is installed, and nothing that is
//! installed changes what it computes.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

#[path = "oracle/skip.rs"]
mod skip;

use rasteret::crs::{self, Transformer};
use rasteret_schema::Crs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the other tests run: this binary again, elsewhere.
#[test]
#[ignore = "run by the other tests"]
fn probe() {
    for (from, to, at, expected) in [
        (4326, 32643, (77.5, 13.0), (771_181.275_636, 1_438_467.212_050)),
        (4326, 2056, (7.4, 46.9), (2_597_056.202_812, 1_194_321.876_479)),
        (3857, 4326, (8_627_260.0, 1_459_732.0), (77.499_995_180, 12.999_997_620)),
    ] {
        let transformer = Transformer::new(&Crs::from_epsg(from), &Crs::from_epsg(to)).unwrap();
        let (mut x, mut y) = ([at.0], [at.1]);
        transformer.transform(&mut x, &mut y).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9 * b.abs();
        assert!(near(x[0], expected.0) && near(y[0], expected.1), "{from} to {to}: {x:?} {y:?}");
    }
    assert_eq!(crs::to_epsg(&Crs::new("+proj=utm +zone=43 +datum=WGS84")).unwrap(), Some(32643));
    println!("probe passed");
}

fn assert_probe_passes(command: &mut Command) {
    let output = command.args(["probe", "--exact", "--ignored", "--nocapture"]).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("probe passed"), "{text}");
}

/// The shared libraries that this binary needs, by absolute path.
fn shared_libraries() -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(std::env::current_exe().unwrap()).output().unwrap();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from))
        .collect()
}

fn copy_into(root: &Path, file: &Path) {
    let target = root.join(file.strip_prefix("/").unwrap());
    std::fs::create_dir_all(target.parent().unwrap()).unwrap();
    std::fs::copy(file, target).unwrap();
}

#[test]
fn runs_where_there_is_nothing_else() {
    if !Command::new("unshare").args(["-r", "true"]).output().is_ok_and(|output| output.status.success()) {
        return skip::skip("no `unshare`, or it may not change the root directory here");
    }
    let root = tempfile::tempdir().unwrap();
    shared_libraries().iter().for_each(|library| copy_into(root.path(), library));
    std::fs::copy(std::env::current_exe().unwrap(), root.path().join("probe")).unwrap();
    let mut command = Command::new("unshare");
    assert_probe_passes(command.env_clear().arg("-r").arg("-R").arg(root.path()).arg("/probe"));
}

#[test]
fn needs_no_proj_or_sqlite_library() {
    for library in shared_libraries() {
        let name = library.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.contains("proj") && !name.contains("sqlite") && !name.contains("tiff"), "{name}");
    }
}

#[test]
fn whatever_proj_the_machine_has_changes_nothing() {
    let machine = tempfile::tempdir().unwrap();
    let data = machine.path().join(".local/share/proj");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("proj.db"), b"the database of another version").unwrap();
    std::fs::write(data.join("proj.ini"), b"[general]\ntmerc_default_algo = evenden_snyder\nnetwork = on\n")
        .unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.current_dir(&data).env("HOME", machine.path()).env_remove("XDG_DATA_HOME");
    command.env("PROJ_DATA", &data).env("PROJ_LIB", &data).env("PROJ_NETWORK", "ON");
    assert_probe_passes(&mut command);
}
