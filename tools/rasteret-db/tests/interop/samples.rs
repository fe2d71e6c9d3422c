//! Values at points, as DuckDB finds them.

use crate::oracle;
use crate::support::{Home, bbox, ids, keys, npy_u16};
use serde_json::{Value, json};
use std::fmt::Write;

/// A pixel of each point of `points.csv`, whose coordinates are those of the pixel's centre in EPSG:32643, and
/// the last of which lies beside the rasters.
const PIXELS: [(usize, usize); 5] = [(0, 0), (299, 299), (120, 37), (37, 120), (150, 400)];

/// Makes the points; the box of the rasters.
fn points(home: &Home, ids: &[String]) -> String {
    let header = home.json(0, &["header", "scenes", "--id", &ids[0], "--band", "B04"]);
    let [a, _, c, _, e, f]: [f64; 6] = serde_json::from_value(header["transform"].clone()).unwrap();
    let mut csv = "easting,northing,name\n".to_owned();
    for (number, (row, column)) in PIXELS.iter().enumerate() {
        let (x, y) = (c + (*column as f64 + 0.5) * a, f + (*row as f64 + 0.5) * e);
        writeln!(csv, "{x},{y},p{number}").unwrap();
    }
    std::fs::write(home.path("points.csv"), csv).unwrap();
    bbox([c, f + 300.0 * e, c + 300.0 * a, f])
}

const SAMPLE: [&str; 10] = [
    "sample",
    "scenes",
    "--points",
    "points.csv",
    "--x",
    "easting",
    "--y",
    "northing",
    "--points-crs",
    "EPSG:32643",
];

/// The tables as DuckDB has them; `None` where there is none.
fn open<const N: usize>(home: &Home, tables: [&str; N]) -> Option<[Value; N]> {
    let request = json!({"tables": tables.map(|name| home.path(name)).as_slice()});
    let answer = oracle::ask("duckdb_oracle.py", &request)?;
    Some(std::array::from_fn(|number| answer["tables"][number].clone()))
}

#[test]
fn samples_are_the_pixels() {
    let home = Home::new();
    home.scenes("scenes");
    let ids = ids(&home);
    let area = points(&home, &ids);
    let sample = |out: &str| home.json(0, &[&SAMPLE[..], &["--bands", "B04,B08", "-o", out]].concat());
    for out in ["all.parquet", "all.csv"] {
        let report = sample(out);
        assert_eq!(keys(&report), ["out", "points", "records", "rows", "seconds"]);
        assert_eq!(
            (&report["rows"], &report["points"], &report["records"], &report["out"]),
            (&json!(4 * 4 * 2), &json!(5), &json!(4), &json!(out))
        );
    }
    let Some([parquet, csv]) = open(&home, ["all.parquet", "all.csv"]) else { return };
    assert_eq!((&parquet["rows"], &csv["rows"]), (&json!(32), &json!(32)));
    assert_eq!(parquet["columns"], csv["columns"]);
    let types = &parquet["types"];
    for (column, expected) in [
        ("point_index", "BIGINT"),
        ("point_x", "DOUBLE"),
        ("point_crs", "INTEGER"),
        ("datetime", "TIMESTAMP WITH TIME ZONE"),
        ("band", "VARCHAR"),
        ("value", "DOUBLE"),
        ("name", "VARCHAR"),
    ] {
        assert_eq!(types[column], expected, "{column}");
    }
    let columns = &parquet["columns"];
    let whole = [
        "read",
        "scenes",
        "--aoi",
        &area,
        "--aoi-crs",
        "EPSG:32643",
        "--bands",
        "B04,B08",
        "-o",
        "whole.npy",
    ];
    assert_eq!(home.json(0, &whole)["shape"], json!([4, 2, 300, 300]));
    let pixels = npy_u16(&home.path("whole.npy"));
    let mut at = 0;
    for (record, id) in ids.iter().enumerate() {
        for (band, name) in ["B04", "B08"].into_iter().enumerate() {
            for (point, (row, column)) in PIXELS[..4].iter().enumerate() {
                assert_eq!((&columns["record_id"][at], &columns["band"][at]), (&json!(id), &json!(name)));
                assert_eq!(columns["point_index"][at], point);
                assert_eq!(columns["name"][at], format!("p{point}"));
                let pixel = pixels[((record * 2 + band) * 300 + row) * 300 + column];
                assert_eq!(columns["value"][at], json!(f64::from(pixel)), "row {at}");
                assert_eq!(
                    (&columns["point_crs"][at], &columns["raster_crs"][at]),
                    (&json!(32643), &json!(32643))
                );
                at += 1;
            }
        }
    }
}

