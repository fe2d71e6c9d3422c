//! What is asked for, as the body of a POST and as the query of a GET.

use super::PAGE_SIZE;
use super::landing::SearchLink;
use crate::options::Options;
use crate::reader::Request;
use chrono::{DateTime, SecondsFormat};
use rasteret_schema::access::plain_href;
use rasteret_schema::{BoundingBox, Selection, SourceError};
use serde_json::{Map, Value, json};
use url::Url;

/// The requests that find a selection, in the way that the server is best searched.
///
/// A filter goes as it was given: as text by GET and as JSON by POST, which is what servers expect where they take
/// only one of both. A box over the antimeridian becomes two. RFC 7946 has `west > east` for it, but servers
/// that hand the four numbers to a database search the rest of the world instead: two ordinary boxes are
/// understood by all, and what lies in both comes twice and is taken once.
pub(super) fn requests(
    options: &Options,
    selection: &Selection,
    link: &SearchLink,
    queries_here: bool,
) -> Result<Vec<Request>, SourceError> {
    let boxes: Vec<Option<BoundingBox>> = match (selection.bbox, &options.intersects) {
        // Servers take one of both only; the box is looked at when the items come.
        (None, _) | (_, Some(_)) => vec![None],
        (Some(bbox), None) => bbox.parts().map(Some).collect(),
    };
    let is_text = options.filter.as_ref().is_some_and(Value::is_string);
    let (href, is_post) = match (&link.get, &link.post) {
        (Some(get), Some(_)) if is_text => (get, false),
        (_, Some(post)) => (post, true),
        (Some(get), None) => (get, false),
        (None, None) => return Ok(Vec::new()),
    };
    boxes
        .into_iter()
        .map(|bbox| {
            let fields = fields(options, selection, bbox, queries_here);
            if is_post {
                return Ok(Request { body: Some(fields), ..Request::get(href) });
            }
            Ok(Request::get(with_query(href, &fields)?))
        })
        .collect()
}

/// The body of a POST: <https://api.stacspec.org/v1.0.0/item-search/#query-parameters-and-fields>.
fn fields(
    options: &Options,
    selection: &Selection,
    bbox: Option<BoundingBox>,
    queries_here: bool,
) -> Map<String, Value> {
    let mut fields = common_fields(options, selection, bbox);
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    if !options.collections.is_empty() {
        set("collections", json!(options.collections));
    }
    if !options.ids.is_empty() {
        set("ids", json!(options.ids));
    }
    if let Some(geometry) = &options.intersects {
        set("intersects", geometry.clone());
    }
    if !options.query.is_empty() && !queries_here {
        set("query", Value::Object(options.query.clone()));
    }
    if let Some(filter) = &options.filter {
        set("filter", filter.clone());
        set("filter-lang", json!(if filter.is_string() { "cql2-text" } else { "cql2-json" }));
    }
    fields
}

/// What is asked for wherever items are listed.
pub(super) fn common_fields(
    options: &Options,
    selection: &Selection,
    bbox: Option<BoundingBox>,
) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut limit = options.page_size.unwrap_or(PAGE_SIZE);
    if let Some(max) = options.max_items {
        limit = limit.min(usize::try_from(max).unwrap_or(usize::MAX));
    }
    fields.insert("limit".to_owned(), json!(limit.max(1)));
    if let Some(bbox) = bbox {
        fields.insert("bbox".to_owned(), json!([bbox.xmin, bbox.ymin, bbox.xmax, bbox.ymax]));
    }
    if selection.start.is_some() || selection.end.is_some() {
        let datetime = format!("{}/{}", time(selection.start), time(selection.end));
        fields.insert("datetime".to_owned(), json!(datetime));
    }
    fields
}

/// RFC 3339, or an open end.
fn time(micros: Option<i64>) -> String {
    let time = micros.and_then(DateTime::from_timestamp_micros);
    time.map_or_else(|| "..".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// A URL that asks for the same by GET: lists with commas, objects as JSON.
pub(super) fn with_query(href: &str, fields: &Map<String, Value>) -> Result<String, SourceError> {
    let mut url = Url::parse(href).map_err(|error| {
        SourceError::Invalid(format!("{} is not a URL to search: {error}", plain_href(href)))
    })?;
    {
        let mut query = url.query_pairs_mut();
        for (name, value) in fields {
            query.append_pair(name, &as_text(value));
        }
    }
    Ok(url.into())
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(as_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
