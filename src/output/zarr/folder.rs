//! A folder that appears at once, or not at all.

use super::ZarrError;
use crate::error::{Error, Result};
use crate::output::whole::{parent, sync_folder, sync_tree};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The file that makes a folder a group or an array.
const METADATA: &str = "zarr.json";

/// A folder in the making, beside the one that it will be. Dropped before it is published, it is gone.
pub struct NewFolder {
    /// Holds the new folder, and the old one while they change places.
    nursery: TempDir,
    target: PathBuf,
}

impl NewFolder {
    /// Begins a folder that will be `target`, to which nothing happens yet.
    ///
    /// # Errors
    ///
    /// If there is something else than a Zarr store at `target`, or a folder cannot be made beside it.
    pub fn beside(target: &Path) -> Result<NewFolder> {
        // The folder that a link leads to is the one that is replaced.
        let target = match fs::canonicalize(target) {
            Ok(existing) => existing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => target.to_owned(),
            Err(error) => return Err(failed(target, error)),
        };
        check_replaceable(&target)?;
        let Some(name) = target.file_name() else {
            return Err(Error::InvalidArgument(format!("{} is not the path of a file", target.display())));
        };
        let prefix = format!(".{}.", name.to_string_lossy());
        let nursery = tempfile::Builder::new().prefix(&prefix).suffix(".part").tempdir_in(parent(&target));
        let nursery = nursery.map_err(|error| failed(&target, error))?;
        // The nursery is its owner's alone; a folder in it is as any other.
        let new = nursery.path().join("new");
        fs::create_dir(&new).map_err(|error| failed(&target, error))?;
        Ok(NewFolder { nursery, target })
    }

    /// Where to write.
    pub fn path(&self) -> PathBuf {
        self.nursery.path().join("new")
    }

    /// Puts the folder where it belongs, in place of the store that is there.
    ///
    /// # Errors
    ///
    /// If something else has come to be there, or the folder cannot be moved; what is there then stays.
    pub fn publish(self) -> Result<()> {
        let replaced = check_replaceable(&self.target)?;
        let (new, old) = (self.path(), self.nursery.path().join("old"));
        let NewFolder { nursery, target } = self;
        let failed = |error| failed(&target, error);
        sync_tree(&new).map_err(failed)?;
        if replaced {
            fs::rename(&target, &old).map_err(failed)?;
        }
        let Err(error) = fs::rename(&new, &target) else {
            return sync_folder(parent(&target)).map_err(failed);
        };
        if replaced && fs::rename(&old, &target).is_err() {
            // What was there must not go with the nursery.
            let kept = nursery.keep().join("old");
            let what = format!("{} cannot be replaced, and is now {}", target.display(), kept.display());
            return Err(Error::Io { what, source: error });
        }
        Err(failed(error))
    }
}

fn failed(target: &Path, error: io::Error) -> Error {
    Error::Output { path: target.to_owned(), source: error.into() }
}

/// Whether there is a folder that may be replaced: an empty one, or a Zarr group with nothing in it but
/// what belongs to it.
fn check_replaceable(target: &Path) -> Result<bool> {
    let refuse = |what: String| Err(ZarrError::Exists { path: target.to_owned(), what }.into());
    let entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return refuse("a file".to_owned()),
        Err(error) => return Err(failed(target, error)),
    };
    let mut is_empty = true;
    for entry in entries {
        let entry = entry.map_err(|error| failed(target, error))?;
        is_empty = false;
        if entry.file_name() != METADATA && !entry.path().join(METADATA).is_file() {
            let name = entry.file_name();
            return refuse(format!(
                "a folder that holds {}, which is no part of a Zarr store",
                name.display()
            ));
        }
    }
    if !is_empty && !is_group(&target.join(METADATA)) {
        return refuse("a folder, but not a Zarr store".to_owned());
    }
    Ok(true)
}

fn is_group(metadata: &Path) -> bool {
    let metadata: Option<serde_json::Value> =
        fs::read(metadata).ok().and_then(|text| serde_json::from_slice(&text).ok());
    metadata.is_some_and(|metadata| metadata["zarr_format"] == 3 && metadata["node_type"] == "group")
}
