//! Fetches and decodes windows: byte ranges → encoded tiles → decoded tiles → windows.
//!
//! Requests of all files run at once, as many as the hosts' limits and the bound on bytes in flight
//! allow. A tile is decoded as soon as its bytes are there, and a window is handed over as soon as its
//! last tile is: nothing waits for all of anything. Dropping the future ends the requests, and tiles that
//! are not being decoded yet never are.
//!
//! Tiles are decoded in parallel, each into a buffer of its own, and copied from there to the windows
//! that use them. The copy is a few per cent of the decoding, and needs no pixel to be shared unsafely.

use super::band::SceneBand;
use super::coalesce::{RequestCost, coalesce};
use super::confirm::Doubts;
use super::finish::{fill_sparse, mark_valid};
use super::header::HeaderCost;
use super::limits::{OnProgress, ReadLimits, ReadProgress, ReadStatistics};
use super::pixels::PixelArray;
use super::plan::{TilePlan, TileUse};
use super::windows::{FilePlan, FileTile, Plane, WindowPlan, WindowRequest, plan_windows, plane_of};
use crate::cpu;
use crate::error::{Error, Result};
use crate::io::{ByteSource, ByteSources};
use crate::readers::Readers;
use bytes::Bytes;
use futures::channel::mpsc;
use futures::future::{try_join, try_join_all};
use futures::stream::{self, StreamExt, TryStreamExt};
use rasteret_schema::{DataType, ObjectVersion, RasterError, RasterReader, TileRequest};
use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Requests that are prepared at once: more than all hosts together will be asked at a time.
const CONCURRENT: usize = 256;

/// What reads are made with. Clones share the bound on bytes in flight.
#[derive(Clone)]
pub struct Pipeline {
    sources: ByteSources,
    readers: Readers,
    limits: ReadLimits,
    budget: Arc<Semaphore>,
    /// Who wants to know how far reads are.
    pub on_progress: Option<OnProgress>,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("sources", &self.sources).field("limits", &self.limits).finish()
    }
}

/// The pixels of a window, as its raster has them.
#[derive(Debug)]
pub struct WindowPixels {
    /// `[1, 1, H, W]`, rows in the order of the file.
    pub pixels: PixelArray,
    /// Row by row: false where the raster's mask, its nodata value or its alpha band says that there is
    /// no data. Empty where there is but a nodata value, and nobody asked for it.
    pub valid: Vec<bool>,
}

/// Receives the windows of a read, by their index, in any order, on threads of the pool.
pub type OnWindow = Arc<dyn Fn(usize, WindowPixels) -> Result<()> + Send + Sync>;

impl Pipeline {
    /// Reads from these sources with these readers.
    pub fn new(sources: ByteSources, readers: Readers, limits: ReadLimits) -> Self {
        let budget = Arc::new(Semaphore::new(limits.bytes_in_flight as usize));
        Pipeline { sources, readers, limits, budget, on_progress: None }
    }

    /// Keeps to other limits from now on, apart from other clones.
    pub fn set_limits(&mut self, limits: ReadLimits) {
        self.budget = Arc::new(Semaphore::new(limits.bytes_in_flight as usize));
        self.limits = limits;
    }

