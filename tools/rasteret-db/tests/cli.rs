//! The command line's contract: exit codes, one JSON document on standard output, errors on standard
//! error, and commands that do what they say.
#![allow(clippy::unwrap_used, missing_docs)]

use rasteret_synth::{Archive, ArchiveOptions};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// A folder with a small archive, and a database with a collection of it.
struct Fixture {
    folder: tempfile::TempDir,
    archive: Archive,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let mut options = ArchiveOptions::demo();
    options.scenes.truncate(2);
    options.scenes.iter_mut().for_each(|scene| scene.size = (256, 256));
    let archive = options.write(folder.path().join("scenes")).unwrap();
    let fixture = Fixture { folder, archive };
    let built =
        fixture.run(&["collections", "build-local", "--name", "demo", fixture.scenes().to_str().unwrap()]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    fixture
});

impl Fixture {
    fn scenes(&self) -> PathBuf {
        self.folder.path().join("scenes")
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("test.rasteret")
    }

    fn out(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        command(&self.database()).args(arguments).output().unwrap()
    }

    /// What a command prints with `--json`.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn error(&self, arguments: &[&str], code: i32) -> (String, String) {
        let output = self.run(&[&["--json"], arguments].concat());
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        let text = |member: &str| error["error"][member].as_str().unwrap().to_owned();
        (text("kind"), text("message"))
    }

    /// West, south, east, north of the middle of the scenes.
    fn bbox(&self) -> String {
        let info = self.json(&["collections", "info", "demo"]);
        let [w, s, e, n] = [0, 1, 2, 3].map(|i| info["bounds"][i].as_f64().unwrap());
        let (dx, dy) = ((e - w) / 4.0, (n - s) / 4.0);
        format!("{},{},{},{}", w + dx, s + dy, e - dx, n - dy)
    }
}

fn command(database: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rasteret-db"));
    command.arg("--db").arg(database).env_remove("RASTERET_DB").env_remove("RASTERET_WORKSPACE");
    command
}

#[test]
fn collections_are_listed_and_described() {
    let fixture = &*FIXTURE;
    let list = fixture.json(&["collections", "list"]);
    let info = fixture.json(&["collections", "info", "demo"]);
    assert!(list.as_array().unwrap().contains(&info));
    assert_eq!(info["records"], 2);
    assert_eq!(info["headers"], 8);
    assert_eq!(info["bands"], serde_json::json!(["B02", "B03", "B04", "B08"]));
    assert_eq!(info["epsg"], serde_json::json!([32643]));
    assert!(info["size_bytes"].as_u64().unwrap() > 1000);
    for member in ["name", "bounds", "date_range", "data_source", "created", "columns"] {
        assert!(!info[member].is_null(), "{member}");
    }
    let schema = fixture.json(&["collections", "schema", "demo"]);
    assert_eq!(schema, info["columns"]);
    let head = fixture.json(&["collections", "head", "demo", "-n", "1"]);
    assert_eq!(head.as_array().unwrap().len(), 1);
    assert!(head[0]["geometry"].as_str().unwrap().starts_with("POLYGON"));
    assert!(head[0]["datetime"].as_str().unwrap().starts_with("2024-01-11T"));
    for arguments in
        [&["collections", "list"][..], &["collections", "info", "demo"], &["collections", "head", "demo"]]
    {
        let text = String::from_utf8(fixture.run(arguments).stdout).unwrap();
        assert!(text.contains("demo") || text.contains("S2A_43PGQ"), "{text}");
    }
}

