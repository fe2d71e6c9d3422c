//! Parquet's page index (<https://github.com/apache/parquet-format/blob/master/PageIndex.md>): which pages of
//! a row group may have rows of a selection.

use super::footer::is_whole;
use super::prune::{FilePrune, Span};
use crate::error::{corrupt, guarded};
use crate::files::TableFile;
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};
use parquet::file::page_index::offset_index::PageLocation;
use rasteret_schema::SourceError;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// The rows of a row group that may be selected.
pub(super) struct Pages {
    /// Of the row group alone, with the places of its pages.
    pub metadata: ArrowReaderMetadata,
    /// Rows of the group, in order.
    pub rows: Vec<Range<usize>>,
}

impl Pages {
    /// `None` where there is no page index, or nothing to ask of it. Boxes of the row group may `cross` the
    /// antimeridian.
    pub async fn find(
        file: &TableFile,
        metadata: &ArrowReaderMetadata,
        group: usize,
        prune: &FilePrune,
        cross: bool,
    ) -> Result<Option<Pages>, SourceError> {
        let leaves = prune.leaves();
        let group = metadata.metadata().row_group(group);
        let has_index = leaves.iter().any(|leaf| statistics(group.column(*leaf)).is_some());
        if !has_index || group.columns().iter().any(|column| places(column).is_none()) {
            return Ok(None);
        }
        let alone = guarded(&file.name, || alone(metadata.metadata(), group, &leaves))?;
        // The two lie apart, with those of other row groups between them.
        let known = read(file, alone, PageIndexPolicy::Optional, PageIndexPolicy::Skip).await?;
        let known = read(file, known, PageIndexPolicy::Skip, PageIndexPolicy::Optional).await?;
        guarded(&file.name, || {
            if !are_within(&known, file.size()) {
                return Err(ParquetError::General("its page index is broken".to_owned()));
            }
            let Some(rows) = rows(&known, &leaves, prune, cross) else { return Ok(None) };
            let options = ArrowReaderOptions::new().with_schema(Arc::clone(metadata.schema()));
            let metadata = ArrowReaderMetadata::try_new(Arc::new(known), options)?;
            Ok::<_, ParquetError>(Some(Pages { metadata, rows }))
        })
    }
}

/// Where the statistics of a column's pages lie.
fn statistics(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    range(column.column_index_offset(), column.column_index_length())
}

/// Where it is written where a column's pages lie.
fn places(column: &ColumnChunkMetaData) -> Option<Range<u64>> {
    range(column.offset_index_offset(), column.offset_index_length())
}

fn range(start: Option<i64>, length: Option<i32>) -> Option<Range<u64>> {
    let start = u64::try_from(start?).ok()?;
    Some(start..start.checked_add(u64::try_from(length?).ok()?)?)
}

/// The metadata of a row group alone, with the statistics of the pages of some columns only.
fn alone(
    metadata: &ParquetMetaData,
    group: &RowGroupMetaData,
    leaves: &[usize],
) -> Result<ParquetMetaData, ParquetError> {
    let columns = group.columns().iter().enumerate().map(|(leaf, column)| {
        if leaves.contains(&leaf) {
            return Ok(column.clone());
        }
        column.clone().into_builder().set_column_index_offset(None).set_column_index_length(None).build()
    });
    let columns = columns.collect::<Result<_, ParquetError>>()?;
    let group = group.clone().into_builder().set_column_metadata(columns).build()?;
    Ok(ParquetMetaData::new(metadata.file_metadata().clone(), vec![group]))
}