    /// Reads windows, each of which is handed to `on_window` once. Headers that are in doubt are confirmed meanwhile.
    ///
    /// # Errors
    ///
    /// The first file that cannot be read, tile that cannot be decoded, or error of `on_window` ends
    /// the read. [`Error::HeadersDiffer`]: what was handed over is of no use.
    pub async fn read(&self, requests: Vec<WindowRequest>, on_window: OnWindow) -> Result<ReadStatistics> {
        let doubts = Doubts::of(&requests);
        let pipeline = self.clone();
        let (run, fetches) = cpu::run(move || pipeline.prepare(&requests, on_window)).await?;
        let ends = CancelOnDrop(Arc::clone(&run));
        let tiles = stream::iter(fetches)
            .map(|fetch| fetch.run(Arc::clone(&run), &self.budget, self.limits.bytes_in_flight))
            .buffer_unordered(CONCURRENT)
            .try_for_each(|()| async { Ok(()) });
        let read = match doubts {
            None => tiles.await,
            Some(doubts) => doubts.settled(tiles).await,
        };
        drop(ends);
        let statistics = ReadStatistics {
            tiles: run.tiles.load(Ordering::Relaxed),
            bytes: run.bytes.load(Ordering::Relaxed),
            requests: run.requests.load(Ordering::Relaxed),
            seconds: 0.0,
        };
        if let Err(Error::HeadersDiffer(confirmation)) = &read {
            confirmation.count(HeaderCost { requests: statistics.requests, bytes: statistics.bytes });
        }
        read.map(|()| statistics)
    }

    fn prepare(&self, requests: &[WindowRequest], on_window: OnWindow) -> Result<(Arc<Run>, Vec<Fetch>)> {
        let plan = plan_windows(requests, &self.readers)?;
        let mut fetches = Vec::new();
        let mut of_tiles = 0;
        for file in plan.files {
            of_tiles += file.tiles.len() as u64;
            self.prepare_file(file, &mut fetches)?;
        }
        let windows: Vec<WindowState> = plan.windows.into_iter().map(WindowState::new).collect();
        let run = Arc::new(Run {
            windows,
            on_window,
            on_progress: self.on_progress.clone(),
            of_tiles,
            tiles: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
        });
        for index in 0..run.windows.len() {
            if run.windows[index].plan.tiles == 0 {
                run.complete(index)?;
            }
        }
        Ok((run, fetches))
    }

    fn prepare_file(&self, file: FilePlan, fetches: &mut Vec<Fetch>) -> Result<()> {
        let FilePlan { band, reader, tiles } = file;
        let location = &band.location;
        let version = ObjectVersion::from(&band.header.get()?.object);
        let source = self
            .sources
            .open(&band.href, Some(&version))
            .map_err(|error| Error::from_byte_source(location, error))?;
        if let (Some(size), Some(last)) = (
            version.size,
            tiles.iter().find(|tile| version.size.is_some_and(|size| tile.tile.bytes.end > size)),
        ) {
            let (tile, bytes) = (last.tile.tile, &last.tile.bytes);
            return Err(Error::Raster {
                location: Box::new(location.clone()),
                source: RasterError::CorruptTile {
                    tile,
                    reason: format!(
                        "its bytes {}..{} lie beyond the end of the file, which has {size}: the file is truncated",
                        bytes.start, bytes.end
                    ),
                },
            });
        }
        let ranges: Vec<Range<u64>> = tiles.iter().map(|tile| tile.tile.bytes.clone()).collect();
        let cost = match source.is_local() {
            // Reading a range of a map is no request.
            true => RequestCost { gap: 0, most: 0 },
            false => self.limits.request_cost,
        };
        let file = Arc::new(OpenFile { band, reader, source });
        let mut tiles = tiles.into_iter();
        for run in coalesce(&ranges, cost) {
            fetches.push(Fetch::new(Arc::clone(&file), tiles.by_ref().take(run.len())));
        }
        Ok(())
    }
}

/// A read that is under way.
struct Run {
    windows: Vec<WindowState>,
    on_window: OnWindow,
    on_progress: Option<OnProgress>,
    of_tiles: u64,
    tiles: AtomicU64,
    bytes: AtomicU64,
    requests: AtomicU64,
    cancelled: AtomicBool,
}

/// Keeps tiles that nobody waits for any more from being decoded.
struct CancelOnDrop(Arc<Run>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
    }
}

struct OpenFile {
    band: Arc<SceneBand>,
    reader: Arc<dyn RasterReader>,
    source: ByteSource,
}

/// What is fetched in one request: adjacent byte ranges of a file.
struct Fetch {
    file: Arc<OpenFile>,
    parts: Vec<Part>,
}

