//! Two archives whose bands have other names and pixels of another size, and collections of one or both.

use crate::listed::Listed;
use geo_types::{LineString, Polygon};
use rasteret::geotiff::write::Blocks;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::schema::{Asset, BandAliases, BoundingBox, Record};
use rasteret::{Area, Collection, Crs, Database, blocking::Wait};
use rasteret_synth::scene::{Band, Scene};
use rasteret_synth::stac;
use rasteret_synth::{Archive, ArchiveOptions};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// The upper left corner of the scenes of zone 43.
pub const ORIGIN: (f64, f64) = (699_960.0, 1_500_000.0);

/// Scenes as of Sentinel-2: `B04` and `B08`, 10 m.
pub fn sentinel(folder: &Path) -> Archive {
    archive(folder, 0..4, 10.0, (512, 512))
}

/// Scenes as of Landsat, of other days: `B4` and `B5`, 30 m, from 100 m further to the south-east.
pub fn landsat(folder: &Path) -> Archive {
    archive(folder, 6..9, 30.0, (192, 192))
}

/// Some of the scenes of the peers' archive, those of zone 43 at one place.
fn archive(folder: &Path, scenes: std::ops::Range<usize>, resolution: f64, size: (u32, u32)) -> Archive {
    let mut options = ArchiveOptions::peers();
    options.scenes = options.scenes[scenes].to_vec();
    for scene in &mut options.scenes {
        (scene.size, scene.resolution) = (size, resolution);
        if scene.zone == 43 && resolution > 10.0 {
            scene.origin = (ORIGIN.0 + 100.0, ORIGIN.1 - 100.0);
        } else if scene.zone == 44 {
            scene.origin = (50_360.0, 1_502_620.0);
        }
    }
    options.bands = vec![Band::B04, Band::B08];
    options.cog.blocks = Blocks::Tiles { width: 64, height: 64 };
    options.write(folder).unwrap()
}

/// The records of an archive, with hrefs that begin with `prefix`, under other names of its bands.
pub fn records(archive: &Archive, prefix: &str, collection: &str, names: [&str; 2]) -> Vec<Record> {
    let record = |scene: &Scene| {
        let asset = |(band, name): (&Band, &str)| {
            let path = archive.path(scene, *band);
            let path = path.strip_prefix(archive.folder()).unwrap().to_str().unwrap();
            Asset { band: name.to_owned(), href: format!("{prefix}/{path}"), band_index: None }
        };
        let ring = stac::footprint(scene);
        let mut wkb = Vec::new();
        let polygon = Polygon::new(LineString::from(ring.map(|[x, y]| (x, y)).to_vec()), Vec::new());
        wkb::writer::write_geometry(&mut wkb, &polygon, &wkb::writer::WriteOptions::default()).unwrap();
        let side = |axis: usize, of: fn(f64, f64) -> f64| ring.iter().map(|at| at[axis]).reduce(of).unwrap();
        Record {
            id: format!("{collection}/{}", scene.id),
            datetime: scene.datetime.timestamp_micros(),
            end_datetime: None,
            geometry: Some(wkb),
            bbox: Some(BoundingBox::new(
                side(0, f64::min),
                side(1, f64::min),
                side(0, f64::max),
                side(1, f64::max),
            )),
            assets: archive.bands().iter().zip(names).map(asset).collect(),
            epsg: i32::try_from(scene.epsg()).ok(),
            crs: Some(format!("EPSG:{}", scene.epsg())),
            collection: Some(collection.to_owned()),
        }
    };
    archive.scenes().iter().map(record).collect()
}

/// A database in a folder of its own.
pub struct Field {
    folder: TempDir,
    database: Option<Database>,
}

impl Field {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_writable(folder.path().join("it.rasteret")).unwrap();
        Field { folder, database: Some(database.with_sources(ByteSources::new(impatient()))) }
    }

    pub fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    /// Builds a collection.
    pub fn build(&self, name: &str, records: Vec<Record>) -> Collection {
        let summary = self.database().build(Listed::new(records)).name(name).run().wait().unwrap();
        assert_eq!(summary.failed, []);
        self.database().collection(name).unwrap()
    }

    /// Builds a collection without a look at its files.
    pub fn list(&self, name: &str, source: Listed) -> Collection {
        let summary = self.database().build(source).name(name).enrich(false).run().wait().unwrap();
        assert_eq!((summary.failed.len(), summary.requests), (0, 0));
        self.database().collection(name).unwrap()
    }

    /// The same database, opened anew.
    pub fn reopened(mut self, writable: bool) -> Self {
        self.database = None;
        let path = self.folder.path().join("it.rasteret");
        let database = if writable { Database::open_writable(path) } else { Database::open(path) };
        self.database = Some(database.unwrap().with_sources(ByteSources::new(impatient())));
        self
    }
}

/// Options with which a test ends soon.
pub fn impatient() -> SourceOptions {
    SourceOptions { retries: 1, backoff: Duration::from_millis(2), ..SourceOptions::default() }
}

/// `red` and `nir`, of either archive.
pub fn aliases() -> BandAliases {
    BandAliases::new([("red", ["B04", "B4"]), ("nir", ["B08", "B5"])]).unwrap()
}

/// A box of so many metres, from so many to the south-east of the origin.
pub fn area(east: f64, south: f64, width: f64, height: f64) -> Area {
    let (west, north) = (ORIGIN.0 + east, ORIGIN.1 - south);
    Area::bbox([west, north - height, west + width, north]).with_crs(Crs::from_epsg(32643))
}
