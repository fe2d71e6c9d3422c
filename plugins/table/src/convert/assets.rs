//! Assets of rows, and the bands that are made of them.

use super::href::Base;
use crate::layout::{AssetsPlace, BANDS, is_text};
use crate::options::Options;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, Int32Array, LargeListArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType};
use rasteret_schema::record::EPSG;
use rasteret_schema::{Asset, BandMap};
use serde_json::Value;
use std::collections::HashSet;
use std::ops::Range;

/// The fields of an asset that are read.
pub(crate) const ASSET_FIELDS: [&str; 6] = ["href", "type", "band_index", BANDS, CODE, EPSG];

/// The raster's CRS, where an asset says it itself, as STAC has it since version 2 of the projection extension.
const CODE: &str = "proj:code";

/// Media types of assets that are no rasters, by their beginning.
const NO_RASTERS: [&str; 8] = [
    "text/",
    "application/json",
    "application/geo+json",
    "application/xml",
    "application/gml+xml",
    "application/pdf",
    "image/png",
    "image/jpeg",
];
/// Extensions of such, where there is no media type.
const NO_RASTER_EXTENSIONS: [&str; 10] =
    ["json", "geojson", "xml", "txt", "html", "pdf", "png", "jpg", "jpeg", "csv"];

/// Makes bands of assets.
#[derive(Debug)]
pub(super) struct AssetMaker {
    href_column: Option<String>,
    bands: BandMap,
    only: Option<Vec<String>>,
    base: Base,
}

/// An asset in a row.
#[derive(Debug, Clone, PartialEq)]
struct RowAsset<'a> {
    key: &'a str,
    href: &'a str,
    media_type: Option<&'a str>,
    band_index: Option<i32>,
    /// Names of the samples, where there are such.
    samples: Vec<Option<&'a str>>,
    /// The raster's CRS.
    crs: Option<&'a str>,
}

/// The bands of a record, and what their assets say of its CRS.
#[derive(Debug, Default)]
pub(super) struct RowBands {
    pub assets: Vec<Asset>,
    pub crs: Option<String>,
}

impl AssetsPlace {
    pub(super) fn column(&self) -> &str {
        let (AssetsPlace::Assets(column) | AssetsPlace::Href(column)) = self;
        column
    }
}

impl AssetMaker {
    pub fn new(place: &AssetsPlace, options: &Options, base: Base) -> AssetMaker {
        let href_column = match place {
            AssetsPlace::Href(column) => Some(column.clone()),
            AssetsPlace::Assets(_) => None,
        };
        AssetMaker { href_column, bands: options.bands.clone(), only: options.only_bands.clone(), base }
    }

    /// The same of the assets of a batch.
    pub fn on(&self, column: Option<&ArrayRef>) -> Result<BatchAssets<'_>, ArrowError> {
        let column =
            column.ok_or_else(|| ArrowError::SchemaError("there is no column of assets".to_owned()))?;
        let column = match &self.href_column {
            Some(key) => AssetColumn::Keyed(vec![(
                key.clone(),
                Values::new(column)?.ok_or_else(|| not_assets(column))?,
            )]),
            None => AssetColumn::new(column)?,
        };
        Ok(BatchAssets { maker: self, column })
    }

    /// The bands of a record: in the order in which they were asked for, else in that of the map or the assets.
    fn bands(&self, assets: &[RowAsset<'_>]) -> Result<RowBands, String> {
        let find = |key: &str| assets.iter().find(|asset| asset.key == key);
        let keys = || assets.iter().map(|asset| asset.key).collect::<Vec<_>>().join(", ");
        let BandMap { assets: named, indexes } = &self.bands;
        let mut crs: Option<String> = None;
        let mut made = |band: &str, asset: &RowAsset<'_>, index: Option<i32>| {
            crs = crs.take().or_else(|| asset.crs.map(str::to_owned));
            let href = self.base.resolve(asset.href);
            Asset { band: band.to_owned(), href, band_index: index.or(asset.band_index) }
        };
        let mut bands: Vec<Asset> = if !named.is_empty() {
            let found = named.iter().filter_map(|(band, key)| Some((band, find(key)?)));
            found.map(|(band, asset)| made(band, asset, indexes.get(band).copied())).collect()
        } else if indexes.keys().all(|band| find(band).is_some()) {
            let rasters =
                assets.iter().filter(|asset| asset.may_be_raster() || indexes.contains_key(asset.key));
            rasters.map(|asset| made(asset.key, asset, indexes.get(asset.key).copied())).collect()
        } else {
            let mut rasters = assets.iter().filter(|asset| asset.may_be_raster());
            match (rasters.next(), rasters.next()) {
                (Some(only), None) => {
                    indexes.iter().map(|(band, index)| made(band, only, Some(*index))).collect()
                }
                (None, _) => Vec::new(),
                _ => {
                    return Err(format!(
                        "it has the assets {}; say with a band map which of them each band is on",
                        keys()
                    ));
                }
            }
        };
        if let Some(only) = &self.only {
            bands.retain(|asset| only.contains(&asset.band));
            bands.sort_by_key(|asset| only.iter().position(|band| *band == asset.band));
        }
        if bands.is_empty() {
            return Err(match (&self.href_column, assets.is_empty()) {
                (Some(column), true) => format!("it has no href in column {column:?}"),
                (None, true) => "it has no assets".to_owned(),
                _ => format!("none of its assets is a band that is wanted; it has: {}", keys()),
            });
        }
        Ok(RowBands { assets: bands, crs })
    }
}

