//! `cargo xtask bench`: this project and its peers, side by side; and the workspace's own benchmarks.

use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::python::{self, PARITY, Wanted};
use crate::workspace::Workspace;
use crate::{prerequisites, shell};

/// The peers' environments. They are apart because they pin different versions of the same packages.
const PEERS: [Wanted; 4] = [
    Wanted {
        folder: "target/bench/env-rasteret",
        requirements: "tools/peers/requirements-rasteret.txt",
        imports: "rasteret",
        supported: PEER_PYTHON,
    },
    Wanted {
        folder: "target/bench/env-rasterio",
        requirements: "tools/peers/requirements-rasterio.txt",
        imports: "rasterio",
        supported: PEER_PYTHON,
    },
    Wanted {
        folder: "target/bench/env-async-geotiff",
        requirements: "tools/peers/requirements-async-geotiff.txt",
        imports: "async_geotiff, obstore",
        supported: PEER_PYTHON,
    },
    Wanted {
        folder: "target/bench/env-duckdb",
        requirements: "tools/peers/requirements-duckdb.txt",
        imports: "duckdb, pyarrow",
        supported: PEER_PYTHON,
    },
];

/// Versions of Python that all peers have wheels for.
const PEER_PYTHON: [(u32, u32); 2] = [(3, 12), (3, 13)];

/// What runs in the comparison.
const PACKAGES: [&str; 3] = ["rasteret-peers", "rasteret-serve", "rasteret-synth"];

/// Runs the comparison, or with `--criterion` the benchmarks whose name contains one of the filters.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    match arguments.split_first() {
        Some((first, filters)) if first == "--criterion" => criterion(workspace, filters),
        _ => peers(workspace, arguments),
    }
}

fn criterion(workspace: &Workspace, filters: &[String]) -> Result<(), Error> {
    if let Some(option) = filters.iter().find(|filter| filter.starts_with('-')) {
        return Err(Error::Usage(format!("bench --criterion has no option {option}")));
    }
    prerequisites::ensure()?;
    let mut bench = workspace.cargo();
    bench.args(["bench", "--workspace", "--"]).args(filters);
    shell::run(&mut bench)
}

/// Builds what runs, makes the environments, and leaves the rest to the runner.
fn peers(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    check(arguments)?;
    prerequisites::ensure()?;
    let python = pythons(workspace, arguments)?;
    let mut build = workspace.cargo();
    build.args(["build", "--release"]).args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    shell::run(&mut build)?;
    let mut runner = Command::new(python);
    runner.current_dir(&workspace.root).arg("tools/peers/bench.py").args(arguments);
    shell::run(&mut runner)
}

/// The options are the runner's; a wrong one should not be found only after a release build.
fn check(arguments: &[String]) -> Result<(), Error> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--no-peers" => {}
            "--rows" | "--repetitions" => {
                rest.next().ok_or_else(|| Error::Usage(format!("{argument} needs a value")))?;
            }
            unknown => return Err(Error::Usage(format!("bench has no option {unknown}"))),
        }
    }
    Ok(())
}

/// Makes the environments; returns a Python for the runner, which needs no package.
fn pythons(workspace: &Workspace, arguments: &[String]) -> Result<PathBuf, Error> {
    if arguments.iter().any(|argument| argument == "--no-peers") {
        return python::program(&PARITY);
    }
    for peer in &PEERS {
        python::ensure(&workspace.root, peer)?;
    }
    python::program(&PEERS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let check = |arguments: &[&str]| check(&arguments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>());
        assert!(check(&[]).is_ok());
        assert!(check(&["--rows", "hot_read,size", "--repetitions", "3", "--no-peers"]).is_ok());
        assert!(matches!(check(&["--rows"]), Err(Error::Usage(_))));
        assert!(matches!(check(&["--quick"]), Err(Error::Usage(_))));
        assert!(matches!(check(&["hot_read"]), Err(Error::Usage(_))));
    }
}
