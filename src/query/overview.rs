//! What the records of a view have in common. Zone maps answer where they can; else one column is read.

use super::{Filter, bounding_boxes, map_chunks, matching, text_column, time_column};
use crate::error::Result;
use crate::store::{Chunk, Collection as StoredCollection, Scalar, ZoneMap};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_select::filter::filter_record_batch;
use rasteret_schema::BoundingBox;
use rasteret_schema::record::{ASSETS, BBOX, CRS, DATETIME, EPSG, ID};
use std::collections::{BTreeSet, BinaryHeap, HashSet};

/// How many records match.
pub(crate) fn count(stored: &StoredCollection, filter: &Filter) -> Result<u64> {
    if filter.is_everything() {
        return Ok(stored.len());
    }
    let filter = filter.bind(stored.schema())?;
    let counts =
        map_chunks(stored, &filter, &[], |chunk| Ok(filter.matches(&chunk.batch)?.true_count() as u64))?;
    Ok(counts.into_iter().sum())
}

/// The EPSG codes of the rasters, ascending.
pub(crate) fn epsg(stored: &StoredCollection, filter: &Filter) -> Result<Vec<i32>> {
    let mut codes = BTreeSet::new();
    let known = |zone: &ZoneMap, codes: &mut BTreeSet<i32>| match only_value(zone, EPSG) {
        Some(Some(Scalar::Integer(code))) => {
            codes.extend(i32::try_from(*code));
            true
        }
        Some(None) => true,
        _ => false,
    };
    values(stored, filter, EPSG, &mut codes, known, |batch, codes| {
        let column = batch.column_by_name(EPSG).and_then(|column| column.as_primitive_opt::<Int32Type>());
        codes.extend(column.into_iter().flatten().flatten());
        Ok(())
    })?;
    Ok(codes.into_iter().collect())
}

