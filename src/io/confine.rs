//! Which local files may be opened.
//!
//! What comes from elsewhere names the files that it is about, and may name any: `/etc/passwd`, `../../secret`,
//! `file://localhost/…`, or a link that someone puts in a file's place later. So it is looked at where a file really
//! lies, by its canonical path, whenever one is opened.

use super::ByteSourceError;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Which local files may be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LocalFiles {
    /// All that the process may.
    #[default]
    Any,
    /// Those below some folders, whose paths are canonical; and those that are named themselves.
    Below(Arc<[PathBuf]>),
}

impl LocalFiles {
    /// Whether a file may be opened that lies there now, or would if it were there.
    pub fn check(&self, path: &Path) -> Result<(), ByteSourceError> {
        match self {
            LocalFiles::Any => Ok(()),
            LocalFiles::Below(roots) if is_below(roots, &place(path)?) => Ok(()),
            LocalFiles::Below(_) => Err(ByteSourceError::OutsideOfRoots),
        }
    }

    /// Opens a file.
    pub fn open(&self, path: &Path) -> Result<File, ByteSourceError> {
        let LocalFiles::Below(roots) = self else { return Ok(File::open(path)?) };
        let real = match path.canonicalize() {
            Ok(real) if is_below(roots, &real) => real,
            Ok(_) => return Err(ByteSourceError::OutsideOfRoots),
            Err(error) => return self.check(path).and(Err(error.into())),
        };
        let file = File::open(&real)?;
        // A link may have taken the place of the file, or of a folder, since it was looked at.
        let again = real.canonicalize()?;
        match is_below(roots, &again) && is_same(&file, &again)? {
            true => Ok(file),
            false => Err(ByteSourceError::OutsideOfRoots),
        }
    }
}

fn is_below(roots: &[PathBuf], real: &Path) -> bool {
    roots.iter().any(|root| real.starts_with(root))
}

/// Where a path leads, links resolved as far as it exists.
fn place(path: &Path) -> Result<PathBuf, ByteSourceError> {
    // What cannot be a path, or cannot be looked at, is not known to lie below a root.
    let outside = |_| ByteSourceError::OutsideOfRoots;
    let absolute = std::path::absolute(path).map_err(outside)?;
    let parts: Vec<Component<'_>> = absolute.components().collect();
    for there in (1..=parts.len()).rev() {
        match parts[..there].iter().collect::<PathBuf>().canonicalize() {
            Ok(mut real) => {
                for part in &parts[there..] {
                    match part {
                        Component::ParentDir => drop(real.pop()),
                        part => real.push(part),
                    }
                }
                return Ok(real);
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(outside(error)),
        }
    }
    Err(ByteSourceError::OutsideOfRoots)
}

/// Whether a file is the one at a path, and no link leads there.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (opened, there) = (file.metadata()?, path.symlink_metadata()?);
    Ok((opened.dev(), opened.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> std::io::Result<bool> {
    Ok(!path.symlink_metadata()?.is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(folder: &Path) -> LocalFiles {
        LocalFiles::Below([folder.canonicalize().unwrap()].into())
    }

    #[test]
    fn paths_are_taken_for_what_they_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        std::fs::create_dir_all(base.join("sub")).unwrap();
        std::fs::write(base.join("in.tif"), b"in").unwrap();
        std::fs::write(folder.path().join("out.tif"), b"out").unwrap();
        std::fs::create_dir(folder.path().join("base2")).unwrap();
        let files = roots(&base);
        for inside in [
            "in.tif",
            "sub/../in.tif",
            "./in.tif",
            "missing.tif",
            "missing/../x.tif",
            "sub/../../base/in.tif",
        ] {
            files.check(&base.join(inside)).unwrap();
        }
        for outside in [
            "../out.tif",
            "sub/../../out.tif",
            "missing/../../out.tif",
            "../base2/x.tif",
            "/etc/passwd",
            "a\0b",
            "..",
        ] {
            let error = files.check(&base.join(outside)).unwrap_err();
            assert!(matches!(error, ByteSourceError::OutsideOfRoots), "{outside:?}: {error}");
            assert!(files.open(&base.join(outside)).is_err(), "{outside:?}");
        }
        assert!(matches!(files.open(&base.join("missing.tif")), Err(ByteSourceError::NotFound)));
        assert!(LocalFiles::Below([].into()).check(&base.join("in.tif")).is_err());
        LocalFiles::Any.check(Path::new("/etc/passwd")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_nowhere_else() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (base, out) = (folder.path().join("base"), folder.path().join("out"));
        std::fs::create_dir(&base).unwrap();
        std::fs::create_dir(&out).unwrap();
        std::fs::write(out.join("a.tif"), b"out").unwrap();
        std::fs::write(base.join("b.tif"), b"in").unwrap();
        symlink(out.join("a.tif"), base.join("file.tif")).unwrap();
        symlink(&out, base.join("folder")).unwrap();
        symlink(base.join("b.tif"), base.join("within.tif")).unwrap();
        symlink(base.join("loop.tif"), base.join("loop.tif")).unwrap();
        let files = roots(&base);
        for outside in ["file.tif", "folder/a.tif", "folder/none.tif", "folder/../a.tif", "loop.tif"] {
            assert!(files.check(&base.join(outside)).is_err(), "{outside}");
            assert!(files.open(&base.join(outside)).is_err(), "{outside}");
        }
        files.open(&base.join("within.tif")).unwrap();
        // A file, and then the folder itself, are swapped for links.
        std::fs::remove_file(base.join("b.tif")).unwrap();
        symlink(out.join("a.tif"), base.join("b.tif")).unwrap();
        assert!(files.open(&base.join("b.tif")).is_err());
        std::fs::rename(&base, folder.path().join("old")).unwrap();
        symlink(&out, &base).unwrap();
        assert!(files.open(&base.join("a.tif")).is_err());
    }
}
