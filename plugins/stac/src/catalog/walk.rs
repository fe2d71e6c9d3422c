//! The documents of a catalogue in the order of their links: children of a document come before what is after it.
//! They are read ahead, and are given in that order all the same.

use super::Format;
use super::lines::lines;
use super::visit::{Target, is_collection, targets};
use crate::api::no_such_collection;
use crate::document::Content;
use crate::options::Options;
use crate::paging::{First, pages};
use crate::piece::{Piece, Pieces};
use crate::reader::{Loaded, Loading, Reader, kind};
use crate::seen::Seen;
use futures::future::{MaybeDone, poll_fn};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Selection, SourceError};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Poll;

/// Documents that are read ahead.
const AHEAD: usize = 32;
/// Catalogues in a row without an item that are taken for an endless tree.
const MAX_IDLE: u32 = 100_000;
/// Catalogues within each other: by year, month, day, tile and so on.
const MAX_DEPTH: u32 = 64;

/// Where a walk begins.
pub(crate) enum Root {
    /// At a document that is here already: what is wrong with it is an error.
    Document(Loaded),
    /// At a file of lines.
    Lines(String),
    /// At all files of a folder, where what is JSON of another kind is passed by.
    Folder(Vec<String>),
}

/// The items of a catalogue.
pub(crate) fn walk(
    reader: &Reader,
    options: &Arc<Options>,
    selection: &Selection,
    url: &str,
    root: Root,
) -> Pieces {
    let mut walk = Walk {
        reader: reader.clone(),
        options: Arc::clone(options),
        selection: selection.clone(),
        url: url.to_owned(),
        waiting: VecDeque::new(),
        started: 0,
        hrefs: Seen::default(),
        idle: 0,
        passes_by: false,
        current: None,
        collections: Vec::new(),
        has_items: false,
    };
    match root {
        Root::Document(loaded) => {
            walk.hrefs.insert(&loaded.href);
            let target = Target::new(&loaded.href);
            let document = Some(Box::pin(MaybeDone::Done(Ok(loaded))));
            walk.waiting.push_back(Waiting { target, document, is_root: true, depth: 0 });
            walk.started = 1;
        }
        Root::Lines(href) => {
            let target = Target { format: Format::Lines, ..Target::new(&href) };
            walk.waiting.push_back(Waiting { target, document: None, is_root: true, depth: 0 });
        }
        Root::Folder(hrefs) => {
            walk.passes_by = true;
            walk.enter(hrefs.iter().map(|href| Target::new(href)).collect(), 0);
        }
    }
    stream::try_unfold(walk, |mut walk| async move { Ok(walk.next().await?.map(|piece| (piece, walk))) })
        .boxed()
}

/// A document whose turn has not come.
struct Waiting {
    target: Target,
    /// Its content, once it is asked for.
    document: Option<Loading>,
    is_root: bool,
    /// How many documents it is within.
    depth: u32,
}

/// A document of many parts: pages, or lines.
struct Current {
    pieces: Pieces,
    /// The collection that its items are of, if they name none.
    collection: Option<String>,
    href: String,
    is_root: bool,
}

struct Walk {
    reader: Reader,
    options: Arc<Options>,
    selection: Selection,
    /// What the user gave.
    url: String,
    waiting: VecDeque<Waiting>,
    /// How many of those waiting are asked for.
    started: usize,
    hrefs: Seen,
    /// Catalogues since the last item.
    idle: u32,
    /// Whether JSON that is not STAC is nothing to speak of.
    passes_by: bool,
    /// The document of many parts that is being read.
    current: Option<Current>,
    /// Ids of the collections so far, while none of the items that are wanted were found.
    collections: Vec<String>,
    has_items: bool,
}

impl Walk {
    async fn next(&mut self) -> Result<Option<Piece>, SourceError> {
        loop {
            if let Some(piece) = self.next_of_current().await? {
                return Ok(Some(self.noted(piece)));
            }
            let Some((waiting, loaded)) = self.front().await else { break };
            let Waiting { target, is_root, depth, .. } = waiting;
            let href = target.request.href.clone();
            let piece = match loaded {
                None => {
                    self.read_parts(target, is_root);
                    continue;
                }
                Some(Err(error)) if is_root => return Err(error),
                Some(Err(error)) => Piece::of_failure(&href, kind(&error), error.to_string()),
                Some(Ok(loaded)) => self.visit(target, loaded, is_root, depth)?,
            };
            if !(piece.items.is_empty() && piece.failures.is_empty()) {
                return Ok(Some(self.noted(piece)));
            }
        }
        let missing = self.options.collections.iter().find(|id| !self.collections.contains(id));
        match missing {
            // Items may name collections that have no document.
            Some(id) if !self.has_items && !self.collections.is_empty() => {
                Err(no_such_collection(&self.url, id, &self.collections))
            }
            _ => Ok(None),
        }
    }

    fn noted(&mut self, piece: Piece) -> Piece {
        if !piece.items.is_empty() {
            self.idle = 0;
        }
        self.has_items =
            self.has_items || piece.items.iter().any(|located| self.options.takes(&located.item));
        piece
    }

