//! Items become batches of records.

use crate::item::{ItemConverter, LocatedItem};
use crate::options::Options;
use crate::piece::{Piece, Pieces};
use crate::seen::Seen;
use crate::select::within;
use futures::{StreamExt, TryStreamExt, stream};
use rasteret_schema::access::plain_href;
use rasteret_schema::{RecordStream, Selection, SourceBatch, SourceError, SourceFailure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Items of a batch at most.
const BATCH_ITEMS: usize = 1000;

/// Collections that an error lists.
const LISTED: usize = 40;

/// Makes batches of items, without those that are not wanted or came before.
pub(crate) fn batches(
    pieces: Pieces,
    options: Arc<Options>,
    selection: Selection,
) -> Result<RecordStream<'static>, SourceError> {
    let converter = ItemConverter::new(options.bands.clone(), options.only_bands.clone())?;
    let left = options.max_items;
    let batcher = Batcher {
        pieces: Some(pieces),
        converter,
        options,
        selection,
        ids: Seen::default(),
        scenes: Seen::default(),
        items: Vec::new(),
        failures: Vec::new(),
        total: None,
        left,
        is_finished: false,
        has_taken: false,
        others: BTreeSet::new(),
    };
    let batches = stream::try_unfold(batcher, |mut batcher| async move {
        Ok(batcher.next().await?.map(|batch| (batch, batcher)))
    });
    Ok(batches.boxed())
}

struct Batcher {
    /// What is still to come.
    pieces: Option<Pieces>,
    converter: ItemConverter,
    options: Arc<Options>,
    selection: Selection,
    ids: Seen,
    scenes: Seen,
    items: Vec<LocatedItem>,
    failures: Vec<SourceFailure>,
    total: Option<u64>,
    /// Records that may still be given.
    left: Option<u64>,
    /// Whether the converter has said what no item had.
    is_finished: bool,
    has_taken: bool,
    /// Some of the collections that items are of which are not wanted.
    others: BTreeSet<String>,
}

impl Batcher {
    async fn next(&mut self) -> Result<Option<SourceBatch>, SourceError> {
        let enough = |left: Option<u64>| left.map_or(BATCH_ITEMS as u64, |left| left.min(BATCH_ITEMS as u64));
        while (self.items.len() as u64) < enough(self.left).max(1) {
            if self.left == Some(0) {
                self.pieces = None;
            }
            let Some(pieces) = &mut self.pieces else { break };
            match pieces.try_next().await? {
                Some(piece) => self.add(piece),
                None => self.pieces = None,
            }
        }
        if self.left == Some(0) {
            self.items.clear();
        }
        let later = self.items.split_off(self.items.len().min(BATCH_ITEMS));
        let now = std::mem::replace(&mut self.items, later);
        let is_empty = now.is_empty();
        let mut batch = self.converter.batch(now)?;
        if self.pieces.is_none() && self.items.is_empty() && !self.is_finished {
            self.is_finished = true;
            self.failures.extend(self.converter.finish());
        }
        if self.is_finished && !self.has_taken {
            self.check_collections()?;
        }
        if is_empty && self.failures.is_empty() {
            return Ok(None);
        }
        batch.records = within(&batch.records, &self.selection)
            .map_err(|error| SourceError::Read { what: "STAC items".to_owned(), source: error.into() })?;
        if let Some(left) = &mut self.left {
            let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(batch.records.num_rows());
            batch.records = batch.records.slice(0, taken);
            *left -= taken as u64;
        }
        batch.total = self.total.map(|total| self.options.max_items.map_or(total, |max| total.min(max)));
        batch.failures.append(&mut self.failures);
        Ok(Some(batch))
    }

    /// What is asked for and not there is an error, rather than nothing.
    fn check_collections(&self) -> Result<(), SourceError> {
        let wanted = &self.options.collections;
        if wanted.is_empty()
            || self.others.iter().any(|other| wanted.contains(other))
            || self.others.is_empty()
        {
            return Ok(());
        }
        let found = self.others.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let wanted = wanted.join(" or ");
        Err(SourceError::Invalid(format!("no item is of collection {wanted}; the items are of: {found}")))
    }

    fn add(&mut self, piece: Piece) {
        let Piece { items, failures, total } = piece;
        self.failures.extend(failures);
        self.total = total.or(self.total);
        for located in items {
            if self.options.takes(&located.item) {
                self.has_taken = true;
                self.add_once(located);
            } else if self.others.len() < LISTED {
                let collection = located.item.get("collection").and_then(Value::as_str);
                self.others.insert(collection.unwrap_or("none").to_owned());
            }
        }
    }

    /// An item comes again where pages shift under who reads them, where a box is asked for in two parts, or by two
    /// links. Another one of the same id cannot be told from it in a collection.
    fn add_once(&mut self, located: LocatedItem) {
        let text = |name: &str| located.item.get(name).and_then(Value::as_str);
        // Without an id it is a failure of its own.
        let Some(id) = text("id") else { return self.items.push(located) };
        if !self.scenes.insert(&(text("collection"), id)) {
            return;
        }
        if self.ids.insert(id) {
            return self.items.push(located);
        }
        let message = format!(
            "item {id:?} of collection {:?} has the id of an item of another collection; build one collection at a \
             time",
            text("collection").unwrap_or_default()
        );
        let href = plain_href(&located.href);
        self.failures.push(SourceFailure { href, kind: "duplicate-id".to_owned(), message });
    }
}
