//! The columns that stay the user's.

use super::{Finder, Layout, is_consumed};
use arrow_schema::{DataType, FieldRef, Schema};
use rasteret_schema::SourceError;
use rasteret_schema::header_column;
use rasteret_schema::record::COLUMNS;
use std::sync::Arc;

/// The columns that hold headers, by band.
pub(super) fn headers(schema: &Schema) -> Vec<(String, String)> {
    let suffix = header_column::column_name("");
    let is_header = |data_type: &DataType| match data_type {
        DataType::Struct(fields) => {
            ["image_width", "tile_offsets", "dtype"].iter().all(|name| fields.find(name).is_some())
        }
        _ => false,
    };
    let fields = schema.fields().iter().filter(|field| is_header(field.data_type()));
    let band = |field: &FieldRef| field.name().strip_suffix(&suffix).map(str::to_owned);
    fields.filter_map(|field| Some((band(field)?, field.name().clone()))).collect()
}

/// All columns that serve nothing, and those that serve under another name: a column map gives a column a
/// second name. Names of records' own columns are not the user's.
pub(super) fn find(finder: &Finder<'_>, layout: &Layout) -> Result<Vec<(String, FieldRef)>, SourceError> {
    let options = finder.options;
    let is_own = |name: &str| COLUMNS.contains(&name);
    let renamed = |name: &str| options.column_map.values().any(|target| target == name);
    let is_header = |name: &str| layout.headers.iter().any(|(_, column)| column == name);
    let mut columns: Vec<(String, FieldRef)> = Vec::new();
    for field in finder.schema.fields() {
        let name = field.name();
        if !is_own(name) && !renamed(name) && !is_header(name) && !is_consumed(layout, name) {
            columns.push((name.clone(), Arc::clone(field)));
        }
    }
    for (source, target) in &options.column_map {
        if let Some(field) = finder.field(source).filter(|_| !is_own(target)) {
            columns.push((source.clone(), Arc::new(field.clone().with_name(target))));
        }
    }
    if let Some(wanted) = &options.columns {
        for name in wanted {
            if finder.field(name).is_none() && !renamed(name) {
                return Err(finder.no_such_column(name, ", which the options name"));
            }
        }
        columns.retain(|(_, field)| wanted.contains(field.name()));
    }
    Ok(columns)
}
