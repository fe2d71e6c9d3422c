//! Assets of rows, and the bands that are made of them.

use super::asset_column::{AssetColumn, CODE, RowAsset};
use super::href::Base;
use crate::layout::{AssetsPlace, BANDS};
use crate::options::Options;
use arrow_array::{Array, ArrayRef};
use arrow_schema::ArrowError;
use rasteret_schema::{Asset, BandMap};
use serde_json::Value;
use std::collections::HashSet;

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
            Some(key) => AssetColumn::of_one(key, column)?,
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
