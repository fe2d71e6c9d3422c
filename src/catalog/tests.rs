use super::*;
use serde_json::json;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database(&self) -> Database {
        Database::open_writable(self.path("db.rasteret")).unwrap()
    }

    fn catalog(&self) -> Catalog {
        self.database().catalog().with_local_file(self.path("home/datasets.local.json"))
    }

    fn local_file(&self) -> Vec<Value> {
        serde_json::from_str(&std::fs::read_to_string(self.path("home/datasets.local.json")).unwrap())
            .unwrap()
    }

    fn write_local_file(&self, text: &str) {
        std::fs::create_dir_all(self.path("home")).unwrap();
        std::fs::write(self.path("home/datasets.local.json"), text).unwrap();
    }
}

fn dataset(id: &str, more: Value) -> DatasetDescriptor {
    let mut members = json!({"id": id, "name": id});
    members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    DatasetDescriptor::from_json(members).unwrap()
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().kind()
}

#[test]
fn the_nearest_of_one_id_counts() {
    let home = Home::new();
    let id = "earthsearch/naip";
    let api = |url: &str| json!({"stac_api": url, "stac_collection": "naip"});
    assert_eq!(home.catalog().get(id).unwrap().origin, Origin::BuiltIn);
    let built_in = home.catalog().list().unwrap();
    assert_eq!(built_in.len(), 12);

    home.catalog().register(dataset(id, api("https://database/"))).unwrap();
    let found = home.catalog().get(id).unwrap();
    assert_eq!(
        (found.origin, found.dataset.stac_api.as_deref()),
        (Origin::Database, Some("https://database/"))
    );
    assert!(!home.path("home").exists(), "it is not local");
    home.write_local_file(&json!([{"id": id, "name": "Mine", "stac_api": "https://file/"}]).to_string());
    let found = home.catalog().get(id).unwrap();
    assert_eq!((found.origin, found.dataset.name.as_str()), (Origin::LocalFile, "Mine"));
    // What is registered counts, wherever the id was known from.
    home.catalog().register(dataset(id, api("https://again/"))).unwrap();
    let found = home.catalog().get(id).unwrap();
    assert_eq!(
        (found.origin, found.dataset.stac_api.as_deref()),
        (Origin::LocalFile, Some("https://again/"))
    );

    home.catalog().register(dataset("acme/a", api("https://acme/"))).unwrap();
    let ids: Vec<String> = home.catalog().list().unwrap().into_iter().map(|entry| entry.dataset.id).collect();
    let mut expected: Vec<String> = built_in.iter().map(|entry| entry.dataset.id.clone()).collect();
    expected.push("acme/a".to_owned());
    assert_eq!(ids, expected);
    // Another database knows what is in the file; without one, so does the catalogue.
    let alone = Catalog::new().with_local_file(home.path("home/datasets.local.json"));
    assert_eq!(alone.get(id).unwrap().origin, Origin::LocalFile);

    assert_eq!(home.catalog().unregister(id).unwrap().stac_api.as_deref(), Some("https://again/"));
    assert_eq!(home.catalog().get(id).unwrap().origin, Origin::BuiltIn);
    assert_eq!(kind(home.catalog().unregister(id)), "built-in");
    assert_eq!(kind(home.catalog().unregister("nothing/like/it")), "no-such-dataset");
}

#[test]
fn a_database_that_is_open_for_reading_lists_and_does_not_register() {
    let home = Home::new();
    home.catalog().register(dataset("acme/a", json!({"description": "Fields of BARLEY"}))).unwrap();
    let reading = Database::open(home.path("db.rasteret")).unwrap().catalog();
    let reading = reading.with_local_file(home.path("home/datasets.local.json"));
    assert_eq!(reading.get("acme/a").unwrap().origin, Origin::Database);
    assert_eq!(reading.search("barley").unwrap().len(), 1);
    assert_eq!(reading.search("SENTINEL-2-L2").unwrap().len(), 2);
    let local = dataset("local/a", json!({"spatial_coverage": "local", "collection_uri": "/a"}));
    assert_eq!(kind(reading.register(local)), "read-only");
    assert!(!home.path("home").exists(), "nothing was registered");
    assert_eq!(kind(Catalog::new().register(dataset("a", json!({})))), "invalid-argument");
}

#[test]
fn local_datasets_are_in_both_places_and_nothing_else_of_the_file_changes() {
    let home = Home::new();
    let written = include_str!("../../schema/tests/rasteret-0.4.1/datasets.local.json");
    let mut entries: Vec<Value> = serde_json::from_str(written).unwrap();
    entries[0]["since"] = json!({"version": 9});
    entries.push(json!({"id": "later/one", "band_map": ["of", "another", "form"]}));
    entries.push(json!("no descriptor at all"));
    home.write_local_file(&serde_json::to_string(&entries).unwrap());
    let known: Vec<Entry> =
        home.catalog().list().unwrap().into_iter().filter(|it| it.origin == Origin::LocalFile).collect();
    assert_eq!(known.len(), 3);
    // What is no descriptor is in nobody's way, and still tells when it is asked for.
    let error = home.catalog().get("later/one").unwrap_err().to_string();
    assert!(error.contains("later/one") && error.contains("name"), "{error}");

    let local = dataset("local/new", json!({"spatial_coverage": "local", "collection_uri": "/data/new"}));
    home.catalog().register(local.clone()).unwrap();
    home.catalog().register(dataset("acme/remote", json!({"stac_api": "https://acme/"}))).unwrap();
    assert_eq!(home.catalog().get("local/new").unwrap().origin, Origin::LocalFile);
    let after = home.local_file();
    for entry in &entries {
        assert!(after.contains(entry), "{entry}");
    }
    assert_eq!(after.len(), entries.len() + 1);
    assert!(after.contains(&serde_json::to_value(&local).unwrap()));

    home.catalog().unregister("local/new").unwrap();
    assert_eq!(home.local_file().len(), entries.len());
    home.catalog().unregister("acme/index").unwrap();
    assert_eq!(home.local_file().len(), entries.len() - 1);
}

