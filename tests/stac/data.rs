//! The real items, and copies of them at other times.

use crate::skip::skip;
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

/// A file of the STAC test data. Says so where there is none.
pub fn path(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RASTERET_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = root.join("stac").join(name);
    if !path.exists() {
        skip(&format!("{} is missing", path.display()));
        return None;
    }
    Some(path)
}

/// A JSON document of the test data.
pub fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_slice(&fs::read(path(name)?).unwrap()).unwrap())
}

/// All real items, each id once, each of a collection.
pub fn items() -> Option<Vec<Value>> {
    let mut files: Vec<PathBuf> = ["odc-stac", "rio-tiler", "rustac", "rustac/mocks", "stac-geoparquet"]
        .into_iter()
        .map(|folder| fs::read_dir(path(folder)?).ok())
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let (mut items, mut ids) = (Vec::new(), HashSet::new());
    for file in files {
        let document: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let found = match &document {
            Value::Array(items) => items.clone(),
            _ if document["type"] == "Feature" => vec![document.clone()],
            _ => document["features"].as_array().cloned().unwrap_or_default(),
        };
        for mut item in found {
            if item["type"] == "Feature" && ids.insert(item["id"].as_str().unwrap().to_owned()) {
                if !item["collection"].is_string() {
                    item["collection"] = "other".into();
                }
                items.push(item);
            }
        }
    }
    assert!(items.len() > 20, "{}", items.len());
    Some(items)
}

/// Collections of the items, each once.
pub fn collections(items: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> =
        items.iter().map(|item| item["collection"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    ids
}
