//! Folders of documents.

use super::{Format, Root};
use crate::reader::{Reader, Request};
use futures::TryStreamExt;
use rasteret_schema::SourceError;

/// Documents that link the others of their folder.
const ROOTS: [&str; 2] = ["catalog.json", "collection.json"];

/// Whether an href is of a folder, as far as can be told by it. Servers have no folders.
pub(crate) fn is_folder(href: &str) -> bool {
    if href.starts_with("http://") || href.starts_with("https://") {
        return false;
    }
    let name = href.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    href.ends_with(['/', '\\']) || !is_document(name)
}

fn is_document(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    Format::of(&name, "") != Format::Json || name.ends_with(".json") || name.ends_with(".geojson")
}

/// Where to begin in a folder: at the document that links the others, else at all of them.
pub(crate) async fn roots(reader: &Reader, folder: &str) -> Result<Root, SourceError> {
    let files: Vec<String> = reader
        .access
        .list(folder)
        .try_filter_map(|file| async move { Ok(is_document(&file.href).then_some(file.href)) })
        .try_collect()
        .await?;
    let base = folder.trim_end_matches(['/', '\\']);
    let is_at_top = |href: &&String, name: &str| {
        let rest = href.strip_prefix(base).map(|rest| rest.trim_start_matches(['/', '\\']));
        rest == Some(name)
    };
    for name in ROOTS {
        if let Some(href) = files.iter().find(|href| is_at_top(href, name)) {
            return Ok(Root::Document(reader.load(Request::get(href)).await?));
        }
    }
    if files.is_empty() {
        return Err(SourceError::Invalid(format!("there is no JSON document in {folder}")));
    }
    Ok(Root::Folder(files))
}
