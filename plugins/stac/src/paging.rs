//! Pages of items, one after the other by their links, one page ahead of who consumes them.

use crate::document::Content;
use crate::link::links;
use crate::piece::{Piece, Pieces};
use crate::reader::{Loaded, Loading, Reader, Request};
use crate::seen::Seen;
use futures::future::MaybeDone;
use futures::{StreamExt, poll, stream};
use rasteret_schema::SourceError;
use rasteret_schema::access::plain_href;
use serde_json::Value;

/// Pages in a row without new items that are taken for an endless list.
const MAX_IDLE_PAGES: u32 = 20;

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
        Pages { reader, requests: Seen::default(), contents: Seen::default(), idle: 0, items: 0, enough };
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
    /// Pages without new items in a row.
    idle: u32,
    items: u64,
    enough: Option<u64>,
}

/// A page that is on its way.
struct Next {
    request: Request,
    page: Loading,
}

impl Pages {
    fn ask(&mut self, request: Request) -> Next {
        self.requests.insert(&key(&request));
        let page = self.reader.loading(request.clone());
        Next { request, page }
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
        let page = self.reader.loading(request.clone());
        let mut after = Next { request, page };
        if self.enough.is_none_or(|enough| self.items < enough) {
            // From the first poll on, the request is under way.
            let _ = poll!(after.page.as_mut());
        }
        Ok((piece, Some(after)))
    }

    /// A list that goes on without new items has no end. A page may come again where items are added while they
    /// are listed.
    fn check_progress(&mut self, features: &[Value], href: &str) -> Result<(), SourceError> {
        let text = |feature: &Value, name: &str| feature.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = |feature: &Value| match text(feature, "id") {
            Some(id) => (text(feature, "collection"), id),
            None => (None, feature.to_string()),
        };
        let names: Vec<_> = features.iter().map(name).collect();
        if !names.is_empty() && self.contents.insert(&names) {
            self.idle = 0;
            return Ok(());
        }
        self.idle += 1;
        if self.idle > MAX_IDLE_PAGES {
            return Err(endless(href, &format!("{MAX_IDLE_PAGES} pages before it had nothing new")));
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures::TryStreamExt;
    use futures::executor::block_on;
    use futures::future::{BoxFuture, ready};
    use proptest::prelude::*;
    use rasteret_schema::{
        Access, AccessError, AccessErrorKind, Document, DocumentRequest, ListedFile, RandomAccess,
    };
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    /// A server of pages: the sizes of each, and which one each leads to.
    #[derive(Debug)]
    struct Pages {
        pages: Vec<(u8, Option<u8>)>,
        asked: Mutex<Vec<String>>,
    }

    impl Access for Pages {
        fn fetch(&self, request: DocumentRequest) -> BoxFuture<'_, Result<Document, AccessError>> {
            self.asked.lock().unwrap().push(request.href.clone());
            let at: usize = request.href.rsplit('/').next().unwrap().parse().unwrap();
            let (size, next) = self.pages[at];
            let features: Vec<Value> = (0..size).map(|item| json!({"id": format!("{at}-{item}")})).collect();
            let next = next.map(|next| json!({"rel": "next", "href": next.to_string()}));
            let links: Vec<Value> = next.into_iter().collect();
            let page = json!({"type": "FeatureCollection", "features": features, "links": links, "numberMatched": 9});
            Box::pin(ready(Ok(Document { href: request.href, bytes: page.to_string().into() })))
        }

        fn open<'a>(&'a self, href: &'a str) -> BoxFuture<'a, Result<Arc<dyn RandomAccess>, AccessError>> {
            let message = "there are pages only".to_owned();
            Box::pin(ready(Err(AccessError {
                href: href.to_owned(),
                kind: AccessErrorKind::NotFound,
                message,
            })))
        }

        fn list<'a>(&'a self, _: &'a str) -> futures::stream::BoxStream<'a, Result<ListedFile, AccessError>> {
            stream::empty().boxed()
        }
    }

    fn read(server: &Arc<Pages>) -> Result<Vec<Piece>, SourceError> {
        let reader = Reader::new(server.clone(), Vec::new(), "https://h");
        block_on(pages(reader, First::Request(Request::get("https://h/0")), None).try_collect())
    }

    proptest! {
        /// Whatever leads where: each page is read once, and the list ends, with an error if it does not itself.
        #[test]
        fn every_list_ends(pages in prop::collection::vec((0_u8..3, prop::option::weighted(0.9, 0_u8..6)), 6)) {
            let server = Arc::new(Pages { pages: pages.clone(), asked: Mutex::default() });
            let result = read(&server);
            let mut path = vec![0];
            let is_finite = loop {
                match pages[path[path.len() - 1]].1.map(usize::from) {
                    None => break true,
                    Some(next) if path.contains(&next) => break false,
                    Some(next) => path.push(next),
                }
            };
            prop_assert_eq!(result.is_ok(), is_finite);
            let asked: Vec<String> = path.iter().map(|at| format!("https://h/{at}")).collect();
            prop_assert_eq!(&*server.asked.lock().unwrap(), &asked);
            if let Ok(pieces) = result {
                let items: usize = pieces.iter().map(|piece| piece.items.len()).sum();
                prop_assert_eq!(items, path.iter().map(|at| usize::from(pages[*at].0)).sum::<usize>());
                prop_assert!(pieces.iter().all(|piece| piece.total == Some(9)));
            }
        }
    }
}
