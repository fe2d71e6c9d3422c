//! Headers that are parsed again: what tables cannot carry, and what changed.

use crate::support::{BANDS, Scenes, Store, failures, text};
use rasteret::blocking::Wait;
use rasteret::schema::HeaderDescription;
use rasteret::{Collection, Filter};
use rasteret_serve::{Options, Server};
use std::path::Path;

/// Scenes on a server: a collection that was built from there, and one that was exported and imported.
struct Served {
    scenes: Scenes,
    server: Server,
    store: Store,
}

impl Served {
    fn new(count: usize) -> Served {
        let scenes = Scenes::new(count);
        let server = Server::start(scenes.folder(), Options::default()).unwrap();
        let store = Store::new();
        let rows: Vec<(String, String)> = (scenes.built.ids().unwrap().into_iter())
            .zip(scenes.files("B04"))
            .map(|(id, file)| (id, text(file.strip_prefix(scenes.folder()).unwrap())))
            .collect();
        let rows: Vec<(&str, &str)> = rows.iter().map(|(id, href)| (id.as_str(), href.as_str())).collect();
        let path = scenes.store.path("t/table.parquet");
        crate::support::write(&path, &scenes.forged(&rows), &[]);
        let base = server.base_url();
        store.import(&path, "imported").base_dir(&base).run().wait().unwrap();
        let source = rasteret::table::TableSource::new(
            text(&path),
            std::sync::Arc::new(store.database.sources().clone()),
        );
        // The table's own headers are not taken: the fresh build parses them.
        store.database.build(source.relative_to(base)).name("built").run().wait().unwrap();
        store.collection("built").refresh().run().wait().unwrap();
        server.reset_stats();
        Served { scenes, server, store }
    }

    fn imported(&self) -> Collection {
        self.store.collection("imported")
    }

    fn file(&self, row: usize) -> std::path::PathBuf {
        self.scenes.files("B04").remove(row)
    }
}

fn headers(collection: &Collection) -> Vec<HeaderDescription> {
    let ids = collection.ids().unwrap();
    ids.iter().flat_map(|id| BANDS.map(|band| collection.header(id, band).unwrap())).collect()
}

fn touched(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes.push(0);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_tables_cannot_carry() {
    let served = Served::new(3);
    let (imported, built) = (served.imported(), served.store.collection("built"));
    let lacks = headers(&imported);
    assert!(lacks.iter().all(|header| header.overviews.is_empty() && header.size.is_none()));
    let summary = imported.refresh().stale_only(true).run().wait().unwrap();
    assert_eq!((summary.records, summary.headers, summary.cached), (3, 6, false));
    // Both bands of a record are in one file here.
    assert_eq!((summary.requests, served.server.stats().requests), (3, 3));
    assert!(summary.bytes > 0);
    let full = headers(&imported);
    assert!(full.iter().all(|header| !header.overviews.is_empty() && header.etag.is_some()));
    assert_eq!(full, headers(&built));
}

#[test]
fn no_more_is_asked_for_than_is_needed() {
    let served = Served::new(3);
    let imported = served.imported();
    let bytes = imported.refresh().run().wait().unwrap().bytes;
    served.server.reset_stats();
    // Nothing changed: a byte of each file.
    let summary = imported.refresh().stale_only(true).run().wait().unwrap();
    assert_eq!((summary.requests, summary.bytes, summary.cached), (3, 3, true));
    // One did.
    touched(&served.file(1));
    let before = headers(&imported);
    let summary = imported.refresh().stale_only(true).run().wait().unwrap();
    assert_eq!((summary.requests, summary.cached, summary.failed.len()), (4, false, 0));
    assert!(summary.bytes < bytes, "{} of {bytes}", summary.bytes);
    let after = headers(&imported);
    assert_eq!(before.iter().zip(&after).filter(|(before, after)| before != after).count(), 2);
    // Of a view, only its records are looked at.
    let one = imported.subset(Filter::new().ids([&imported.ids().unwrap()[0]]));
    assert_eq!(one.refresh().stale_only(true).run().wait().unwrap().requests, 1);
    assert_eq!(one.refresh().run().wait().unwrap().requests, 1);
}

#[test]
fn files_that_are_gone_and_servers_that_are() {
    let served = Served::new(2);
    let imported = served.imported();
    imported.refresh().run().wait().unwrap();
    let file = served.file(0);
    let aside = served.scenes.store.path("aside");
    std::fs::rename(&file, &aside).unwrap();
    let summary = imported.refresh().stale_only(true).run().wait().unwrap();
    assert_eq!(failures(&summary).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["not-found"; 2]);
    assert_eq!((summary.headers, imported.info().unwrap().headers), (2, 2));
    // It is gone: that is not asked again, until it is parsed whatever is known.
    served.server.reset_stats();
    assert!(imported.refresh().stale_only(true).run().wait().unwrap().failed.is_empty());
    assert_eq!(served.server.stats().requests, 1);
    let error = imported.refresh().strict(true).run().wait().unwrap_err();
    assert_eq!(error.kind(), "build-failures", "{error}");
    std::fs::rename(&aside, &file).unwrap();
    let summary = imported.refresh().run().wait().unwrap();
    assert_eq!((summary.headers, summary.failed.len()), (4, 0));

    // A server that cannot be reached says nothing of its files.
    let Served { server, store, scenes } = served;
    drop(server);
    let impatient = rasteret::io::SourceOptions {
        retries: 0,
        connect_timeout: std::time::Duration::from_millis(200),
        ..Default::default()
    };
    let database = store.database.clone().with_sources(rasteret::io::ByteSources::new(impatient));
    let imported = database.collection("imported").unwrap();
    for stale_only in [true, false] {
        let summary = imported.refresh().stale_only(stale_only).run().wait().unwrap();
        assert_eq!(failures(&summary).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ["unreachable"; 4]);
        assert_eq!(summary.headers, 4, "what is known is kept");
    }
    drop(scenes);
}
