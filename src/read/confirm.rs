//! Whether headers that came with a table are what their files have.
//!
//! A table from elsewhere may be older than the files that it is about, and its headers cannot say all: not that
//! samples are big-endian, nor that there is a mask. A read that uses such a header fetches the tiles by it, and the
//! file's own header at the same time, once. Where pixels would be others by that one, the read is made again. What
//! was fetched is kept, as other [headers](super::header) are, and is in no doubt from then on.

use super::band::SceneBand;
use super::header::{BandPlace, HeaderCost, keep};
use super::layout::same_nodata;
use super::select::SceneRecord;
use super::windows::{WindowRequest, alpha_sample};
use crate::build::headers::{CONCURRENT, HeaderError, HeaderFetcher};
use crate::build::progress::Progress;
use crate::cpu;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::store::{Collection as StoredCollection, HeaderKey};
use futures::future::{Either, join_all, select};
use rasteret_schema::{HeaderArchive, ImageView, Window};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Fetches the own headers of files whose headers are in doubt, each file once, for all reads of a selection.
pub struct Confirmation {
    database: Database,
    stored: StoredCollection,
    fetcher: HeaderFetcher,
    progress: Arc<Progress>,
    /// By href.
    files: Mutex<HashMap<String, Arc<OnceCell<Arc<HeaderArchive>>>>>,
    /// The bands for which they are kept.
    kept: Mutex<HashSet<HeaderKey>>,
}

impl fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmation").finish_non_exhaustive()
    }
}

impl Confirmation {
    /// Of a collection that has headers in doubt; `None` of others.
    pub fn of(database: &Database, stored: &StoredCollection) -> Option<Arc<Confirmation>> {
        if !stored.metadata().description.has_unconfirmed_headers() {
            return None;
        }
        let progress = Progress::new(None);
        let (sources, readers) = (database.sources().clone(), database.readers().clone());
        Some(Arc::new(Confirmation {
            database: database.clone(),
            stored: stored.clone(),
            fetcher: HeaderFetcher::new(sources, readers, CONCURRENT, Arc::clone(&progress)),
            progress,
            files: Mutex::default(),
            kept: Mutex::default(),
        }))
    }

    /// The own header of a file that was asked for it.
    pub fn known(&self, href: &str) -> Option<Arc<HeaderArchive>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(href)?.get().cloned()
    }

    /// What it took so far, with what was [counted](Self::count).
    pub fn cost(&self) -> HeaderCost {
        HeaderCost { requests: self.progress.requests(), bytes: self.progress.bytes() }
    }

    /// Counts what else a read took that may be in vain.
    pub fn count(&self, HeaderCost { requests, bytes }: HeaderCost) {
        self.progress.count(u32::try_from(requests).unwrap_or(u32::MAX), bytes);
    }

    async fn own(&self, place: &BandPlace) -> Result<Arc<HeaderArchive>, HeaderError> {
        let cell = {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(files.entry(place.href.clone()).or_default())
        };
        let fetch = || self.fetcher.one(&place.href, &place.georeference);
        let header = cell.get_or_try_init(fetch).await?;
        place.check(header)?;
        Ok(Arc::clone(header))
    }

    /// The own headers of the files of some bands. They are kept, also where others cannot be had.
    async fn own_of(&self, bands: &[DoubtedBand]) -> Result<Vec<Arc<HeaderArchive>>> {
        let places: Vec<BandPlace> = bands.iter().map(|it| it.band.place()).collect();
        let headers = join_all(places.iter().map(|place| self.own(place))).await;
        let (mut for_keeping, mut found) = (Vec::new(), Ok(Vec::with_capacity(bands.len())));
        for (place, header) in places.into_iter().zip(headers) {
            match (header, &mut found) {
                (Ok(header), found) => {
                    if let Ok(found) = found {
                        found.push(Arc::clone(&header));
                    }
                    for_keeping.push((place, header));
                }
                (Err(error), Ok(_)) => found = Err(error.located(place.location)),
                (Err(_), Err(_)) => {}
            }
        }
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            for_keeping.retain(|(place, _)| kept.insert(place.key));
        }
        keep(&self.database, &self.stored, for_keeping).await;
        found
    }
}

/// The windows of a read whose headers are in doubt.
pub struct Doubts {
    confirmation: Arc<Confirmation>,
    bands: Vec<DoubtedBand>,
}

/// A band whose header is in doubt, and what is read by it.
struct DoubtedBand {
    band: Arc<SceneBand>,
    /// Levels and windows.
    windows: Vec<(usize, Window)>,
}

