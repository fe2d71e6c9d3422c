//! Which bands a record gets, and of which samples of which assets they are.

use super::asset::{OfferedAsset, Sample};
use super::offer::{Offer, Place};
use indexmap::IndexSet;
use rasteret_schema::{BandMap, dataset};
use std::collections::{HashMap, HashSet};

/// Chooses the bands of items.
#[derive(Debug)]
pub(super) struct BandSelector {
    /// The user's map.
    map: BandMap,
    /// Bands that the user names, or else maps.
    asked: Vec<String>,
    is_named: bool,
    /// Maps of the datasets that are known, by their STAC collections.
    built_in: HashMap<&'static str, Vec<BandMap>>,
}

/// A band of a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChosenBand {
    pub name: String,
    /// Which of [`BandSelector::asked`] it answers.
    pub asked: Option<usize>,
    /// Which of the item's assets.
    pub asset: usize,
    /// Which of its samples; `None` is the only one.
    pub index: Option<usize>,
}

impl BandSelector {
    /// # Errors
    ///
    /// The message of [`BandMap::check`].
    pub(super) fn new(map: BandMap, wanted: Vec<String>) -> Result<Self, String> {
        map.check()?;
        let is_named = !wanted.is_empty();
        let mapped = map.assets.keys().chain(map.indexes.keys()).cloned();
        let asked: IndexSet<String> = if is_named { wanted.into_iter().collect() } else { mapped.collect() };
        if asked.contains("") {
            return Err("a band needs a name".to_owned());
        }
        let mut built_in: HashMap<&'static str, Vec<BandMap>> = HashMap::new();
        for dataset in dataset::built_in() {
            let map = dataset.bands();
            if let Some(collection) = dataset.stac_collection.as_deref().filter(|_| !map.assets.is_empty()) {
                built_in.entry(collection).or_default().push(map);
            }
        }
        Ok(BandSelector { map, asked: asked.into_iter().collect(), is_named, built_in })
    }

    /// Bands that were asked for, by their names or by a map.
    pub(super) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Whether they were asked for by their names.
    pub(super) fn is_named(&self) -> bool {
        self.is_named
    }

    /// A band that was asked for, for a message: with what the map says of it.
    pub(super) fn describe(&self, band: &str) -> String {
        match self.map.assets.get(band) {
            Some(asset) => format!("{band:?} (asset {asset:?})"),
            None => format!("{band:?}"),
        }
    }

    /// The bands of an item, in the order in which they were asked for, else in that of the map, else of the assets.
    ///
    /// # Errors
    ///
    /// If a band could be several, or is on an asset of several samples and nothing says which it is. The message
    /// says how to mend it.
    pub(super) fn choose(
        &self,
        offer: &Offer<'_>,
        collection: Option<&str>,
    ) -> Result<Vec<ChosenBand>, String> {
        let built_in = if self.map.is_empty() { self.built_in(offer, collection) } else { None };
        if self.asked.is_empty() {
            return match built_in {
                Some(map) => {
                    map.assets.keys().filter_map(|band| known(map, band, offer, None).transpose()).collect()
                }
                None => Ok(own_bands(offer)),
            };
        }
        let mut chosen = Vec::with_capacity(self.asked.len());
        for (number, band) in self.asked.iter().enumerate() {
            let asked = Some(number);
            if self.map.assets.contains_key(band) || self.map.indexes.contains_key(band) {
                chosen.extend(self.mapped(band, offer, asked)?);
            } else if let Some(band) =
                built_in.map(|map| known(map, band, offer, asked)).transpose()?.flatten()
            {
                chosen.push(band);
            } else if let Some(place) = offer.find(band)? {
                chosen.extend(named(band, place, offer, asked));
            }
        }
        // Names of samples may be names of bands that were asked for too.
        let mut names = HashSet::new();
        let is_new: Vec<bool> = chosen.iter().map(|band| names.insert(band.name.clone())).collect();
        let mut is_new = is_new.into_iter();
        chosen.retain(|_| is_new.next().unwrap_or(true));
        Ok(chosen)
    }

    /// The map that fits best among those of the collection: providers call the same assets differently.
    fn built_in(&self, offer: &Offer<'_>, collection: Option<&str>) -> Option<&BandMap> {
        let maps = self.built_in.get(collection?)?;
        let keys: HashSet<&str> = offer.assets.iter().map(|asset| asset.key).collect();
        let fitting = |map: &&BandMap| map.assets.values().filter(|key| keys.contains(key.as_str())).count();
        // Of equals, the first: `max_by_key` takes the last.
        maps.iter().rev().max_by_key(fitting).filter(|map| fitting(map) > 0)
    }

