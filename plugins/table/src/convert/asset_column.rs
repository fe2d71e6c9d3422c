//! Columns of assets, of any of the types that tables have them in.

use crate::layout::{BANDS, is_text};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int32Array, LargeListArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use rasteret_schema::record::EPSG;
use std::ops::Range;

/// The fields of an asset that are read.
pub(crate) const ASSET_FIELDS: [&str; 6] = ["href", "type", "band_index", BANDS, CODE, EPSG];

/// The raster's CRS, where an asset says it itself, as STAC has it since version 2 of the projection extension.
pub(super) const CODE: &str = "proj:code";

/// An asset in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RowAsset<'a> {
    pub key: &'a str,
    pub href: &'a str,
    pub media_type: Option<&'a str>,
    pub band_index: Option<i32>,
    /// Names of the samples, where there are such.
    pub samples: Vec<Option<&'a str>>,
    /// The raster's CRS.
    pub crs: Option<&'a str>,
}

/// A column of assets.
pub(super) enum AssetColumn {
    /// A value for each key.
    Keyed(Vec<(String, Values)>),
    /// A range of keys and values for each row.
    Listed {
        ranges: Vec<Option<Range<usize>>>,
        keys: StringArray,
        values: Box<Values>,
    },
    Json(StringArray),
}

fn not_assets(column: &ArrayRef) -> ArrowError {
    ArrowError::SchemaError(format!("a column of type {} does not hold assets", column.data_type()))
}

impl AssetColumn {
    /// A column of the only asset of each record.
    pub fn of_one(key: &str, column: &ArrayRef) -> Result<AssetColumn, ArrowError> {
        let values = Values::new(column)?.ok_or_else(|| not_assets(column))?;
        Ok(AssetColumn::Keyed(vec![(key.to_owned(), values)]))
    }

    pub fn new(column: &ArrayRef) -> Result<AssetColumn, ArrowError> {
        let ranges = |offsets: Vec<usize>| {
            let range = |row: usize| column.is_valid(row).then(|| offsets[row]..offsets[row + 1]);
            (0..column.len()).map(range).collect()
        };
        match column.data_type() {
            DataType::Struct(fields) => {
                let assets = column.as_struct();
                let mut keyed = Vec::new();
                for (field, values) in fields.iter().zip(assets.columns()) {
                    if let Some(values) = Values::new(values)? {
                        keyed.push((field.name().clone(), values.within(column.nulls())));
                    }
                }
                if keyed.is_empty() {
                    return Err(ArrowError::SchemaError("no asset has an href".to_owned()));
                }
                Ok(AssetColumn::Keyed(keyed))
            }
            DataType::Map(..) => {
                let map = column.as_map();
                let values = Values::new(map.values())?.ok_or_else(|| not_assets(column))?;
                let offsets = map.value_offsets().iter().map(|offset| *offset as usize).collect();
                Ok(AssetColumn::Listed {
                    ranges: ranges(offsets),
                    keys: text(map.keys())?,
                    values: values.into(),
                })
            }
            DataType::List(_) | DataType::LargeList(_) => {
                let item = match column.data_type() {
                    DataType::List(item) | DataType::LargeList(item) => item,
                    _ => return Err(not_assets(column)),
                };
                let lists = cast(column, &DataType::LargeList(item.clone()))?;
                let lists = lists.as_list::<i64>();
                let items = lists.values().as_struct_opt().ok_or_else(|| not_assets(column))?;
                let keys = ["key", "name"].iter().find_map(|name| items.column_by_name(name));
                let keys = text(keys.ok_or_else(|| not_assets(column))?)?;
                let values = Values::new(lists.values())?.ok_or_else(|| not_assets(column))?;
                let offsets = lists.value_offsets().iter().map(|offset| *offset as usize).collect();
                Ok(AssetColumn::Listed { ranges: ranges(offsets), keys, values: values.into() })
            }
            data_type if is_text(data_type) => Ok(AssetColumn::Json(text(column)?)),
            _ => Err(not_assets(column)),
        }
    }
}

