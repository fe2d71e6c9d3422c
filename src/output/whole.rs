//! Outputs that appear under their name only when they are whole.
//!
//! All is written beside its place, under a hidden name, and brought to the disk; only then is it
//! renamed. A full disk, a kill or a power failure leaves what was there before, or nothing, and never
//! half a file; at worst a hidden `.rasteret-…` stays.

use crate::error::{Error, Result};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, IntoInnerError, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Writes a file, or nothing. One that is there already is replaced and its permissions are kept; what
/// is not a file, such as a pipe, is written to as it is.
///
/// ```
/// use std::io::Write;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("notes.txt");
/// rasteret::output::write_file(&path, |out| writeln!(out, "4 scenes"))?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "4 scenes\n");
/// # Ok::<(), rasteret::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Output`] with the path where reading or writing fails; other errors of `write` that are of
/// this library as they are.
pub fn write_file<E: Into<Cause>>(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<()> {
    let path = path.as_ref();
    file(path, |out| write(out).map_err(E::into)).map_err(|cause| failed(path, cause))
}

fn file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Cause>) -> Result<(), Cause> {
    let permissions = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
        Ok(existing) => {
            let metadata = existing.metadata()?;
            if !metadata.is_file() {
                let mut out = BufWriter::new(existing);
                write(&mut out)?;
                return Ok(out.flush()?);
            }
            Some(metadata.permissions())
        }
    };
    let mut new = NewFile::begin(path, permissions)?;
    write(&mut new.out)?;
    Ok(new.publish()?)
}

/// A file in the making, beside the one that it will be. Dropped before it is published, it is gone.
#[derive(Debug)]
pub(crate) struct NewFile {
    /// What is written to it.
    pub out: BufWriter<File>,
    name: TempPath,
    place: PathBuf,
}

impl NewFile {
    /// Begins a file, which will be in place of the one that has these permissions.
    pub fn begin(path: &Path, replaced: Option<Permissions>) -> io::Result<NewFile> {
        // What a link leads to is replaced, not the link.
        let place = if replaced.is_some() { path.canonicalize()? } else { path.to_owned() };
        let (new, name) = temporary().tempfile_in(parent(&place))?.into_parts();
        if let Some(permissions) = replaced {
            new.set_permissions(permissions)?;
        }
        Ok(NewFile { out: BufWriter::new(new), name, place })
    }

    /// Puts it where it belongs.
    pub fn publish(self) -> io::Result<()> {
        let NewFile { out, name, place } = self;
        out.into_inner().map_err(IntoInnerError::into_error)?.sync_all()?;
        name.persist(&place).map_err(|error| error.error)?;
        sync_folder(parent(&place))
    }
}

/// Names of what is not whole yet.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rasteret-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Brings a folder with all that is in it to the disk.
pub(super) fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync_tree(&entry.path())?,
            false => File::open(entry.path())?.sync_all()?,
        }
    }
    sync_folder(folder)
}

/// Brings the names in a folder to the disk; other platforms have no way to say so.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn failed(path: &Path, cause: Cause) -> Error {
    let of_disk = crate::remedy::io_error(cause.as_ref()).is_some();
    match cause.downcast::<Error>() {
        Ok(error) if !of_disk => *error,
        Ok(error) => Error::Output { path: path.to_owned(), source: error },
        Err(source) => Error::Output { path: path.to_owned(), source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let write = |text: &'static str| {
            write_file(&path, |out| {
                out.write_all(text.as_bytes())?;
                out.flush()?;
                assert_ne!(fs::read(&path).unwrap_or_default(), text.as_bytes(), "it is not whole yet");
                Ok::<_, io::Error>(())
            })
        };
        write("first").unwrap();
        write("second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn what_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let fail = || {
            write_file(&path, |out| {
                out.write_all(b"half")?;
                Err(io::Error::from(ErrorKind::StorageFull))
            })
        };
        let error = fail().unwrap_err();
        assert_eq!(error.kind(), "io");
        let message = error.to_string();
        assert!(message.contains(path.to_str().unwrap()) && message.contains("free some space"), "{message}");
        assert_eq!(names(folder.path()), [""; 0]);
        fs::write(&path, "before").unwrap();
        fail().unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        assert_eq!(names(folder.path()), ["a"]);

        // What has nothing to do with the disk is as it was.
        let error = write_file(&path, |_| Err(Error::InvalidArgument("no".to_owned()))).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), ("invalid-argument", "no".to_owned()));
        let inside = folder.path().join("none/a");
        let message = write_file(&inside, |_| Ok::<_, Error>(())).unwrap_err().to_string();
        assert!(message.contains(inside.to_str().unwrap()), "{message}");
        let message = write_file(folder.path(), |_| Ok::<_, Error>(())).unwrap_err().to_string();
        assert!(message.contains("choose another name"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_usual_and_links_are_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let [usual, new, link] = ["usual", "new", "link"].map(|name| folder.path().join(name));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        let write = |path: &Path| write_file(path, |out| out.write_all(b"x")).unwrap();
        fs::write(&usual, "").unwrap();
        write(&new);
        assert_eq!(mode(&new), mode(&usual));
        fs::set_permissions(&new, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("new", &link).unwrap();
        write(&link);
        assert_eq!(mode(&new) & 0o777, 0o640);
        assert!(link.is_symlink() && fs::read(&new).unwrap() == b"x");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_to_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.npy");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let message = write_file(&path, |out| out.write_all(b"x")).unwrap_err().to_string();
        assert!(message.contains("full.npy") && message.contains("free some space"), "{message}");
        assert!(path.is_symlink() && !fs::metadata("/dev/full").unwrap().is_file());
    }
}
