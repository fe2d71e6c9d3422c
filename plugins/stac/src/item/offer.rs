//! What an item has to read, and by which names.

use super::asset::{Object, OfferedAsset, Sample, get, text};
use serde_json::Value;
use std::cell::OnceCell;

/// Assets that a list in a message names.
const LISTED: usize = 40;

/// The assets of an item that have an href.
#[derive(Debug)]
pub(super) struct Offer<'a> {
    pub assets: Vec<OfferedAsset<'a>>,
    /// Of rasters; made when something is looked for.
    names: OnceCell<Vec<Name<'a>>>,
}

/// Where a band is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// Which of the assets.
    pub asset: usize,
    /// Which of its samples, where there are several.
    pub sample: Option<usize>,
}

/// A name of a band.
#[derive(Debug)]
struct Name<'a> {
    text: &'a str,
    is_common: bool,
    /// The name of the same band that is not common to several.
    band: Option<&'a str>,
    place: Place,
    /// Metres; infinite where nothing is said.
    resolution: f64,
}

impl<'a> Offer<'a> {
    pub(super) fn new(item: &'a Object) -> Self {
        let summaries = item.get("properties").and_then(|properties| properties.get("eo:bands"));
        let assets = item.get("assets").and_then(Value::as_object).into_iter().flatten();
        let offered = assets.filter_map(|(key, asset)| OfferedAsset::new(key, asset.as_object()?, summaries));
        Offer { assets: offered.collect(), names: OnceCell::new() }
    }

    fn names(&self) -> &[Name<'a>] {
        self.names.get_or_init(|| {
            let mut names = Vec::new();
            for (number, asset) in self.assets.iter().enumerate().filter(|(_, asset)| asset.is_raster) {
                add_names(number, asset, &mut names);
            }
            names
        })
    }

    /// The band of a name: the asset of this key, else the band of this name, else of this common name; else what is
    /// alone in having it if case does not count.
    ///
    /// Where a band is in several assets, the one that has nothing else is preferred, then the finest.
    ///
    /// # Errors
    ///
    /// If several bands share the name; the error lists them.
    pub(super) fn find(&self, text: &str) -> Result<Option<Place>, String> {
        let keys = || self.assets.iter().enumerate().map(|(asset, a)| (a.key, Place { asset, sample: None }));
        if let Some((_, place)) = keys().find(|(key, _)| *key == text) {
            return Ok(Some(place));
        }
        let named = |is_common: bool| -> Vec<&Name<'a>> {
            self.names().iter().filter(|name| name.is_common == is_common && name.text == text).collect()
        };
        for names in [named(false), named(true)] {
            if let Some(place) = self.best(text, names)? {
                return Ok(Some(place));
            }
        }
        let names = self.names().iter().map(|name| (name.text, name.place));
        let mut similar =
            keys().chain(names).filter(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, place)| place);
        let first = similar.next();
        Ok(first.filter(|first| similar.all(|other| other == *first)))
    }

    fn best(&self, text: &str, mut names: Vec<&Name<'a>>) -> Result<Option<Place>, String> {
        if names.iter().any(|name| name.place.sample.is_none()) {
            names.retain(|name| name.place.sample.is_none());
        }
        let Some(first) = names.first() else { return Ok(None) };
        if names.iter().any(|name| name.band != first.band) {
            let several: Vec<String> =
                names.iter().take(LISTED).map(|name| self.describe_place(name.place)).collect();
            return Err(format!("{text:?} may be {}; say which", several.join(" or ")));
        }
        Ok(names.into_iter().min_by(|a, b| a.resolution.total_cmp(&b.resolution)).map(|name| name.place))
    }

    /// The only raster.
    pub(super) fn only_raster(&self) -> Option<Place> {
        let mut rasters = self.assets.iter().enumerate().filter(|(_, asset)| asset.is_raster);
        let (asset, _) = rasters.next()?;
        rasters.next().is_none().then_some(Place { asset, sample: None })
    }

    fn describe_place(&self, place: Place) -> String {
        let Some(asset) = self.assets.get(place.asset) else { return String::new() };
        let sample = place.sample.and_then(|sample| asset.samples.get(sample).or(None));
        match sample.or(asset.samples.first()).and_then(Sample::name) {
            Some(name) if name != asset.key => format!("{name} of {}", asset.key),
            _ => asset.key.to_owned(),
        }
    }

    /// What there is, for a message: keys of assets, with the names and common names of their bands.
    pub(super) fn describe(&self) -> String {
        if self.assets.is_empty() {
            return "no assets".to_owned();
        }
        let describe = |asset: &OfferedAsset<'_>| {
            let names: Vec<String> = asset
                .samples
                .iter()
                .filter_map(|sample| match (sample.name(), sample.common_name()) {
                    (Some(name), Some(common)) if name != common => Some(format!("{name} {common}")),
                    (name, common) => name.or(common).map(str::to_owned),
                })
                .collect();
            if names.is_empty() {
                asset.key.to_owned()
            } else {
                format!("{} ({})", asset.key, names.join(", "))
            }
        };
        let (rasters, others): (Vec<_>, Vec<_>) = self.assets.iter().partition(|asset| asset.is_raster);
        let mut listed: Vec<String> =
            rasters.iter().chain(&others).take(LISTED).map(|asset| describe(asset)).collect();
        if self.assets.len() > LISTED {
            listed.push(format!("{} more", self.assets.len() - LISTED));
        }
        listed.join(", ")
    }
}

fn add_names<'a>(asset: usize, offered: &OfferedAsset<'a>, names: &mut Vec<Name<'a>>) {
    let several = offered.samples.len() > 1;
    let number = |objects: &[&Object], names: &[&str]| get(objects, names).and_then(Value::as_f64);
    let of_asset = number(&[offered.object], &["gsd", "raster:spatial_resolution"]);
    let nothing = Sample::default();
    let samples = if offered.samples.is_empty() { std::slice::from_ref(&nothing) } else { &offered.samples };
    for (index, sample) in samples.iter().enumerate() {
        let of_sample =
            || number(&sample.objects, &["spatial_resolution", "raster:spatial_resolution", "gsd"]);
        let resolution = of_asset.or_else(of_sample).unwrap_or(f64::INFINITY);
        // STAC 1.1 lets an asset say of itself what goes for its only band.
        let of_asset = || text(&[offered.object], &["eo:common_name"]).filter(|_| !several);
        let common = sample.common_name().or_else(of_asset);
        let place = Place { asset, sample: several.then_some(index) };
        let band = sample.name().or(common.filter(|_| several)).or_else(|| (!several).then_some(offered.key));
        let texts = [(sample.name(), false), (common, true)];
        names.extend(
            texts.into_iter().filter_map(|(text, is_common)| {
                Some(Name { text: text?, is_common, band, place, resolution })
            }),
        );
    }
}