#[test]
fn building_again_is_a_cache_hit_until_a_file_changes() {
    let fixture = &*FIXTURE;
    let folder = tempfile::tempdir().unwrap();
    let scene = &fixture.archive.scenes()[0];
    let file = folder.path().join("scene_B04.tif");
    std::fs::copy(fixture.archive.path(scene, fixture.archive.bands()[0]), &file).unwrap();
    let database = folder.path().join("db.rasteret");
    let build = |more: &[&str]| -> Value {
        let output = command(&database)
            .args(["--json", "collections", "build-local", "--name", "one"])
            .arg(folder.path())
            .args(more)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(build(&[])["cached"], false);
    assert_eq!(build(&[])["cached"], true);
    assert_eq!(build(&["--force"])["cached"], false);
    let other = folder.path().join("scene_B08.tif");
    std::fs::copy(&file, &other).unwrap();
    let built = build(&[]);
    assert_eq!(
        (&built["cached"], &built["records"], &built["headers"]),
        (&false.into(), &1.into(), &2.into())
    );
    for member in ["name", "failed", "requests", "bytes", "seconds"] {
        assert!(!built[member].is_null(), "{member}");
    }
}

#[test]
fn headers_answer_from_the_file_alone() {
    let fixture = &*FIXTURE;
    let query = fixture.json(&["query", "demo"]);
    let id = query["ids"][0].as_str().unwrap();
    let header = fixture.json(&["header", "demo", "--id", id, "--band", "B04"]);
    assert_eq!(header["image"]["width"], 256);
    assert_eq!(header["dtype"], "uint16");
    assert_eq!(header["nodata"], 0);
    assert_eq!(header["crs"], "EPSG:32643");
    assert_eq!(header["image"]["tile_offsets"].as_array().unwrap().len(), 1);
    let (kind, message) = fixture.error(&["header", "demo", "--id", id, "--band", "B99"], 1);
    assert_eq!(kind, "no-such-band");
    assert!(message.contains("B02, B03, B04, B08"), "{message}");
    assert_eq!(fixture.error(&["header", "demo", "--id", "nobody", "--band", "B04"], 1).0, "no-such-record");
}

#[test]
fn queries_filter() {
    let fixture = &*FIXTURE;
    let count = |arguments: &[&str]| {
        fixture.json(&[&["query", "demo"], arguments].concat())["count"].as_u64().unwrap()
    };
    assert_eq!(count(&[]), 2);
    assert_eq!(count(&["--dates", "2024-01/2024-02"]), 1);
    assert_eq!(count(&["--dates", "2030-01-01/.."]), 0);
    assert_eq!(count(&["-b", "-10,-10,10,10"]), 0);
    assert_eq!(count(&["--bbox", &fixture.bbox()]), 2);
    assert_eq!(count(&["--where", "T_BEFORE(datetime, DATE('2024-03-01'))"]), 1);
    assert_eq!(count(&["--where", "datetime < '2024-03-01' OR \"proj:epsg\" > 0"]), 2);
    assert_eq!(count(&["--where", "id = 'nobody'", "--bbox", &fixture.bbox()]), 0);
    assert_eq!(fixture.json(&["query", "demo", "--limit", "1"])["ids"].as_array().unwrap().len(), 1);
    let (kind, message) = fixture.error(&["query", "demo", "--cloud-lt", "10"], 1);
    assert_eq!(kind, "no-such-column");
    assert!(message.contains("eo:cloud_cover") && message.contains("datetime"), "{message}");
    for (condition, expected, part) in [
        ("clouds < 10", "no-such-column", "datetime"),
        ("id < 10", "type-mismatch", "column \"id\" (Utf8) is a text"),
        ("id = ", "filter-syntax", "line 1, column 6"),
    ] {
        let (kind, message) = fixture.error(&["query", "demo", "--where", condition], 1);
        assert_eq!(kind, expected);
        assert!(message.contains(part), "{message}");
    }
    // Several splits are one choice.
    assert_eq!(fixture.error(&["query", "demo", "--split", "train,val"], 1).0, "no-such-column");
    let first = &fixture.json(&["query", "demo"])["ids"][0];
    let condition = format!("id = {}", first.to_string().replace('"', "'"));
    let head = fixture.json(&["collections", "head", "demo", "--where", &condition]);
    assert_eq!((head.as_array().unwrap().len(), &head[0]["id"]), (1, first));
}

#[test]
fn reads_write_what_the_ending_says() {
    let fixture = &*FIXTURE;
    let bbox = fixture.bbox();
    let ids = fixture.json(&["query", "demo"])["ids"].clone();
    let npy = fixture.out("cube.npy");
    let report = fixture.json(&["read", "demo", "--aoi", &bbox, "--bands", "B04,B08", "-o", &npy]);
    let shape: Vec<u64> =
        report["shape"].as_array().unwrap().iter().map(|size| size.as_u64().unwrap()).collect();
    assert_eq!(shape[..2], [2, 2]);
    assert_eq!(report["dims"], serde_json::json!(["record", "band", "y", "x"]));
    assert_eq!(report["crs"], "EPSG:32643");
    assert_eq!(std::fs::metadata(&npy).unwrap().len(), 128 + shape.iter().product::<u64>() * 2);

    let tif = fixture.out("scene.tif");
    let id = ids[0].as_str().unwrap();
    let report = fixture.json(&["read", "demo", "--aoi", &bbox, "--bands", "B08", "--ids", id, "-o", &tif]);
    assert_eq!(report["shape"].as_array().unwrap().len(), 3);
    assert_eq!(report["records"], 1);
    assert!(std::fs::read(&tif).unwrap().starts_with(b"II*\0"));
    let png = fixture.out("look.png");
    fixture.json(&["read", "demo", "--aoi", &bbox, "--bands", "B04,B03,B02", "--ids", id, "-o", &png]);
    assert!(std::fs::read(&png).unwrap().starts_with(b"\x89PNG"));

    // What was written is a raster like any other.
    let own = fixture.folder.path().join("result.rasteret");
    let run = |arguments: &[&str]| -> Value {
        let output = command(&own).arg("--json").args(arguments).output().unwrap();
        serde_json::from_slice(if output.status.success() { &output.stdout } else { &output.stderr }).unwrap()
    };
    assert_eq!(run(&["collections", "build-local", "--name", "result", &tif])["records"], 1);
    let (again, first) = (fixture.out("again.npy"), fixture.out("first.npy"));
    run(&["read", "result", "--aoi", &bbox, "-o", &again]);
    fixture.json(&["read", "demo", "--aoi", &bbox, "--bands", "B08", "--ids", id, "-o", &first]);
    assert_eq!(std::fs::read(again).unwrap(), std::fs::read(first).unwrap());
    run(&["collections", "rename", "result", "renamed"]);
    assert_eq!(run(&["collections", "info", "result"])["error"]["kind"], "no-such-collection");
    assert_eq!(run(&["collections", "delete", "renamed"])["records"], 1);
}

#[test]
fn wrong_usage_exits_2_and_failures_exit_1() {
    let fixture = &*FIXTURE;
    let bbox = fixture.bbox();
    assert_eq!(fixture.error(&["frobnicate"], 2).0, "usage");
    assert_eq!(fixture.error(&["read", "demo", "--aoi", &bbox, "-o", "x.xyz"], 2).0, "usage");
    let two = fixture.out("two.tif");
    assert_eq!(fixture.error(&["read", "demo", "--aoi", &bbox, "--bands", "B04", "-o", &two], 2).0, "usage");
    let npy = fixture.out("never.npy");
    assert_eq!(fixture.error(&["read", "demo", "--aoi", "0,0,1,1", "-o", &npy], 1).0, "nothing-selected");
    assert_eq!(fixture.error(&["read", "demo", "--aoi", "1,2,3", "-o", &npy], 1).0, "area");
    let (kind, _) = fixture.error(&["read", "demo", "--aoi", &bbox, "--fill-value", "70000", "-o", &npy], 1);
    assert_eq!(kind, "invalid-argument");
    assert_eq!(fixture.error(&["query", "demo", "--dates", "soon"], 1).0, "invalid-argument");
    let (kind, message) = fixture.error(&["collections", "info", "nothing"], 1);
    assert_eq!(kind, "no-such-collection");
    assert!(message.contains("demo"), "{message}");
    assert!(!Path::new(&npy).exists(), "nothing is written by a read that fails");
    let output = Command::new(env!("CARGO_BIN_EXE_rasteret-db"))
        .args(["--json", "--db", "/nowhere/at/all.rasteret", "collections", "list"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not-found"));
}

#[test]
fn maintenance() {
    let fixture = &*FIXTURE;
    let copy = fixture.folder.path().join("copy.rasteret");
    std::fs::copy(fixture.database(), &copy).unwrap();
    let run = |arguments: &[&str]| command(&copy).args(arguments).output().unwrap();
    let stats: Value = serde_json::from_slice(&run(&["--json", "db", "stats"]).stdout).unwrap();
    assert!(stats["records"].as_u64().unwrap() >= 2 && !stats["tables"].as_array().unwrap().is_empty());
    assert_eq!(run(&["db", "verify", "--deep"]).status.code(), Some(0));
    assert_eq!(run(&["db", "compact"]).status.code(), Some(0));
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2..bytes.len() / 2 + 4096;
    bytes[middle].fill(0x55);
    std::fs::write(&copy, bytes).unwrap();
    let damaged = run(&["--json", "db", "verify", "--deep"]);
    assert_eq!(damaged.status.code(), Some(3), "{}", String::from_utf8_lossy(&damaged.stderr));
    let report: Value = serde_json::from_slice(&damaged.stdout).unwrap();
    assert!(report["damaged"].as_u64().unwrap() > 0);
}

#[test]
fn the_demo_runs() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_rasteret-db"))
            .args(["--json", "demo", "--dir"])
            .arg(&dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let first = run();
    assert_eq!(first["records"], 4);
    assert!((0.0..1.0).contains(&first["mean"].as_f64().unwrap()));
    for member in ["ndvi_tif", "ndvi_png"] {
        assert!(Path::new(first[member].as_str().unwrap()).exists(), "{member}");
    }
    assert_eq!(run(), first, "a second run does the same");
}

/// The whole mixed folder of real files: what can be read is, the rest is reported.
#[test]
fn a_mixed_folder_is_taken_and_its_failures_reported() {
    let data = std::env::var_os("RASTERET_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let cogs = data.join("cogs");
    if !cogs.exists() {
        return skip("no test data");
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("t.db");
    let output = command(&database)
        .args(["--json", "collections", "build-local", "--name", "x"])
        .arg(&cogs)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let failed = summary["failed"].as_array().unwrap();
    let kind = |name: &str| {
        let failure = failed.iter().find(|failure| failure["href"].as_str().unwrap().ends_with(name));
        failure.map_or("none", |failure| failure["kind"].as_str().unwrap())
    };
    assert_eq!(kind("rasterio/rotated.tif"), "rotated-transform");
    assert_eq!(kind("rio-tiler/cog_gcps.tif"), "ground-control-points");
    assert_eq!(kind("image-tiff/int8.tif"), "not-georeferenced");
    assert_eq!(kind("rio-tiler/cog_hirise_mars.tif"), "footprint");
    assert_eq!(kind("rio-tiler/cog.tif"), "none");
    assert!(summary["records"].as_u64().unwrap() >= 35);
    let strict = command(&database)
        .args(["collections", "build-local", "--strict", "--name", "x"])
        .arg(&cogs)
        .output()
        .unwrap();
    assert_eq!(strict.status.code(), Some(1));

    let read = command(&database)
        .args([
            "--json",
            "read",
            "x",
            "--ids",
            "rasterio/corrupt,corrupt",
            "--bands",
            "B1",
            "--aoi",
            "-180,-85,180,85",
            "-o",
        ])
        .arg(folder.path().join("x.npy"))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&read.stderr).into_owned();
    assert_eq!(read.status.code(), Some(1), "{error}");
    assert!(
        error.contains("corrupt-tile") && error.contains("corrupt.tif") && error.contains("band"),
        "{error}"
    );
}

fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("SKIPPED: {}::{}: {reason}\n", module_path!(), thread.name().unwrap_or("?"));
    eprint!("{line}");
    if let Some(path) = std::env::var_os("RASTERET_SKIPPED_FILE") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| std::io::Write::write_all(&mut file, line.as_bytes()))
            .expect("the file can be written");
    }
}
