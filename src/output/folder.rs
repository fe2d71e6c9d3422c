//! A folder that appears at once, or not at all.

use super::whole::{parent, sync_folder, sync_tree};
use crate::error::{Error, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Whether there is a folder that may be replaced; an error if there is something else.
pub(crate) type Check = fn(&Path) -> Result<bool>;

/// A folder in the making, beside the one that it will be. Dropped before it is published, it is gone.
#[derive(Debug)]
pub(crate) struct NewFolder {
    /// Holds the new folder, and the old one while they change places.
    nursery: TempDir,
    target: PathBuf,
    check: Check,
}

impl NewFolder {
    /// Begins a folder that will be `target`, to which nothing happens yet.
    ///
    /// # Errors
    ///
    /// What `check` says of `target`, and if a folder cannot be made beside it.
    pub fn beside(target: &Path, check: Check) -> Result<NewFolder> {
        // The folder that a link leads to is the one that is replaced.
        let target = match fs::canonicalize(target) {
            Ok(existing) => existing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => target.to_owned(),
            Err(error) => return Err(failed(target, error)),
        };
        check(&target)?;
        let Some(name) = target.file_name() else {
            return Err(Error::InvalidArgument(format!("{} is not the path of a file", target.display())));
        };
        let prefix = format!(".{}.", name.to_string_lossy());
        let nursery = tempfile::Builder::new().prefix(&prefix).suffix(".part").tempdir_in(parent(&target));
        let nursery = nursery.map_err(|error| failed(&target, error))?;
        // The nursery is its owner's alone; a folder in it is as any other.
        let new = nursery.path().join("new");
        fs::create_dir(&new).map_err(|error| failed(&target, error))?;
        Ok(NewFolder { nursery, target, check })
    }

    /// Where to write.
    pub fn path(&self) -> PathBuf {
        self.nursery.path().join("new")
    }

    /// Puts the folder where it belongs, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// If something else has come to be there, or the folder cannot be moved; what is there then stays.
    pub fn publish(self) -> Result<()> {
        let replaced = (self.check)(&self.target)?;
        let (new, old) = (self.path(), self.nursery.path().join("old"));
        let NewFolder { nursery, target, .. } = self;
        let failed = |error| failed(&target, error);
        sync_tree(&new).map_err(failed)?;
        if replaced && exchange(&new, &target) {
            return sync_folder(parent(&target)).map_err(failed);
        }
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

/// Lets two folders change their names in one step, where the system can: there is no moment without either.
fn exchange(new: &Path, target: &Path) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE).is_ok()
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (new, target);
        false
    }
}

pub(crate) fn failed(target: &Path, error: io::Error) -> Error {
    Error::Output { path: target.to_owned(), source: error.into() }
}
