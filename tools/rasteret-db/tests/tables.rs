//! `collections merge`, `annotate`, `split`, `head` and `schema`: collections as tables.
#![allow(clippy::unwrap_used, missing_docs)]

use rasteret_synth::ArchiveOptions;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output};

/// A database with the collections `a` and `b` of the same two scenes.
struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let fixture = Fixture { folder: tempfile::tempdir().unwrap() };
        let mut options = ArchiveOptions::demo();
        options.scenes.truncate(2);
        options.scenes.iter_mut().for_each(|scene| scene.size = (256, 256));
        let scenes = fixture.file("scenes");
        options.write(&scenes).unwrap();
        for name in ["a", "b"] {
            let built =
                fixture.run(&["collections", "build-local", "--name", name, scenes.to_str().unwrap()]);
            assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        }
        fixture
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rasteret-db"));
        command.env_remove("RASTERET_DB").env_remove("RASTERET_WORKSPACE");
        command.arg("--db").arg(self.file("test.rasteret")).args(arguments).output().unwrap()
    }

    /// What a command prints with `--json`.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Kind of the error of a command that fails.
    fn error(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["--json"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let error: Value = serde_json::from_slice(&output.stderr).unwrap();
        error["error"]["kind"].as_str().unwrap().to_owned()
    }
}

#[test]
fn tables_are_joined_and_records_divided() {
    let fixture = Fixture::new();
    let head = fixture.json(&["collections", "head", "a", "-n", "1"]);
    let id = head[0]["id"].as_str().unwrap();
    let labels = fixture.file("labels.csv");
    std::fs::write(&labels, format!("id,label,note\n{id},3,x\nnone,4,y\n")).unwrap();
    let labels = labels.to_str().unwrap();
    let annotate = ["collections", "annotate", "a", "--table", labels, "--on", "id", "--columns", "label"];
    assert_eq!(fixture.json(&annotate), json!({"updated": 1, "unmatched": 1}));
    let head = fixture.json(&["collections", "head", "a"]);
    assert_eq!((&head[0]["label"], &head[1]["label"]), (&json!(3), &Value::Null));
    assert_eq!(head[0].get("note"), None);
    let schema = fixture.json(&["collections", "schema", "a"]);
    let label = json!({"name": "label", "type": "Int64", "nullable": true});
    assert!(schema.as_array().unwrap().contains(&label), "{schema}");
    assert_eq!(
        fixture.error(&["collections", "annotate", "a", "--table", labels, "--on", "label"]),
        "reserved-column"
    );

    let split = fixture.json(&["collections", "split", "a", "--train", "1", "--val", "0"]);
    assert_eq!(split, json!({"train": 2, "val": 0, "test": 0}));
    assert_eq!(fixture.json(&["query", "a", "--split", "train"])["count"], 2);
    let text = fixture.run(&["collections", "split", "a", "--by", "id", "--seed", "7"]);
    assert!(String::from_utf8(text.stdout).unwrap().contains("train"));
    assert_eq!(
        fixture.error(&["collections", "split", "a", "--train", "0.9", "--val", "0.9"]),
        "invalid-argument"
    );
}

#[test]
fn collections_are_merged() {
    let fixture = Fixture::new();
    assert_eq!(fixture.error(&["collections", "merge", "both", "a", "b"]), "duplicate-ids");
    assert_eq!(fixture.json(&["collections", "list"]).as_array().unwrap().len(), 2);
    let merged = fixture.json(&["collections", "merge", "both", "a", "b", "--tag", "source", "--prefix-ids"]);
    assert_eq!((&merged["records"], &merged["headers"]), (&json!(4), &json!(16)));
    assert_eq!(merged, fixture.json(&["collections", "info", "both"]));
    let head = fixture.json(&["collections", "head", "both"]);
    let sources: Vec<&str> =
        head.as_array().unwrap().iter().map(|row| row["source"].as_str().unwrap()).collect();
    assert_eq!(sources.iter().filter(|source| **source == "b").count(), 2);
    for row in head.as_array().unwrap() {
        let (id, source) = (row["id"].as_str().unwrap(), row["source"].as_str().unwrap());
        assert!(id.starts_with(&format!("{source}/")), "{id}");
    }
    assert_eq!(fixture.error(&["collections", "merge", "both", "a"]), "collection-exists");
    assert_eq!(fixture.error(&["collections", "merge", "c", "a", "missing"]), "no-such-collection");
}
