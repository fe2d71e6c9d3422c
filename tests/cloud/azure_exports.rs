//! Azure as the place of exports: they are there whole or not at all, and come back.

use crate::azure::options;
use crate::azurite::Azurite;
use crate::sas::{self, ACCOUNT, KEY};
use crate::support::{skip, wait};
use futures::TryStreamExt;
use rasteret::blocking::Wait;
use rasteret::build::BuildSummary;
use rasteret::io::ByteSources;
use rasteret::local::LocalSource;
use rasteret::query::json_rows;
use rasteret::schema::Access;
use rasteret::{Area, Collection, Database, Filter};
use rasteret_synth::ArchiveOptions;
use rasteret_synth::scene::Band;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

const CONTAINER: &str = "exports";

/// A server with an empty container, and a collection of local rasters.
struct Exports {
    server: Azurite,
    database: Database,
    folder: TempDir,
}

impl Exports {
    fn new() -> Option<Exports> {
        let server = Azurite::start().map_err(|why| skip(&why)).ok()?;
        server.put_container(CONTAINER, false);
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_writable(folder.path().join("x.rasteret")).unwrap();
        let exports = Exports { server, database, folder };
        let mut options = ArchiveOptions::demo();
        options.scenes.truncate(3);
        options.scenes.iter_mut().for_each(|scene| scene.size = (256, 256));
        options.bands = vec![Band::B04];
        options.write(exports.scenes()).unwrap();
        let source = LocalSource::new([exports.scenes()], exports.database.readers().all().to_vec());
        exports.database.build(source).name("scenes").run().wait().unwrap();
        Some(exports)
    }

    fn scenes(&self) -> PathBuf {
        self.folder.path().join("scenes")
    }

    /// The database, for somebody with a key or a signature.
    fn database(&self, store: &[(&str, &str)]) -> Database {
        self.database.clone().with_sources(ByteSources::new(options(&self.server.account(), store)))
    }

    fn with_key(&self) -> Database {
        self.database(&[("azure_storage_account_key", KEY)])
    }

    fn with_signature(&self, permissions: &str) -> Database {
        let signature = sas::of_container(CONTAINER, permissions, Duration::from_secs(600));
        self.database(&[("azure_storage_sas_token", &signature)])
    }

    /// The blobs that are seen.
    fn blobs(&self) -> Vec<String> {
        let sources =
            ByteSources::new(options(&self.server.account(), &[("azure_storage_account_key", KEY)]));
        let root = format!("az://{CONTAINER}/");
        let listed: Vec<_> = wait(sources.list(&root).try_collect()).unwrap();
        let mut names: Vec<String> =
            listed.iter().map(|blob| blob.href.strip_prefix(&root).unwrap().to_owned()).collect();
        names.sort();
        names
    }

    fn import(&self, database: &Database, href: &str, name: &str) -> rasteret::Result<BuildSummary> {
        database.import(href).name(name).allow_local(self.scenes()).run().wait()
    }
}

/// Records and some pixels.
fn content(collection: &Collection) -> (serde_json::Value, Vec<rasteret::PixelArray>) {
    let rows = json_rows(&collection.head(usize::MAX).unwrap()).unwrap();
    let pixels = collection.ids().unwrap().into_iter().map(|id| {
        let record = collection.subset(Filter::new().ids([id]));
        let area = Area::bbox(record.bounds().unwrap().unwrap());
        record.read(area).bands(["B04"]).array().wait().unwrap().pixels
    });
    (serde_json::to_value(rows).unwrap(), pixels.collect())
}

