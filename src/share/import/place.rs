//! What relative hrefs are relative to, and which local files may be read.

use crate::error::{Error, Result};
use crate::io::local_path;
use std::path::{Path, PathBuf};

/// Where the assets of a table from elsewhere may lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// What relative hrefs are relative to; `None` where the table's source knows it.
    pub base: Option<String>,
    /// Canonical paths of the folders below which, and of the files which local assets must be.
    pub roots: Vec<String>,
}

impl Place {
    /// Of a table: by what the user says, else the folder that it is in.
    ///
    /// # Errors
    ///
    /// If a folder or file is not there, or has a name that is not UTF-8.
    pub fn of(uri: &str, base_dir: Option<&str>, allow_local: &[PathBuf]) -> Result<Place> {
        let mut place = match base_dir {
            Some(base) => Place::of_base(base)?,
            None => match local_path(uri) {
                Some(path) => Place::beside(&path)?,
                // Its folder, which the table's source finds out.
                None => Place::default(),
            },
        };
        for path in allow_local {
            place.roots.push(canonical(path)?);
        }
        Ok(place)
    }

    /// What the user names.
    pub fn of_base(base: &str) -> Result<Place> {
        match local_path(base) {
            Some(path) => {
                let folder = canonical(&path)?;
                if !path.is_dir() {
                    return Err(Error::InvalidArgument(format!("the base directory {base} is no folder")));
                }
                Ok(Place { base: Some(folder.clone()), roots: vec![folder] })
            }
            None => Ok(Place { base: Some(base.to_owned()), roots: Vec::new() }),
        }
    }

    /// The folder that a local table is, or lies in.
    fn beside(table: &Path) -> Result<Place> {
        if !table.exists() {
            return Err(Error::NotFound { href: table.display().to_string() });
        }
        let folder = match table.is_dir() {
            true => table.to_owned(),
            false => std::path::absolute(table)
                .map_err(|source| Error::Io { what: table.display().to_string(), source })?
                .parent()
                .map_or_else(|| table.to_owned(), Path::to_owned),
        };
        let folder = canonical(&folder)?;
        // All files are below the root of the file system: nobody meant that by putting a table there.
        let is_everything = Path::new(&folder).parent().is_none();
        Ok(Place { roots: if is_everything { Vec::new() } else { vec![folder.clone()] }, base: Some(folder) })
    }
}

fn canonical(path: &Path) -> Result<String> {
    let shown = || path.display().to_string();
    let real = path.canonicalize().map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { href: shown() },
        _ => Error::Io { what: shown(), source },
    })?;
    real.to_str()
        .map(str::to_owned)
        .ok_or_else(|| Error::InvalidArgument(format!("{} has a name that is not UTF-8", real.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_lie_in_folders() {
        let folder = tempfile::tempdir().unwrap();
        let real = canonical(folder.path()).unwrap();
        std::fs::create_dir(folder.path().join("table")).unwrap();
        std::fs::write(folder.path().join("a.parquet"), b"").unwrap();
        let uri = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let beside = |name: &str| Place::of(&uri(name), None, &[]).unwrap();
        assert_eq!(beside("a.parquet"), Place { base: Some(real.clone()), roots: vec![real.clone()] });
        assert_eq!(beside("table").roots, [format!("{real}/table")]);
        assert_eq!(Place::of("s3://b/table/", None, &[]).unwrap(), Place::default());

        let named = Place::of("s3://b/table/", Some(&uri("table")), &[uri("a.parquet").into()]).unwrap();
        assert_eq!(named.roots, [format!("{real}/table"), format!("{real}/a.parquet")]);
        let remote = Place::of(&uri("a.parquet"), Some("https://h/data"), &[]).unwrap();
        assert_eq!(remote, Place { base: Some("https://h/data".to_owned()), roots: Vec::new() });
        assert!(Place::of(&uri("nothing"), None, &[]).is_err());
        for missing in ["nothing", "a.parquet"] {
            assert!(Place::of("s3://b/table/", Some(&uri(missing)), &[]).is_err());
        }
        assert!(Place::of("s3://b/table/", None, &[uri("nothing").into()]).is_err());
    }
}
