//! A small archive, servers for it, and collections of it by other hrefs.

use crate::listed::Listed;
use crate::s3_service::serve;
use rasteret::blocking::Wait;
use rasteret::build::BuildSummary;
use rasteret::geotiff::write::Blocks;
use rasteret::io::{ByteSources, SourceOptions};
use rasteret::read::{ReadLimits, RequestCost};
use rasteret::schema::{Asset, Record};
use rasteret::{Area, Collection, Crs, Database};
use rasteret_serve::{Options, Server};
use rasteret_synth::scene::{Band, Scene};
use rasteret_synth::{Archive, ArchiveOptions};
use s3s::S3Result;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Side of the scenes' tiles.
const TILE: u32 = 128;

/// What is asked of the scenes besides the bands that they have: another name of the first.
pub const ALIAS: &str = "RED";

/// Three scenes of two bands of 512² pixels, in the folder `data`, and a server for it.
pub struct Fixture {
    folder: TempDir,
    pub archive: Archive,
    pub server: Server,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = ArchiveOptions::peers();
        options.scenes.truncate(3);
        options.scenes.iter_mut().for_each(|scene| scene.size = (512, 512));
        // In the next zone, and there where the first two are.
        options.scenes[2].origin = (50_360.0, 1_502_620.0);
        options.bands = vec![Band::B04, Band::B08];
        options.cog.blocks = Blocks::Tiles { width: TILE, height: TILE };
        let archive = options.write(folder.path().join("data")).unwrap();
        let server = Server::start(folder.path().join("data"), Options::default()).unwrap();
        Fixture { folder, archive, server }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The collection of the archive's scenes with hrefs that begin with `prefix` and end with `query`.
    pub fn build(&self, prefix: &str, query: &str, options: SourceOptions) -> Built {
        Built::new(listed(self.records(prefix, query)), options)
    }

    pub fn local(&self) -> Built {
        self.build(self.archive.folder().to_str().unwrap(), "", impatient())
    }

    pub fn http(&self) -> Built {
        self.build(&self.server.base_url(), "", impatient())
    }

    pub fn records(&self, prefix: &str, query: &str) -> Vec<Record> {
        let record = |scene: &Scene| {
            let asset = |band: Band, name: &str| {
                let path = self.archive.path(scene, band);
                let path = path.strip_prefix(self.archive.folder()).unwrap().to_str().unwrap();
                Asset { band: name.to_owned(), href: format!("{prefix}/{path}{query}"), band_index: None }
            };
            let mut assets: Vec<Asset> =
                self.archive.bands().iter().map(|band| asset(*band, band.name())).collect();
            assets.push(asset(self.archive.bands()[0], ALIAS));
            Record {
                id: scene.id.clone(),
                datetime: scene.datetime.timestamp_micros(),
                end_datetime: None,
                geometry: None,
                bbox: None,
                assets,
                epsg: None,
                crs: None,
                collection: None,
            }
        };
        self.archive.scenes().iter().map(record).collect()
    }

    /// Some pixels of the first two scenes, which lie on one grid.
    pub fn area(&self, left: f64, top: f64, columns: f64, rows: f64) -> Area {
        let (x, y) = self.archive.scenes()[0].origin;
        let (west, north) = (x + 10.0 * left, y - 10.0 * top);
        Area::bbox([west, north - 10.0 * rows, west + 10.0 * columns, north]).with_crs(Crs::from_epsg(32643))
    }
}

/// Records without a look at the files, in batches of two.
pub fn listed(records: impl IntoIterator<Item = Record>) -> Listed {
    Listed { batch: 2, ..Listed::new(records) }
}

/// A database with a collection.
pub struct Built {
    _folder: TempDir,
    pub database: Database,
    pub summary: BuildSummary,
    pub all: Collection,
}

impl Built {
    pub fn new(source: Listed, options: SourceOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_writable(folder.path().join("remote.rasteret")).unwrap();
        let database = database.with_sources(ByteSources::new(options));
        let summary = database.build(source).name("all").run().wait().unwrap();
        let all = database.collection("all").unwrap();
        Built { _folder: folder, database, summary, all }
    }

    /// The collection, read with other options.
    pub fn with(&self, options: SourceOptions) -> Collection {
        self.database.clone().with_sources(ByteSources::new(options)).collection("all").unwrap()
    }
}

/// A request for each row of tiles: reads over what COGs have between neighbours, and over no tile.
pub fn by_rows() -> ReadLimits {
    ReadLimits { request_cost: RequestCost { gap: 64, ..RequestCost::default() }, ..ReadLimits::default() }
}

/// Options with which a test ends soon.
pub fn impatient() -> SourceOptions {
    SourceOptions {
        connect_timeout: Duration::from_millis(500),
        stall_timeout: Duration::from_millis(200),
        timeout: Duration::from_secs(5),
        retries: 3,
        backoff: Duration::from_millis(2),
        ..Default::default()
    }
}

/// Waits for something to become so.
pub fn soon(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(5), "not soon: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An S3 server from which anybody may read.
pub struct S3 {
    _runtime: Runtime,
    endpoint: String,
}

struct Anybody;

#[async_trait::async_trait]
impl S3Access for Anybody {
    async fn check(&self, _: &mut S3AccessContext<'_>) -> S3Result<()> {
        Ok(())
    }
}

impl S3 {
    /// Serves the folders of a folder as buckets.
    pub fn start(folder: &Path) -> Self {
        let mut builder = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
        builder.set_auth(SimpleAuth::from_single("AKIAEXAMPLE", "SECRET"));
        builder.set_access(Anybody);
        let (endpoint, runtime) = serve(builder.build());
        S3 { _runtime: runtime, endpoint }
    }

    pub fn options(&self) -> SourceOptions {
        SourceOptions {
            endpoint: Some(self.endpoint.clone()),
            region: Some("us-west-2".to_owned()),
            allow_http: true,
            anonymous: true,
            ..impatient()
        }
    }
}
