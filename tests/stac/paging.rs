//! Pages of every style in use, of servers that answer as a test says.

use crate::scripted::{Scripted, Seen, reply};
use crate::support::{ids, read, source};
use bytes::Bytes;
use http::{Method, Response};
use rasteret::schema::{BoundingBox, Selection};
use serde_json::{Map, Value, json};

/// How a server links its next page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Style {
    /// POST: `body` with all fields, and a token.
    WholeBody,
    /// POST: `body` with the token alone, to be merged with what was sent.
    MergedBody,
    /// POST: `body` with the number of the page, merged; the method is not said.
    PageWithoutMethod,
    /// POST to a URL with a query, the body unchanged.
    PostUrl,
    /// POST: the token is a header.
    Header,
    /// GET: a URL with a token.
    GetToken,
    /// GET: a query alone, relative to the page.
    GetRelative,
    /// GET: a URL with an offset, and no method.
    GetOffset,
}

const STYLES: [Style; 8] = [
    Style::WholeBody,
    Style::MergedBody,
    Style::PageWithoutMethod,
    Style::PostUrl,
    Style::Header,
    Style::GetToken,
    Style::GetRelative,
    Style::GetOffset,
];

impl Style {
    fn is_post(self) -> bool {
        !matches!(self, Style::GetToken | Style::GetRelative | Style::GetOffset)
    }

    /// Where a request begins, and how many items it takes.
    fn asked(self, seen: &Seen) -> (usize, usize) {
        let body: Map<String, Value> = serde_json::from_slice(&seen.body).unwrap_or_default();
        let query: Vec<(String, String)> = seen
            .target
            .split_once('?')
            .map(|(_, query)| query.split('&').filter_map(|p| p.split_once('=')).collect::<Vec<_>>())
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let of_query = |name: &str| query.iter().find(|(n, _)| n == name).and_then(|(_, v)| v.parse().ok());
        let of_body = |name: &str| body.get(name).and_then(Value::as_u64).map(|n| n as usize);
        let number = |name: &str| of_body(name).or_else(|| of_query(name));
        let of_header = || seen.header("x-token").parse().ok();
        // The last of a name counts nowhere: a server that sees two of one name is asked wrongly.
        assert!(query.iter().all(|(n, _)| query.iter().filter(|(other, _)| other == n).count() == 1));
        (number("token").or_else(of_header).unwrap_or(0), number("limit").expect("a limit is asked for"))
    }

    fn next(self, base: &str, at: usize, seen: &Seen) -> Value {
        let mut body: Map<String, Value> = serde_json::from_slice(&seen.body).unwrap_or_default();
        let limit = self.asked(seen).1;
        match self {
            Style::WholeBody => {
                body.insert("token".to_owned(), at.into());
                json!({"rel": "next", "method": "POST", "href": format!("{base}/search"), "body": body})
            }
            Style::MergedBody => {
                json!({"rel": "next", "method": "POST", "href": format!("{base}/search"), "body": {"token": at}, "merge": true})
            }
            Style::PageWithoutMethod => {
                json!({"rel": "next", "href": "./search", "body": {"token": at}, "merge": true})
            }
            Style::PostUrl => {
                json!({"rel": "next", "method": "post", "href": format!("{base}/search?token={at}")})
            }
            Style::Header => {
                json!({"rel": "next", "method": "POST", "href": format!("{base}/search"), "merge": true,
                    "body": {"limit": limit, "again": at}, "headers": {"X-Token": [at.to_string()]}})
            }
            Style::GetToken => {
                json!({"rel": "next", "method": "GET", "href": format!("{base}/search?limit={limit}&token={at}")})
            }
            Style::GetRelative => json!({"rel": "next", "href": format!("?limit={limit}&token={at}")}),
            Style::GetOffset => json!({"rel": "next", "href": format!("/search?token={at}&limit={limit}")}),
        }
    }
}

pub fn item(at: usize) -> Value {
    json!({
        "type": "Feature", "stac_version": "1.0.0", "id": format!("i{at}"), "collection": "c",
        "geometry": {"type": "Point", "coordinates": [at as f64 / 10.0, 1.0]}, "bbox": [at as f64 / 10.0, 1.0, at as f64 / 10.0, 1.0],
        "properties": {"datetime": "2024-01-01T00:00:00Z"},
        "assets": {"red": {"href": "https://example.com/red.tif", "type": "image/tiff; application=geotiff"}},
        "links": [],
    })
}

pub fn base(seen: &Seen) -> String {
    format!("http://{}", seen.header("host"))
}

pub fn landing(seen: &Seen, methods: &[&str]) -> Response<Bytes> {
    let links: Vec<Value> = methods
        .iter()
        .map(|method| json!({"rel": "search", "href": format!("{}/search", base(seen)), "method": method}))
        .collect();
    reply(200, &[], json!({"type": "Catalog", "id": "x", "links": links}).to_string())
}

pub fn page(items: impl IntoIterator<Item = Value>, links: Vec<Value>) -> Response<Bytes> {
    let items: Vec<Value> = items.into_iter().collect();
    reply(200, &[], json!({"type": "FeatureCollection", "features": items, "links": links}).to_string())
}