/// A byte range that is complete when its tiles are.
struct Part {
    bytes: Range<u64>,
    tiles: Vec<FileTile>,
}

impl Fetch {
    /// Of tiles in the order of their bytes. What lies between two tiles comes with the second.
    fn new(file: Arc<OpenFile>, tiles: impl Iterator<Item = FileTile>) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for tile in tiles {
            let bytes = tile.tile.bytes.clone();
            match parts.last_mut() {
                Some(part) if bytes.start < part.bytes.end => {
                    part.bytes.end = part.bytes.end.max(bytes.end);
                    part.tiles.push(tile);
                }
                previous => {
                    let start = previous.map_or(bytes.start, |part| part.bytes.end);
                    parts.push(Part { bytes: start..bytes.end, tiles: vec![tile] });
                }
            }
        }
        Fetch { file, parts }
    }

    async fn run(self, run: Arc<Run>, budget: &Semaphore, most: u32) -> Result<()> {
        let Fetch { file, parts } = self;
        let lens: Vec<u64> = parts.iter().map(|part| part.bytes.end - part.bytes.start).collect();
        // What is fetched is held until it is decoded, and what is decoded until its window is whole; bytes
        // of a map are not held. One request may exceed the budget, and then is alone.
        let encoded = if file.source.is_local() { 0 } else { lens.iter().sum() };
        let decoded =
            parts.iter().flat_map(|part| &part.tiles).map(|tile| tile.decoded_len(&file.band)).sum();
        let held = u32::try_from(u64::max(encoded, decoded)).unwrap_or(most).min(most);
        // The semaphore is never closed.
        let permit = budget.acquire_many(held).await.ok();
        let start = parts.first().map_or(0, |part| part.bytes.start);
        let (sender, received) = mpsc::unbounded();
        let fetching = async {
            let on_part = move |bytes: Bytes| {
                // Nobody listens where decoding has failed.
                let _ = sender.unbounded_send(bytes);
            };
            let fetched = file.source.read_each(start, lens, on_part).await;
            fetched.map_err(|error| Error::from_byte_source(&file.band.location, error))
        };
        let decoding = received
            .zip(stream::iter(parts))
            .map(|(bytes, part)| decode_part(Arc::clone(&run), Arc::clone(&file), bytes, part))
            .buffer_unordered(CONCURRENT)
            .try_for_each(|()| async { Ok(()) });
        let (requests, ()) = try_join(fetching, decoding).await?;
        run.requests.fetch_add(requests.into(), Ordering::Relaxed);
        drop(permit);
        Ok(())
    }
}

async fn decode_part(run: Arc<Run>, file: Arc<OpenFile>, bytes: Bytes, part: Part) -> Result<()> {
    run.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    let decoding = part.tiles.into_iter().map(|tile| {
        let (run, file) = (Arc::clone(&run), Arc::clone(&file));
        let Range { start, end } = tile.tile.bytes;
        let encoded = bytes.slice((start - part.bytes.start) as usize..(end - part.bytes.start) as usize);
        cpu::run(move || run.decode(&file, &tile, &encoded))
    });
    try_join_all(decoding).await?;
    Ok(())
}

