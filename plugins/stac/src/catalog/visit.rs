//! What a document brings: items, and links to follow.

use super::Format;
use super::extent::is_disjoint;
use crate::api;
use crate::link::{Link, links};
use crate::options::Options;
use crate::reader::Request;
use rasteret_schema::Selection;
use serde_json::Value;

/// A document to read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub request: Request,
    pub format: Format,
    /// The collection whose document links to it: items that name none are of that.
    pub collection: Option<String>,
}

impl Target {
    pub fn new(href: &str) -> Self {
        Target { request: Request::get(href), format: Format::of(href, ""), collection: None }
    }
}

/// The links of a catalogue or collection that are to be followed, in their order.
pub(super) fn targets(document: &Value, href: &str, options: &Options, selection: &Selection) -> Vec<Target> {
    let id = || document.get("id").and_then(Value::as_str).map(str::to_owned);
    let collection = if is_collection(document) { id() } else { None };
    if collection.is_some() && is_disjoint(document, selection) {
        return Vec::new();
    }
    // A collection that is not wanted may contain one that is, but its own items are not.
    let has_wanted = |id: &String| options.collections.is_empty() || options.collections.contains(id);
    let takes_items = collection.as_ref().is_none_or(has_wanted);
    let mut targets = Vec::new();
    for link in links(document) {
        match link.rel {
            "child" => targets.push(Target::new(&link.resolved(href))),
            "item" | "items" if takes_items => {
                for request in requests(&link, href, options, selection) {
                    let format = Format::of(&request.href, &link.media_type());
                    targets.push(Target { request, format, collection: collection.clone() });
                }
            }
            _ => {}
        }
    }
    targets
}

/// Collections say so since STAC 1.0; before that, an extent is what only they have.
pub(super) fn is_collection(document: &Value) -> bool {
    match document.get("type").and_then(Value::as_str) {
        Some(kind) => kind == "Collection",
        None => document.get("extent").is_some(),
    }
}

/// What a link to items asks for. One to the list that an API has of a collection's items takes a selection.
fn requests(link: &Link, base: &str, options: &Options, selection: &Selection) -> Vec<Request> {
    let href = link.resolved(base);
    let is_list = link.rel == "items"
        && !options.static_catalog
        && href.starts_with("http")
        && href.split(['?', '#']).next().is_some_and(|path| path.ends_with("/items"));
    let asked = if is_list { api::items_requests(options, selection, &href).ok() } else { None };
    asked.unwrap_or_else(|| vec![Request::get(href)])
}
