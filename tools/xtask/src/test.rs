//! `cargo xtask test`: everything that has to hold, with an account at the end of what ran and what did not.
//!
//! # For authors of tests
//!
//! The tests run with these variables:
//!
//! | variable | meaning |
//! | --- | --- |
//! | `RASTERET_PYTHON` | a Python with rasterio, numpy, shapely, pyproj and pyarrow at pinned versions; not set where there is none |
//! | `RASTERET_INTEROP_PYTHON` | a Python with what reads shared collections: DuckDB, GeoPandas, Polars, …, and rasteret where it has wheels; not set where there is none |
//! | `RASTERET_TEST_DATA` | absolute path of the test data; not set where there is none |
//! | `RASTERET_SKIPPED_FILE` | file to which a test that cannot run appends one line |
//!
//! A test that needs Python or data and does not get it must not look as if it had passed. libtest knows no such
//! outcome and hides the output of tests that end well, so the test says it twice: on standard error, and in the
//! file. One line for each test, `SKIPPED: NAME: REASON`, written at once so that tests may do so in parallel:
//!
//! ```
//! fn skip(reason: &str) {
//!     let thread = std::thread::current(); // libtest names it after the test
//!     let line = format!("SKIPPED: {}::{}: {reason}\n", module_path!(), thread.name().unwrap_or("?"));
//!     eprint!("{line}");
//!     if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
//!         let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
//!         file.and_then(|mut file| std::io::Write::write_all(&mut file, line.as_bytes())).expect("the file can be written");
//!     }
//! }
//! ```

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::python::{self, Environment, Wanted};
use crate::summary::{Outcome, Summary, banner};
use crate::tally::Tally;
use crate::workspace::Workspace;
use crate::{dependencies, prerequisites, shell, toolchain};

/// A Python environment of the tests.
struct Suites {
    /// The name of the step that makes it.
    step: &'static str,
    wanted: Wanted,
    /// The variable that names its interpreter to the tests.
    variable: &'static str,
    /// What a run without it has to be told.
    without: &'static str,
}

const SUITES: [Suites; 2] = [
    Suites {
        step: "python",
        wanted: python::PARITY,
        variable: "RASTERET_PYTHON",
        without: "THE PYTHON PARITY SUITES ARE SKIPPED: nothing is compared with rasterio.",
    },
    Suites {
        step: "interop",
        wanted: python::INTEROP,
        variable: "RASTERET_INTEROP_PYTHON",
        without: "THE SUITES OF SHARING ARE SKIPPED: nothing is compared with rasteret, DuckDB, GeoPandas, Polars.",
    },
];

/// Runs every step, also after one has failed, so that a single run shows everything there is to do.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    let Arguments { python, filters } = Arguments::parse(arguments)?;
    let mut summary = Summary::new();
    let mut prerequisites = Ok(());
    summary.step("prerequisites", || {
        prerequisites = prerequisites::ensure().and_then(|()| toolchain::ensure(workspace));
        prerequisites
            .as_ref()
            .map_or_else(|_| Outcome::Failed(String::new()), |()| Outcome::Done(String::new()))
    });
    prerequisites?;

    let mut environments = SUITES.map(|suites| (suites, Err("not wanted (--no-python)".to_owned())));
    for (suites, environment) in environments.iter_mut().filter(|_| python) {
        summary.step(suites.step, || {
            *environment = python::ensure(&workspace.root, &suites.wanted).map_err(|error| error.to_string());
            python_outcome(suites, environment)
        });
    }
    summary.step("format", || shell::run(workspace.cargo().args(["fmt", "--all", "--check"])).into());
    summary.step("lints", || {
        shell::run(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
            .into()
    });
    summary.step("documentation", || {
        let mut doc = workspace.cargo();
        shell::run(doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings")).into()
    });
    summary.step("dependencies", || dependencies::check(workspace).into());
    let mut tally = Tally::default();
    summary.step("tests", || {
        let mut tests = test_command(workspace, &filters, &environments);
        run_tests(&mut tests, &mut tally).and_then(|()| judge(&tally, &filters)).into()
    });

    report("Failed", &tally.failures);
    report("Skipped", &tally.skipped);
    for (suites, environment) in &environments {
        if let Err(why) = environment {
            println!("\n{}", no_python(suites, why));
        }
    }
    summary.finish()
}

#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    python: bool,
    filters: Vec<String>,
}

impl Arguments {
    fn parse(arguments: &[String]) -> Result<Self, Error> {
        let (options, filters): (Vec<_>, Vec<_>) =
            arguments.iter().cloned().partition(|argument| argument.starts_with('-'));
        match options.iter().find(|&option| option != "--no-python") {
            Some(unknown) => Err(Error::Usage(format!("test has no option {unknown}"))),
            None => Ok(Self { python: options.is_empty(), filters }),
        }
    }
}

