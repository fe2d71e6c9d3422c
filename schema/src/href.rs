//! Relative hrefs: what they mean, and which of them mean an href.
//!
//! They are text: nothing is escaped or decoded on the way, since the key of an object, or a path, is no URL. A name
//! with spaces, `%`, `#` or `?` is therefore the same below any folder, and below any URL.

use std::path::Path;

/// Whether an href is a path that does not say where it begins. A colon alone makes no URL of a file's name.
///
/// ```
/// use rasteret_schema::href::is_relative;
/// assert!(is_relative("B04.tif") && is_relative("../S2A:2024/B04.tif"));
/// assert!(!is_relative("s3://bucket/B04.tif") && !is_relative("/data/B04.tif") && !is_relative("file:B04.tif"));
/// ```
pub fn is_relative(href: &str) -> bool {
    let has_scheme = href.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    let is_file = href.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:"));
    !has_scheme && !is_file && !href.starts_with('/') && !Path::new(href).is_absolute()
}

/// What a relative href means below a base, which is a folder or a URL and does not end in a slash.
///
/// Takes the dots at its beginning: `./a` and `../a`. Above the base's own root there is nothing.
///
/// ```
/// use rasteret_schema::href::resolved;
/// assert_eq!(resolved("s3://bucket/index", "a/b.tif"), "s3://bucket/index/a/b.tif");
/// assert_eq!(resolved("s3://bucket/index", "../b.tif"), "s3://bucket/b.tif");
/// ```
pub fn resolved(base: &str, href: &str) -> String {
    let root = match base.split_once("://") {
        Some((scheme, rest)) => scheme.len() + 3 + rest.find('/').unwrap_or(rest.len()),
        None => 0,
    };
    let mut folder = base;
    let mut rest = href;
    loop {
        if let Some(after) = rest.strip_prefix("./") {
            rest = after;
        } else if let Some(after) = rest.strip_prefix("../") {
            rest = after;
            folder = match folder.rfind('/') {
                Some(slash) if slash >= root => &folder[..slash],
                _ => folder,
            };
        } else {
            return format!("{folder}/{rest}");
        }
    }
}

/// The relative href that means an href below a base, as [`resolved`] has it; `None` of what does not lie below it.
///
/// ```
/// use rasteret_schema::href::relative_to;
/// assert_eq!(relative_to("/data", "/data/a #1/B04.tif").as_deref(), Some("a #1/B04.tif"));
/// assert_eq!(relative_to("/data", "/data/file:1.tif").as_deref(), Some("./file:1.tif"));
/// assert_eq!(relative_to("/data", "/data/../B04.tif"), None);
/// assert_eq!(relative_to("/data", "/database/B04.tif"), None);
/// ```
pub fn relative_to(base: &str, href: &str) -> Option<String> {
    let below = href.strip_prefix(base)?.strip_prefix('/')?;
    let mut depth = 0_usize;
    for segment in below.split('/') {
        // Of a URL, `%2e` is a dot (WHATWG URL, section 4.1).
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            ".." => depth = depth.checked_sub(1)?,
            "." | "" => {}
            _ => depth += 1,
        }
    }
    let relative = if is_relative(below) { below.to_owned() } else { format!("./{below}") };
    let is_same = depth > 0 && is_relative(&relative) && resolved(base, &relative) == href;
    is_same.then_some(relative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn above_the_root_is_nothing() {
        assert_eq!(resolved("s3://bucket/index", "./../b.tif"), "s3://bucket/b.tif");
        assert_eq!(resolved("s3://bucket/index", "../../../b.tif"), "s3://bucket/b.tif");
        assert_eq!(resolved("", "b.tif"), "/b.tif");
    }

    #[test]
    fn what_leaves_the_base_is_not_below_it() {
        for href in [
            "s3://b/a",
            "s3://b/a/",
            "s3://b/a/../c",
            "s3://b/a/x/../../c",
            "s3://b/a/%2E./c",
            "s3://b/a/x/..",
        ] {
            assert_eq!(relative_to("s3://b/a", href), None, "{href}");
        }
        // A key with an empty part, which is another than the one without it.
        assert_eq!(relative_to("s3://b/a", "s3://b/a//c").as_deref(), Some(".//c"));
        // A key that begins with a dot would lose it.
        assert_eq!(relative_to("s3://b/a", "s3://b/a/./c"), None);
        assert_eq!(relative_to("s3://b/a", "s3://b/a/x/../c").as_deref(), Some("x/../c"));
        assert_eq!(relative_to("", "/c").as_deref(), Some("c"));
    }

    fn name() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            Just("..".to_owned()),
            Just(".".to_owned()),
            Just(String::new()),
            Just("file:".to_owned()),
            Just("s3:".to_owned()),
            Just("%2e%2E".to_owned()),
            "[a-c %#?:.é]{1,4}",
        ];
        proptest::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
    }

    proptest! {
        #[test]
        fn what_is_relative_means_the_same(base in "(s3://b|/d|https://h)(/[a-c %.]{1,3}){0,2}", name in name()) {
            let href = format!("{base}/{name}");
            if let Some(relative) = relative_to(&base, &href) {
                prop_assert!(is_relative(&relative));
                prop_assert_eq!(resolved(&base, &relative), href);
                prop_assert_eq!(resolved("/moved", &relative), format!("/moved/{name}"));
            } else {
                // Only dots, and what is no file, cannot be had.
                let parts = || name.split('/').map(|part| part.to_ascii_lowercase().replace("%2e", "."));
                let dots = parts().any(|part| part == "." || part == "..");
                prop_assert!(dots || parts().all(|part| part.is_empty()), "{} below {}", name, base);
            }
        }
    }
}
