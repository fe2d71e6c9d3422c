//! One item becomes one record.

use super::asset::OfferedAsset;
use super::offer::Offer;
use super::raster::RasterBand;
use super::select::{BandSelector, ChosenBand};
use super::{LocatedItem, footprint, href, projection, time};
use rasteret_schema::access::plain_href;
use rasteret_schema::{Asset, Crs, Record, SourceFailure};
use serde_json::{Map, Value};

/// Bytes of an id at most.
const MAX_ID: usize = 4096;

/// Kind of the failure that an item has no band to read.
const NO_BANDS: &str = "no-bands";

/// Kind of the failure that it is not clear what a band is.
pub(super) const AMBIGUOUS_BAND: &str = "ambiguous-band";

/// What an item gives, but for its properties.
#[derive(Debug)]
pub(super) struct Converted {
    pub record: Record,
    pub raster_bands: Vec<RasterBand>,
    /// Which of [`BandSelector::asked`] it has.
    pub asked: Vec<usize>,
}

/// Why an item is no record.
#[derive(Debug)]
pub(super) struct Failure {
    /// Short name of the kind.
    pub kind: &'static str,
    pub message: String,
}

impl Failure {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Failure { kind, message: message.into() }
    }

    /// Whether the item is one, but lacks bands.
    pub(super) fn is_of_bands(&self) -> bool {
        [NO_BANDS, AMBIGUOUS_BAND].contains(&self.kind)
    }

    /// With the name of the item.
    pub(super) fn of(self, located: &LocatedItem) -> SourceFailure {
        let id = match located.item.get("id") {
            Some(Value::String(id)) => format!("item {:?}", id.chars().take(100).collect::<String>()),
            _ => "an item without an id".to_owned(),
        };
        SourceFailure {
            href: place(located),
            kind: self.kind.to_owned(),
            message: format!("{id}: {}", self.message),
        }
    }
}

impl Converted {
    /// Bytes of its text and geometry.
    pub(super) fn bytes(&self) -> usize {
        let Record { id, geometry, assets, crs, collection, .. } = &self.record;
        let texts = [crs, collection].into_iter().flatten().map(String::len).sum::<usize>();
        let assets = assets.iter().map(|asset| asset.band.len() + asset.href.len()).sum::<usize>();
        let raster = self.raster_bands.iter().map(RasterBand::bytes).sum::<usize>();
        id.len() + geometry.as_ref().map_or(0, Vec::len) + texts + assets + raster
    }
}

pub(super) fn convert(located: &LocatedItem, bands: &BandSelector) -> Result<Converted, Failure> {
    let item = &located.item;
    if item.get("type").is_some_and(|kind| kind != "Feature") {
        return Err(Failure::new("not-an-item", "it is not a GeoJSON feature"));
    }
    let id = match item.get("id") {
        Some(Value::String(id)) if !id.is_empty() => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err(Failure::new("no-id", "it has no id")),
    };
    if id.len() > MAX_ID {
        return Err(Failure::new("too-large", format!("its id has {} bytes", id.len())));
    }
    let nothing = Map::new();
    let properties = item.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let (datetime, end_datetime) = times(properties)?;
    let footprint::Footprint { geometry, bbox } =
        footprint::read(item).map_err(|invalid| Failure::new(invalid.kind, invalid.message))?;

    // Up to STAC 0.7 the collection was a property.
    let collection =
        item.get("collection").filter(|id| !id.is_null()).or_else(|| properties.get("collection"));
    let collection = collection.and_then(Value::as_str).filter(|id| !id.is_empty());
    let offer = Offer::new(item);
    let chosen = bands.choose(&offer, collection).map_err(|message| Failure::new(AMBIGUOUS_BAND, message))?;
    if chosen.is_empty() {
        let message = match bands.asked() {
            [] => format!("none of its assets is a GeoTIFF with data; it has {}", offer.describe()),
            asked => format!("it has none of the bands {}; it has {}", asked.join(", "), offer.describe()),
        };
        return Err(Failure::new(NO_BANDS, message));
    }

    let base = base(located);
    let mut assets = Vec::with_capacity(chosen.len());
    let mut raster_bands = Vec::new();
    let mut crs = None;
    for band in &chosen {
        let Some(asset) = offer.assets.get(band.asset) else { continue };
        assets.push(Asset {
            band: band.name.clone(),
            href: href::resolve(asset.href, base),
            band_index: band.index.and_then(|index| i32::try_from(index).ok()),
        });
        raster_bands.extend(RasterBand::new(band, asset));
        // What the item says goes for an asset that says nothing of itself: for the first, and so for the record.
        crs = crs.or_else(|| own_crs(asset, band)).or_else(|| projection::read(properties));
    }
    let record = Record {
        id,
        datetime,
        end_datetime,
        geometry,
        bbox,
        assets,
        epsg: crs.as_ref().and_then(|crs| i32::try_from(crs.epsg()?).ok()).filter(|code| *code > 0),
        crs: crs.map(|crs| crs.as_str().to_owned()),
        collection: collection.map(str::to_owned),
    };
    Ok(Converted { record, raster_bands, asked: chosen.iter().filter_map(|band| band.asked).collect() })
}

/// The CRS that a band or its asset says.
fn own_crs(asset: &OfferedAsset<'_>, band: &ChosenBand) -> Option<Crs> {
    let sample = asset.samples.get(band.index.unwrap_or(0));
    let of_sample =
        sample.into_iter().flat_map(|sample| &sample.objects).find_map(|entry| projection::read(entry));
    of_sample.or_else(|| projection::read(asset.object))
}

/// Where an item is, without secrets.
pub(super) fn place(located: &LocatedItem) -> String {
    plain_href(base(located))
}

/// What relative hrefs are relative to.
fn base(located: &LocatedItem) -> &str {
    let links = located.item.get("links").and_then(Value::as_array).into_iter().flatten();
    let own = links.into_iter().filter(|link| link.get("rel").is_some_and(|rel| rel == "self"));
    let mut own = own.filter_map(|link| link.get("href")?.as_str());
    own.find(|href| href::is_absolute(href)).unwrap_or(&located.href)
}

/// The time, and the end of a span of time.
fn times(properties: &Map<String, Value>) -> Result<(i64, Option<i64>), Failure> {
    let time = |name: &str| match properties.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let time = value.as_str().and_then(time::parse);
            time.map(Some).ok_or_else(|| {
                Failure::new("invalid-datetime", format!("its {name} is {value}, which is no time"))
            })
        }
    };
    let datetime = match time("datetime")? {
        Some(datetime) => datetime,
        None => time("start_datetime")?
            .ok_or_else(|| Failure::new("no-datetime", "it has neither a datetime nor a start_datetime"))?,
    };
    // An end before the start ends nothing.
    Ok((datetime, time("end_datetime")?.filter(|end| *end >= datetime)))
}
