//! `cargo xtask fuzz`: every fuzz target for a while.

use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{prerequisites, shell};

/// Where the fuzz targets are, relative to the workspace.
const FOLDER: &str = "tools/fuzz";

/// No input is worth more: seconds for one, and megabytes, of which the sanitizer takes most.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=1024"];

/// Runs the named fuzz targets, or all of them, for `--seconds` each. Stops at the first that finds something.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    let Arguments { seconds, targets } = Arguments::parse(arguments)?;
    if !workspace.root.join(FOLDER).join("Cargo.toml").is_file() {
        return Err(Error::Failed(format!("there are no fuzz targets: {FOLDER}/Cargo.toml does not exist")));
    }
    prerequisites::ensure()?;
    ensure_tools(&workspace.root)?;
    let targets = if targets.is_empty() { list(&workspace.root)? } else { targets };
    for target in &targets {
        // New inputs go to the first of the folders.
        let [corpus, seeds] = ["corpus", "seeds"].map(|folder| format!("{FOLDER}/{folder}/{target}"));
        let path = workspace.root.join(&corpus);
        std::fs::create_dir_all(&path)
            .map_err(|error| Error::Failed(format!("cannot make {}: {error}", path.display())))?;
        let mut fuzz = cargo_fuzz(&workspace.root);
        fuzz.args(["run", "--fuzz-dir", FOLDER, target, &corpus, &seeds, "--"]);
        fuzz.arg(format!("-max_total_time={seconds}")).args(LIMITS);
        shell::run(&mut fuzz)?;
    }
    println!("\nNothing found in {seconds} s each: {}", targets.join(", "));
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    seconds: u32,
    targets: Vec<String>,
}

impl Arguments {
    fn parse(arguments: &[String]) -> Result<Self, Error> {
        let mut parsed = Self { seconds: 60, targets: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--seconds" {
                parsed.seconds = arguments
                    .next()
                    .and_then(|seconds| seconds.parse().ok())
                    .filter(|&seconds| seconds > 0)
                    .ok_or_else(|| Error::Usage("--seconds takes a positive number".to_owned()))?;
            } else if argument.starts_with('-') {
                return Err(Error::Usage(format!("fuzz has no option {argument}")));
            } else {
                parsed.targets.push(argument.clone());
            }
        }
        Ok(parsed)
    }
}

/// `rustup run` never installs a toolchain by itself, and ignores the toolchain that runs this task.
fn cargo_fuzz(root: &Path) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]).current_dir(root);
    command
}

fn ensure_tools(root: &Path) -> Result<(), Error> {
    if !shell::succeeds(Command::new("rustup").args(["run", "nightly", "cargo", "--version"])) {
        return Err(Error::Missing(
            "fuzzing needs the nightly toolchain. Run\n\n    rustup toolchain install nightly".to_owned(),
        ));
    }
    if !shell::succeeds(cargo_fuzz(root).arg("--version")) {
        return Err(Error::Missing(
            "fuzzing needs cargo-fuzz. Run\n\n    cargo install cargo-fuzz".to_owned(),
        ));
    }
    Ok(())
}

fn list(root: &Path) -> Result<Vec<String>, Error> {
    let listed = shell::output(cargo_fuzz(root).args(["list", "--fuzz-dir", FOLDER]))?;
    let targets: Vec<String> = listed.split_whitespace().map(str::to_owned).collect();
    if targets.is_empty() { Err(Error::Failed(format!("{FOLDER} has no fuzz targets"))) } else { Ok(targets) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, Error> {
        Arguments::parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn seconds_and_targets_in_any_order() {
        let expected = Arguments { seconds: 5, targets: vec!["header".to_owned(), "tile".to_owned()] };
        assert_eq!(parse(&["header", "--seconds", "5", "tile"]).expect("valid"), expected);
        assert_eq!(parse(&[]).expect("valid"), Arguments { seconds: 60, targets: Vec::new() });
    }

    #[test]
    fn bad_arguments_are_refused() {
        for bad in [&["--seconds"][..], &["--seconds", "x"], &["--seconds", "0"], &["--second", "5"]] {
            assert!(matches!(parse(bad), Err(Error::Usage(_))), "{bad:?}");
        }
    }
}
