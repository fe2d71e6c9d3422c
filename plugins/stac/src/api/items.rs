//! Servers without search: the items of one collection after the other, as OGC API Features lists them.

use super::Api;
use super::landing::below;
use super::search::{common_fields, with_query};
use crate::options::Options;
use crate::piece::Pieces;
use crate::reader::Request;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Selection, SourceError};
use url::form_urlencoded::byte_serialize;

/// The items of the wanted collections, else of all.
pub(super) fn of_collections(api: Api, selection: Selection) -> Result<Pieces, SourceError> {
    let Options { intersects, filter, .. } = &*api.options;
    if intersects.is_some() || filter.is_some() {
        return Err(SourceError::Invalid(format!(
            "{} has no search, which `intersects` and `filter` need; select by a bounding box and dates",
            plain_href(&api.landing.url)
        )));
    }
    let wanted = api.options.collections.clone();
    let ids = {
        let api = api.clone();
        async move { if wanted.is_empty() { api.collection_ids().await } else { Ok(wanted) } }
    };
    let pieces = stream::once(ids).map_ok(move |ids| {
        let (api, selection) = (api.clone(), selection.clone());
        stream::iter(ids).map(Ok).and_then(move |id| {
            let href = below(&api.landing.collections(), &format!("{}/items", escaped(&id)));
            let requests = requests(&api.options, &selection, &href);
            let lists = requests.map(|requests| api.clone().searched(requests, Some(id)));
            async move { lists }
        })
    });
    Ok(pieces.try_flatten().try_flatten().boxed())
}

/// What is asked of a list of items.
pub(crate) fn requests(
    options: &Options,
    selection: &Selection,
    href: &str,
) -> Result<Vec<Request>, SourceError> {
    let boxes: Vec<_> = match selection.bbox {
        None => vec![None],
        Some(bbox) => bbox.parts().map(Some).collect(),
    };
    boxes
        .into_iter()
        .map(|bbox| Ok(Request::get(with_query(href, &common_fields(options, selection, bbox))?)))
        .collect()
}

/// An id as a segment of a path.
pub(super) fn escaped(id: &str) -> String {
    byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}
