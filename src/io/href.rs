//! Hrefs: what they name, and how much of them may be shown.

use rasteret_schema::access::plain_href;
use std::path::PathBuf;

/// The path of an href that names a local file: a plain path, or a `file:` URL. `None` for URLs of
/// other schemes.
pub fn local_path(href: &str) -> Option<PathBuf> {
    let (scheme, rest) = href.split_once(':').unwrap_or(("", href));
    if scheme.eq_ignore_ascii_case("file") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path =
            if path.len() < rest.len() { path.strip_prefix("localhost").unwrap_or(path) } else { path };
        return percent_decoded(path).map(PathBuf::from);
    }
    self::scheme(href).is_none().then(|| PathBuf::from(href))
}

/// The scheme of a URL; `None` for a plain path.
pub fn scheme(href: &str) -> Option<&str> {
    let (scheme, _) = href.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(scheme)
}

/// An href as it is shown: a [plain](plain_href) one without its query and its fragment, which may be secrets of a
/// kind that nobody knows. A path is shown whole.
///
/// ```
/// use rasteret::io::without_secrets;
/// assert_eq!(without_secrets("https://u:p@example.com/B04.tif?sig=abc"), "https://example.com/B04.tif");
/// assert_eq!(without_secrets("/data/what?.tif"), "/data/what?.tif");
/// ```
pub fn without_secrets(href: &str) -> String {
    let plain = plain_href(href);
    match scheme(href) {
        Some(_) => plain.split(['?', '#']).next().unwrap_or_default().to_owned(),
        None => plain,
    }
}

/// A message without the queries of the URLs in it.
pub fn scrubbed(message: &str) -> String {
    let words = message.split_inclusive(char::is_whitespace).map(|word| match word.split_once('?') {
        Some((url, query)) if url.contains("://") => {
            let end = query.find(|c: char| c.is_whitespace() || matches!(c, ')' | '"' | '\'' | '>'));
            format!("{url}{}", end.map_or("", |end| &query[end..]))
        }
        _ => word.to_owned(),
    });
    words.collect()
}

/// Text without percent-encoding; `None` where that is no UTF-8.
pub fn percent_decoded(text: &str) -> Option<String> {
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
        assert_eq!(local_path("file:/data/a.tif").as_deref(), Some(Path::new("/data/a.tif")));
        assert_eq!(local_path("FILE://localhost/data/a.tif").as_deref(), Some(Path::new("/data/a.tif")));
        assert_eq!(local_path("S2A:1/B04.tif").as_deref(), Some(Path::new("S2A:1/B04.tif")));
        assert_eq!(local_path("https://example.com/B04.tif"), None);
        assert_eq!(local_path("s3://bucket/B04.tif"), None);
    }

    #[test]
    fn messages_are_scrubbed() {
        assert_eq!(
            scrubbed("GET (https://h/a.tif?sig=1&x=2) failed? yes: \"https://h/b?c\""),
            "GET (https://h/a.tif) failed? yes: \"https://h/b\""
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(without_secrets("https://h/a/b.tif?X-Amz-Signature=1#x"), "https://h/a/b.tif");
        assert_eq!(without_secrets("https://h?sig=1"), "https://h");
        assert_eq!(without_secrets("https://user:secret@h:8080/b.tif"), "https://h:8080/b.tif");
        assert_eq!(without_secrets("https://h/a@b.tif"), "https://h/a@b.tif");
        assert_eq!(
            without_secrets("abfss://container@account.dfs.core.windows.net/b.tif?sig=1"),
            "abfss://container@account.dfs.core.windows.net/b.tif"
        );
    }
}