fn text(column: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// Assets: structs with an href, or hrefs.
pub(super) struct Values {
    validity: Option<NullBuffer>,
    href: StringArray,
    media_type: Option<StringArray>,
    band_index: Option<Int32Array>,
    crs: Option<StringArray>,
    samples: Option<Samples>,
}

/// The names in lists of bands.
struct Samples {
    lists: LargeListArray,
    names: StringArray,
}

impl Samples {
    /// `None` where the column is no list of what has names.
    fn new(column: &ArrayRef) -> Result<Option<Samples>, ArrowError> {
        let (DataType::List(item) | DataType::LargeList(item)) = column.data_type() else { return Ok(None) };
        let lists = cast(column, &DataType::LargeList(item.clone()))?.as_list::<i64>().clone();
        let names = lists.values().as_struct_opt().and_then(|bands| {
            let names = bands.column_by_name("name").filter(|names| is_text(names.data_type()))?;
            Some((names, bands.nulls()))
        });
        let Some((names, nulls)) = names else { return Ok(None) };
        let names = text(names)?;
        let nulls = NullBuffer::union(names.nulls(), nulls);
        let names = StringArray::try_new(names.offsets().clone(), names.values().clone(), nulls)?;
        Ok(Some(Samples { lists, names }))
    }

    fn of(&self, index: usize) -> Vec<Option<&str>> {
        if !self.lists.is_valid(index) {
            return Vec::new();
        }
        let offsets = self.lists.value_offsets();
        let range = offsets[index] as usize..offsets[index + 1] as usize;
        range.map(|sample| self.names.is_valid(sample).then(|| self.names.value(sample))).collect()
    }
}

impl Values {
    /// `None` where there is no href.
    fn new(column: &ArrayRef) -> Result<Option<Values>, ArrowError> {
        let validity = column.nulls().cloned();
        if is_text(column.data_type()) {
            let href = text(column)?;
            let (media_type, band_index, samples, crs) = (None, None, None, None);
            return Ok(Some(Values { validity, href, media_type, band_index, samples, crs }));
        }
        let Some(assets) = column.as_struct_opt() else { return Ok(None) };
        let field = |name: &str, can_be: fn(&DataType) -> bool| {
            assets.column_by_name(name).filter(|field| can_be(field.data_type()))
        };
        let Some(href) = field("href", is_text) else { return Ok(None) };
        let index = field("band_index", DataType::is_integer);
        let index = index.map(|index| cast(index, &DataType::Int32)).transpose()?;
        Ok(Some(Values {
            validity,
            href: text(href)?,
            media_type: field("type", is_text).map(text).transpose()?,
            band_index: index.map(|index| index.as_primitive::<Int32Type>().clone()),
            samples: assets.column_by_name(BANDS).map(Samples::new).transpose()?.flatten(),
            crs: match (field(CODE, is_text), field(EPSG, DataType::is_integer)) {
                (Some(codes), _) => Some(text(codes)?),
                // A number alone is an EPSG code.
                (None, Some(codes)) => Some(text(codes)?),
                (None, None) => None,
            },
        }))
    }

    /// The same within something that may be null itself.
    fn within(mut self, outer: Option<&NullBuffer>) -> Values {
        self.validity = NullBuffer::union(self.validity.as_ref(), outer);
        self
    }

    pub fn get<'a>(&'a self, key: &'a str, index: usize) -> Option<RowAsset<'a>> {
        let is_there = self.validity.as_ref().is_none_or(|validity| validity.is_valid(index));
        let href = (is_there && self.href.is_valid(index)).then(|| self.href.value(index));
        let types = self.media_type.as_ref().filter(|types| types.is_valid(index));
        let indexes = self.band_index.as_ref().filter(|indexes| indexes.is_valid(index));
        Some(RowAsset {
            key,
            href: href.filter(|href| !href.is_empty())?,
            media_type: types.map(|types| types.value(index)),
            band_index: indexes.map(|indexes| indexes.value(index)).filter(|index| *index >= 0),
            samples: self.samples.as_ref().map(|samples| samples.of(index)).unwrap_or_default(),
            crs: self.crs.as_ref().filter(|crs| crs.is_valid(index)).map(|crs| crs.value(index)),
        })
    }
}
