//! Exports with relative hrefs, whose rasters move.

use crate::support::{Scenes, failures, pixels, text, write};
use rasteret::blocking::Wait;
use rasteret::share::ExportFormat;
use std::path::Path;

/// Names that mean something else in a URL, or in a path.
const NAMES: [&str; 11] = [
    "plain.tif",
    "sp ace/x y.tif",
    "per%20cent%.tif",
    "hash#1.tif",
    "what?v=1&w.tif",
    "S2A:1.tif",
    "file:1.tif",
    "s3:/bucket/b.tif",
    "https:/h/b.tif",
    "é+ü.tif",
    "..hidden/b.tif",
];

#[test]
fn rasters_move_with_their_exports() {
    let scenes = Scenes::new(1);
    let file = &scenes.files("B04")[0];
    let (before, elsewhere) = (scenes.store.path("imagery #1?"), scenes.store.path("elsewhere"));
    let link = |path: &Path| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::hard_link(file, path).unwrap();
        text(path)
    };
    let mut hrefs: Vec<(String, String)> =
        NAMES.iter().map(|name| ((*name).to_owned(), link(&before.join(name)))).collect();
    let url = |name: &str| {
        format!("file://{}/{name}", text(&before).replace('#', "%23").replace('?', "%3F").replace(' ', "%20"))
    };
    hrefs.push(("a URL".to_owned(), url("sp%20ace/x%20y.tif")));
    hrefs.push(("dots".to_owned(), format!("{}/sp ace/../plain.tif", text(&before))));
    let others = [
        ("elsewhere".to_owned(), link(&elsewhere.join("z.tif"))),
        ("dots that leave it".to_owned(), format!("{}/../elsewhere/z.tif", text(&before))),
        ("named alike".to_owned(), link(&scenes.store.path("imagery #1?2/z.tif"))),
    ];
    let rows: Vec<(&str, &str)> =
        hrefs.iter().chain(&others).map(|(id, href)| (id.as_str(), href.as_str())).collect();
    let table = scenes.store.path("table.parquet");
    write(&table, &scenes.forged(&rows), &[]);
    let folder = scenes.store.folder.path();
    let summary = scenes.store.import(&table, "absolute").allow_local(folder).run().wait().unwrap();
    assert_eq!((summary.records, failures(&summary)), (rows.len() as u64, vec![]));
    let absolute = scenes.store.collection("absolute");
    let expected = pixels(&absolute, "plain.tif").unwrap();

    for (format, name) in [(ExportFormat::Rasteret, "rasteret"), (ExportFormat::StacGeoparquet, "stac")] {
        let dest = text(&scenes.store.path(name));
        let summary = absolute.export(&dest).format(format).relative_to(text(&before)).run().wait().unwrap();
        // Two bands each.
        assert_eq!(summary.hrefs_kept, Some(2 * others.len() as u64), "{name}");
    }
    let summary = absolute.export(text(&scenes.store.path("as it was"))).run().wait().unwrap();
    assert_eq!(summary.hrefs_kept, None);

    let after = scenes.store.path("moved");
    std::fs::rename(&before, &after).unwrap();
    assert!(pixels(&absolute, "plain.tif").is_err());
    for name in ["rasteret", "stac"] {
        let import = scenes.store.import(&scenes.store.path(name), &format!("{name} moved"));
        let summary = import.base_dir(text(&after)).run().wait().unwrap();
        // What did not lie below the folder stays where it is, and may not be read.
        assert_eq!(summary.records, hrefs.len() as u64, "{name}: {:?}", summary.failed);
        assert!(
            failures(&summary).iter().all(|(kind, _)| *kind == "outside-base-dir"),
            "{:?}",
            summary.failed
        );
        assert_eq!(summary.failed.len(), others.len());
        let moved = scenes.store.collection(&format!("{name} moved"));
        for (id, _) in &hrefs {
            let read = pixels(&moved, id).unwrap_or_else(|error| panic!("{name}, {id}: {error}"));
            assert_eq!(
                (read.pixels, read.valid),
                (expected.pixels.clone(), expected.valid.clone()),
                "{name}, {id}"
            );
        }
    }
    // Others may be allowed, by whatever name.
    let import = scenes.store.import(&scenes.store.path("rasteret"), "all").base_dir(text(&after));
    let summary = import.allow_local(&elsewhere).run().wait().unwrap();
    assert_eq!(summary.records, hrefs.len() as u64 + 2, "{:?}", summary.failed);
    assert_eq!(pixels(&scenes.store.collection("all"), "elsewhere").unwrap().pixels, expected.pixels);
}
