//! The schema of a collection's records: how that of a new batch joins it, and how older chunks are
//! read under it.

use super::StoreError;
use crate::unwinding::unwinding;
use arrow_array::{Array, ArrayRef, make_array, new_null_array};
use arrow_ipc::convert::try_schema_from_flatbuffer_bytes;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema};
use std::sync::Arc;

/// The schema as an Arrow IPC message without a prefix (`Message` of Arrow's `Message.fbs`).
pub(super) fn to_bytes(schema: &Schema) -> Vec<u8> {
    let mut dictionaries = DictionaryTracker::new(false);
    let options = IpcWriteOptions::default();
    IpcDataGenerator::default()
        .schema_to_bytes_with_dictionary_tracker(schema, &mut dictionaries, &options)
        .ipc_message
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<Schema, String> {
    // Arrow verifies the buffer, but asserts some of its content.
    unwinding(|| try_schema_from_flatbuffer_bytes(bytes))?.map_err(|error| error.to_string())
}

/// The schema that holds the records of `known` and of `found`. Columns keep their places, new ones
/// come last; a column that is missing on one side is nullable.
///
/// # Errors
///
/// [`StoreError::SchemaConflict`] where a column has different types.
pub(super) fn unify(collection: &str, known: &Schema, found: &Schema) -> Result<Schema, StoreError> {
    let mut fields: Vec<FieldRef> = Vec::with_capacity(known.fields().len());
    for field in known.fields() {
        fields.push(match found.column_with_name(field.name()) {
            None => nullable(field),
            Some((_, other)) => merge_fields(field, other).ok_or_else(|| StoreError::SchemaConflict {
                collection: collection.to_owned(),
                column: field.name().clone(),
                expected: field.data_type().to_string(),
                found: other.data_type().to_string(),
            })?,
        });
    }
    let is_first_batch = known.fields().is_empty();
    for field in found.fields() {
        if known.column_with_name(field.name()).is_none() {
            fields.push(if is_first_batch { field.clone() } else { nullable(field) });
        }
    }
    let mut metadata = found.metadata().clone();
    metadata.extend(known.metadata().clone());
    Ok(Schema::new_with_metadata(fields, metadata))
}

fn nullable(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_nullable(true))
}

/// A field that holds the values of both; `None` where their types differ.
fn merge_fields(known: &FieldRef, found: &Field) -> Option<FieldRef> {
    let data_type = merge_types(known.data_type(), found.data_type())?;
    let mut metadata = found.metadata().clone();
    metadata.extend(known.metadata().clone());
    let has_no_values = known.data_type().is_null() || found.data_type().is_null();
    let is_nullable = known.is_nullable() || found.is_nullable() || has_no_values;
    Some(Arc::new(
        known.as_ref().clone().with_data_type(data_type).with_nullable(is_nullable).with_metadata(metadata),
    ))
}

/// Types are the same if they differ in the nullability and the metadata of what is nested, and in
/// the names of list items and map entries, which writers choose at will. Nothing is the type of a
/// column that has no values yet.
fn merge_types(known: &DataType, found: &DataType) -> Option<DataType> {
    use DataType::{
        Dictionary, FixedSizeList, LargeList, LargeListView, List, ListView, Map, Null, RunEndEncoded, Struct,
    };
    Some(match (known, found) {
        (known, found) if known == found => known.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (List(a), List(b)) => List(merge_fields(a, b)?),
        (LargeList(a), LargeList(b)) => LargeList(merge_fields(a, b)?),
        (ListView(a), ListView(b)) => ListView(merge_fields(a, b)?),
        (LargeListView(a), LargeListView(b)) => LargeListView(merge_fields(a, b)?),
        (FixedSizeList(a, n), FixedSizeList(b, m)) if n == m => FixedSizeList(merge_fields(a, b)?, *n),
        (Struct(a), Struct(b)) => Struct(merge_children(a, b, true)?),
        (Map(a, sorted), Map(b, b_sorted)) => {
            let (Struct(a_entry), Struct(b_entry)) = (a.data_type(), b.data_type()) else { return None };
            let entry = Struct(merge_children(a_entry, b_entry, false)?);
            Map(Arc::new(a.as_ref().clone().with_data_type(entry)), *sorted && *b_sorted)
        }
        (Dictionary(key, a), Dictionary(other_key, b)) if key == other_key => {
            Dictionary(key.clone(), Box::new(merge_types(a, b)?))
        }
        (RunEndEncoded(ends, a), RunEndEncoded(other_ends, b))
            if ends.data_type() == other_ends.data_type() =>
        {
            RunEndEncoded(ends.clone(), merge_fields(a, b)?)
        }
        _ => return None,
    })
}

fn merge_children(known: &Fields, found: &Fields, same_names: bool) -> Option<Fields> {
    if known.len() != found.len() {
        return None;
    }
    let merge = |(a, b): (&FieldRef, &FieldRef)| {
        (!same_names || a.name() == b.name()).then(|| merge_fields(a, b)).flatten()
    };
    known.iter().zip(found).map(merge).collect()
}

/// A stored column as the collection's schema has it by now.
pub(super) fn conform(array: Option<ArrayRef>, field: &Field, rows: usize) -> Result<ArrayRef, ArrowError> {
    match array {
        None => Ok(new_null_array(field.data_type(), rows)),
        Some(array) if array.data_type() == field.data_type() => Ok(array),
        Some(array)
            if merge_types(field.data_type(), array.data_type()).as_ref() == Some(field.data_type()) =>
        {
            retype(&array, field.data_type())
        }
        Some(array) => Err(ArrowError::SchemaError(format!(
            "a chunk holds {} where the schema says {}",
            array.data_type(),
            field.data_type()
        ))),
    }
}

/// The same values under a type of the same layout.
fn retype(array: &dyn Array, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type().is_null() {
        return Ok(new_null_array(data_type, array.len()));
    }
    let data = array.to_data();
    let fields: Vec<&DataType> = match data_type {
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        DataType::RunEndEncoded(ends, values) => vec![ends.data_type(), values.data_type()],
        DataType::Dictionary(_, values) => vec![values],
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => vec![item.data_type()],
        _ => Vec::new(),
    };
    let children = data
        .child_data()
        .iter()
        .zip(fields)
        .map(|(child, data_type)| Ok(retype(&make_array(child.clone()), data_type)?.to_data()))
        .collect::<Result<Vec<_>, ArrowError>>()?;
    let data = data.into_builder().data_type(data_type.clone()).child_data(children).build()?;
    Ok(make_array(data))
}
