//! Which folders a Zarr store may replace.

use super::ZarrError;
use crate::error::Result;
use crate::output::folder::failed;
use std::fs;
use std::io;
use std::path::Path;

/// The file that makes a folder a group or an array.
const METADATA: &str = "zarr.json";

/// Whether there is a folder that may be replaced: an empty one, or a Zarr group with nothing in it but
/// what belongs to it.
pub fn check_replaceable(target: &Path) -> Result<bool> {
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
