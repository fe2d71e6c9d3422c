//! Pages of items, one after the other by their links, one page ahead of who consumes them.

use crate::document::Content;
use crate::link::links;
use crate::piece::{Piece, Pieces};
use crate::reader::{Loaded, Reader, Request};
use crate::seen::Seen;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use futures::{StreamExt, poll, stream};
use rasteret_schema::SourceError;
use rasteret_schema::access::plain_href;
use serde_json::Value;
use std::pin::Pin;

/// Pages without items in a row that are taken for an endless list.
const MAX_EMPTY_PAGES: u32 = 20;

/// Where the pages begin.
pub(crate) enum First {
    /// With what is asked for.
    Request(Request),
    /// With a page that is here already.
    Page(Request, Loaded),
}

/// All pages. `enough` items are asked for ahead; more only when they are.
pub(crate) fn pages(reader: Reader, first: First, enough: Option<u64>) -> Pieces {
    let mut pages =
        Pages { reader, requests: Seen::default(), contents: Seen::default(), empty: 0, items: 0, enough };
    let next = match first {
        First::Request(request) => pages.ask(request),
        First::Page(request, loaded) => {
            pages.requests.insert(&key(&request));
            Next { request, page: Box::pin(MaybeDone::Done(Ok(loaded))) }
        }
    };
    stream::try_unfold((pages, Some(next)), |(mut pages, next)| async move {
        let Some(next) = next else { return Ok(None) };
        let (piece, next) = pages.turn(next).await?;
        Ok(Some((piece, (pages, next))))
    })
    .boxed()
}

struct Pages {
    reader: Reader,
    /// What was asked for.
    requests: Seen,
    /// The ids of each page.
    contents: Seen,
    /// Empty pages in a row.
    empty: u32,
    items: u64,
    enough: Option<u64>,
}

/// A page that is on its way.
struct Next {
    request: Request,
    page: Pin<Box<MaybeDone<BoxFuture<'static, Result<Loaded, SourceError>>>>>,
}

impl Pages {
    fn ask(&mut self, request: Request) -> Next {
        self.requests.insert(&key(&request));
        let page = self.reader.load(request.clone());
        Next { request, page: Box::pin(maybe_done(page)) }
    }

    /// Receives a page, and asks for the one after it.
    async fn turn(&mut self, mut next: Next) -> Result<(Piece, Option<Next>), SourceError> {
        next.page.as_mut().await;
        let Some(page) = next.page.as_mut().take_output() else { return Ok((Piece::default(), None)) };
        let Loaded { href, json } = page?;
        let Content::Items(features, rest) = Content::of(json) else {
            let message = format!("{} is not an item collection, where one was asked for", plain_href(&href));
            return Err(SourceError::Invalid(message));
        };
        self.check_progress(&features, &href)?;
        let mut piece = Piece::of_features(features, &href);
        piece.total = matched(&rest);
        self.items += piece.items.len() as u64;
        let Some(link) = links(&rest).find(|link| link.rel == "next") else { return Ok((piece, None)) };
        let request = link.request(&href, &next.request);
        if !self.requests.insert(&key(&request)) {
            return Err(endless(&href, "its next page is one that was read already"));
        }
        let page = self.reader.load(request.clone());
        let mut after = Next { request, page: Box::pin(maybe_done(page)) };
        if self.enough.is_none_or(|enough| self.items < enough) {
            // From the first poll on, the request is under way.
            let _ = poll!(after.page.as_mut());
        }
        Ok((piece, Some(after)))
    }

    /// A list that repeats itself, or that goes on without items, has no end.
    fn check_progress(&mut self, features: &[Value], href: &str) -> Result<(), SourceError> {
        if features.is_empty() {
            self.empty += 1;
            if self.empty > MAX_EMPTY_PAGES {
                return Err(endless(href, &format!("there were {MAX_EMPTY_PAGES} empty pages before it")));
            }
            return Ok(());
        }
        self.empty = 0;
        let id = |feature: &Value| {
            let text = |name: &str| feature.get(name).and_then(Value::as_str).map(str::to_owned);
            (text("collection"), text("id"))
        };
        let ids: Vec<_> = features.iter().map(id).collect();
        if !self.contents.insert(&ids) {
            return Err(endless(href, "it has the same items as a page before it"));
        }
        Ok(())
    }
}

fn endless(href: &str, what: &str) -> SourceError {
    SourceError::Invalid(format!("the pages of {} do not end: {what}", plain_href(href)))
}

/// What makes a request another one.
fn key(request: &Request) -> (String, Option<String>) {
    (request.href.clone(), request.body.as_ref().map(|body| Value::Object(body.clone()).to_string()))
}

/// How many items there are in all, by the names that are in use.
fn matched(page: &Value) -> Option<u64> {
    let of = |name: &str| page.get(name)?.get("matched");
    page.get("numberMatched").or_else(|| of("context")).or_else(|| of("search:metadata"))?.as_u64()
}
