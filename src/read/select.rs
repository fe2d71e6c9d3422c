//! From filters and areas to records and their rasters.

use super::band::SceneBand;
use super::confirm::Confirmation;
use super::header::{BandHeader, BandPlace, FetchedHeaders, HeaderCost, fetch};
use crate::collection::Collection;
use crate::cpu;
use crate::error::{Error, Location, Result};
use crate::io::without_secrets;
use crate::query::MatchingRecord;
use crate::store::{Collection as StoredCollection, Snapshot};
use rasteret_schema::{Asset, BandAliases, BoundingBox, Georeference, HeaderArchive, Record, header_column};
use std::sync::Arc;

/// A record, with the bands that are wanted of it.
#[derive(Debug, Clone)]
pub struct SceneRecord {
    /// Its id.
    pub id: String,
    /// Acquisition time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// How much of it clouds cover, in per cent.
    pub cloud_cover: Option<f64>,
    /// The source collection that it comes from.
    pub collection: Option<String>,
    /// In the order that was asked for.
    pub bands: Vec<Arc<SceneBand>>,
}

/// Which bands are wanted.
#[derive(Debug, Clone, Default)]
pub struct BandChoice {
    /// Names or aliases; the names of the first record's if there are none.
    pub names: Vec<String>,
    /// What becomes of records that lack one of them.
    pub missing: MissingBands,
}

/// What becomes of records that lack a band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissingBands {
    /// They are an error.
    #[default]
    Refuse,
    /// They are left out.
    SkipRecord,
    /// They stay, with the bands that they have.
    SkipBand,
}

/// The records of a read.
#[derive(Debug)]
pub struct Selection {
    /// By time, then id.
    pub records: Vec<Arc<SceneRecord>>,
    /// Names of the bands: those that were asked for, else those of the first record.
    pub bands: Vec<String>,
    /// What it took to fetch headers that were missing.
    pub cost: HeaderCost,
    /// Who finds out whether headers are right; `None` where all are known to be.
    pub confirmation: Option<Arc<Confirmation>>,
    stored: StoredCollection,
}

/// The records of a collection whose footprint's box touches that of an area, or all of them. Headers that the store
/// does not have are fetched. `confirmation` knows headers that an earlier try has fetched.
///
/// # Errors
///
/// If there are none, one of them lacks a band, or a header cannot be had.
pub async fn select(
    collection: &Collection,
    snapshot: &Snapshot,
    bands: &BandChoice,
    confirmation: Option<Arc<Confirmation>>,
    within: impl FnOnce() -> Result<Option<BoundingBox>> + Send + 'static,
) -> Result<Selection> {
    let (of, snapshot, bands) = (collection.clone(), snapshot.clone(), bands.clone());
    let found = cpu::run(move || {
        let found = Found::new(&of, &snapshot, within()?, &bands, confirmation)?;
        let lacking = found.lacking();
        match lacking.is_empty() {
            true => Ok(Ok(found.selection(Vec::new(), HeaderCost::default())?)),
            false => Ok::<_, Error>(Err((found, lacking))),
        }
    });
    match found.await? {
        Ok(selection) => Ok(selection),
        Err((found, lacking)) => {
            let (headers, cost) = fetch(collection, &found.stored, lacking).await?;
            cpu::run(move || found.selection(headers, cost)).await
        }
    }
}

impl Selection {
    /// The same with whole headers of some bands, each given by record and band.
    ///
    /// # Errors
    ///
    /// If one cannot be had.
    pub async fn with_whole_headers(
        mut self,
        collection: &Collection,
        places: &[(usize, usize)],
    ) -> Result<Selection> {
        let lacking: Vec<BandPlace> =
            places.iter().map(|(record, band)| self.records[*record].bands[*band].place()).collect();
        let (headers, cost) = fetch(collection, &self.stored, lacking.clone()).await?;
        let places = places.to_vec();
        cpu::run(move || {
            for (((record, band), place), header) in places.into_iter().zip(lacking).zip(headers) {
                let whole = SceneBand::new(place, BandHeader::Fetched(header), None)?;
                Arc::make_mut(&mut self.records[record]).bands[band] = Arc::new(whole);
            }
            self.cost = self.cost.and(cost);
            Ok(self)
        })
        .await
    }

