//! Static catalogues on a plain server: the same records as from their folders.

use crate::support::{ids, read, source};
use rasteret::schema::Selection;
use rasteret_serve::{Fault, Options, Server};

#[path = "../../plugins/stac/tests/catalogs/generate.rs"]
mod generate;

use generate::{Layout, Leaves, Links};

#[test]
fn servers_and_folders_give_the_same() {
    for (depth, children, items) in [(1, 3, 40), (3, 3, 5)] {
        for leaves in [Leaves::Files, Leaves::ItemCollection, Leaves::Lines] {
            let local = tempfile::tempdir().unwrap();
            let layout = Layout { depth, children, items, links: Links::Relative, leaves };
            layout.write(local.path(), "");
            let expected = read(&source(local.path().to_str().unwrap()), &Selection::default()).unwrap();
            assert_eq!((expected.0.len(), expected.1.len()), (layout.total(), 0));

            let published = tempfile::tempdir().unwrap();
            let server = Server::start(published.path(), Options::default()).unwrap();
            for links in [Links::Relative, Links::Absolute] {
                Layout { links, ..layout }.write(published.path(), &server.base_url());
                let remote = source(&server.url("catalog.json"));
                assert_eq!(read(&remote, &Selection::default()).unwrap(), expected, "{layout:?} {links:?}");
            }
        }
    }
}

#[test]
fn documents_that_fail_are_failures() {
    let folder = tempfile::tempdir().unwrap();
    Layout { depth: 1, children: 2, items: 30, links: Links::Relative, leaves: Leaves::Files }
        .write(folder.path(), "");
    std::fs::remove_file(folder.path().join("c0/i3.json")).unwrap();
    let server = Server::start(folder.path(), Options::default()).unwrap();
    let remote = source(&server.url("catalog.json"));
    server.set_faults((0..40).map(|at| (at % 5 == 1).then_some(Fault::Status(503))));
    let (records, failures) = read(&remote, &Selection::default()).unwrap();
    assert_eq!(records.len(), 59);
    assert!(failures.len() == 1 && failures[0].href.ends_with("c0/i3.json"), "{failures:?}");
    assert_eq!(failures[0].kind, "not-found");
    assert_eq!(ids(&remote.collection("c1").max_items(5), &Selection::default()).len(), 5);
}
