//! Where an export goes. It appears there whole, or not at all.

use super::ExportError;
use crate::error::{Error, Location, Result};
use crate::io::{ByteSourceError, ByteSources, Uploads, local_path};
use crate::output::folder::NewFolder;
use crate::output::whole::{NewFile, parent};
use rasteret_schema::CloudConfig;
use rasteret_schema::access::plain_href;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// How files of tables end. What ends so is a file, else it is a folder.
pub const ENDING: &str = ".parquet";

/// Where an export goes.
pub struct Destination {
    href: String,
    place: Place,
}

enum Place {
    /// A file, which is written beside its place and then renamed.
    File(NewFile),
    /// A folder, which is written beside its place and then renamed; and the file that is open.
    Folder(NewFolder, Option<(PathBuf, File)>),
    /// Objects, which are not seen before they are completed; and those that have been there.
    Objects(Uploads, Vec<String>),
}

impl Destination {
    /// Whether an href is that of a single file.
    pub fn is_file(href: &str) -> bool {
        href.ends_with(ENDING)
    }

    /// Makes ready to write; what is there is left alone.
    ///
    /// # Errors
    ///
    /// If something is there and is not to be replaced, or is nothing that an export may replace.
    pub async fn begin(sources: &ByteSources, href: &str, overwrite: bool) -> Result<Self> {
        let place = match local_path(href) {
            Some(path) if Self::is_file(href) => Place::File(new_file(&path, overwrite)?),
            Some(path) => {
                let check = if overwrite { is_export } else { is_nothing };
                Place::Folder(NewFolder::beside(&path, check)?, None)
            }
            None => {
                // The collection's own settings are those of its assets.
                let sources = sources.with_cloud(&CloudConfig::default());
                let uploads = Uploads::new(&sources, href).await.map_err(|error| failed(href, error))?;
                let existing = if Self::is_file(href) {
                    let is_there = uploads.is_there().await.map_err(|error| failed(href, error))?;
                    if is_there && !overwrite {
                        return Err(exists(href, "an object", false));
                    }
                    Vec::new()
                } else {
                    uploads.existing().await.map_err(|error| failed(href, error))?
                };
                check_objects(href, &existing, overwrite)?;
                Place::Objects(uploads, existing)
            }
        };
        Ok(Destination { href: href.to_owned(), place })
    }

    /// A folder for temporary files that are as large as the export.
    pub fn scratch(&self) -> PathBuf {
        match (&self.place, local_path(&self.href)) {
            (Place::Folder(folder, _), _) => folder.path(),
            (Place::File(_), Some(path)) => parent(&path).to_owned(),
            _ => std::env::temp_dir(),
        }
    }

    /// Begins a file of this name below the folder, with slashes. The name of a single file does not matter.
    pub async fn begin_file(&mut self, name: &str) -> Result<()> {
        match &mut self.place {
            Place::File(_) => Ok(()),
            Place::Folder(folder, open) => {
                let path = folder.path().join(name);
                let created = fs::create_dir_all(parent(&path)).and_then(|()| File::create_new(&path));
                *open = Some((path, created.map_err(|error| self::failed(&self.href, error.into()))?));
                Ok(())
            }
            Place::Objects(uploads, _) => {
                let name = if Self::is_file(&self.href) { "" } else { name };
                uploads.begin(name).await.map_err(|error| failed(&self.href, error))
            }
        }
    }

