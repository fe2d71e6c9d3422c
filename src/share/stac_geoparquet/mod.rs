//! The shared table in the layout of [stac-geoparquet 1.1](https://github.com/radiantearth/stac-geoparquet-spec):
//! each row is an item of STAC 1.1.
//!
//! | column | from |
//! | --- | --- |
//! | `type`, `stac_version`, `stac_extensions` | `Feature`, `1.1.0`; the extensions that a row uses, and those that it had |
//! | `id`, `geometry`, `bbox`, `collection`, `datetime` | as they are |
//! | `links` | the user's column if it is a list of links; else none, or one to the collection, which an item that names its collection has to have |
//! | `assets` | one for each file; see [`assets`] |
//! | `start_datetime`, `end_datetime` | both, where a record has an end |
//! | `proj:code`, `proj:wkt2` | `crs` and `proj:epsg`: a code where there is one |
//! | others | the user's columns, as they are: properties |
//!
//! Offsets of tiles have no place in STAC: headers become `proj:shape`, `proj:transform`, and `data_type` and
//! `nodata` of the bands.

mod assets;
mod crs;

use crate::error::{Error, Result};
use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, new_null_array};
use arrow_cast::{CastOptions, cast, cast_with_options};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow_select::nullif::nullif;
use arrow_select::zip::zip;
use rasteret_schema::header_column;
use rasteret_schema::record::{
    ASSETS, BBOX, CLOUD_COVER, COLLECTION, CRS, DATETIME, END_DATETIME, EPSG, GEOMETRY, ID,
};
use std::sync::Arc;

/// The key of the file's metadata that says that it is stac-geoparquet, and the value.
pub(crate) const FILE_METADATA: (&str, &str) = ("stac-geoparquet", r#"{"version":"1.1.0"}"#);

const TYPE: &str = "type";
const STAC_VERSION: &str = "stac_version";
const STAC_EXTENSIONS: &str = "stac_extensions";
const LINKS: &str = "links";
const PROPERTIES: &str = "properties";
const START_DATETIME: &str = "start_datetime";
const PROJ_CODE: &str = "proj:code";
const PROJ_WKT2: &str = "proj:wkt2";

/// Where the schemas of STAC's extensions are, and the versions whose fields are written.
const EXTENSIONS: &str = "https://stac-extensions.github.io/";
const PROJECTION: [&str; 2] = ["projection/", "v2.0.0/schema.json"];
const ELECTRO_OPTICAL: [&str; 2] = ["eo/", "v2.0.0/schema.json"];

/// Properties that STAC says are times, which the layout wants as timestamps.
const TIMES: [&str; 5] = ["created", "updated", "expires", "published", "unpublished"];

/// What makes batches of items out of the shared table's.
#[derive(Debug, Clone)]
pub(crate) struct StacTable {
    schema: SchemaRef,
    origins: Vec<Origin>,
}

/// Where a column comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Type,
    Version,
    Extensions,
    Links,
    Assets,
    Start,
    Code,
    Wkt2,
    /// The shared table's column of the same name.
    Shared,
    /// The same, of another type of time.
    Time,
}

impl StacTable {
    /// The table for one of the layout of [`SharedTable`](super::SharedTable).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a column is missing that every item has, or a column of the user's has the
    /// name of something else in STAC.
    pub fn new(shared: &Schema) -> Result<Self> {
        let required = |name: &str| {
            let missing = || {
                Error::InvalidArgument(format!(
                    "column {name:?} is missing, which every STAC item has; add it"
                ))
            };
            shared.field_with_name(name).map(|field| Arc::new(field.clone())).map_err(|_| missing())
        };
        let optional = |name: &str| shared.field_with_name(name).ok().map(|field| Arc::new(field.clone()));
        for field in shared.fields() {
            check(field)?;
        }
        let text = |name: &str, nullable: bool| Arc::new(Field::new(name, DataType::Utf8, nullable));
        let links = optional(LINKS).unwrap_or_else(|| Arc::new(links_field()));
        let mut columns: Vec<(FieldRef, Origin)> = vec![
            (text(TYPE, false), Origin::Type),
            (text(STAC_VERSION, false), Origin::Version),
            (Arc::new(extensions_field()), Origin::Extensions),
            (required(ID)?, Origin::Shared),
            (required(GEOMETRY)?, Origin::Shared),
            (required(BBOX)?, Origin::Shared),
            (links, Origin::Links),
        ];
        let stored = required(ASSETS)?;
        // Parquet has no structs without fields; readers take items without the column for such without assets.
        if let DataType::Struct(bands) = stored.data_type()
            && !bands.is_empty()
        {
            columns.push((Arc::new(assets::field(bands)), Origin::Assets));
        }
        columns.extend(optional(COLLECTION).map(|field| (field, Origin::Shared)));
        columns.push((required(DATETIME)?, Origin::Shared));
        if let Some(end) = optional(END_DATETIME) {
            let start = end.as_ref().clone().with_name(START_DATETIME);
            columns.extend([(Arc::new(start), Origin::Start), (end, Origin::Shared)]);
        }
        if optional(CRS).or_else(|| optional(EPSG)).is_some() {
            columns.extend([(text(PROJ_CODE, true), Origin::Code), (text(PROJ_WKT2, true), Origin::Wkt2)]);
        }
        let bands: Vec<String> = bands_of(stored.data_type()).map(header_column::column_name).collect();
        for field in shared.fields() {
            let name = field.name();
            let is_made = [EPSG, CRS].contains(&name.as_str()) || bands.contains(name);
            if is_made || columns.iter().any(|(made, _)| made.name() == name) {
                continue;
            }
            columns.push(match is_text(field.data_type()) && TIMES.contains(&name.as_str()) {
                true => (Arc::new(field.as_ref().clone().with_data_type(time())), Origin::Time),
                false => (Arc::clone(field), Origin::Shared),
            });
        }
        let (fields, origins): (Vec<FieldRef>, Vec<Origin>) = columns.into_iter().unzip();
        Ok(StacTable { schema: Arc::new(Schema::new(fields)), origins })
    }

