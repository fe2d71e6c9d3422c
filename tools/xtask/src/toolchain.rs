//! The parts of the Rust toolchain that a minimal installation lacks.

use std::process::{Command, Stdio};

use crate::error::Error;
use crate::shell;
use crate::workspace::Workspace;

/// Makes sure that rustfmt and clippy are there, adding them by rustup where it manages the toolchain.
///
/// # Errors
/// [`Error::Missing`] where they are not and cannot be added.
pub fn ensure(workspace: &Workspace) -> Result<(), Error> {
    if complete(workspace) {
        return Ok(());
    }
    println!("The toolchain lacks rustfmt or clippy.");
    if shell::find("rustup").is_some() {
        let mut add = Command::new("rustup");
        add.args(["component", "add", "rustfmt", "clippy"]).stdin(Stdio::null());
        if shell::run(&mut add).is_ok() && complete(workspace) {
            return Ok(());
        }
    }
    Err(Error::Missing(
        "the tests need rustfmt and clippy. Run\n\n    rustup component add rustfmt clippy\n\n\
         (or install the packages of those names, where Rust comes from the system), then the task again"
            .to_owned(),
    ))
}

fn complete(workspace: &Workspace) -> bool {
    ["fmt", "clippy"].iter().all(|part| shell::succeeds(workspace.cargo().args([part, "--version"])))
}
