//! What another reader finds in the files.

use crate::oracle::ask;
use crate::support::{Made, batch, files, rows};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use rasteret::Filter;
use rasteret::blocking::Wait;
use serde_json::json;
use std::path::PathBuf;

#[test]
fn pyarrow_finds_what_we_wrote() {
    let made = Made::of((0..10).map(|chunk| batch(chunk * 200..(chunk + 1) * 200)).collect());
    made.collection.export(made.dest("out")).run().wait().unwrap();
    let folder = made.path("out");
    let paths: Vec<PathBuf> = files(&folder).into_iter().map(|file| folder.join(file)).collect();
    let bbox = [-20.0, -10.0, 60.0, 45.0];
    let request = json!({ "files": paths, "dataset": folder, "bbox": bbox });
    let Some(answer) = ask("export_oracle.py", &request) else { return };
    let mut bytes = 0;
    for (path, found) in paths.iter().zip(answer["files"].as_array().unwrap()) {
        let rows = rows(path);
        let ids: Vec<&str> = rows["id"].as_string::<i32>().iter().flatten().collect();
        assert_eq!(found["ids"], json!(ids), "row order");
        assert_eq!((&found["rows"], &found["groups"]), (&json!(ids.len()), &json!([ids.len()])));
        assert_eq!((&found["has_statistics"], &found["has_page_index"]), (&json!(true), &json!(true)));
        assert_eq!(found["compression"], json!(["ZSTD"]));
        assert_eq!(found["geometry"], "BYTE_ARRAY");
        for (key, value) in rows.schema_ref().metadata() {
            assert_eq!(found["keys"][key], json!(value));
        }
        let counts =
            rows["B04_metadata"].as_struct().column_by_name("tile_byte_counts").unwrap().as_list::<i32>();
        for row in (0..counts.len()).filter(|row| counts.is_valid(*row)) {
            bytes += counts.value(row).as_primitive::<Int64Type>().values().iter().sum::<i64>();
        }
    }
    let dataset = &answer["dataset"];
    let mut expected = made.collection.subset(Filter::new().bbox(bbox)).ids().unwrap();
    expected.sort();
    assert_eq!((&dataset["rows"], &dataset["ids"]), (&json!(2000), &json!(expected)));
    assert_eq!(
        (&dataset["columns"]["year"], &dataset["columns"]["month"]),
        (&json!("int32"), &json!("int32"))
    );
    assert_eq!(dataset["columns"]["datetime"], "timestamp[us, tz=UTC]");
    // All but each seventh record have a header, of 3 × 3 tiles.
    assert_eq!(dataset["tiles"], json!((2000 - 2000_usize.div_ceil(7)) * 9));
    assert_eq!(dataset["bytes"], json!(bytes.to_string()));
}