    /// The schema of the table.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The items of rows of the shared table.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a user's column has a value that cannot be one of a STAC item.
    pub fn batch(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let count = rows.num_rows();
        let assets = assets::Assets::of(rows)?;
        let crs = crs::of(rows)?;
        let shared = |name: &str| {
            let column = rows.column_by_name(name).cloned();
            column.ok_or_else(|| Error::InvalidArgument(format!("column {name:?} was not read")))
        };
        let column = |(field, origin): (&FieldRef, &Origin)| -> Result<ArrayRef> {
            Ok(match origin {
                Origin::Type => {
                    check_types(rows)?;
                    Arc::new(StringArray::from_iter_values((0..count).map(|_| "Feature")))
                }
                Origin::Version => Arc::new(StringArray::from_iter_values((0..count).map(|_| "1.1.0"))),
                Origin::Extensions => {
                    let has_proj =
                        |row| crs.code.is_valid(row) || crs.wkt2.is_valid(row) || assets.has_grid(row);
                    extensions(rows, has_proj)?
                }
                Origin::Links => match rows.column_by_name(LINKS) {
                    Some(links) => Arc::clone(links),
                    None => links(rows)?,
                },
                Origin::Assets => assets.to_array(field)?,
                Origin::Start => start(rows)?,
                Origin::Code => Arc::new(crs.code.clone()),
                Origin::Wkt2 => Arc::new(crs.wkt2.clone()),
                Origin::Shared => shared(field.name())?,
                Origin::Time => timestamps(&shared(field.name())?, field.name())?,
            })
        };
        let columns =
            self.schema.fields().iter().zip(&self.origins).map(column).collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// Names of the bands of an `assets` column.
fn bands_of(assets: &DataType) -> impl Iterator<Item = &str> {
    let bands: &[FieldRef] = match assets {
        DataType::Struct(bands) => bands,
        _ => &[],
    };
    bands.iter().map(|band| band.name().as_str())
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_text(value),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Refuses a column of the user's that would be something else in an item.
fn check(field: &Field) -> Result<()> {
    let fits = match (field.name().as_str(), field.data_type()) {
        (TYPE | STAC_VERSION, data_type) => is_text(data_type),
        (STAC_EXTENSIONS, DataType::List(item) | DataType::LargeList(item)) => is_text(item.data_type()),
        (LINKS, DataType::List(item) | DataType::LargeList(item)) => match item.data_type() {
            DataType::Struct(fields) => fields.find("href").is_some() && fields.find("rel").is_some(),
            _ => false,
        },
        (STAC_EXTENSIONS | LINKS | PROPERTIES, _) => false,
        _ => true,
    };
    if fits { Ok(()) } else { Err(not_stac(field.name(), field.data_type())) }
}

fn not_stac(name: &str, what: impl std::fmt::Display) -> Error {
    Error::InvalidArgument(format!(
        "column {name:?} is {what}, and something else in STAC items; leave it out, or export in another layout"
    ))
}

/// A column `type` that came from items has no other value than theirs.
fn check_types(rows: &RecordBatch) -> Result<()> {
    let Some(types) = rows.column_by_name(TYPE) else { return Ok(()) };
    let types = cast(types, &DataType::Utf8)?;
    let other = types.as_string::<i32>().iter().flatten().find(|value| *value != "Feature");
    other.map_or(Ok(()), |value| Err(not_stac(TYPE, format!("{value:?} in a record"))))
}

/// What lists are of, under the name that it has in Parquet.
fn element(data_type: DataType) -> FieldRef {
    Arc::new(Field::new("element", data_type, true))
}

fn extensions_field() -> Field {
    Field::new_list(STAC_EXTENSIONS, element(DataType::Utf8), false)
}

/// What each row declares: what it declared before, but for other versions of the extensions that are used now.
fn extensions(rows: &RecordBatch, has_proj: impl Fn(usize) -> bool) -> Result<ArrayRef> {
    let before = rows.column_by_name(STAC_EXTENSIONS);
    let before = before.map(|column| cast(column, extensions_field().data_type())).transpose()?;
    let cloud_cover = rows.column_by_name(CLOUD_COVER).filter(|column| column.data_type().is_numeric());
    let mut lists = ListBuilder::new(StringBuilder::new()).with_field(element(DataType::Utf8));
    for row in 0..rows.num_rows() {
        let has_cloud_cover = cloud_cover.is_some_and(|column| column.is_valid(row));
        let used = [has_proj(row).then_some(PROJECTION), has_cloud_cover.then_some(ELECTRO_OPTICAL)];
        let used = || used.iter().flatten();
        let known =
            before.as_ref().map(|before| before.as_list::<i32>()).filter(|before| before.is_valid(row));
        let known = known.map(|before| before.value(row));
        for uri in known.iter().flat_map(|list| list.as_string::<i32>().iter().flatten()) {
            let name = uri.strip_prefix(EXTENSIONS);
            if !used().any(|[used, _]| name.is_some_and(|name| name.starts_with(used))) {
                lists.values().append_value(uri);
            }
        }
        for [name, version] in used() {
            lists.values().append_value(format!("{EXTENSIONS}{name}{version}"));
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn link_fields() -> Fields {
    let field = |name: &str, nullable: bool| Field::new(name, DataType::Utf8, nullable);
    vec![field("href", false), field("rel", false), field("type", true), field("title", true)].into()
}

fn links_field() -> Field {
    Field::new_list(LINKS, element(DataType::Struct(link_fields())), false)
}

/// The link to its collection, in each row that names one.
fn links(rows: &RecordBatch) -> Result<ArrayRef> {
    let collections =
        rows.column_by_name(COLLECTION).map(|column| cast(column, &DataType::Utf8)).transpose()?;
    let collections = collections.as_ref().map(|column| column.as_string::<i32>());
    let link = DataType::Struct(link_fields());
    let mut lists = ListBuilder::new(StructBuilder::from_fields(link_fields(), 0)).with_field(element(link));
    for row in 0..rows.num_rows() {
        let collection = collections.filter(|ids| ids.is_valid(row)).map(|ids| ids.value(row));
        if let Some(collection) = collection {
            let link =
                [Some("collection.json"), Some("collection"), Some("application/json"), Some(collection)];
            for (i, value) in link.into_iter().enumerate() {
                if let Some(column) = lists.values().field_builder::<StringBuilder>(i) {
                    column.append_option(value);
                }
            }
            lists.values().append(true);
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

/// The start of each span of time: what a column of the user's says, else the time of the record.
fn start(rows: &RecordBatch) -> Result<ArrayRef> {
    let column = |name: &str| rows.column_by_name(name).cloned();
    let (Some(datetime), Some(end)) = (column(DATETIME), column(END_DATETIME)) else {
        return Ok(new_null_array(&time(), rows.num_rows()));
    };
    let known = column(START_DATETIME).filter(|known| matches!(known.data_type(), DataType::Timestamp(..)));
    let start = match known {
        Some(known) => {
            let known = cast(&known, &time())?;
            let is_known = BooleanArray::from_iter((0..known.len()).map(|row| Some(known.is_valid(row))));
            zip(&is_known, &known, &datetime)?
        }
        None => datetime,
    };
    let has_no_end = BooleanArray::from_iter((0..end.len()).map(|row| Some(end.is_null(row))));
    Ok(nullif(&start, &has_no_end)?)
}

/// Text as times.
fn timestamps(column: &ArrayRef, name: &str) -> Result<ArrayRef> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast(column, &DataType::Utf8)
        .and_then(|text| cast_with_options(&text, &time(), &options))
        .map_err(|error| not_stac(name, error))
}

#[cfg(test)]
mod tests;
