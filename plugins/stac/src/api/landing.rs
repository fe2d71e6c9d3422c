//! What a landing page says that its server can do.

use crate::link::{Link, links};
use serde_json::Value;

/// The landing page of an API.
#[derive(Debug, Clone)]
pub(crate) struct Landing {
    /// Where it is.
    pub url: String,
    document: Value,
}

/// How to search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SearchLink {
    /// By GET, if it can be.
    pub get: Option<String>,
    /// By POST, if it can be.
    pub post: Option<String>,
}

impl Landing {
    /// `None` if the document is of plain files, or has items itself.
    pub fn new(url: &str, document: &Value) -> Option<Self> {
        if document.get("features").is_some() || document.get("type").is_some_and(|kind| kind == "Feature") {
            return None;
        }
        let has = |rel: &str| links(document).any(|link| link.rel == rel);
        let conforms = document.get("conformsTo").is_some_and(Value::is_array);
        let is_plain = has("child") || has("item") || has("items");
        let is_api = has("search") || conforms || (has("data") && !is_plain);
        is_api.then(|| Landing { url: url.to_owned(), document: document.clone() })
    }

    /// How to search. Servers that say nothing of how they are searched but are searchable are at `/search`; `None`
    /// are those that say what they can do, and search is not among it.
    pub fn search(&self) -> Option<SearchLink> {
        let find = |is_wanted: fn(&Link) -> bool| {
            links(&self.document)
                .find(|link| link.rel == "search" && is_wanted(link))
                .map(|link| link.resolved(&self.url))
        };
        let link = SearchLink { get: find(|link| !link.is_post()), post: find(|link| link.is_post()) };
        if link.get.is_some() || link.post.is_some() {
            return Some(link);
        }
        let can_search = self.classes().any(|class| class.contains("item-search"));
        let says_nothing = self.classes().next().is_none();
        (can_search || says_nothing).then(|| SearchLink { get: Some(self.below("search")), post: None })
    }

    /// Where the collections are listed.
    pub fn collections(&self) -> String {
        let link = links(&self.document).find(|link| link.rel == "data");
        link.map_or_else(|| self.below("collections"), |link| link.resolved(&self.url))
    }

    /// Whether the server says what it can do, and an extension is not among it.
    pub fn lacks(&self, extension: &str) -> bool {
        let says_something = self.classes().next().is_some();
        let is_of =
            |class: &str| class.split(['/', '#', ':']).any(|part| part.eq_ignore_ascii_case(extension));
        says_something && !self.classes().any(is_of)
    }

    fn classes(&self) -> impl Iterator<Item = &str> {
        let classes = self.document.get("conformsTo").and_then(Value::as_array);
        classes.into_iter().flatten().filter_map(Value::as_str)
    }

    fn below(&self, path: &str) -> String {
        below(&self.url, path)
    }
}

/// A path below a URL, whose query stays: it may hold a key.
pub(super) fn below(url: &str, path: &str) -> String {
    let (url, query) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    format!("{}/{path}{query}", url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const URL: &str = "https://h/stac/v1?key=k";

    fn landing(document: Value) -> Option<Landing> {
        Landing::new(URL, &document)
    }

    #[test]
    fn how_to_search() {
        let both = json!({"links": [
            {"rel": "search", "href": "./search", "method": "POST"},
            {"rel": "search", "href": "https://h/stac/v1/search", "type": "application/geo+json"},
        ]});
        let expected = SearchLink {
            get: Some("https://h/stac/v1/search".to_owned()),
            post: Some("https://h/stac/search".to_owned()),
        };
        assert_eq!(landing(both).unwrap().search(), Some(expected));
        let guessed = json!({"links": [{"rel": "data", "href": "/c"}]});
        let guessed = landing(guessed).unwrap();
        assert_eq!(guessed.search().unwrap().get.unwrap(), "https://h/stac/v1/search?key=k");
        assert_eq!(guessed.collections(), "https://h/c");
        let features = json!({"conformsTo": [
            "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
            "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
            "https://api.stacspec.org/v1.0.0-rc.2/item-search#filter:basic-cql",
        ]});
        let features = landing(features).unwrap();
        assert!(features.lacks("query") && !features.lacks("filter"));
        let core = json!({"conformsTo": ["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"]});
        assert_eq!(landing(core).unwrap().search(), None);
        assert!(landing(json!({"type": "Catalog", "links": [{"rel": "child", "href": "a.json"}]})).is_none());
    }
}
