//! A server with many files, and records that name them.

use crate::listed::Listed;
use rasteret::schema::{Asset, Record};
use rasteret_serve::{Options, Server};
use rasteret_synth::ArchiveOptions;
use rasteret_synth::scene::Band;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// The bands of each record, in files of their own.
pub const BANDS: [&str; 2] = ["B04", "B08"];

/// Files `0/B04.tif`, `0/B08.tif`, `1/B04.tif`, …, all with the same pixels.
pub struct Files {
    pub folder: TempDir,
    pub server: Server,
}

impl Files {
    pub fn new(records: usize, delay: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = ArchiveOptions::peers();
        options.scenes.truncate(1);
        options.scenes[0].size = (64, 64);
        options.bands = vec![Band::B04, Band::B08];
        let archive = options.write(folder.path().join("archive")).unwrap();
        let served = folder.path().join("served");
        for record in 0..records {
            let scene = served.join(record.to_string());
            std::fs::create_dir_all(&scene).unwrap();
            for band in archive.bands() {
                let file = archive.path(&archive.scenes()[0], *band);
                std::fs::hard_link(file, scene.join(format!("{}.tif", band.name()))).unwrap();
            }
        }
        let server = Server::start(&served, Options { delay, ..Options::default() }).unwrap();
        Files { folder, server }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// Records whose hrefs are below a URL, in batches.
pub fn listed(url: &str, records: usize, batch: usize) -> Listed {
    let asset = |record: usize, band: &str| Asset {
        band: band.to_owned(),
        href: format!("{url}/{record}/{band}.tif"),
        band_index: None,
    };
    let records = (0..records).map(|record| Record {
        id: format!("scene-{record}"),
        datetime: record as i64 * 1_000_000,
        end_datetime: None,
        geometry: None,
        bbox: None,
        assets: BANDS.iter().map(|band| asset(record, band)).collect(),
        epsg: None,
        crs: None,
        collection: None,
    });
    Listed { batch, ..Listed::new(records) }
}

/// Whether a file holds some text.
pub fn holds(file: &Path, text: &str) -> bool {
    std::fs::read(file).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
}