impl RowAsset<'_> {
    /// Whether it is not said to be something else: a picture to look at, metadata.
    fn may_be_raster(&self) -> bool {
        match self.media_type {
            Some(media_type) => !NO_RASTERS.iter().any(|no| media_type.starts_with(no)),
            None => {
                let path = self.href.split(['?', '#']).next().unwrap_or_default();
                let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
                !NO_RASTER_EXTENSIONS.iter().any(|no| extension.eq_ignore_ascii_case(no))
            }
        }
    }
}

/// The assets of a batch.
pub(super) struct BatchAssets<'a> {
    maker: &'a AssetMaker,
    column: AssetColumn,
}

impl BatchAssets<'_> {
    /// The bands of a row, or why it has none.
    pub fn of(&self, row: usize) -> Result<RowBands, String> {
        let mut assets: Vec<RowAsset<'_>> = Vec::new();
        let json;
        match &self.column {
            AssetColumn::Keyed(columns) => {
                assets.extend(columns.iter().filter_map(|(key, values)| values.get(key, row)));
            }
            AssetColumn::Listed { ranges, keys, values } => {
                let range = ranges.get(row).cloned().flatten().unwrap_or_default();
                let asset =
                    |index: usize| keys.is_valid(index).then(|| values.get(keys.value(index), index))?;
                assets.extend(range.filter_map(asset));
            }
            AssetColumn::Json(texts) => {
                if texts.is_valid(row) {
                    json = serde_json::from_str::<Value>(texts.value(row))
                        .map_err(|error| format!("its assets are not JSON: {error}"))?;
                    assets.extend(of_json(&json));
                }
            }
        }
        // Of two assets with one key, the first has it.
        let mut seen = HashSet::new();
        assets.retain(|asset| !asset.key.is_empty() && seen.insert(asset.key));
        self.maker.bands(&with_samples(assets))
    }
}

/// The assets, with one for each named sample of those that have the name of one of their samples, as exports of
/// stac-geoparquet have it. Keys of other assets are not taken from these.
fn with_samples(assets: Vec<RowAsset<'_>>) -> Vec<RowAsset<'_>> {
    if assets.iter().all(|asset| asset.samples.len() < 2) {
        return assets;
    }
    let mut keys: HashSet<&str> = assets.iter().map(|asset| asset.key).collect();
    let mut bands = Vec::with_capacity(assets.len());
    for asset in &assets {
        let band = |key, sample: usize| RowAsset {
            key,
            href: asset.href,
            media_type: asset.media_type,
            band_index: i32::try_from(sample).ok(),
            crs: asset.crs,
            samples: Vec::new(),
        };
        let own = asset.samples.iter().position(|name| *name == Some(asset.key));
        let Some(own) = own.filter(|_| asset.samples.len() > 1 && asset.band_index.is_none()) else {
            bands.push(asset.clone());
            continue;
        };
        bands.push(band(asset.key, own));
        for (sample, name) in asset.samples.iter().enumerate() {
            if let Some(key) = name.filter(|name| !name.is_empty() && keys.insert(name)) {
                bands.push(band(key, sample));
            }
        }
    }
    bands
}

fn of_json(json: &Value) -> Vec<RowAsset<'_>> {
    fn asset<'a>(key: &'a str, value: &'a Value) -> Option<RowAsset<'a>> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let href = value.as_str().or_else(|| text("href")).filter(|href| !href.is_empty())?;
        let index = value.get("band_index").and_then(Value::as_i64);
        let band_index = index.and_then(|index| i32::try_from(index).ok()).filter(|index| *index >= 0);
        let samples = value.get(BANDS).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let samples = samples.iter().map(|sample| sample.get("name").and_then(Value::as_str)).collect();
        Some(RowAsset { key, href, media_type: text("type"), band_index, samples, crs: text(CODE) })
    }
    match json {
        Value::Object(assets) => assets.iter().filter_map(|(key, value)| asset(key, value)).collect(),
        Value::Array(assets) => {
            fn text(value: &Value) -> Option<&str> {
                ["key", "name"].iter().find_map(|name| value.get(name)).and_then(Value::as_str)
            }
            assets.iter().filter_map(|value| asset(text(value)?, value)).collect()
        }
        _ => Vec::new(),
    }
}

/// A column of assets.
enum AssetColumn {
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
    fn new(column: &ArrayRef) -> Result<AssetColumn, ArrowError> {
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
struct Values {
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

    fn get<'a>(&'a self, key: &'a str, index: usize) -> Option<RowAsset<'a>> {
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