/// Reads a part of the index.
async fn read(
    file: &TableFile,
    metadata: ParquetMetaData,
    statistics_policy: PageIndexPolicy,
    places_policy: PageIndexPolicy,
) -> Result<ParquetMetaData, SourceError> {
    let structures: Vec<Range<u64>> = guarded(&file.name, || {
        let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
        let ranges = columns.filter_map(|column| match places_policy {
            PageIndexPolicy::Skip => statistics(column),
            _ => places(column),
        });
        Ok::<_, ParquetError>(ranges.collect())
    })?;
    let mut decoder = guarded(&file.name, || {
        let decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(file.size(), metadata)?;
        let decoder = decoder.with_column_index_policy(statistics_policy);
        Ok::<_, ParquetError>(decoder.with_offset_index_policy(places_policy))
    })?;
    for _ in 0..2 {
        match guarded(&file.name, || decoder.try_decode())? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::NeedsData(wanted) => {
                let read = file.read_all(&wanted).await?;
                for (range, bytes) in wanted.iter().zip(&read) {
                    let part = |of: &Range<u64>| {
                        let start = usize::try_from(of.start.checked_sub(range.start)?).ok()?;
                        bytes.get(
                            start..start.checked_add(usize::try_from(of.end.checked_sub(of.start)?).ok()?)?,
                        )
                    };
                    if !structures.iter().all(|structure| part(structure).is_some_and(is_whole)) {
                        return Err(corrupt(&file.name, "its page index is broken"));
                    }
                }
                guarded(&file.name, || decoder.push_ranges(wanted, read))?;
            }
            DecodeResult::Finished => break,
        }
    }
    Err(corrupt(&file.name, "its page index is broken"))
}

/// Whether pages lie within the file, and follow each other.
fn are_within(metadata: &ParquetMetaData, size: u64) -> bool {
    let count = metadata.row_group(0).num_rows();
    let columns = metadata.offset_index().and_then(|groups| groups.first()).into_iter().flatten();
    columns.map(|column| column.page_locations()).all(|pages| {
        let starts = pages.iter().map(|page| page.first_row_index);
        let is_within = |page: &PageLocation| {
            let end = page.offset.checked_add(page.compressed_page_size.into());
            let end = end.and_then(|end| u64::try_from(end).ok());
            page.offset >= 0 && page.compressed_page_size >= 0 && end.is_some_and(|end| end <= size)
        };
        starts.is_sorted()
            && pages.first().is_none_or(|page| page.first_row_index == 0)
            && pages.last().is_none_or(|page| page.first_row_index < count)
            && pages.iter().all(is_within)
    })
}

/// The rows that may be selected. Columns have pages of their own: between the starts of any two, each column
/// has one page.
fn rows(
    metadata: &ParquetMetaData,
    leaves: &[usize],
    prune: &FilePrune,
    cross: bool,
) -> Option<Vec<Range<usize>>> {
    let statistics = metadata.column_index()?.first()?;
    let places = metadata.offset_index()?.first()?;
    let count = usize::try_from(metadata.row_group(0).num_rows()).ok()?;
    let starts = |leaf: usize| -> Option<Vec<usize>> {
        let pages = places.get(leaf)?.page_locations().iter();
        pages.map(|page| usize::try_from(page.first_row_index).ok()).collect()
    };
    let starts: Vec<(usize, Vec<usize>)> =
        leaves.iter().map(|leaf| Some((*leaf, starts(*leaf)?))).collect::<Option<_>>()?;
    let mut cuts: BTreeSet<usize> = starts.iter().flat_map(|(_, starts)| starts.iter().copied()).collect();
    cuts.extend([0, count]);
    let cuts: Vec<usize> = cuts.into_iter().collect();
    let mut rows: Vec<Range<usize>> = Vec::new();
    for zone in cuts.windows(2).map(|pair| pair[0]..pair[1]) {
        let span = |leaf: usize| {
            let (_, starts) = starts.iter().find(|(other, _)| *other == leaf)?;
            let page = starts.partition_point(|start| *start <= zone.start).checked_sub(1)?;
            Span::of_page(statistics.get(leaf)?, page)
        };
        let may_match = prune.may_match(span, cross);
        match rows.last_mut() {
            _ if !may_match => {}
            Some(last) if last.end == zone.start => last.end = zone.end,
            _ => rows.push(zone),
        }
    }
    Some(rows)
}
