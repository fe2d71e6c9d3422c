//! Order, shards, epochs and reading ahead.

use crate::fixture::{Fixture, Raster};
use futures::{Stream, StreamExt};
use rasteret::Database;
use rasteret::blocking::Wait;
use rasteret::chips::{Chip, ChipSet, Sampler};
use rasteret::geotiff::GeoTiffReader;
use rasteret::local::LocalSource;
use rasteret_schema::{ByteRanges, ImageView, Parsed, RasterError, RasterReader, TileRequest};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn set(fixture: &Fixture, sampler: Sampler, prefetch: usize) -> ChipSet {
    fixture.all.chips(sampler).prefetch(prefetch).prepare().wait().unwrap()
}

fn fixture() -> Fixture {
    Fixture::of_rasters(&["a_20240105_B04.tif", "b_20240110_B04.tif"].map(Raster::new))
}

fn same(a: &Chip, b: &Chip) -> bool {
    a.index == b.index
        && a.grid == b.grid
        && a.pixels == b.pixels
        && a.valid == b.valid
        && a.records == b.records
}

#[test]
fn reading_ahead_changes_neither_order_nor_content() {
    let fixture = fixture();
    let sampler = Sampler::random(12, Some(120), 5);
    let one_by_one = set(&fixture, sampler.clone(), 1);
    let expected: Vec<Chip> = (0..120).map(|position| one_by_one.read(position).wait().unwrap()).collect();
    assert!(expected.iter().enumerate().all(|(position, chip)| chip.index == position as u64));
    for prefetch in [0, 1, 3, 64, usize::MAX] {
        let chips: Vec<Chip> =
            set(&fixture, sampler.clone(), prefetch).iter().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(chips.len(), 120);
        assert!(chips.iter().zip(&expected).all(|(a, b)| same(a, b)), "{prefetch} ahead");
    }
    let stream = set(&fixture, sampler, 4).stream().unwrap();
    assert_eq!(stream.size_hint(), (120, Some(120)));
    let streamed = stream.map(Result::unwrap).collect::<Vec<Chip>>();
    assert!(streamed.wait().iter().zip(&expected).all(|(a, b)| same(a, b)));
}

#[test]
fn shards_and_epochs() {
    let fixture = fixture();
    let places = |set: &ChipSet| -> Vec<(u64, [u64; 4])> {
        let chips = set.iter().unwrap().map(Result::unwrap);
        chips.map(|chip| (chip.index, chip.bounds().map(f64::to_bits))).collect()
    };
    for sampler in [Sampler::grid(16, 8).shuffle(true).seed(9), Sampler::random(16, None, 9)] {
        let all = places(&set(&fixture, sampler.clone(), 4));
        let mut of_shards: Vec<_> =
            (0..3).flat_map(|shard| places(&set(&fixture, sampler.clone().shard(shard, 3), 4))).collect();
        of_shards.sort_unstable();
        assert_eq!(of_shards, all);
        let first = set(&fixture, sampler.clone(), 4);
        let second = first.epoch(1).unwrap();
        assert_eq!(places(&first), all, "the same seed gives the same chips");
        assert_ne!(places(&second), all);
        assert_eq!(second.len(), first.len());
    }
    // A shuffle has all chips of the grid, in another order.
    let shuffled = places(&set(&fixture, Sampler::grid(8, 8).shuffle(true), 4));
    let plain = places(&set(&fixture, Sampler::grid(8, 8), 4));
    let boxes = |places: &[(u64, [u64; 4])]| places.iter().map(|place| place.1).collect::<HashSet<_>>();
    assert_ne!(shuffled, plain);
    assert_eq!(boxes(&shuffled), boxes(&plain));
}

#[test]
fn an_iterator_may_be_dropped_at_any_time() {
    let fixture = fixture();
    let chips = set(&fixture, Sampler::random(30, Some(1 << 40), 1), 16);
    assert_eq!(chips.len(), 1 << 40);
    for taken in [0, 1, 7, 40] {
        let mut iterator = chips.iter().unwrap();
        assert_eq!(iterator.by_ref().take(taken).filter(Result::is_ok).count(), taken);
        drop(iterator);
    }
}

#[test]
fn a_chip_that_cannot_be_read_is_an_error_in_its_place() {
    let fixture = fixture();
    let chips = set(&fixture, Sampler::records(), 2);
    std::fs::remove_file(fixture.path("a_20240105_B04.tif")).unwrap();
    let results: Vec<_> = chips.iter().unwrap().collect();
    assert_eq!(results.len(), 2);
    assert_eq!(results[0].as_ref().unwrap_err().kind(), "not-found");
    assert_eq!(results[1].as_ref().unwrap().records, [["b_20240110"]]);
}

/// Counts the tiles that are decoded.
#[derive(Debug)]
struct Counting {
    reader: GeoTiffReader,
    tiles: AtomicUsize,
}

impl RasterReader for Counting {
    fn format(&self) -> &'static str {
        self.reader.format()
    }

    fn recognizes(&self, start: &[u8]) -> bool {
        self.reader.recognizes(start)
    }

    fn parse(&self, bytes: &ByteRanges) -> Result<Parsed, RasterError> {
        self.reader.parse(bytes)
    }

    fn decode(
        &self,
        image: &ImageView<'_>,
        tile: u32,
        encoded: &[u8],
        request: &TileRequest<'_>,
        out: &mut [u8],
    ) -> Result<(), RasterError> {
        self.tiles.fetch_add(1, Ordering::SeqCst);
        self.reader.decode(image, tile, encoded, request, out)
    }
}

#[test]
fn as_many_chips_are_read_ahead_as_was_said_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("rasters")).unwrap();
    Raster::new("a_20240105_B04.tif").write(&folder.path().join("rasters"));
    let counting = Arc::new(Counting { reader: GeoTiffReader::new(), tiles: AtomicUsize::new(0) });
    let database = Database::open_writable(folder.path().join("chips.rasteret")).unwrap();
    let database = database.with_reader(Arc::clone(&counting) as _);
    let source = LocalSource::new([folder.path().join("rasters")], database.readers().all().to_vec());
    database.build(source).name("all").run().wait().unwrap();
    let tiles = || counting.tiles.swap(0, Ordering::SeqCst);
    let whole = database.collection("all").unwrap().chips(Sampler::random(40, Some(100), 0)).prefetch(5);
    whole.clone().prepare().wait().unwrap().read(0).wait().unwrap();
    let of_chip = tiles();
    assert!(of_chip > 0);
    let waits_for = |chips: usize| {
        let started = Instant::now();
        while counting.tiles.load(Ordering::SeqCst) < chips * of_chip {
            assert!(started.elapsed() < Duration::from_secs(60), "{chips} chips are read");
            std::thread::sleep(Duration::from_millis(1));
        }
        // What would be read besides is read by then.
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(counting.tiles.load(Ordering::SeqCst), chips * of_chip);
    };
    let mut iterator = whole.iter().unwrap();
    // Nobody has asked for a chip yet.
    waits_for(5);
    assert_eq!(iterator.next().unwrap().unwrap().index, 0);
    waits_for(6);
    assert_eq!(iterator.by_ref().take(10).filter(Result::is_ok).count(), 10);
    waits_for(16);
    drop(iterator);
    waits_for(16);
}
