//! Chips of 256² pixels of two bands, from local files in tiles as large.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rasteret::blocking::Wait;
use rasteret::chips::{ChipSet, Sampler};
use rasteret::local::LocalSource;
use rasteret::{Area, Collection, Database};
use rasteret_synth::ArchiveOptions;
use std::hint::black_box;

/// Two scenes of 4096² pixels: 512 chips in a grid.
fn collection(folder: &std::path::Path) -> Collection {
    let mut options = ArchiveOptions { cog: ArchiveOptions::demo().cog, ..ArchiveOptions::peers() };
    options.scenes.truncate(2);
    options.write(folder.join("scenes")).unwrap();
    let database = Database::open_writable(folder.join("bench.rasteret")).unwrap();
    let source = LocalSource::new([folder.join("scenes")], database.readers().all().to_vec());
    database.build(source).name("bench").run().wait().unwrap();
    database.collection("bench").unwrap()
}

fn set(collection: &Collection, sampler: Sampler, prefetch: usize) -> ChipSet {
    collection.chips(sampler).prefetch(prefetch).prepare().wait().unwrap()
}

fn chips(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let collection = collection(folder.path());
    let mut group = criterion.benchmark_group("chips");
    group.sample_size(10);
    let samplers = [("grid", Sampler::grid(256, 256)), ("random", Sampler::random(256, Some(512), 1))];
    for (name, sampler) in samplers {
        for prefetch in [1, 8, 32] {
            let chips = set(&collection, sampler.clone(), prefetch);
            group.throughput(Throughput::Elements(chips.len()));
            group.bench_function(format!("{name}, {prefetch} ahead"), |bencher| {
                bencher
                    .iter(|| chips.iter().unwrap().map(|chip| black_box(chip.unwrap()).index).sum::<u64>());
            });
        }
    }
    // What the same pixels cost one by one: as a chip, as an area of the raster's own pixels, and as an
    // area on a grid that is given.
    let chips = set(&collection, Sampler::grid(256, 256), 1);
    let one = collection.subset(rasteret::Filter::new().ids(&collection.ids().unwrap()[..1]));
    group.throughput(Throughput::Elements(1));
    group.bench_function("one chip", |bencher| bencher.iter(|| chips.read(100).wait().unwrap()));
    let grid = chips.grid(100).unwrap();
    let (west, north) = grid.transform.apply(0.5, 0.5);
    let (east, south) = grid.transform.apply(255.5, 255.5);
    let area = Area::bbox([west, south, east, north]).with_crs(grid.crs.clone());
    group.bench_function("one area", |bencher| {
        bencher.iter(|| one.read(area.clone()).array().wait().unwrap());
    });
    group.bench_function("one area on a grid", |bencher| {
        bencher.iter(|| one.read(area.clone()).grid(grid.clone()).array().wait().unwrap());
    });
}

criterion_group!(benches, chips);
criterion_main!(benches);