    /// The bands, by record and band, whose headers are in doubt.
    pub fn in_doubt(&self) -> Vec<(usize, usize)> {
        let records = self.records.iter().enumerate();
        let bands = records.flat_map(|(index, record)| {
            record.bands.iter().enumerate().map(move |(band, of)| ((index, band), of))
        });
        bands.filter(|(_, band)| band.in_doubt.is_some()).map(|(place, _)| place).collect()
    }

    /// The same records with some of the bands.
    pub fn of_bands(&self, bands: &[usize]) -> Selection {
        let record = |record: &Arc<SceneRecord>| {
            let of = bands.iter().filter_map(|band| record.bands.get(*band).cloned()).collect();
            Arc::new(SceneRecord { bands: of, ..SceneRecord::clone(record) })
        };
        Selection {
            records: self.records.iter().map(record).collect(),
            bands: bands.iter().filter_map(|band| self.bands.get(*band).cloned()).collect(),
            cost: HeaderCost::default(),
            confirmation: self.confirmation.clone(),
            stored: self.stored.clone(),
        }
    }
}

/// Records that were found, some without their headers.
struct Found {
    records: Vec<(MatchingRecord, Vec<FoundBand>)>,
    bands: Vec<String>,
    confirmation: Option<Arc<Confirmation>>,
    stored: StoredCollection,
}

struct FoundBand {
    place: BandPlace,
    /// `None` where nobody has parsed it.
    header: Option<BandHeader>,
}

impl Found {
    fn new(
        collection: &Collection,
        snapshot: &Snapshot,
        within: Option<BoundingBox>,
        BandChoice { names, missing }: &BandChoice,
        confirmation: Option<Arc<Confirmation>>,
    ) -> Result<Found> {
        for (index, band) in names.iter().enumerate() {
            if names[..index].contains(band) {
                return Err(Error::InvalidArgument(format!("band {band:?} was asked for twice")));
            }
        }
        let stored = snapshot.collection(collection.name())?;
        let confirmation = confirmation.or_else(|| Confirmation::of(collection.database(), &stored));
        let filter = collection.filter().clone();
        let filter = match within {
            Some(within) => filter.intersecting(within),
            None => filter,
        };
        let matching = crate::query::records(&stored, &filter)?;
        let Some(first) = matching.first() else {
            return Err(Error::NothingSelected(
                "no record matches the filters and touches the area".to_owned(),
            ));
        };
        let bands: Vec<String> = match names.is_empty() {
            true => first.record.assets.iter().map(|asset| asset.band.clone()).collect(),
            false => names.clone(),
        };
        if bands.is_empty() {
            return Err(Error::InvalidArgument("no band was asked for".to_owned()));
        }
        let aliases = collection.aliases_in(&stored);
        let fetched = collection.database().fetched_headers();
        let fetched = (!fetched.is_empty()).then_some(fetched);
        // Of each record, the assets of the bands.
        let assets: Vec<Vec<Option<usize>>> =
            matching.iter().map(|matching| assets_of(&matching.record, &bands, &aliases)).collect();
        let is_used = |assets: &[Option<usize>]| match missing {
            MissingBands::SkipBand => assets.iter().any(Option::is_some),
            _ => assets.iter().all(Option::is_some),
        };
        let refused = match missing {
            MissingBands::Refuse => assets.iter().position(|assets| !is_used(assets)),
            _ => assets.iter().all(|assets| !is_used(assets)).then_some(0),
        };
        if let Some(record) = refused {
            return Err(no_such_band(&matching[record].record, record, &assets, &bands, &aliases));
        }
        let mut records = Vec::with_capacity(matching.len());
        for (matching, assets) in matching.into_iter().zip(assets).filter(|(_, assets)| is_used(assets)) {
            let mut of_record = Vec::with_capacity(bands.len());
            for (name, asset) in bands.iter().zip(assets) {
                let Some(asset) = asset else { continue };
                let place = place_of(&stored, &matching, name, asset)?;
                let header = known_header(&stored, fetched, confirmation.as_deref(), &place)?;
                of_record.push(FoundBand { place, header });
            }
            records.push((matching, of_record));
        }
        Ok(Found { records, bands, confirmation, stored })
    }

