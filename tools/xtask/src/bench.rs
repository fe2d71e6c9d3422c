//! `cargo xtask bench`: the workspace's benchmarks.

use crate::error::Error;
use crate::workspace::Workspace;
use crate::{prerequisites, shell};

/// Runs every benchmark whose name contains one of `filters`, or all of them.
pub fn run(workspace: &Workspace, filters: &[String]) -> Result<(), Error> {
    if let Some(option) = filters.iter().find(|filter| filter.starts_with('-')) {
        return Err(Error::Usage(format!("bench has no option {option}")));
    }
    prerequisites::ensure()?;
    let mut bench = workspace.cargo();
    bench.args(["bench", "--workspace", "--"]).args(filters);
    shell::run(&mut bench)
}