/// Without Python a person may still want the other tests; continuous integration may not do without.
fn python_outcome(suites: &Suites, environment: &Result<Environment, String>) -> Outcome {
    match environment {
        Ok(Environment { version, .. }) => {
            Outcome::Done(format!("Python {version} in {}", suites.wanted.folder))
        }
        Err(why) => {
            println!("{}", no_python(suites, why));
            let ci = env::var("CI").is_ok_and(|ci| ci == "true" || ci == "1");
            if ci { Outcome::Failed(why.clone()) } else { Outcome::Skipped(why.clone()) }
        }
    }
}

fn no_python(suites: &Suites, why: &str) -> String {
    let why = why.lines().map(|line| format!("  {line}")).collect::<Vec<_>>();
    let head = [suites.without, "Why:"];
    banner(&head.into_iter().chain(why.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// The command that runs the tests, `--no-fail-fast` so that every failure is seen in one run.
fn test_command(
    workspace: &Workspace,
    filters: &[String],
    environments: &[(Suites, Result<Environment, String>)],
) -> Command {
    let mut tests = workspace.cargo();
    tests.args(["test", "--workspace", "--no-fail-fast", "--"]).args(filters);
    if io::stdout().is_terminal() {
        // The output goes through a pipe, where libtest would drop its colours.
        tests.arg("--color=always");
    }
    for (suites, environment) in environments {
        match environment {
            Ok(environment) => tests.env(suites.variable, &environment.python),
            Err(_) => tests.env_remove(suites.variable),
        };
    }
    match test_data(&workspace.root, env::var_os("RASTERET_TEST_DATA").as_deref()) {
        Some(data) => tests.env("RASTERET_TEST_DATA", data),
        None => tests.env_remove("RASTERET_TEST_DATA"),
    };
    tests
}

/// The data that `named` names, else the data beside the workspace; as an absolute path, since cargo runs each
/// test in the folder of its crate.
fn test_data(root: &Path, named: Option<&OsStr>) -> Option<PathBuf> {
    match named {
        Some(named) => Some(root.join(named)),
        None => root.join("../shared/data").canonicalize().ok(),
    }
}

/// Runs the tests, passing their output on as it comes and counting along.
fn run_tests(tests: &mut Command, tally: &mut Tally) -> Result<(), Error> {
    let skipped = env::temp_dir().join(format!("rasteret-skipped-{}.txt", std::process::id()));
    tests.env("RASTERET_SKIPPED_FILE", &skipped).stdout(Stdio::piped());
    shell::announce(tests);
    let mut child = tests.spawn().map_err(|error| shell::cannot_start(tests, &error))?;
    let copied = child.stdout.take().map_or(Ok(()), |output| copy(output, tally));
    let status = child.wait().map_err(|error| shell::cannot_start(tests, &error))?;
    // Where no test was skipped there is no file.
    tally.read_skipped(&fs::read_to_string(&skipped).unwrap_or_default());
    let _ = fs::remove_file(&skipped);
    copied
        .map_err(|error| Error::Failed(format!("the output of the tests could not be passed on: {error}")))?;
    if status.success() { Ok(()) } else { Err(Error::Failed(format!("{tally} ({status})"))) }
}

fn copy(mut output: impl Read, tally: &mut Tally) -> io::Result<()> {
    let mut piece = [0; 8192];
    loop {
        let length = match output.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        tally.read(&piece[..length]);
        let mut terminal = io::stdout().lock();
        terminal.write_all(&piece[..length])?;
        terminal.flush()?;
    }
}

/// A run in which nothing was tested proves nothing.
fn judge(tally: &Tally, filters: &[String]) -> Result<String, Error> {
    if tally.total() == 0 && !filters.is_empty() {
        return Err(Error::Failed(format!("no test has a name with {}", filters.join(" or "))));
    }
    Ok(tally.to_string())
}

fn report<'a>(what: &str, tests: impl IntoIterator<Item = &'a String, IntoIter: ExactSizeIterator>) {
    let tests = tests.into_iter();
    if tests.len() > 0 {
        println!("\n{what} tests ({}):", tests.len());
        tests.for_each(|test| println!("  {test}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, Error> {
        Arguments::parse(&arguments.iter().map(|&argument| argument.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn arguments() {
        let filters = vec!["header".to_owned(), "tile".to_owned()];
        assert_eq!(
            parse(&["header", "tile"]).expect("valid"),
            Arguments { python: true, filters: filters.clone() }
        );
        assert_eq!(
            parse(&["header", "--no-python", "tile"]).expect("valid"),
            Arguments { python: false, filters }
        );
        assert!(matches!(parse(&["--no-pyton"]), Err(Error::Usage(_))));
    }

    #[test]
    fn data_has_an_absolute_path() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(test_data(root, Some(OsStr::new("data"))), Some(root.join("data")));
        let named = root.join("elsewhere");
        assert_eq!(test_data(Path::new("/other"), Some(named.as_os_str())), Some(named));
        assert_eq!(test_data(&root.join("src"), None), None);
    }

    #[test]
    fn a_filter_that_matches_nothing_is_an_error() {
        let none = Tally::default();
        assert!(judge(&none, &["heeder".to_owned()]).is_err());
        assert!(judge(&none, &[]).is_ok());
        let mut one = Tally::default();
        one.read(b"test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
        assert!(judge(&one, &["header".to_owned()]).is_ok());
    }
}