#[test]
fn options_of_samples() {
    let home = Home::new();
    home.scenes("scenes");
    let ids = ids(&home);
    points(&home, &ids);
    let sample = |more: &[&str]| home.json(0, &[&SAMPLE[..], &["--bands", "B04"], more].concat());
    let latest = sample(&["--match", "latest", "-o", "latest.parquet"]);
    assert_eq!((&latest["rows"], &latest["records"]), (&json!(4), &json!(1)));
    let around = ["--max-distance-pixels", "2", "--neighbourhood", "always", "--ids", &ids[0]];
    let one = sample(&[&around[..], &["-o", "around.parquet"]].concat());
    assert_eq!((&one["rows"], &one["records"]), (&json!(4), &json!(1)));
    let early = sample(&["--dates", "../2024-03-31", "-o", "early.parquet"]);
    assert_eq!(early["rows"], 4);

    // Points of another form, which were made from the first.
    let again = ["sample", "scenes", "--points", "early.parquet", "--x", "point_x", "--y", "point_y"];
    let again = [
        &again[..],
        &["--points-crs", "EPSG:32643", "--bands", "B04", "--ids", &ids[0], "-o", "again.parquet"],
    ]
    .concat();
    assert_eq!(home.json(0, &again)["points"], 4);

    let tables = ["latest.parquet", "around.parquet", "early.parquet", "again.parquet"];
    let Some([latest, around, early, again]) = open(&home, tables) else { return };
    assert_eq!(latest["columns"]["record_id"], json!([ids[3], ids[3], ids[3], ids[3]]));
    assert_eq!(around["types"]["neighbourhood_values"], "DOUBLE[]");
    for point in 0..4 {
        let window = around["columns"]["neighbourhood_values"][point].as_array().unwrap();
        assert_eq!(window.len(), 25);
        assert_eq!(window[12], around["columns"]["value"][point]);
    }
    // The corner of the raster has no pixels to its north and west.
    assert!(around["columns"]["neighbourhood_values"][0][0].is_null());
    assert_eq!(early["columns"]["value"], around["columns"]["value"]);
    assert_eq!(early["columns"]["value"], again["columns"]["value"]);
}

#[test]
fn samples_fail_with_a_reason_and_without_a_file() {
    let home = Home::new();
    home.scenes("scenes");
    std::fs::write(home.path("away.csv"), "lon,lat\n0,0\n").unwrap();
    std::fs::write(home.path("none.csv"), "a,b\n0,0\n").unwrap();
    // The second half is only read when the first has been sampled.
    let info = home.json(0, &["collections", "info", "scenes"]);
    let [west, south, east, north]: [f64; 4] = serde_json::from_value(info["bounds"].clone()).unwrap();
    let mut broken = "lon,lat\n".to_owned();
    for _ in 0..100_000 {
        writeln!(broken, "{},{}", (west + east) / 2.0, (south + north) / 2.0).unwrap();
    }
    broken += "x,y\n";
    std::fs::write(home.path("broken.csv"), broken).unwrap();
    for (points, kind, word) in [
        ("away.csv", "nothing-selected", "none of the points (1)"),
        ("none.csv", "geometry", "lon and lat"),
        ("missing.parquet", "geometry", "missing.parquet"),
        ("broken.csv", "geometry", "100002"),
    ] {
        for out in ["out.csv", "out.parquet"] {
            let (found, message) = home.error(1, &["sample", "scenes", "--points", points, "-o", out]);
            assert_eq!(found, kind, "{message}");
            assert!(message.contains(word), "{message}");
            assert!(!home.path(out).exists());
        }
    }
    for (arguments, word) in [
        (&["-o", "x.zarr"][..], ".parquet or .csv"),
        (&["-o", "x.csv", "--neighbourhood", "always"], "--max-distance-pixels"),
        (&["-o", "x.csv", "--x", "lon"], "--y"),
        (&["-o", "x.csv", "--match", "first"], "latest"),
    ] {
        let (kind, message) =
            home.error(2, &[&["sample", "scenes", "--points", "away.csv"], arguments].concat());
        assert_eq!(kind, "usage");
        assert!(message.contains(word), "{message}");
    }
}