    fn lacking(&self) -> Vec<BandPlace> {
        let bands = self.records.iter().flat_map(|(_, bands)| bands);
        bands.filter(|band| band.header.is_none()).map(|band| band.place.clone()).collect()
    }

    /// With the headers that were lacking.
    fn selection(self, fetched: Vec<Arc<HeaderArchive>>, cost: HeaderCost) -> Result<Selection> {
        let mut fetched = fetched.into_iter();
        let mut records = Vec::with_capacity(self.records.len());
        for (MatchingRecord { record, cloud_cover, .. }, of_record) in self.records {
            let mut bands = Vec::with_capacity(of_record.len());
            for FoundBand { place, header } in of_record {
                // There is one for each that was lacking.
                let Some(header) = header.or_else(|| fetched.next().map(BandHeader::Fetched)) else {
                    continue;
                };
                bands.push(Arc::new(SceneBand::new(place, header, self.confirmation.as_ref())?));
            }
            let (id, datetime, collection) = (record.id, record.datetime, record.collection);
            records.push(Arc::new(SceneRecord { id, datetime, cloud_cover, collection, bands }));
        }
        let Found { bands, confirmation, stored, .. } = self;
        Ok(Selection { records, bands, cost, confirmation, stored })
    }
}

/// Which asset of a record each band is.
fn assets_of(record: &Record, bands: &[String], aliases: &BandAliases) -> Vec<Option<usize>> {
    let find = |band: &str| record.assets.iter().position(|asset| asset.band == band);
    bands.iter().map(|band| aliases.resolve(band, find)).collect()
}

/// The first band that a record lacks, and how many others lack it.
fn no_such_band(
    record: &Record,
    index: usize,
    assets: &[Vec<Option<usize>>],
    bands: &[String],
    aliases: &BandAliases,
) -> Error {
    let band = assets[index].iter().position(Option::is_none).unwrap_or_default();
    let lacking = assets.iter().filter(|of_record| of_record[band].is_none()).count();
    Error::NoSuchBand {
        record: record.id.clone(),
        band: bands[band].clone(),
        available: record.assets.iter().map(|asset| asset.band.clone()).collect(),
        aliases: Box::new(aliases.clone()),
        lacking: (lacking, assets.len()),
    }
}

fn place_of(
    stored: &StoredCollection,
    MatchingRecord { number, record, .. }: &MatchingRecord,
    name: &str,
    index: usize,
) -> Result<BandPlace> {
    let Asset { band, href, band_index } = record.assets[index].clone();
    let same_file = |(other, asset): &(usize, &Asset)| *other != index && asset.href == href;
    let other = match band_index {
        Some(_) => None,
        None => record.assets.iter().enumerate().find(same_file).map(|(_, other)| other.band.clone()),
    };
    Ok(BandPlace {
        name: name.to_owned(),
        key: (stored.id(), *number, stored.band(&band)?),
        location: Location { href: without_secrets(&href), record: record.id.clone(), band },
        href,
        band_index,
        other,
        georeference: Georeference::default(),
    })
}

/// The header of a band, if it was parsed. One that was fetched has more than one that came with a table.
///
/// # Errors
///
/// If it cannot be parsed, as far as is known.
fn known_header(
    stored: &StoredCollection,
    fetched: Option<&FetchedHeaders>,
    confirmation: Option<&Confirmation>,
    place: &BandPlace,
) -> Result<Option<BandHeader>> {
    let key = place.key;
    let (_, record, band) = key;
    if let Some(header) = stored.find_header(record, band)? {
        let knows_more = fetched.is_some() || confirmation.is_some();
        let whole = match knows_more && header_column::is_of_no_version(header.get()?) {
            true => {
                let confirmed = confirmation.and_then(|confirmation| confirmation.known(&place.href));
                confirmed.or_else(|| fetched.and_then(|fetched| fetched.get(key)))
            }
            false => None,
        };
        return Ok(Some(whole.map_or(BandHeader::Stored(header), BandHeader::Fetched)));
    }
    if stored.failure(record, band)?.is_some() {
        stored.header(record, band)?;
    }
    Ok(fetched.and_then(|fetched| fetched.get(key)).map(BandHeader::Fetched))
}