impl Doubts {
    /// `None` where all headers are known to be right.
    pub fn of(requests: &[WindowRequest]) -> Option<Doubts> {
        let confirmation = requests.iter().find_map(|request| request.band.in_doubt.clone())?;
        let mut bands: Vec<DoubtedBand> = Vec::new();
        let mut numbers: HashMap<*const SceneBand, usize> = HashMap::new();
        for WindowRequest { band, level, window, .. } in
            requests.iter().filter(|it| it.band.in_doubt.is_some())
        {
            let number = *numbers.entry(Arc::as_ptr(band)).or_insert_with(|| {
                bands.push(DoubtedBand { band: Arc::clone(band), windows: Vec::new() });
                bands.len() - 1
            });
            bands[number].windows.push((*level, *window));
        }
        Some(Doubts { confirmation, bands })
    }

    /// Waits for a read by headers in doubt, and for the files' own headers at the same time.
    ///
    /// # Errors
    ///
    /// [`Error::HeadersDiffer`] as soon as it is known that pixels would be others by the files' own headers, whatever
    /// became of the read; those of the read; and if a header cannot be had.
    pub async fn settled(self, read: impl Future<Output = Result<()>>) -> Result<()> {
        match select(pin!(read), pin!(self.confirm())).await {
            Either::Left((read, confirm)) => confirm.await.and(read),
            Either::Right((confirmed, read)) => {
                confirmed?;
                read.await
            }
        }
    }

    async fn confirm(self) -> Result<()> {
        let own = self.confirmation.own_of(&self.bands).await?;
        cpu::run(move || {
            for (DoubtedBand { band, windows }, own) in self.bands.iter().zip(own) {
                if !is_same(band, own, windows)? {
                    tracing::info!(
                        "{}: the header that came with a table is not the file's own",
                        band.location
                    );
                    return Err(Error::HeadersDiffer(self.confirmation));
                }
            }
            Ok(())
        })
        .await
    }
}

/// Whether windows have the same pixels, at the same place, by a file's own header.
fn is_same(told: &SceneBand, own: Arc<HeaderArchive>, windows: &[(usize, Window)]) -> Result<bool> {
    let own = told.by_own(own)?;
    if told.grid != own.grid || !same_nodata(told.nodata, own.nodata) {
        return Ok(false);
    }
    let (told_header, own_header) = (told.header.get()?, own.header.get()?);
    let encoding = |image: &ImageView<'_>| {
        // The order of the bytes matters where there are several.
        let big_endian = image.big_endian && image.bits_per_sample > 8;
        let samples = (image.dtype, image.bits_per_sample, image.samples_per_pixel, image.planar);
        let codes = (image.compression, image.predictor, image.lerc_compression);
        let tile = (image.width, image.height, image.tile_width, image.tile_height);
        (samples, codes, tile, big_endian, image.reversed_bits)
    };
    for (level, window) in windows {
        let (Some(a), Some(b)) = (told_header.image(*level), own_header.image(*level)) else {
            return Ok(false);
        };
        let alpha = alpha_sample(told_header, a.dtype);
        let same_validity = told_header.mask(*level).is_none()
            && own_header.mask(*level).is_none()
            && alpha == alpha_sample(own_header, b.dtype);
        if encoding(&a) != encoding(&b) || a.jpeg_tables != b.jpeg_tables || !same_validity {
            return Ok(false);
        }
        let is_same_tile = |column: u32, row: u32, sample: u16| {
            let Some(tile) = a.tile_index(column, row, sample) else { return true };
            a.tiles.get(tile) == b.tiles.get(tile) && a.encoded_rows(tile) == b.encoded_rows(tile)
        };
        let columns = window.column / a.tile_width..window.column_end().div_ceil(a.tile_width);
        for row in window.row / a.tile_height..window.row_end().div_ceil(a.tile_height) {
            let mut samples = [Some(told.sample), alpha].into_iter().flatten();
            if !samples.all(|sample| columns.clone().all(|column| is_same_tile(column, row, sample))) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// A record by the own headers of its files, as far as these were asked for.
///
/// # Errors
///
/// As [`SceneBand::by_own`].
pub fn by_known(record: &Arc<SceneRecord>) -> Result<Arc<SceneRecord>> {
    if record.bands.iter().all(|band| band.in_doubt.is_none()) {
        return Ok(Arc::clone(record));
    }
    let by_known = |band: &Arc<SceneBand>| match band.in_doubt.as_ref().and_then(|it| it.known(&band.href)) {
        Some(own) => Ok(Arc::new(band.by_own(own)?)),
        None => Ok(Arc::clone(band)),
    };
    let bands = record.bands.iter().map(by_known).collect::<Result<_>>()?;
    Ok(Arc::new(SceneRecord { bands, ..SceneRecord::clone(record) }))
}

/// Makes a read; again, for as long as it finds out that headers are not those of their files. `read` is given what
/// earlier tries have found. It comes to an end, since what was found is in no doubt any more.
///
/// # Errors
///
/// Those of the read.
pub async fn confirmed<T, R>(read: impl Fn(Option<Arc<Confirmation>>) -> R) -> Result<T>
where
    R: Future<Output = Result<T>>,
{
    let mut found = None;
    loop {
        match read(found.take()).await {
            Err(Error::HeadersDiffer(confirmation)) => found = Some(confirmation),
            result => return result,
        }
    }
}