#[test]
fn exports_go_to_azure_and_come_back() {
    let Some(exports) = Exports::new() else { return };
    let database = exports.with_key();
    let scenes = database.collection("scenes").unwrap();
    let expected = content(&scenes);
    let hrefs = [
        format!("az://{CONTAINER}/a b/c"),
        format!("abfss://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/d/"),
        format!("az://{CONTAINER}/one.parquet"),
    ];
    for (name, href) in ["one", "two", "three"].into_iter().zip(&hrefs) {
        let summary = scenes.export(href).run().wait().unwrap();
        assert_eq!(summary.rows, 3, "{href}");
        let imported = exports.import(&database, href, name).unwrap();
        assert_eq!((imported.records, imported.headers, imported.failed.len()), (3, 3, 0), "{href}");
        assert_eq!(content(&database.collection(name).unwrap()), expected, "{href}");
        // What is there stays, unless it may be replaced.
        let error = scenes.export(href).run().wait().unwrap_err();
        assert_eq!(error.kind(), "exists", "{href}: {error}");
    }
    let files = exports.blobs().into_iter().filter(|blob| blob.starts_with("a b/c/year=")).count();
    assert_eq!(exports.blobs().len(), 2 * files + 1, "{:?}", exports.blobs());

    // Fewer files than there were: what is left over goes.
    let ids = scenes.ids().unwrap();
    let one = scenes.subset(Filter::new().ids([&ids[0]]));
    for href in &hrefs {
        one.export(href).overwrite(true).run().wait().unwrap();
        let imported = exports.import(&database, href, "again").unwrap();
        assert_eq!(imported.records, 1, "{href}");
        database.delete("again").unwrap();
    }
    assert_eq!(exports.blobs().len(), 3, "{:?}", exports.blobs());
    exports.server.put_blob(&format!("{CONTAINER}/d/thesis.tex"), b"x".to_vec());
    let error = one.export(&hrefs[1]).overwrite(true).run().wait().unwrap_err();
    assert!(error.kind() == "exists" && error.to_string().contains("thesis.tex"), "{error}");
}

#[test]
fn who_may_not_write_leaves_nothing() {
    let Some(exports) = Exports::new() else { return };
    let href = format!("az://{CONTAINER}/a");
    let scenes = exports.with_signature("rl").collection("scenes").unwrap();
    let error = scenes.export(&href).run().wait().unwrap_err();
    assert!(error.kind() == "access-denied" && error.to_string().contains(&href), "{error}");
    assert!(!format!("{error} {error:?}").contains("sig="), "{error:?}");
    assert_eq!(exports.blobs(), [""; 0]);
}

#[test]
fn an_export_that_fails_is_not_seen() {
    let Some(exports) = Exports::new() else { return };
    let (href, database) = (format!("az://{CONTAINER}/a"), exports.with_key());
    let scenes = database.collection("scenes").unwrap();
    // While blocks are sent; while the first blob is completed; while one after it is.
    for (request, after) in
        [("comp=block&", 0), ("comp=block&", 1), ("comp=blocklist", 0), ("comp=blocklist", 1)]
    {
        exports.server.wire.cut(request, after);
        let error = scenes.export(&href).run().wait().unwrap_err();
        assert!(error.to_string().contains(&href), "{request} after {after}: {error}");
        exports.server.wire.mend();
        assert_eq!(exports.blobs(), [""; 0], "{request} after {after}");
    }
    scenes.export(&href).run().wait().unwrap();
    let whole = exports.blobs();
    assert!(whole.len() > 1, "{whole:?}");

    // What was there is there still, and is whole.
    exports.server.wire.cut("comp=blocklist", 0);
    scenes.export(&href).overwrite(true).run().wait().unwrap_err();
    exports.server.wire.mend();
    assert_eq!(exports.blobs(), whole);
    assert_eq!(exports.import(&database, &href, "still").unwrap().records, 3);

    // Who may write and not delete leaves what was there beside what is new: nobody takes that for an export.
    let ids = scenes.ids().unwrap();
    let writer = exports.with_signature("rwl").collection("scenes").unwrap();
    let last = writer.subset(Filter::new().ids([&ids[2]]));
    let error = last.export(&href).overwrite(true).run().wait().unwrap_err();
    assert_eq!(error.kind(), "access-denied", "{error}");
    assert_eq!(exports.blobs(), whole);
    let error = exports.import(&database, &href, "mixed").unwrap_err();
    assert_eq!(error.kind(), "incomplete-export", "{error}");
    let scenes = database.collection("scenes").unwrap();
    scenes.export(&href).overwrite(true).run().wait().unwrap();
    assert_eq!(exports.import(&database, &href, "mended").unwrap().records, 3);
}

#[test]
fn a_container_that_is_not_there() {
    let Some(exports) = Exports::new() else { return };
    let database = exports.with_key();
    let error = database.collection("scenes").unwrap().export("az://nowhere/a").run().wait().unwrap_err();
    assert!(["not-found", "io"].contains(&error.kind()), "{} {error}", error.kind());
}