    /// Adds to the file that was begun.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.place {
            Place::File(file) => file.out.write_all(bytes).map_err(ByteSourceError::Io),
            Place::Folder(_, Some((_, file))) => file.write_all(bytes).map_err(ByteSourceError::Io),
            Place::Folder(_, None) => Err(ByteSourceError::Invalid("no file was begun".to_owned())),
            Place::Objects(uploads, _) => uploads.write(bytes).await,
        };
        written.map_err(|error| failed(&self.href, error))
    }

    /// Ends the file that was begun.
    pub async fn end_file(&mut self) -> Result<()> {
        match &mut self.place {
            Place::File(_) => Ok(()),
            Place::Folder(_, open) => {
                // Its content is brought to the disk with the folder.
                *open = None;
                Ok(())
            }
            Place::Objects(uploads, _) => uploads.end().await.map_err(|error| failed(&self.href, error)),
        }
    }

    /// Makes all files appear.
    pub async fn publish(self) -> Result<()> {
        match self.place {
            Place::File(file) => {
                file.publish().map_err(|error| failed(&self.href, ByteSourceError::Io(error)))
            }
            Place::Folder(folder, _) => folder.publish(),
            Place::Objects(uploads, existing) => {
                uploads.publish(&existing).await.map_err(|error| failed(&self.href, error))
            }
        }
    }

    /// Leaves nothing of what was written.
    pub async fn give_up(self) {
        if let Place::Objects(mut uploads, _) = self.place {
            uploads.give_up().await;
        }
    }
}

fn failed(href: &str, error: ByteSourceError) -> Error {
    let href = plain_href(href);
    match error {
        ByteSourceError::AccessDenied { .. } => {
            Error::from_byte_source(&Location { href, ..Location::default() }, error)
        }
        ByteSourceError::Io(error) => Error::Output { path: href.into(), source: error.into() },
        error => Error::Output { path: href.into(), source: error.into() },
    }
}

fn exists(dest: &str, what: impl Into<String>, overwrite: bool) -> Error {
    let remedy = if overwrite { "choose another place" } else { "choose another place, or overwrite it" };
    ExportError::Exists { dest: plain_href(dest), what: what.into(), remedy }.into()
}

fn new_file(path: &Path, overwrite: bool) -> Result<NewFile> {
    let dest = path.display().to_string();
    let failed = |error: io::Error| failed(&dest, ByteSourceError::Io(error));
    let replaced = match fs::metadata(path) {
        Ok(there) if !there.is_file() => return Err(exists(&dest, "no file", true)),
        Ok(_) if !overwrite => return Err(exists(&dest, "a file", false)),
        Ok(there) => Some(there.permissions()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    NewFile::begin(path, replaced).map_err(failed)
}

/// Whether there is an empty folder.
fn is_nothing(folder: &Path) -> Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(true),
            Some(_) => Err(exists(&folder.display().to_string(), "a folder that is not empty", false)),
        },
        Err(error) => is_there(folder, Err(error)),
    }
}

/// Whether there is a folder with nothing in it but tables.
fn is_export(folder: &Path) -> Result<bool> {
    if !is_there(folder, fs::read_dir(folder).map(|_| ()))? {
        return Ok(false);
    }
    for entry in WalkDir::new(folder).min_depth(1) {
        let entry = entry
            .map_err(|error| failed(&folder.display().to_string(), ByteSourceError::Io(error.into())))?;
        let name = entry.file_name().to_string_lossy();
        let kind = entry.file_type();
        if !(kind.is_dir() && !name.starts_with('.') || kind.is_file() && may_go(&name)) {
            let what =
                format!("a folder that holds {}, which is no part of an export", entry.path().display());
            return Err(exists(&folder.display().to_string(), what, true));
        }
    }
    Ok(true)
}

/// Whether a file of this name may be a part of an export.
fn may_go(name: &str) -> bool {
    name.ends_with(ENDING) || name.starts_with('_')
}

fn is_there(folder: &Path, read: io::Result<()>) -> Result<bool> {
    match read {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            Err(exists(&folder.display().to_string(), "a file", true))
        }
        Err(error) => Err(failed(&folder.display().to_string(), ByteSourceError::Io(error))),
    }
}

fn check_objects(href: &str, existing: &[String], overwrite: bool) -> Result<()> {
    if !overwrite && !existing.is_empty() {
        return Err(exists(href, "a prefix of other objects", false));
    }
    match existing.iter().find(|name| !may_go(name.rsplit('/').next().unwrap_or_default())) {
        Some(name) => Err(exists(href, format!("a prefix of {name}, which is no part of an export"), true)),
        None => Ok(()),
    }
}
