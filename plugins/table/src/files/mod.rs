//! Which files a table consists of.

mod partition;
mod table_file;

pub(crate) use partition::{Partition, PartitionTypes};
pub(crate) use table_file::{TableFile, merged};

use crate::format::OpenTable;
use futures::{StreamExt, TryStreamExt};
use rasteret_schema::{Access, AccessErrorKind, RandomAccess, SourceError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Extensions that tables have. What a file is, its content says; but a folder may hold more than tables.
const EXTENSIONS: [&str; 8] = ["parquet", "geoparquet", "parq", "pq", "arrow", "arrows", "feather", "ipc"];

/// A file of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoundFile {
    pub href: String,
    pub partition: Partition,
    /// The file, if it had to be opened to be found.
    pub opened: Option<Arc<dyn RandomAccess>>,
    /// The table in it, where that is known from before.
    pub table: Option<OpenTable>,
}

/// The file at `uri`, or the files of the dataset in the folder or below the prefix that it names.
pub(crate) async fn find(uri: &str, access: &dyn Access) -> Result<Vec<FoundFile>, SourceError> {
    let is_folder = match local_path(uri) {
        Some(path) => path.is_dir(),
        None => uri.ends_with('/'),
    };
    // Whether there is an object of this name, only asking tells.
    let missing = match is_folder {
        true => None,
        false => match access.open(uri).await {
            Ok(file) => {
                return Ok(vec![FoundFile {
                    href: uri.to_owned(),
                    opened: Some(file),
                    ..FoundFile::default()
                }]);
            }
            Err(error) if error.kind != AccessErrorKind::NotFound || local_path(uri).is_some() => {
                return Err(error.into());
            }
            Err(error) => Some(error),
        },
    };
    let listed = access.list(uri).map_ok(|file| file.href).boxed().try_collect::<Vec<String>>().await;
    let listed = listed.map_err(|error| missing.unwrap_or(error))?;
    let root = uri.trim_end_matches('/');
    let below = |href: &str| href.strip_prefix(root).unwrap_or(href).trim_start_matches('/').to_owned();
    let mut files: Vec<FoundFile> = listed
        .into_iter()
        .map(|href| (below(&href), href))
        .filter(|(path, _)| !path.is_empty() && !path.split('/').any(is_hidden))
        .map(|(path, href)| FoundFile { href, partition: Partition::of(&path), ..FoundFile::default() })
        .collect();
    if files.iter().any(|file| has_table_extension(&file.href)) {
        files.retain(|file| has_table_extension(&file.href));
    }
    if files.is_empty() {
        return Err(SourceError::NotFound(rasteret_schema::access::plain_href(uri)));
    }
    Ok(files)
}

/// What writers put beside the data: `_SUCCESS`, `_metadata`, `.part-0.crc`.
fn is_hidden(segment: &str) -> bool {
    (segment.starts_with('_') && !segment.contains('=')) || segment.starts_with('.')
}

fn has_table_extension(href: &str) -> bool {
    let extension = href.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// The path of a local file or folder.
pub(crate) fn local_path(uri: &str) -> Option<PathBuf> {
    match uri.split_once("://") {
        None => Some(PathBuf::from(uri)),
        Some((scheme, path)) if scheme.eq_ignore_ascii_case("file") => {
            let path = path.strip_prefix("localhost").unwrap_or(path);
            let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
            Some(PathBuf::from(path.as_ref()))
        }
        Some(_) => None,
    }
}

/// The local files below a folder with their sizes and times of change, sorted; or the file itself.
pub(crate) fn local_files(
    path: &Path,
) -> std::io::Result<Vec<(PathBuf, u64, Option<std::time::SystemTime>)>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok(vec![(path.to_owned(), metadata.len(), metadata.modified().ok())]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        files.extend(local_files(&entry?.path())?);
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_and_remote() {
        assert_eq!(local_path("a b/c.parquet"), Some(PathBuf::from("a b/c.parquet")));
        assert_eq!(local_path("file:///a%20b/c.parquet"), Some(PathBuf::from("/a b/c.parquet")));
        assert_eq!(local_path("s3://bucket/c.parquet"), None);
    }

    #[test]
    fn what_lies_beside_the_data() {
        assert!(is_hidden("_SUCCESS") && is_hidden(".crc") && !is_hidden("_split=train"));
        assert!(has_table_extension("a/b.PARQUET") && !has_table_extension("a.parquet/readme"));
    }
}
