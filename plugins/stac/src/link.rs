//! Links between documents.

use crate::item::href;
use crate::reader::Request;
use serde_json::{Map, Value};
use url::Url;

/// A link of a STAC document, as far as it can be followed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link<'a> {
    pub rel: &'a str,
    /// As it is written.
    href: &'a str,
    fields: &'a Map<String, Value>,
}

/// The links of a document that have a relation and an href.
pub(crate) fn links(document: &Value) -> impl Iterator<Item = Link<'_>> {
    document.get("links").and_then(Value::as_array).into_iter().flatten().filter_map(|link| {
        let fields = link.as_object()?;
        let text = |name: &str| fields.get(name)?.as_str().map(str::trim);
        Some(Link { rel: text("rel")?, href: text("href").filter(|href| !href.is_empty())?, fields })
    })
}

impl Link<'_> {
    /// Where it leads to, from a document that is at `base`.
    pub fn resolved(&self, base: &str) -> String {
        resolve(self.href, base)
    }

    /// Whether it is to be followed by POST. A link that has something to send is.
    pub fn is_post(&self) -> bool {
        match self.fields.get("method").and_then(Value::as_str) {
            Some(method) => method.eq_ignore_ascii_case("POST"),
            None => self.fields.get("body").is_some_and(Value::is_object),
        }
    }

    /// The media type that it announces, in lower case; empty where it does not.
    pub fn media_type(&self) -> String {
        self.fields.get("type").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase()
    }

    /// The request that it stands for, after `current`:
    /// <https://api.stacspec.org/v1.0.0/item-search/#paging-extension>. A POST without a body of its own repeats
    /// the current one, for a server that pages by the URL.
    pub fn request(&self, base: &str, current: &Request) -> Request {
        let merge = self.fields.get("merge").and_then(Value::as_bool).unwrap_or(false);
        let body = self.is_post().then(|| {
            let before = || current.body.clone().unwrap_or_default();
            match self.fields.get("body").and_then(Value::as_object) {
                None => before(),
                Some(body) if !merge => body.clone(),
                Some(body) => {
                    let mut merged = before();
                    merged.extend(body.iter().map(|(name, value)| (name.clone(), value.clone())));
                    merged
                }
            }
        });
        let mut headers = self.headers();
        if merge {
            let is_new = |(name, _): &&(String, String)| {
                !headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
            };
            let before: Vec<_> = current.headers.iter().filter(is_new).cloned().collect();
            headers.extend(before);
        }
        Request { href: self.resolved(base), body, headers }
    }

    fn headers(&self) -> Vec<(String, String)> {
        let fields = self.fields.get("headers").and_then(Value::as_object);
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            // The specification allows lists of values.
            Value::Array(values) => {
                let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
                (!values.is_empty()).then(|| values.join(", "))
            }
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        fields.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
    }
}

