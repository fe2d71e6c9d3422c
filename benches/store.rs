//! The store at the size of a field campaign: 100,000 records of two bands, 121 tiles and four
//! overviews each. `RASTERET_BENCH_RECORDS` sets another number of records.

#[path = "../tests/store/support.rs"]
#[allow(dead_code)]
mod support;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use criterion::{BatchSize, Criterion, Throughput};
use rasteret::store::{Collection, Description, Store, Transaction};
use rasteret_schema::record::{Record, to_batch};
use rasteret_schema::{Asset, BoundingBox, HeaderArchive, SourceHeader};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BATCH: usize = 8192;
const BANDS: [&str; 2] = ["B04", "B08"];

fn random(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

fn id(number: usize) -> String {
    format!("S2A_MSIL2A_20240{}_N0510_R{:03}_T43PGQ_{number:07}", number % 9 + 1, number % 143)
}

fn record(number: usize) -> Record {
    let (x, y) = ((number % 500) as f64 * 0.05 + 70.0, (number / 500 % 400) as f64 * 0.05 + 8.0);
    let corners = [(x, y), (x + 1.0, y + 0.01), (x + 0.99, y + 1.0), (x - 0.01, y + 0.99), (x, y)];
    let mut footprint = vec![1, 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0];
    for (x, y) in corners {
        footprint.extend(x.to_le_bytes());
        footprint.extend(y.to_le_bytes());
    }
    let id = id(number);
    Record {
        datetime: 1_704_067_200_000_000 + number as i64 * 600_000_000,
        end_datetime: None,
        geometry: Some(footprint),
        bbox: Some(BoundingBox::new(x - 0.01, y, x + 1.0, y + 1.0)),
        assets: BANDS
            .map(|band| Asset {
                band: band.to_owned(),
                href: format!("https://sentinel-cogs.s3.us-west-2.amazonaws.com/sentinel-s2-l2a-cogs/43/P/GQ/2024/{id}/{band}.tif"),
                band_index: None,
            })
            .to_vec(),
        epsg: Some(32643),
        crs: None,
        collection: Some("sentinel-2-l2a".to_owned()),
        id,
    }
}

fn batch(numbers: std::ops::Range<usize>) -> RecordBatch {
    let records: Vec<Record> = numbers.clone().map(record).collect();
    let clouds = numbers.map(|number| Some((random(number as u64) % 10_000) as f64 / 100.0)).collect();
    support::with_column(&to_batch(&records).expect("a batch"), "eo:cloud_cover", clouds)
}

fn headers(numbers: std::ops::Range<usize>) -> Vec<SourceHeader> {
    let header = |(row, number): (usize, usize)| {
        BANDS.into_iter().enumerate().map(move |(index, band)| {
            let header = support::header((number * BANDS.len() + index) as u64, 11);
            let header = Arc::new(HeaderArchive::new(&header).expect("an archive"));
            SourceHeader { row, band: band.to_owned(), header }
        })
    };
    numbers.enumerate().flat_map(header).collect()
}

fn figure(what: &str, value: impl std::fmt::Display) {
    println!("{what:<58} {value}");
}

/// Fills a store, and says how fast that was and how large it is.
fn build(path: &Path, records: usize) {
    let mut store = Store::create(path).expect("a new store");
    let mut transaction = store.write().expect("a transaction");
    transaction.create_collection("scenes", Description::default()).expect("a collection");
    transaction.commit().expect("a commit");
    let (mut spent, mut archives) = (Duration::ZERO, 0);
    for start in (0..records).step_by(BATCH) {
        let numbers = start..(start + BATCH).min(records);
        let (batch, headers) = (batch(numbers.clone()), headers(numbers));
        archives += headers.iter().map(|header| header.header.as_bytes().len()).sum::<usize>();
        let begun = Instant::now();
        let append = |transaction: &mut Transaction<'_>| transaction.append("scenes", &batch, &headers, &[]);
        let mut transaction = store.write().expect("a transaction");
        append(&mut transaction).expect("an append");
        transaction.commit().expect("a commit");
        spent += begun.elapsed();
    }
    let rate = |count: usize| (count as f64 / spent.as_secs_f64()).round();
    figure("append, records/s", rate(records));
    figure("append, headers/s", rate(records * BANDS.len()));
    figure("bytes of one header archive", archives / (records * BANDS.len()));
    let size = || std::fs::metadata(path).expect("a file").len() as f64 / 1e6;
    figure("file as written, MB", size());
    let begun = Instant::now();
    store.compact().expect("compaction");
    figure("compaction, s", begun.elapsed().as_secs_f64());
    drop(store);
    figure("file compacted, MB", size());

    let stats = Store::open(path).expect("a store").stats().expect("statistics");
    for table in &stats.tables {
        figure(
            &format!("  table {}: entries, MB stored + metadata + unused", table.name),
            format!(
                "{}: {:.2} + {:.2} + {:.2}",
                table.entries,
                table.stored_bytes as f64 / 1e6,
                table.metadata_bytes as f64 / 1e6,
                table.fragmented_bytes as f64 / 1e6
            ),
        );
    }
    let stored: u64 = stats.tables.iter().map(|table| table.stored_bytes).sum();
    figure("file / stored bytes", format!("{:.3}", stats.file_bytes as f64 / stored as f64));
}

/// A header by the id of its record and the name of its band.
fn look_up(collection: &Collection, id: &str, band: &str) -> u32 {
    let record = collection.record_number(id).expect("a record");
    let band = collection.band(band).expect("a band");
    let header = collection.header(record, band).expect("a header");
    header.get().expect("a sound header").image(0).map_or(0, |image| image.width)
}

fn open(path: &Path) -> Collection {
    Store::open(path)
        .expect("a store")
        .read()
        .expect("a snapshot")
        .collection("scenes")
        .expect("a collection")
}

/// The first look-up of each of many headers after the file is opened.
fn cold(path: &Path, records: usize, what: &str, forget: impl Fn()) {
    let ids: Vec<String> = (0..1000).map(|i| id(random(i) as usize % records)).collect();
    let mut times: Vec<Duration> = Vec::new();
    for ids in ids.chunks(100) {
        forget();
        let collection = open(path);
        for id in ids {
            let begun = Instant::now();
            black_box(look_up(&collection, id, "B08"));
            times.push(begun.elapsed());
        }
    }
    times.sort_unstable();
    let mean = times.iter().sum::<Duration>() / times.len() as u32;
    figure(what, format!("mean {mean:?}, median {:?}, 99 % {:?}", times[500], times[990]));
}

fn main() {
    let records =
        std::env::var("RASTERET_BENCH_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let folder = support::folder();
    let path = support::path(&folder);
    build(&path, records);

    cold(&path, records, "look-up, first after opening, file in the page cache", || {});
    cold(&path, records, "look-up, first after opening, file not in the page cache", || {
        // Tells the kernel to forget the file's pages.
        let file = format!("if={}", path.display());
        let _ = Command::new("dd").args([file.as_str(), "iflag=nocache", "count=0", "status=none"]).status();
    });

    let mut criterion = Criterion::default().configure_from_args();
    let collection = open(&path);
    let ids: Vec<String> = (0..10_000).map(|i| id(random(i) as usize % records)).collect();
    let hot: Vec<&str> = ids.iter().take(1000).map(String::as_str).collect();

    let mut group = criterion.benchmark_group("store");
    let mut next = hot.iter().cycle();
    group.bench_function("look-up by id and band, 1,000 headers again and again", |bencher| {
        bencher.iter(|| next.next().map(|id| look_up(&collection, id, "B08")))
    });
    let mut next = ids.iter().cycle();
    group.bench_function("look-up by id and band, 10,000 headers anywhere", |bencher| {
        bencher.iter(|| next.next().map(|id| look_up(&collection, id, "B08")))
    });
    let mut next = (0..10_000u64).map(|i| random(i) % records as u64).collect::<Vec<_>>().into_iter().cycle();
    group.bench_function("header by number, 10,000 headers anywhere", |bencher| {
        bencher.iter(|| {
            let header = next.next().map(|record| collection.header(record, 1).expect("a header"));
            header.map(|header| header.get().expect("a sound header").images.len())
        })
    });
    group.bench_function("open and close", |bencher| bencher.iter(|| Store::open(&path).expect("a store")));
    group.bench_function("open", |bencher| {
        bencher.iter_batched(|| (), |()| Store::open(&path).expect("a store"), BatchSize::PerIteration)
    });
    group.bench_function("snapshot and collection", |bencher| {
        let store = Store::open(&path).expect("a store");
        bencher.iter(|| store.read().expect("a snapshot").collection("scenes").expect("a collection"))
    });
    group.bench_function("zone maps", |bencher| {
        let store = Store::open(&path).expect("a store");
        let snapshot = store.read().expect("a snapshot");
        bencher.iter(|| snapshot.collection("scenes").expect("a collection").chunks().expect("chunks").len())
    });

    group.throughput(Throughput::Elements(records as u64));
    let clouds = collection.projection(&["eo:cloud_cover"]).expect("a column");
    group.bench_function("scan of eo:cloud_cover", |bencher| {
        bencher.iter(|| {
            let batches = collection.scan(&clouds, |_| true).expect("a scan");
            let below = |batch: RecordBatch| {
                batch.column(0).as_primitive::<Float64Type>().values().iter().filter(|c| **c < 10.0).count()
            };
            batches.map(|batch| below(batch.expect("a batch").batch)).sum::<usize>()
        })
    });
    let ids = collection.projection(&["id"]).expect("a column");
    group.bench_function("scan of id", |bencher| {
        bencher.iter(|| {
            let batches = collection.scan(&ids, |_| true).expect("a scan");
            batches.map(|batch| batch.expect("a batch").batch.column(0).len()).sum::<usize>()
        })
    });
    let all = collection.all_columns();
    group.sample_size(20);
    group.bench_function("scan of all columns", |bencher| {
        bencher.iter(|| {
            let batches = collection.scan(&all, |_| true).expect("a scan");
            batches.map(|batch| batch.expect("a batch").batch.num_rows()).sum::<usize>()
        })
    });
    group.finish();
    criterion.final_summary();
}
