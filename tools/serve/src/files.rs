//! The files of a folder, memory-mapped.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use memmap2::Mmap;
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// A version of a file.
#[derive(Debug, Clone)]
pub struct Served {
    /// All of it.
    pub bytes: Bytes,
    /// When it was written.
    pub modified: SystemTime,
}

impl Served {
    /// Its entity tag.
    pub fn etag(&self) -> String {
        let modified = self.modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        format!("\"{:x}-{modified:x}\"", self.bytes.len())
    }

    /// When it was written, as HTTP says it.
    pub fn last_modified(&self) -> String {
        DateTime::<Utc>::from(self.modified).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// The files of a folder. Each is mapped once, as long as it does not change.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    mapped: Mutex<HashMap<String, Served>>,
}

impl Files {
    /// The files of a folder.
    pub fn new(folder: &Path) -> Self {
        Files { folder: folder.to_owned(), mapped: Mutex::default() }
    }

    /// The file that the path of a URL names.
    pub fn get(&self, path: &str) -> Option<Served> {
        let name = percent_encoding::percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
        let inside = Path::new(name.as_ref());
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let path = self.folder.join(inside);
        let metadata = path.metadata().ok().filter(Metadata::is_file)?;
        let modified = metadata.modified().ok()?;
        let mapped = || self.mapped.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |file: &Served| file.modified == modified && file.bytes.len() as u64 == metadata.len();
        if let Some(file) = mapped().get(name.as_ref()).filter(|file| is_same(file)) {
            return Some(file.clone());
        }
        // SAFETY: the map is only read, as bytes, of which any value is valid.
        let map = unsafe { Mmap::map(&File::open(&path).ok()?) }.ok()?;
        let file = Served { bytes: Bytes::from_owner(map), modified };
        mapped().insert(name.into_owned(), file.clone());
        Some(file)
    }
}