impl Run {
    fn decode(&self, file: &OpenFile, FileTile { image, tile }: &FileTile, encoded: &Bytes) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Ok(());
        }
        let located = |source| Error::Raster { location: Box::new(file.band.location.clone()), source };
        let corrupt =
            |reason: &str| located(RasterError::CorruptTile { tile: tile.tile, reason: reason.to_owned() });
        let header = file.band.header.get()?;
        let image = image.view(header).ok_or_else(|| corrupt("its image is not in the header"))?;
        let request =
            TileRequest { rows: tile.rows.clone(), columns: tile.columns.clone(), samples: &tile.samples };
        let len =
            request.decoded_len(image.dtype.size()).ok_or_else(|| corrupt("it is larger than memory"))?;
        with_buffer(len, |buffer| {
            file.reader.decode(&image, tile.tile, encoded, &request, buffer).map_err(located)?;
            for tile_use in &tile.uses {
                self.copy(tile, tile_use, buffer, image.dtype);
            }
            Ok::<(), Error>(())
        })?;
        let progress = ReadProgress {
            // Who counts the last tile sees all that was fetched.
            tiles: self.tiles.fetch_add(1, Ordering::AcqRel) + 1,
            of_tiles: self.of_tiles,
            bytes: self.bytes.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
        };
        if let Some(on_progress) = &self.on_progress {
            on_progress(progress);
        }
        for tile_use in &tile.uses {
            let (Plane::Pixels(window) | Plane::Validity(window)) = plane_of(tile_use.to.plane);
            if self.windows[window].missing.fetch_sub(1, Ordering::AcqRel) == 1 {
                self.complete(window)?;
            }
        }
        Ok(())
    }

    fn copy(&self, tile: &TilePlan, tile_use: &TileUse, decoded: &[u8], dtype: DataType) {
        let (height, width, size) = (tile.rows.len(), tile.columns.len(), dtype.size());
        let samples = &decoded[tile_use.sample * height * width * size..][..height * width * size];
        let plane = plane_of(tile_use.to.plane);
        let (Plane::Pixels(window) | Plane::Validity(window)) = plane;
        let state = &self.windows[window];
        let mut buffers = state.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let buffers = buffers.get_or_insert_with(|| Buffers::new(&state.plan));
        let target = match plane {
            Plane::Pixels(_) => buffers.pixels.as_bytes_mut(),
            Plane::Validity(_) => &mut buffers.validity,
        };
        let (from, to) = (tile_use.from, tile_use.to.window);
        let (len, stride) = (from.width as usize * size, state.plan.width as usize * size);
        for row in 0..from.height as usize {
            let source = ((from.row as usize + row) * width + from.column as usize) * size;
            let start = (to.row as usize + row) * stride + to.column as usize * size;
            target[start..start + len].copy_from_slice(&samples[source..source + len]);
        }
    }

    fn complete(&self, index: usize) -> Result<()> {
        let state = &self.windows[index];
        let buffers = state.buffers.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Buffers { mut pixels, validity } = buffers.unwrap_or_else(|| Buffers::new(&state.plan));
        let is_asked = state.plan.finds_nodata || state.plan.validity.is_some();
        let pixel_count = state.plan.width as usize * state.plan.height as usize;
        let mut valid = if is_asked { vec![true; pixel_count] } else { Vec::new() };
        mark_valid(&state.plan, &pixels, &validity, &mut valid);
        fill_sparse(&state.plan, &mut pixels, &mut valid);
        (self.on_window)(index, WindowPixels { pixels, valid })
    }
}

/// A window whose tiles are on their way.
struct WindowState {
    plan: WindowPlan,
    /// Made when the first tile is there.
    buffers: Mutex<Option<Buffers>>,
    missing: AtomicUsize,
}

impl WindowState {
    fn new(plan: WindowPlan) -> Self {
        WindowState { missing: AtomicUsize::new(plan.tiles), plan, buffers: Mutex::new(None) }
    }
}

struct Buffers {
    pixels: PixelArray,
    /// Samples of the mask or alpha band; empty where there is none.
    validity: Vec<u8>,
}

impl Buffers {
    fn new(plan: &WindowPlan) -> Self {
        let (height, width) = (plan.height as usize, plan.width as usize);
        Buffers {
            pixels: PixelArray::zeros(plan.dtype, [1, 1, height, width]),
            validity: vec![0; plan.validity.map_or(0, |dtype| height * width * dtype.size())],
        }
    }
}

/// Lends a buffer of the thread, which keeps its memory from tile to tile.
fn with_buffer<T>(len: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
    thread_local!(static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) });
    // Taken out, because a decoder that waits for the pool may be given another tile meanwhile.
    let mut buffer = BUFFER.take();
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let result = work(&mut buffer[..len]);
    BUFFER.set(buffer);
    result
}
