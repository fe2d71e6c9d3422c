//! Where an asset is: hrefs may be relative, or have one of GDAL's prefixes.

/// The href of an asset, absolute: a relative one is relative to `base`, which is a URL or a path. An absolute
/// one stays as it is, to the letter.
///
/// What is joined is text, and nothing gets escaped on the way: the key of an object is not a path of a URL.
pub(crate) fn resolve(href: &str, base: &str) -> String {
    let href = href.trim();
    if let Some(url) = of_virtual_file(href) {
        return url;
    }
    if is_absolute_url(href) || is_drive(href) {
        return href.to_owned();
    }
    let Some((scheme, rest)) = base.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return if href.starts_with('/') {
            href.to_owned()
        } else {
            normal(&format!("{}{href}", folder(base)))
        };
    };
    if let Some(host) = href.strip_prefix("//") {
        return format!("{scheme}://{host}");
    }
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let rest = if is_http { rest.split(['?', '#']).next().unwrap_or_default() } else { rest };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if href.starts_with('/') { href.to_owned() } else { format!("{}{href}", folder(path)) };
    let path = normal(&path);
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{authority}{slash}{path}")
}

/// Whether an href says where it is without anything to be relative to.
pub(super) fn is_absolute(href: &str) -> bool {
    is_absolute_url(href) || is_drive(href) || href.starts_with('/')
}

fn is_absolute_url(href: &str) -> bool {
    href.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

fn is_scheme(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// `C:\…` or `C:/…`.
fn is_drive(href: &str) -> bool {
    matches!(href.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

/// All of a path up to and with its last separator.
fn folder(path: &str) -> &str {
    let is_separator = |c: char| c == '/' || (is_drive(path) && c == '\\');
    path.rfind(is_separator).and_then(|at| path.get(..=at)).unwrap_or_default()
}

/// The path without `.` and `..`, as far as that is possible.
fn normal(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => match segments.last() {
                Some(&"..") | None => segments.push(segment),
                // The root has no parent.
                Some(&"") if segments.len() == 1 => {}
                Some(_) => {
                    segments.pop();
                }
            },
            segment => segments.push(segment),
        }
    }
    segments.join("/") + query
}

/// The URL of one of GDAL's virtual files over a network: <https://gdal.org/user/virtual_file_systems.html>.
fn of_virtual_file(href: &str) -> Option<String> {
    let prefixes = [("/vsicurl/", ""), ("/vsis3/", "s3://"), ("/vsigs/", "gs://"), ("/vsiaz/", "az://")];
    let (rest, scheme) =
        prefixes.iter().find_map(|(prefix, scheme)| Some((href.strip_prefix(prefix)?, scheme)))?;
    (!rest.is_empty()).then(|| format!("{scheme}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_hrefs() {
        let cases = [
            ("./B04.tif", "https://h/c/item.json", "https://h/c/B04.tif"),
            ("../a/B 04.tif", "s3://bucket/c/d/item.json", "s3://bucket/c/a/B 04.tif"),
            ("B04.tif", "https://h/c/item.json?token=a/b#c/d", "https://h/c/B04.tif"),
            ("/root.tif", "https://h/c/item.json", "https://h/root.tif"),
            ("//other/x.tif", "https://h/c/item.json", "https://other/x.tif"),
            ("../../../x.tif", "https://h/c/item.json", "https://h/x.tif"),
            ("x.tif", "https://h", "https://h/x.tif"),
            ("x.tif?versionId=a/../b", "https://h/c/", "https://h/c/x.tif?versionId=a/../b"),
            ("./B04.tif", "/data/scene/item.json", "/data/scene/B04.tif"),
            ("../B04.tif", "scene/item.json", "B04.tif"),
            ("../../B04.tif", "scene/item.json", "../B04.tif"),
            ("B04.tif", "item.json", "B04.tif"),
            ("/data/B04.tif", "scene/item.json", "/data/B04.tif"),
            ("a/x.tif", r"C:\scenes\item.json", r"C:\scenes\a/x.tif"),
        ];
        for (href, base, expected) in cases {
            assert_eq!(resolve(href, base), expected, "{href} of {base}");
        }
    }

    #[test]
    fn absolute_hrefs_stay() {
        for href in
            ["https://h/../a b.tif?sig=%2F", "s3://b/k", "file:///a/b.tif", r"C:\a\b.tif", "C:/a/b.tif"]
        {
            assert_eq!(resolve(href, "https://other/x/item.json"), href);
        }
    }

    #[test]
    fn virtual_files() {
        let base = "https://h/item.json";
        assert_eq!(resolve("/vsicurl/https://a/b.tif", base), "https://a/b.tif");
        assert_eq!(resolve("/vsis3/bucket/key.tif", base), "s3://bucket/key.tif");
        assert_eq!(resolve("/vsigs/bucket/key.tif", "/a/item.json"), "gs://bucket/key.tif");
        assert_eq!(resolve("/vsiaz/container/key.tif", base), "az://container/key.tif");
        assert_eq!(resolve("/vsicurl/", base), "https://h/vsicurl/");
    }
}