    /// A band of the user's map. Without an asset it is a sample of the asset of its own name, or of the only raster.
    fn mapped(
        &self,
        band: &str,
        offer: &Offer<'_>,
        asked: Option<usize>,
    ) -> Result<Option<ChosenBand>, String> {
        let place = match self.map.assets.get(band) {
            Some(asset) => offer.find(asset)?,
            None => offer.find(band)?.or_else(|| offer.only_raster()),
        };
        let Some(place) = place else { return Ok(None) };
        let index = self.map.indexes.get(band).and_then(|index| usize::try_from(*index).ok());
        at(band, place, index, offer, asked).map(Some)
    }
}

/// A band of a built-in map, if its asset is there.
fn known(
    map: &BandMap,
    band: &str,
    offer: &Offer<'_>,
    asked: Option<usize>,
) -> Result<Option<ChosenBand>, String> {
    let Some(key) = map.assets.get(band) else { return Ok(None) };
    let Some(asset) = offer.assets.iter().position(|asset| asset.key == key) else { return Ok(None) };
    let index = map.indexes.get(band).and_then(|index| usize::try_from(*index).ok());
    at(band, Place { asset, sample: None }, index, offer, asked).map(Some)
}

/// The band of this name at a place. `index` is the sample that a map says.
fn at(
    band: &str,
    place: Place,
    index: Option<usize>,
    offer: &Offer<'_>,
    asked: Option<usize>,
) -> Result<ChosenBand, String> {
    let index = index.or(place.sample);
    if let Some(asset) = offer.assets.get(place.asset) {
        let samples = asset.samples.len();
        let names = || (0..samples).map(|n| sample_name(asset, n)).take(40).collect::<Vec<_>>().join(", ");
        if index.is_none() && samples > 1 {
            return Err(format!(
                "band {band:?} is asset {:?}, which has {samples} samples ({}); say which of them it is, with a band \
                 index map such as {band}=0",
                asset.key,
                names(),
            ));
        }
        if let Some(index) = index.filter(|index| *index >= samples.max(1) && samples > 1) {
            return Err(format!(
                "band {band:?} is sample {index} of asset {:?}, which has {samples}, counted from 0 ({})",
                asset.key,
                names(),
            ));
        }
    }
    Ok(ChosenBand { name: band.to_owned(), asked, asset: place.asset, index })
}

/// What a name means that was asked for: a band, or all samples of an asset.
fn named(band: &str, place: Place, offer: &Offer<'_>, asked: Option<usize>) -> Vec<ChosenBand> {
    let has_several = offer.assets.get(place.asset).is_some_and(|asset| asset.samples.len() > 1);
    if has_several && place.sample.is_none() {
        let mut bands = own_bands(offer);
        bands.retain(|band| band.asset == place.asset);
        bands.iter_mut().for_each(|band| band.asked = asked);
        if !bands.is_empty() {
            return bands;
        }
    }
    vec![ChosenBand { name: band.to_owned(), asked, asset: place.asset, index: place.sample }]
}

/// The bands as the item names them: an asset has its key, the samples of one that has several their own names, with
/// the asset's in front (`visual_B04`) where another asset or sample has the same.
fn own_bands(offer: &Offer<'_>) -> Vec<ChosenBand> {
    let rasters = || offer.assets.iter().enumerate().filter(|(_, asset)| asset.is_raster);
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for (_, asset) in rasters() {
        let names: HashSet<&str> = asset
            .samples
            .iter()
            .filter_map(Sample::any_name)
            .filter(|name| asset.samples.len() > 1 || *name != asset.key)
            .collect();
        for name in names.into_iter().chain([asset.key]) {
            *uses.entry(name).or_default() += 1;
        }
    }
    let mut taken: HashSet<String> = rasters()
        .filter(|(_, asset)| asset.samples.len() < 2)
        .map(|(_, asset)| asset.key.to_owned())
        .collect();
    let mut bands = Vec::new();
    for (number, asset) in rasters() {
        if asset.samples.len() < 2 {
            bands.push(ChosenBand { name: asset.key.to_owned(), asked: None, asset: number, index: None });
            continue;
        }
        for index in 0..asset.samples.len() {
            let own = sample_name(asset, index);
            let is_unique = uses.get(own.as_str()) == Some(&1) && !taken.contains(&own);
            let mut name = if is_unique { own } else { format!("{}_{own}", asset.key) };
            if taken.contains(&name) {
                name = format!("{}_{}", asset.key, index + 1);
            }
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            bands.push(ChosenBand { name, asked: None, asset: number, index: Some(index) });
        }
    }
    bands
}

/// The name of a sample, else its number, from 1.
fn sample_name(asset: &OfferedAsset<'_>, index: usize) -> String {
    let name = asset.samples.get(index).and_then(|sample| sample.any_name());
    name.map_or_else(|| (index + 1).to_string(), str::to_owned)
}
