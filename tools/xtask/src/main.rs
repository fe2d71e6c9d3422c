//! The project's tasks, run as `cargo xtask TASK`.
//!
//! A machine with nothing but a Rust toolchain is enough to start: each task first looks for the programs that
//! the build needs and installs those that are missing ([`prerequisites`]), so this crate depends on the
//! standard library alone.
//!
//! Any toolchain from the workspace's `rust-version` on will do. There is deliberately no `rust-toolchain` file:
//! it would make rustup download a second toolchain on a machine that already has a good one.

mod bench;
mod demo;
mod dependencies;
mod error;
mod fuzz;
mod package_manager;
mod prerequisites;
mod python;
mod shell;
mod spdx;
mod summary;
mod tally;
mod test;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use error::Error;
use workspace::Workspace;

const HELP: &str = "\
cargo xtask TASK

  demo [--dir D]                      build the command line and run its demo; arguments are passed on
  test [--no-python] [FILTER…]        format, lints, documentation, dependencies, then every test
  bench [--rows R,…] [--repetitions N] [--no-peers]
                                      this project and its peers, side by side
  bench --criterion [FILTER…]         the workspace's own benchmarks
  fuzz [--seconds N] [TARGET…]        every fuzz target, N seconds each (default 60)
  help                                this text

Programs that the build needs (cmake, a C and a C++ compiler, make, sqlite3) are installed with the system's
package manager where that is allowed, and named with the command to run where it is not.

  RASTERET_TEST_PYTHON   Python for the suites that compare, and for the peers (default: the first of python3.13 …
                         python3.10, python3 that will do, on PATH or of pyenv, uv, mise, asdf)
  RASTERET_TEST_DATA     directory of test data (default: ../shared/data beside the workspace, if it is there)
  CI=true                a Python environment that cannot be set up is a failure, not a skip

Exit codes: 0 done, 1 failed, 2 wrong usage or a missing program that could not be installed.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Error> {
    let Some((task, arguments)) = arguments.split_first() else {
        return Err(Error::Usage(HELP.to_owned()));
    };
    let workspace = Workspace::find()?;
    match task.as_str() {
        "demo" => demo::run(&workspace, arguments),
        "test" => test::run(&workspace, arguments),
        "bench" => bench::run(&workspace, arguments),
        "fuzz" => fuzz::run(&workspace, arguments),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        unknown => Err(Error::Usage(format!("no task is called {unknown:?}\n\n{HELP}"))),
    }
}
