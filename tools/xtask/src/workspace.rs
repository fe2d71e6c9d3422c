//! Where the workspace is, and the cargo that runs in it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// The workspace that the tasks work on.
pub struct Workspace {
    /// Its top folder, as an absolute path.
    pub root: PathBuf,
}

impl Workspace {
    /// Finds the workspace from this crate's folder, which `cargo run` hands over at run time.
    pub fn find() -> Result<Self, Error> {
        let own = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&own)
            .join("../..")
            .canonicalize()
            .map_err(|error| Error::Failed(format!("the workspace is not at {own:?}/../..: {error}")))?;
        Ok(Self { root })
    }

    /// The same cargo as the one that runs this task, in the workspace's top folder.
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }
}
