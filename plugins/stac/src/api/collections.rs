//! Which collections a server has.

use super::Api;
use super::items::escaped;
use super::landing::below;
use crate::link::links;
use crate::reader::{Loaded, Request};
use crate::seen::Seen;
use rasteret_schema::{AccessErrorKind, SourceError};
use serde_json::Value;

/// Ids that an error lists.
const LISTED: usize = 40;

/// Pages of collections that are read: some servers have ten thousand collections.
const MAX_PAGES: usize = 1000;

impl Api {
    /// Ids of all collections, in the server's order.
    pub(super) async fn collection_ids(&self) -> Result<Vec<String>, SourceError> {
        let mut ids = Vec::new();
        let mut request = Request::get(self.landing.collections());
        let mut seen = Seen::default();
        for _ in 0..MAX_PAGES {
            if !seen.insert(&request.href) {
                break;
            }
            let Loaded { href, json } = self.reader.load(request.clone()).await?;
            let page = json.get("collections").and_then(Value::as_array).into_iter().flatten();
            ids.extend(page.filter_map(|collection| Some(collection.get("id")?.as_str()?.to_owned())));
            let Some(next) = links(&json).find(|link| link.rel == "next") else { break };
            request = next.request(&href, &request);
        }
        Ok(ids)
    }

    /// An error that lists the collections, if the server lacks one that is wanted.
    pub(super) async fn check_collections(&self) -> Result<(), SourceError> {
        for id in &self.options.collections {
            let href = below(&self.landing.collections(), &escaped(id));
            let is_missing = match self.reader.load(Request::get(href)).await {
                Err(SourceError::Access(error)) => error.kind == AccessErrorKind::NotFound,
                _ => false,
            };
            if is_missing {
                let ids = self.collection_ids().await.unwrap_or_default();
                return Err(no_such_collection(&self.landing.url, id, &ids));
            }
        }
        Ok(())
    }
}

/// The error for a collection that is not there.
pub(crate) fn no_such_collection(url: &str, id: &str, ids: &[String]) -> SourceError {
    let url = rasteret_schema::access::plain_href(url);
    let listed = ids.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = ids.len().saturating_sub(LISTED);
    let there_are = match (listed.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!("; it has {listed}"),
        (false, more) => format!("; it has {listed} and {more} more"),
    };
    SourceError::Invalid(format!("{url} has no collection {id:?}{there_are}"))
}
