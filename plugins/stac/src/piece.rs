//! Items on their way from documents to batches.

use crate::item::LocatedItem;
use futures::stream::BoxStream;
use rasteret_schema::access::plain_href;
use rasteret_schema::{SourceError, SourceFailure};
use serde_json::Value;

/// The items of a document, or of a part of it.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub items: Vec<LocatedItem>,
    pub failures: Vec<SourceFailure>,
    /// How many there are in all, where a server says.
    pub total: Option<u64>,
}

/// Items as they come.
pub(crate) type Pieces = BoxStream<'static, Result<Piece, SourceError>>;

impl Piece {
    /// The features of a document.
    pub fn of_features(features: Vec<Value>, href: &str) -> Self {
        let mut piece = Piece::default();
        for (at, feature) in features.into_iter().enumerate() {
            match feature {
                Value::Object(item) => piece.items.push(LocatedItem { item, href: href.to_owned() }),
                _ => piece.failures.push(failure(href, "invalid", format!("feature {at} is not an object"))),
            }
        }
        piece
    }

    /// Items that name no collection are of the one whose list they are in.
    pub fn of_collection(mut self, collection: Option<&str>) -> Self {
        let Some(collection) = collection else { return self };
        for located in &mut self.items {
            let is_named = located.item.get("collection").is_some_and(|name| !name.is_null());
            if !is_named {
                located.item.insert("collection".to_owned(), Value::String(collection.to_owned()));
            }
        }
        self
    }

    /// Nothing but a failure.
    pub fn of_failure(href: &str, kind: &str, message: String) -> Self {
        Piece { failures: vec![failure(href, kind, message)], ..Piece::default() }
    }
}

fn failure(href: &str, kind: &str, message: String) -> SourceFailure {
    SourceFailure { href: plain_href(href), kind: kind.to_owned(), message }
}
