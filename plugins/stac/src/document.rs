//! What a STAC document is.

use serde_json::{Map, Value};

/// The kinds of documents.
pub(crate) enum Content {
    /// An item.
    Item(Map<String, Value>),
    /// An item collection, or one page of it: its features, and the rest.
    Items(Vec<Value>, Value),
    /// A catalogue, a collection, or the landing page of an API.
    Catalog(Value),
    /// JSON, but none of these.
    Other,
}

impl Content {
    /// Documents say their `type` since STAC 1.0; before that it shows in their members.
    pub fn of(json: Value) -> Self {
        match json {
            Value::Array(items) => Content::Items(items, Value::Null),
            Value::Object(mut fields) => {
                let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
                if kind == "Feature" {
                    return Content::Item(fields);
                }
                if let Some(Value::Array(_)) = fields.get("features")
                    && let Some(Value::Array(features)) = fields.remove("features")
                {
                    return Content::Items(features, Value::Object(fields));
                }
                let is_stac = fields.contains_key("stac_version") || fields.contains_key("conformsTo");
                let has_links = fields.get("links").is_some_and(Value::is_array);
                match kind.as_str() {
                    "Catalog" | "Collection" => Content::Catalog(Value::Object(fields)),
                    "" if is_stac || has_links => Content::Catalog(Value::Object(fields)),
                    _ => Content::Other,
                }
            }
            _ => Content::Other,
        }
    }
}
