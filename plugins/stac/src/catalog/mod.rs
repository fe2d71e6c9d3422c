//! Static catalogues: documents that link to each other, in folders, buckets and on plain servers.
//!
//! | file | |
//! | --- | --- |
//! | `walk` | the documents in the order of their links, read ahead |
//! | `visit` | what a document brings: items, and links to follow |
//! | `extent` | collections that cannot have anything that is wanted |
//! | `folder` | folders without a document that links the others |
//! | `lines` | newline-delimited JSON |

mod extent;
mod folder;
mod lines;
mod visit;
mod walk;

pub(crate) use folder::{is_folder, roots};
pub(crate) use walk::{Root, walk};

/// What an href leads to, by its ending and the media type that its link announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A JSON document.
    Json,
    /// An item a line.
    Lines,
    /// A table.
    Parquet,
}

impl Format {
    /// `media_type` is in lower case, and may be empty.
    pub fn of(href: &str, media_type: &str) -> Self {
        let path =
            if href.contains("://") { href.split(['?', '#']).next().unwrap_or_default() } else { href };
        let path = path.to_ascii_lowercase();
        let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
        if ends(&[".parquet", ".geoparquet"]) || media_type.contains("parquet") {
            Format::Parquet
        } else if ends(&[".ndjson", ".ndgeojson", ".jsonl", ".geojsonl", ".geojsons"])
            || ["ndjson", "jsonl", "json-seq", "geojsonl"].iter().any(|name| media_type.contains(name))
        {
            Format::Lines
        } else {
            Format::Json
        }
    }
}
