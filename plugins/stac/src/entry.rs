//! What is at the URL that was given, and how its items are found.

use crate::api::{self, Landing};
use crate::catalog::{Format, Root, is_folder, roots, walk};
use crate::options::Options;
use crate::piece::Pieces;
use crate::query;
use crate::reader::{Reader, Request};
use rasteret_schema::access::plain_href;
use rasteret_schema::{AccessErrorKind, Selection, SourceError};
use std::sync::Arc;

/// Looks at what is at a URL, and begins.
pub(crate) async fn items(
    url: &str,
    reader: &Reader,
    options: &Arc<Options>,
    selection: &Selection,
) -> Result<Pieces, SourceError> {
    query::check(&options.query).map_err(SourceError::Invalid)?;
    let root = match Format::of(url, "") {
        Format::Parquet => {
            let url = plain_href(url);
            return Err(SourceError::Invalid(format!("{url} is a table: use build-table")));
        }
        Format::Lines => Root::Lines(url.to_owned()),
        Format::Json if is_folder(url) => match roots(reader, url).await {
            // A document without an ending.
            Err(SourceError::Access(error)) if error.kind != AccessErrorKind::NotFound => {
                Root::Document(reader.load(Request::get(url)).await?)
            }
            root => root?,
        },
        Format::Json => {
            let loaded = reader.load(Request::get(url)).await?;
            if !options.static_catalog
                && let Some(landing) = Landing::new(&loaded.href, &loaded.json)
            {
                return api::items(reader, options, selection, landing);
            }
            Root::Document(loaded)
        }
    };
    for (name, is_asked) in
        [("intersects", options.intersects.is_some()), ("filter", options.filter.is_some())]
    {
        if is_asked {
            return Err(SourceError::Invalid(format!(
                "`{name}` needs a STAC API, and {} is not the landing page of one; select by a bounding box and \
                 dates, or filter the collection once it is built",
                plain_href(url)
            )));
        }
    }
    Ok(query::filtered(walk(reader, options, selection, url, root), &options.query))
}