/// An href, absolute. `base` is the document that it is in.
pub(crate) fn resolve(href: &str, base: &str) -> String {
    let is_http = |href: &str| {
        let scheme = href.split_once("://").map_or("", |(scheme, _)| scheme);
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    };
    if is_http(base) && !href.contains("://") && !href.starts_with("/vsi") {
        // A query alone (`?page=2`) is one of the same document.
        if let Some(url) = Url::parse(base).ok().and_then(|base| base.join(href).ok()) {
            return url.into();
        }
    }
    href::resolve(href, base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn next(link: Value, current: &Request) -> Request {
        let document = json!({ "links": [link] });
        links(&document).next().unwrap().request("https://h/stac/search?a=1", current)
    }

    fn body(value: Value) -> Option<Map<String, Value>> {
        value.as_object().cloned()
    }

    #[test]
    fn hrefs_resolve_against_their_document() {
        for (href, base, expected) in [
            ("?page=2", "https://h/search?page=1", "https://h/search?page=2"),
            ("./a/item.json", "https://h/c/catalog.json", "https://h/c/a/item.json"),
            ("../item.json", "https://h/c/d/collection.json", "https://h/c/item.json"),
            ("/item.json", "https://h/c/d", "https://h/item.json"),
            ("//other/item.json", "https://h/c", "https://other/item.json"),
            ("s3://bucket/a b.json", "https://h/c", "s3://bucket/a b.json"),
            ("https://other/a", "s3://bucket/c", "https://other/a"),
            ("../a.json", "s3://bucket/c/d.json", "s3://bucket/a.json"),
            ("./a.json", "/data/c/catalog.json", "/data/c/a.json"),
            ("a.json", "catalog.json", "a.json"),
        ] {
            assert_eq!(resolve(href, base), expected, "{href} of {base}");
        }
    }

    #[test]
    fn what_is_no_link_is_passed_by() {
        for document in [
            json!(null),
            json!({"links": "none"}),
            json!({"links": [7, {}, {"rel": "next"}, {"rel": "next", "href": null}, {"rel": "next", "href": " "}]}),
        ] {
            assert_eq!(links(&document).count(), 0, "{document}");
        }
    }

    #[test]
    fn bodies_are_merged_where_the_link_says_so() {
        let sent = body(json!({"limit": 10, "collections": ["a"], "token": "1"}));
        let current = Request { body: sent.clone(), ..Request::get("https://h/stac/search") };
        let link = json!({"rel": "next", "method": "POST", "href": "x", "body": {"token": "2"}});
        assert_eq!(next(link.clone(), &current).body, body(json!({"token": "2"})));
        let mut merged = link.clone();
        merged["merge"] = true.into();
        let request = next(merged, &current);
        assert_eq!(request.body, body(json!({"limit": 10, "collections": ["a"], "token": "2"})));
        assert_eq!(request.href, "https://h/stac/x");
        let same = json!({"rel": "next", "method": "POST", "href": "?page=2"});
        assert_eq!(next(same, &current).body, sent);
        assert_eq!(next(json!({"rel": "next", "href": "x", "body": {}}), &current).body, body(json!({})));
        let get = json!({"rel": "next", "method": "GET", "href": "x", "body": {"token": 2}});
        assert_eq!(next(get, &current).body, None);
    }

    #[test]
    fn headers_are_text() {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let current =
            Request { headers: vec![header("a", "1"), header("B", "2")], ..Request::get("https://h") };
        let link = json!({"rel": "next", "href": "x", "headers": {"b": ["3", "4"], "c": 5, "d": {}}});
        assert_eq!(next(link.clone(), &current).headers, [header("b", "3, 4"), header("c", "5")]);
        let mut merged = link;
        merged["merge"] = true.into();
        let expected = [header("b", "3, 4"), header("c", "5"), header("a", "1")];
        assert_eq!(next(merged, &current).headers, expected);
    }

    proptest! {
        /// A document that is moved with all that it links to still leads there.
        #[test]
        fn relative_links_move_with_their_documents(
            path in "([a-z]{1,3}/){0,4}", up in 0_usize..4, down in "([a-z]{1,3}/){0,3}[a-z]{1,4}[.]json",
        ) {
            let up = up.min(path.matches('/').count());
            let href = format!("./{}{down}", "../".repeat(up));
            let resolved: Vec<String> = ["https://h/root/", "s3://b/root/", "/data/root/"]
                .into_iter()
                .map(|base| {
                    let target = resolve(&href, &format!("{base}{path}catalog.json"));
                    target.strip_prefix(base).map(str::to_owned).unwrap_or_default()
                })
                .collect();
            prop_assert!(resolved[0].ends_with(&down));
            prop_assert_eq!(&resolved[0], &resolved[1]);
            prop_assert_eq!(&resolved[1], &resolved[2]);
        }

        #[test]
        fn no_href_panics(href in ".{0,40}", base in "(https?://|s3://|file://|/|)[ -~]{0,30}") {
            resolve(&href, &base);
        }
    }
}