#[test]
fn a_broken_file_is_named_and_left_alone() {
    let home = Home::new();
    for text in ["[{\"id\": ", "{\"id\": \"a\"}", ""] {
        home.write_local_file(text);
        let local = dataset("local/a", json!({"spatial_coverage": "local"}));
        let listed = home.catalog().list().unwrap_err();
        let registered = home.catalog().register(local).unwrap_err();
        for error in [listed, registered] {
            assert_eq!(error.kind(), "broken-dataset-file");
            assert!(error.to_string().contains("datasets.local.json"), "{error}");
        }
        assert_eq!(std::fs::read_to_string(home.path("home/datasets.local.json")).unwrap(), text);
    }
    home.write_local_file("[]");
    assert_eq!(home.catalog().list().unwrap().len(), 12, "the database has nothing either");
}

#[test]
fn exports_are_imported() {
    let home = Home::new();
    let file = home.path("out.json");
    let bands = json!({"stac_api": "https://acme/", "band_map": {"R": "red", "B": "blue"}, "since": 1});
    let registered = home.catalog().register(dataset("acme/a", bands)).unwrap();
    assert_eq!(home.catalog().export("acme/a", &file).unwrap(), registered);
    home.catalog().unregister("acme/a").unwrap();
    assert_eq!(home.catalog().import(&file).unwrap(), std::slice::from_ref(&registered));
    let found = home.catalog().get("acme/a").unwrap().dataset;
    assert_eq!(found, registered);
    assert_eq!(found.band_map.unwrap().keys().collect::<Vec<_>>(), ["R", "B"], "in their order");

    let list = include_str!("../../schema/tests/rasteret-0.4.1/datasets.local.json");
    std::fs::write(&file, list).unwrap();
    assert_eq!(home.catalog().import(&file).unwrap().len(), 3);
    assert_eq!(home.local_file().len(), 1, "one of them is local");
    std::fs::write(&file, "[{\"id\": \"x/y\", \"name\": \"X\"}, {\"id\": \"x/z\"}]").unwrap();
    assert_eq!(kind(home.catalog().import(&file)), "descriptor");
    assert_eq!(kind(home.catalog().get("x/y")), "no-such-dataset", "all or none");
    assert_eq!(kind(home.catalog().import(home.path("nowhere.json"))), "not-found");
}

#[test]
fn many_processes_register_at_once() {
    let home = Home::new();
    let file = home.path("home/datasets.local.json");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (home, file) = (&home, &file);
            scope.spawn(move || {
                let database = Database::open_writable(home.path(&format!("{n}.rasteret"))).unwrap();
                let catalog = database.catalog().with_local_file(file);
                for m in 0..8 {
                    let id = format!("local/{n}-{m}");
                    catalog.register(dataset(&id, json!({"spatial_coverage": "local"}))).unwrap();
                }
            });
        }
    });
    assert_eq!(home.local_file().len(), 64);
}

#[test]
fn a_file_without_the_table_gets_it() {
    let home = Home::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/golden/store-v1.redb");
    std::fs::copy(golden, home.path("db.rasteret")).unwrap();
    let reading = Database::open(home.path("db.rasteret")).unwrap();
    assert_eq!(reading.catalog().with_local_file(home.path("none")).list().unwrap().len(), 12);
    drop(reading);
    home.catalog().register(dataset("acme/a", json!({}))).unwrap();
    assert_eq!(home.catalog().get("acme/a").unwrap().origin, Origin::Database);
    let damages = crate::store::verify(home.path("db.rasteret"), crate::store::Depth::Deep).unwrap();
    assert_eq!(damages, []);
}

#[test]
fn what_is_at_a_path_is_found_out() {
    let home = Home::new();
    let describe = |path: &Path| local::describe("local/x", path.to_str().unwrap());
    assert_eq!(kind(describe(&home.path("nothing"))), "no-dataset");
    std::fs::write(home.path("notes.txt"), "notes").unwrap();
    assert_eq!(kind(describe(&home.path("notes.txt"))), "no-dataset");
    std::fs::write(home.path("broken.parquet"), "PAR1").unwrap();
    assert_eq!(kind(describe(&home.path("broken.parquet"))), "no-dataset");
    std::fs::create_dir(home.path("stac")).unwrap();
    std::fs::write(home.path("stac/catalog.json"), "{}").unwrap();
    let catalog = describe(&home.path("stac")).unwrap();
    assert!(catalog.static_catalog && catalog.stac_api.unwrap().ends_with("stac/catalog.json"));
    let bucket = local::describe("local/x", "s3://bucket/collection").unwrap();
    assert_eq!(bucket.collection_uri.as_deref(), Some("s3://bucket/collection"));
    let signed = home.catalog().register_local("local/x", "https://h/c.parquet?sig=secret", None, None);
    assert_eq!(kind(signed), "descriptor");
}
