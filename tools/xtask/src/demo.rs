//! `cargo xtask demo`: the command line's own demo, built in release mode.

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{prerequisites, shell};

/// Builds `rasteret-db` and runs `rasteret-db demo` with `arguments`, in the caller's folder.
pub fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), Error> {
    prerequisites::ensure()?;
    let mut demo = workspace.cargo();
    // A folder given in the arguments is relative to where the task was called, not to the workspace.
    demo.current_dir(".")
        .args(["run", "--release", "--manifest-path"])
        .arg(workspace.root.join("Cargo.toml"));
    demo.args(["--package", "rasteret-db", "--", "demo"]).args(arguments);
    shell::run(&mut demo)
}