fn server(style: Style, total: usize) -> Scripted {
    Scripted::start(move |seen| {
        if seen.target == "/" {
            return landing(seen, if style.is_post() { &["GET", "POST"] } else { &["GET"] });
        }
        let (at, limit) = style.asked(seen);
        let end = (at + limit).min(total);
        let links = if end < total { vec![style.next(&base(seen), end, seen)] } else { Vec::new() };
        page((at..end).map(item), links)
    })
}

#[test]
fn every_style_of_paging_is_followed() {
    for style in STYLES {
        let server = server(style, 23);
        let expected: Vec<String> = (0..23).map(|at| format!("i{at}")).collect();
        let source = source(&server.url).page_size(5).collection("c");
        assert_eq!(ids(&source, &Selection::default()), expected, "{style:?}");
        let seen = server.seen();
        // The landing page comes by GET.
        assert_eq!(seen.len(), 1 + 5, "{style:?}");
        let searches: Vec<_> = seen.iter().filter(|seen| seen.target.contains("search")).collect();
        let expected = if style.is_post() { Method::POST } else { Method::GET };
        assert!(searches.iter().all(|seen| seen.method == expected), "{style:?}");
        if matches!(style, Style::WholeBody | Style::MergedBody | Style::PageWithoutMethod | Style::PostUrl) {
            let bodies = searches.iter().map(|seen| serde_json::from_slice::<Value>(&seen.body).unwrap());
            assert!(bodies.into_iter().all(|body| body["collections"] == json!(["c"])), "{style:?}");
        }
    }
}

#[test]
fn what_is_asked_for_is_what_the_specification_names() {
    let selection = Selection {
        bbox: Some(BoundingBox::new(170.0, -10.0, -170.0, 10.5)),
        start: Some(1_704_067_200_000_000),
        end: Some(1_706_745_599_999_999),
    };
    for methods in [&["POST"][..], &["GET"]] {
        let server = Scripted::start(move |seen| match seen.target.as_str() {
            "/" => landing(seen, methods),
            _ => page([], Vec::new()),
        });
        let query = json!({"eo:cloud_cover": {"lt": 20}});
        let source = source(&server.url)
            .collections(["a", "b"])
            .ids(["x"])
            .query(query.as_object().cloned().unwrap())
            .filter("\"gsd\" = 10")
            .page_size(7);
        assert_eq!(ids(&source, &selection), [""; 0]);
        let seen: Vec<Seen> =
            server.seen().into_iter().filter(|seen| seen.target.starts_with("/search")).collect();
        assert_eq!(seen.len(), 2);
        let boxes = [json!([170.0, -10.0, 180.0, 10.5]), json!([-180.0, -10.0, -170.0, 10.5])];
        for (seen, bbox) in seen.iter().zip(boxes) {
            let expected = json!({
                "bbox": bbox, "datetime": "2024-01-01T00:00:00Z/2024-01-31T23:59:59.999999Z", "collections": ["a", "b"],
                "ids": ["x"], "query": query, "filter": "\"gsd\" = 10", "filter-lang": "cql2-text", "limit": 7,
            });
            if methods == ["POST"] {
                assert_eq!(serde_json::from_slice::<Value>(&seen.body).unwrap(), expected);
                continue;
            }
            let url = url::Url::parse(&format!("http://h{}", seen.target)).unwrap();
            let asked: Map<String, Value> = url
                .query_pairs()
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect();
            let expected: Map<String, Value> = expected
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| {
                    let text = match value {
                        Value::String(text) => text.clone(),
                        Value::Array(_) => value.to_string().replace(['[', ']', '"'], ""),
                        _ => value.to_string(),
                    };
                    (name.clone(), Value::String(text))
                })
                .collect();
            assert_eq!(asked, expected);
        }
    }
}

/// Without search there are lists of items, one of each collection.
#[test]
fn servers_without_search_are_listed() {
    let server = Scripted::start(|seen| {
        let base = base(seen);
        let path = seen.target.split('?').next().unwrap();
        match path {
            "/" => {
                let conforms = ["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"];
                let links = [json!({"rel": "data", "href": format!("{base}/collections")})];
                reply(200, &[], json!({"id": "x", "conformsTo": conforms, "links": links}).to_string())
            }
            "/collections" if seen.target.contains("page=2") => {
                reply(200, &[], json!({"collections": [{"id": "b c"}], "links": []}).to_string())
            }
            "/collections" => {
                let links = [json!({"rel": "next", "href": format!("{base}/collections?page=2")})];
                reply(200, &[], json!({"collections": [{"id": "a"}], "links": links}).to_string())
            }
            "/collections/a/items" if seen.target.contains("token=2") => page([item(1)], Vec::new()),
            "/collections/a/items" => {
                page([item(0)], vec![json!({"rel": "next", "href": format!("{base}{path}?token=2")})])
            }
            "/collections/b%20c/items" => page([item(2)], Vec::new()),
            _ => reply(404, &[], r#"{"description": "no such collection"}"#),
        }
    });
    let all = Selection::default();
    assert_eq!(ids(&source(&server.url), &all), ["i0", "i1", "i2"]);
    let error = read(&source(&server.url).collection("z"), &all).unwrap_err().to_string();
    assert!(error.contains("\"z\"") && error.contains("a, b c"), "{error}");
}
