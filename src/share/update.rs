//! New values of user columns for some of a collection's records.

use super::TableError;
use crate::collection::Collection;
use crate::error::{Error, Result};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::Field;
use arrow_select::filter::filter_record_batch;
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use rasteret_schema::{header_column, record};
use std::collections::BTreeSet;

/// Sets columns of the records of a view, in one transaction, chunk by chunk.
///
/// `row_of` gets the columns `read` of some records of the view, and says which row of `values` has the new
/// values of each. A record without such a row, and one that is not of the view, keeps what it has: null where
/// the column is new. A column that is there gets the type of the new values. Returns how many records have new
/// values.
///
/// A build that goes on would add records without values: the collection must be finished.
///
/// # Errors
///
/// [`Error::Unfinished`]; [`TableError::Reserved`]; [`TableError::Type`] if values that are kept cannot be had in
/// the new type; those of `row_of` and of the store.
pub(super) fn update(
    view: &Collection,
    values: &RecordBatch,
    read: &[&str],
    mut row_of: impl FnMut(&RecordBatch) -> Result<Vec<Option<usize>>>,
) -> Result<u64> {
    let store = view.database().store();
    let mut write = store.write()?;
    // No other writer can have changed it since.
    let stored = view.finished()?;
    let fields: Vec<Field> =
        values.schema_ref().fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    for field in &fields {
        check_name(field.name(), &stored.metadata().bands)?;
    }
    let filter = view.filter().bind(stored.schema())?;
    let mut needed: BTreeSet<&str> = read.iter().copied().collect();
    needed.extend(filter.columns());
    let known = fields.iter().map(|field| field.name().as_str());
    needed.extend(known.filter(|name| stored.schema().column_with_name(name).is_some()));
    let needed: Vec<&str> = needed.into_iter().collect();

    let (mut updated, mut written) = (0, 0);
    write.put_columns(view.name(), &fields, &needed, |rows| {
        let places = if filter.is_everything() {
            row_of(&rows.batch)?
        } else {
            let wanted = filter.matches(&rows.batch)?;
            spread(&wanted, row_of(&filter_record_batch(&rows.batch, &wanted)?)?)
        };
        updated += places.iter().flatten().count() as u64;
        let column = |(field, new): (&Field, &ArrayRef)| {
            merged(view.name(), field, new, rows.batch.column_by_name(field.name()), &places)
        };
        let columns = fields.iter().zip(values.columns()).map(column).collect::<Result<Vec<_>>>()?;
        written += columns.iter().map(|column| column.get_array_memory_size() as u64).sum::<u64>();
        Ok::<_, Error>(columns)
    })?;
    write.commit()?;
    store.note_added(written);
    Ok(updated)
}

/// Refuses names that columns of every record, or of headers, have.
pub(super) fn check_name(name: &str, bands: &[String]) -> Result<(), TableError> {
    let is_header = bands.iter().any(|band| header_column::column_name(band) == name);
    if is_header || record::COLUMNS.contains(&name) {
        return Err(TableError::Reserved { column: name.to_owned() });
    }
    Ok(())
}

/// The places of chosen rows among all rows.
fn spread(chosen: &BooleanArray, places: Vec<Option<usize>>) -> Vec<Option<usize>> {
    let mut places = places.into_iter();
    chosen.values().iter().map(|chosen| if chosen { places.next().flatten() } else { None }).collect()
}

/// The new value where there is a place among them, else the old one.
fn merged(
    collection: &str,
    field: &Field,
    new: &ArrayRef,
    old: Option<&ArrayRef>,
    places: &[Option<usize>],
) -> Result<ArrayRef> {
    // A chunk has at most 2¹⁶ rows.
    let kept: UInt32Array =
        (0..).zip(places).filter_map(|(row, place)| place.is_none().then_some(row)).collect();
    let old = match old {
        Some(old) if !kept.is_empty() => Some(retyped(collection, field, &take(old, &kept, None)?)?),
        _ => None,
    };
    let has_old = old.is_some();
    let old = old.unwrap_or_else(|| new_null_array(field.data_type(), 1));
    let mut next_kept = 0;
    let places: Vec<(usize, usize)> = places
        .iter()
        .map(|place| match place {
            Some(row) => (0, *row),
            None => {
                let row = next_kept;
                next_kept += usize::from(has_old);
                (1, row)
            }
        })
        .collect();
    Ok(interleave(&[new.as_ref(), old.as_ref()], &places)?)
}

/// Values under another type, if they are the same when they are brought back.
fn retyped(collection: &str, field: &Field, old: &ArrayRef) -> Result<ArrayRef, TableError> {
    if old.data_type() == field.data_type() {
        return Ok(old.clone());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let there_and_back = || {
        let new = cast_with_options(old, field.data_type(), &options)?;
        let back = cast_with_options(&new, old.data_type(), &options)?;
        Ok::<_, arrow_schema::ArrowError>((new, back))
    };
    match there_and_back() {
        Ok((new, back)) if back.as_ref() == old.as_ref() => Ok(new),
        _ => Err(TableError::Type {
            collection: collection.to_owned(),
            column: field.name().clone(),
            known: old.data_type().to_string(),
            found: field.data_type().to_string(),
        }),
    }
}
