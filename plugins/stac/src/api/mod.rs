//! STAC APIs: <https://github.com/radiantearth/stac-api-spec>.
//!
//! | file | |
//! | --- | --- |
//! | `landing` | what the landing page says that the server can do |
//! | `search` | what is asked for, as the body of a POST and as the query of a GET |
//! | `items` | servers without search: one collection after the other |
//! | `collections` | which collections there are, for errors and for servers without search |

mod collections;
mod items;
mod landing;
mod search;

pub(crate) use collections::no_such_collection;
pub(crate) use items::requests as items_requests;
pub(crate) use landing::Landing;

use crate::options::Options;
use crate::paging::{First, pages};
use crate::piece::{Piece, Pieces};
use crate::query;
use crate::reader::{Reader, Request};
use futures::{StreamExt, TryStreamExt, future, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{AccessErrorKind, Selection, SourceError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Items in a page, where nothing else is asked for: servers that give at most 100 or 1000 give less.
pub(crate) const PAGE_SIZE: usize = 250;

/// A server, and what is wanted of it.
#[derive(Clone)]
struct Api {
    reader: Reader,
    options: Arc<Options>,
    landing: Arc<Landing>,
}

/// The items of an API that are asked for.
pub(crate) fn items(
    reader: &Reader,
    options: &Arc<Options>,
    selection: &Selection,
    landing: Landing,
) -> Result<Pieces, SourceError> {
    if options.filter.is_some() && landing.lacks("filter") {
        return Err(SourceError::Invalid(format!(
            "{} does not have the filter extension; its classes of conformance say so. Leave out the filter, and \
             filter the collection once it is built",
            plain_href(&landing.url)
        )));
    }
    let queries_here = landing.lacks("query");
    let api = Api { reader: reader.clone(), options: Arc::clone(options), landing: Arc::new(landing) };
    let found = match api.landing.search() {
        Some(link) => {
            let requests = search::requests(options, selection, &link, queries_here);
            let only = match options.collections.as_slice() {
                [id] => Some(id.clone()),
                _ => None,
            };
            api.clone().searched(requests?, only)
        }
        None => items::of_collections(api.clone(), selection.clone())?,
    };
    let found = if queries_here { query::filtered(found, &options.query) } else { found };
    Ok(api.not_silently_empty(found))
}

impl Api {
    /// What some searches find, one after the other. Servers may leave out the collection that was asked for.
    fn searched(self, requests: Vec<Request>, collection: Option<String>) -> Pieces {
        let enough = self.options.max_items;
        stream::iter(requests)
            .map(move |request| pages(self.reader.clone(), First::Request(request), enough))
            .flatten()
            .map_ok(move |piece| piece.of_collection(collection.as_deref()))
            .boxed()
    }

    /// Explains errors, and an empty list: many servers know no items of a collection that they do not have.
    fn not_silently_empty(self, pieces: Pieces) -> Pieces {
        let (api, found) = (Arc::new(self), Arc::new(AtomicBool::new(false)));
        let (api_at_end, found_at_end) = (Arc::clone(&api), Arc::clone(&found));
        let explained = pieces.or_else(move |error| {
            let api = Arc::clone(&api);
            async move { Err(api.explained(error).await) }
        });
        let noted = explained.inspect_ok(move |piece| {
            if !piece.items.is_empty() {
                found.store(true, Ordering::Relaxed);
            }
        });
        let end = stream::once(async move {
            match found_at_end.load(Ordering::Relaxed) {
                true => Ok(Piece::default()),
                false => api_at_end.check_collections().await.map(|()| Piece::default()),
            }
        });
        // What follows an error is not asked for.
        noted.chain(end).scan(false, until_error).boxed()
    }

    /// An error, with what may be wrong with the request.
    async fn explained(&self, error: SourceError) -> SourceError {
        let SourceError::Access(mut error) = error else { return error };
        if !matches!(error.kind, AccessErrorKind::NotFound | AccessErrorKind::Invalid) {
            return SourceError::Access(error);
        }
        if let Err(missing) = self.check_collections().await {
            return missing;
        }
        let mut asked = Vec::new();
        let Options { query, filter, intersects, page_size, .. } = &*self.options;
        asked.extend((!query.is_empty()).then_some("the query (a CQL2 filter may do instead)"));
        asked.extend(filter.as_ref().map(|_| "the filter"));
        asked.extend(intersects.as_ref().map(|_| "the geometry to intersect"));
        asked.extend(page_size.map(|_| "the size of the pages"));
        if !asked.is_empty() {
            error.message.push_str(&format!("; perhaps the server does not take {}", asked.join(", or ")));
        }
        SourceError::Access(error)
    }
}

fn until_error<T>(
    has_failed: &mut bool,
    result: Result<T, SourceError>,
) -> future::Ready<Option<Result<T, SourceError>>> {
    let was = std::mem::replace(has_failed, *has_failed || result.is_err());
    future::ready((!was).then_some(result))
}
