//! The file of local datasets: a JSON list of descriptors, which rasteret in Python reads and writes too.
//!
//! What is not known of it is kept, whether fields of a descriptor or entries that are none. It is replaced
//! whole, under a lock that this program's other processes take too.

use super::{CatalogError, LOCAL};
use crate::error::{Error, Result};
use crate::output::write_file;
use rasteret_schema::DatasetDescriptor;
use rasteret_schema::dataset::DescriptorError;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// A longer file is none of descriptors.
const MAX_BYTES: u64 = 64 << 20;

/// Where the file is.
#[derive(Debug, Clone, Default)]
pub(super) struct LocalFile(Option<PathBuf>);

/// What is to be changed in the file.
#[derive(Debug, Default)]
pub(super) struct Edit {
    puts: Vec<Put>,
    removes: Vec<String>,
}

#[derive(Debug)]
struct Put {
    entry: Value,
    /// Whether it is added if there is none of its id.
    is_local: bool,
}

impl Edit {
    /// Replaces the descriptor of an id; without one, adds it if it is local.
    pub(super) fn put(&mut self, dataset: &DatasetDescriptor) -> Result<()> {
        let entry =
            serde_json::to_value(dataset).map_err(|error| Error::InvalidArgument(error.to_string()))?;
        self.puts.push(Put { entry, is_local: dataset.spatial_coverage == LOCAL });
        Ok(())
    }

    /// Whether the file has to be there afterwards.
    fn adds(&self) -> bool {
        self.puts.iter().any(|put| put.is_local)
    }

    /// Removes a descriptor, if there is one of this id.
    pub(super) fn remove(&mut self, id: &str) {
        self.removes.push(id.to_owned());
    }
}

impl LocalFile {
    pub(super) fn at(path: PathBuf) -> Self {
        LocalFile(Some(path))
    }

    /// The path that was given, else `$RASTERET_LOCAL_DATASETS_PATH`, else that in the home directory.
    fn path(&self) -> Result<PathBuf, CatalogError> {
        if let Some(path) = &self.0 {
            return Ok(path.clone());
        }
        let home = || std::env::home_dir().ok_or(CatalogError::NoHome);
        match std::env::var_os("RASTERET_LOCAL_DATASETS_PATH").filter(|path| !path.is_empty()) {
            Some(path) => {
                let path = PathBuf::from(path);
                path.strip_prefix("~").map_or(Ok(path.clone()), |rest| Ok(home()?.join(rest)))
            }
            None => Ok(home()?.join(".rasteret").join("datasets.local.json")),
        }
    }

    /// The path, for messages.
    pub(super) fn path_or_default(&self) -> String {
        self.path()
            .map_or_else(|_| "~/.rasteret/datasets.local.json".to_owned(), |path| path.display().to_string())
    }

    /// The descriptors of the file, and what is wrong with entries that are none.
    pub(super) fn descriptors(&self) -> Result<(Vec<DatasetDescriptor>, Vec<DescriptorError>)> {
        // Without a home there is no file in it.
        let Ok(path) = self.path() else { return Ok((Vec::new(), Vec::new())) };
        let (mut descriptors, mut broken) = (Vec::new(), Vec::new());
        for entry in entries(&path)? {
            match DatasetDescriptor::from_json(entry) {
                Ok(descriptor) => descriptors.push(descriptor),
                Err(error) => broken.push(error),
            }
        }
        Ok((descriptors, broken))
    }

    /// Changes the file. Nothing is written if nothing changes.
    pub(super) fn apply(&self, edit: Edit) -> Result<()> {
        let path = match self.path() {
            Err(error) if edit.adds() => return Err(error.into()),
            Err(_) => return Ok(()),
            Ok(path) => path,
        };
        if !edit.adds() && !path.exists() {
            return Ok(());
        }
        let _lock = lock(&path)?;
        let before = entries(&path)?;
        let mut after = before.clone();
        after.retain(|entry| id(entry).is_none_or(|id| !edit.removes.iter().any(|removed| removed == id)));
        for put in edit.puts {
            // rasteret may have the same id twice; the last counts there.
            match after.iter_mut().rev().find(|entry| id(entry) == id(&put.entry)) {
                Some(entry) => *entry = put.entry,
                None if put.is_local => after.push(put.entry),
                None => {}
            }
        }
        if after == before {
            return Ok(());
        }
        after.sort_by(|a, b| id(a).cmp(&id(b)));
        let json = serde_json::to_string_pretty(&after).map_err(std::io::Error::from);
        write_file(path, |out| writeln!(out, "{}", json?))
    }
}

fn id(entry: &Value) -> Option<&str> {
    entry.get("id")?.as_str()
}

/// The entries of the file; none if there is no file.
fn entries(path: &Path) -> Result<Vec<Value>> {
    match read(path)? {
        None => Ok(Vec::new()),
        Some(Value::Array(entries)) => Ok(entries),
        Some(_) => Err(broken(path, "it is no list".to_owned()).into()),
    }
}

/// The JSON of a file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Value>> {
    let failed = |source| Error::Io { what: path.display().to_string(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(broken(path, format!("it has more than {MAX_BYTES} bytes")).into());
    }
    Ok(Some(serde_json::from_slice(&bytes).map_err(|error| broken(path, error.to_string()))?))
}

fn broken(path: &Path, reason: String) -> CatalogError {
    CatalogError::BrokenFile { path: path.to_owned(), reason }
}

/// Locks the file for whoever changes it, until the lock is dropped. Readers need none: they see the file as it
/// was or as it will be. The lock has a file of its own, since the other one is replaced.
fn lock(path: &Path) -> Result<File> {
    let lock = path.with_added_extension("lock");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let open = || {
        fs::create_dir_all(folder)?;
        let file = File::options().create(true).truncate(false).write(true).open(&lock)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(|source| Error::Io { what: lock.display().to_string(), source })
}