/// The coordinate reference systems of the rasters as the records name them, sorted.
pub(crate) fn crs(stored: &StoredCollection, filter: &Filter) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    // A zone map's text may be cut off.
    let known = |zone: &ZoneMap, _: &mut BTreeSet<String>| matches!(only_value(zone, CRS), Some(None));
    values(stored, filter, CRS, &mut names, known, |batch, names| {
        for name in text_column(batch, CRS)?.iter().flatten() {
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(names.into_iter().collect())
}

/// First and last time.
pub(crate) fn times(stored: &StoredCollection, filter: &Filter) -> Result<Option<(i64, i64)>> {
    let mut times = None;
    let add = |times: &mut Option<(i64, i64)>, first: i64, last: i64| {
        let (least, greatest) = times.get_or_insert((first, last));
        (*least, *greatest) = ((*least).min(first), (*greatest).max(last));
    };
    let known = |zone: &ZoneMap, times: &mut _| match span(zone) {
        Some((first, last)) => {
            add(times, first, last);
            true
        }
        None => false,
    };
    values(stored, filter, DATETIME, &mut times, known, |batch, times| {
        time_column(batch, DATETIME)?.iter().flatten().for_each(|time| add(times, time, time));
        Ok(())
    })?;
    Ok(times)
}

/// The box around all footprints.
pub(crate) fn bounds(stored: &StoredCollection, filter: &Filter) -> Result<Option<BoundingBox>> {
    let mut boxes = Vec::new();
    // Boxes across the antimeridian decide by the gaps between all of them where the result is.
    let crosses = stored.chunks()?.iter().any(|chunk| chunk.zone().bounds()[1].is_some());
    let known = |zone: &ZoneMap, boxes: &mut Vec<BoundingBox>| {
        boxes.extend(zone.bounds()[0].filter(|_| !crosses));
        !crosses
    };
    values(stored, filter, BBOX, &mut boxes, known, |batch, boxes| {
        boxes.extend(bounding_boxes(batch)?.into_iter().flatten());
        Ok(())
    })?;
    Ok(BoundingBox::around(&boxes))
}

/// The bands that records have, in the order of the collection's.
pub(crate) fn bands(stored: &StoredCollection, filter: &Filter) -> Result<Vec<String>> {
    let all = &stored.metadata().bands;
    if filter.is_everything() {
        return Ok(all.clone());
    }
    let mut seen: HashSet<String> = HashSet::new();
    for batch in matching(stored, filter, &[ASSETS])? {
        let batch = batch?.batch;
        let Some(assets) = batch.column_by_name(ASSETS).and_then(|column| column.as_map_opt()) else {
            continue;
        };
        let (Some(names), [first, .., last]) = (assets.keys().as_string_opt::<i32>(), assets.value_offsets())
        else {
            continue;
        };
        for entry in *first as usize..*last as usize {
            if !seen.contains(names.value(entry)) {
                seen.insert(names.value(entry).to_owned());
            }
        }
    }
    Ok(all.iter().filter(|band| seen.contains(*band)).cloned().collect())
}

/// The numbers of the first records, by time, then id.
pub(crate) fn first(stored: &StoredCollection, filter: &Filter, n: usize) -> Result<Vec<u64>> {
    let filter = filter.bind(stored.schema())?;
    let projection = stored.projection(&filter.columns_and(&[ID, DATETIME]))?;
    let mut chunks: Vec<(i64, &Chunk)> = stored
        .chunks()?
        .iter()
        .filter(|chunk| filter.may_match(chunk.zone()))
        .map(|chunk| (span(chunk.zone()).map_or(i64::MIN, |(first, _)| first), chunk))
        .collect();
    chunks.sort_by_key(|(first, _)| *first);

    // The last of those found so far comes out first.
    let mut found: BinaryHeap<(i64, String, u64)> = BinaryHeap::new();
    for (earliest, chunk) in chunks {
        if found.len() >= n && found.peek().is_none_or(|(last, ..)| earliest > *last) {
            break;
        }
        let read = stored.read_chunk(chunk, &projection)?;
        let wanted = filter.matches(&read.batch)?;
        let (ids, times) = (text_column(&read.batch, ID)?, time_column(&read.batch, DATETIME)?);
        for (row, number) in read.records.iter().enumerate().filter(|(row, _)| wanted.value(*row)) {
            let (time, id) = (times.value(row), ids.value(row));
            let is_early =
                found.peek().is_some_and(|(last, last_id, _)| (time, id) < (*last, last_id.as_str()));
            if found.len() < n || is_early {
                found.push((time, id.to_owned(), *number));
                if found.len() > n {
                    found.pop();
                }
            }
        }
    }
    Ok(found.into_sorted_vec().into_iter().map(|(_, _, number)| number).collect())
}

/// Adds what the records that match say in a column: what `known` takes from a chunk's zone map, where that is
/// enough, else what `read` takes from its rows.
fn values<T>(
    stored: &StoredCollection,
    filter: &Filter,
    column: &'static str,
    sum: &mut T,
    known: impl Fn(&ZoneMap, &mut T) -> bool,
    read: impl Fn(&RecordBatch, &mut T) -> Result<()>,
) -> Result<()> {
    let filter = filter.bind(stored.schema())?;
    if stored.schema().column_with_name(column).is_none() {
        return Ok(());
    }
    let projection = stored.projection(&filter.columns_and(&[column]))?;
    for chunk in stored.chunks()?.iter().filter(|chunk| filter.may_match(chunk.zone())) {
        // Zone maps count deleted records.
        let is_whole = filter.is_everything() && chunk.len() == chunk.zone().rows();
        if is_whole && known(chunk.zone(), sum) {
            continue;
        }
        let mut batch = stored.read_chunk(chunk, &projection)?.batch;
        if !filter.is_everything() {
            batch = filter_record_batch(&batch, &filter.matches(&batch)?)?;
        }
        read(&batch, sum)?;
    }
    Ok(())
}

/// The value that all records of a chunk have, as far as it is not null: `None` if there are several, or that
/// is not known; `Some(None)` if all are null.
fn only_value<'a>(zone: &'a ZoneMap, column: &str) -> Option<Option<&'a Scalar>> {
    let column = zone.column(column)?;
    match column.range {
        Some(range) if range.min == range.max => Some(Some(&range.min)),
        None if column.nulls as usize == zone.rows() => Some(None),
        _ => None,
    }
}

/// The times between which all records of a chunk are.
fn span(zone: &ZoneMap) -> Option<(i64, i64)> {
    match zone.column(DATETIME)?.range {
        Some(range) => match (&range.min, &range.max) {
            (Scalar::Integer(first), Scalar::Integer(last)) => Some((*first, *last)),
            _ => None,
        },
        None => None,
    }
}