    /// The next part of the document of many parts. What breaks it is a failure, unless it is the root.
    async fn next_of_current(&mut self) -> Result<Option<Piece>, SourceError> {
        let Some(current) = &mut self.current else { return Ok(None) };
        let piece = match current.pieces.try_next().await {
            Ok(Some(piece)) => return Ok(Some(piece.of_collection(current.collection.as_deref()))),
            Ok(None) => None,
            Err(error) if current.is_root => return Err(error),
            Err(error) => Some(Piece::of_failure(&current.href, kind(&error), error.to_string())),
        };
        self.current = None;
        Ok(piece)
    }

    /// Takes the first of those waiting, with its content if it is a document. Meanwhile those after it are read.
    async fn front(&mut self) -> Option<(Waiting, Option<Result<Loaded, SourceError>>)> {
        let is_document = self.waiting.front()?.target.format == Format::Json;
        let loaded = if is_document { Some(self.load_front().await) } else { None };
        let waiting = self.waiting.pop_front()?;
        Some((waiting, loaded))
    }

    async fn load_front(&mut self) -> Result<Loaded, SourceError> {
        let Walk { waiting, started, reader, .. } = self;
        poll_fn(|context| {
            let mut result = Poll::Pending;
            for (at, waiting) in waiting.iter_mut().take(2 * AHEAD).enumerate() {
                if waiting.document.is_none()
                    && waiting.target.format == Format::Json
                    && (*started < AHEAD || at == 0)
                {
                    waiting.document = Some(reader.loading(waiting.target.request.clone()));
                    *started += 1;
                }
                let Some(document) = &mut waiting.document else { continue };
                if document.poll_unpin(context).is_ready()
                    && at == 0
                    && let Some(loaded) = document.as_mut().take_output()
                {
                    *started -= 1;
                    result = Poll::Ready(loaded);
                }
            }
            result
        })
        .await
    }

    /// Takes what a document has.
    fn visit(
        &mut self,
        target: Target,
        loaded: Loaded,
        is_root: bool,
        depth: u32,
    ) -> Result<Piece, SourceError> {
        let Loaded { href, json } = loaded;
        let collection = target.collection.clone();
        match Content::of(json) {
            Content::Item(item) => {
                let piece = Piece::of_features(vec![Value::Object(item)], &href);
                Ok(piece.of_collection(collection.as_deref()))
            }
            Content::Items(features, mut rest) => {
                if let Value::Object(fields) = &mut rest {
                    fields.insert("features".to_owned(), Value::Array(features));
                } else {
                    rest = Value::Array(features);
                }
                let first = First::Page(target.request, Loaded { href: href.clone(), json: rest });
                let pieces = pages(self.reader.clone(), first, self.options.max_items);
                self.current = Some(Current { pieces, collection, href, is_root });
                Ok(Piece::default())
            }
            Content::Catalog(document) => {
                if is_collection(&document)
                    && let Some(id) = document.get("id").and_then(Value::as_str)
                {
                    self.collections.push(id.to_owned());
                }
                self.idle += 1;
                if self.idle > MAX_IDLE {
                    let message =
                        format!("{} does not end: {MAX_IDLE} catalogues had no item", plain_href(&self.url));
                    return Err(SourceError::Invalid(message));
                }
                if depth >= MAX_DEPTH {
                    let message = format!("it is within {depth} other catalogues, and is not followed");
                    return Ok(Piece::of_failure(&href, "invalid", message));
                }
                self.enter(targets(&document, &href, &self.options, &self.selection), depth + 1);
                Ok(Piece::default())
            }
            Content::Other if self.passes_by && target.collection.is_none() => Ok(Piece::default()),
            Content::Other => {
                let message = "it is neither a STAC catalogue, nor a collection, nor items".to_owned();
                if is_root {
                    return Err(SourceError::Invalid(format!("{}: {message}", plain_href(&self.url))));
                }
                Ok(Piece::of_failure(&href, "invalid", message))
            }
        }
    }

    /// Puts documents in front of those waiting, each once.
    fn enter(&mut self, targets: Vec<Target>, depth: u32) {
        let is_new = |target: &Target| {
            let href = target.request.href.split('#').next().unwrap_or_default().to_owned();
            self.hrefs.insert(&href)
        };
        let new: Vec<Target> = targets.into_iter().filter(is_new).collect();
        for target in new.into_iter().rev() {
            self.waiting.push_front(Waiting { target, document: None, is_root: false, depth });
        }
    }

    /// Begins with a file that is not read as one document.
    fn read_parts(&mut self, target: Target, is_root: bool) {
        let href = target.request.href;
        let pieces = match target.format {
            Format::Parquet => {
                let message = "items in a Parquet file are read as a table: use build-table".to_owned();
                let piece = Piece::of_failure(&href, "unsupported-format", message);
                stream::iter([Ok(piece)]).boxed()
            }
            _ => lines(self.reader.clone(), href.clone()),
        };
        self.current = Some(Current { pieces, collection: target.collection, href, is_root });
    }
}
