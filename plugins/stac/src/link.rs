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
