//! Bytes of raster files.
//!
//! In: an href and byte ranges. Out: the bytes. This module never looks into them.

mod local;

pub use local::LocalFile;

use std::path::PathBuf;

/// The path of an href that names a local file: a plain path, or a `file:` URL. `None` for URLs of
/// other schemes.
pub fn local_path(href: &str) -> Option<PathBuf> {
    if let Some(rest) = href.strip_prefix("file://") {
        let path = rest.strip_prefix("localhost").unwrap_or(rest);
        return percent_decoded(path).map(PathBuf::from);
    }
    let has_scheme = href.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    (!has_scheme).then(|| PathBuf::from(href))
}

fn percent_decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn hrefs_of_local_files() {
        assert_eq!(local_path("/data/B04.tif").as_deref(), Some(Path::new("/data/B04.tif")));
        assert_eq!(local_path("data/a b.tif").as_deref(), Some(Path::new("data/a b.tif")));
        assert_eq!(local_path("file:///data/a%20b.tif").as_deref(), Some(Path::new("/data/a b.tif")));
        assert_eq!(local_path("https://example.com/B04.tif"), None);
        assert_eq!(local_path("s3://bucket/B04.tif"), None);
    }
}
