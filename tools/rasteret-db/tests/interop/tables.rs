//! Tables, as GeoPandas opens them, and areas that come from tables.

use crate::oracle;
use crate::support::{Home, READ_REPORT, ids, keys, middle, npy_u16};
use serde_json::{Value, json};

/// Two fields of a collection that is called `scenes`, as rings.
fn rings(home: &Home) -> [Value; 2] {
    let [west, south, east, north] = middle(&home.json(0, &["collections", "info", "scenes"])["bounds"]);
    let (x, y) = ((west + east) / 2.0, (south + north) / 2.0);
    [
        json!([[west, south], [x, south], [west, y], [west, south]]),
        json!([[x, y], [east, y], [east, north], [x, north], [x, y]]),
    ]
}

/// The fields as a GeoJSON file.
fn fields(home: &Home) -> &'static str {
    let [first, second] = rings(home);
    let feature = |ring, crop| json!({"type": "Feature", "properties": {"crop": crop}, "geometry": {"type": "Polygon", "coordinates": [ring]}});
    let document =
        json!({"type": "FeatureCollection", "features": [feature(first, "rice"), feature(second, "ragi")]});
    std::fs::write(home.path("fields.geojson"), document.to_string()).unwrap();
    "fields.geojson"
}

#[test]
fn a_table_has_the_values_of_the_arrays() {
    let home = Home::new();
    home.scenes("scenes");
    let (fields, ids) = (fields(&home), ids(&home));
    let read = ["read", "scenes", "--aoi", fields, "--bands", "B08,B04", "-o", "fields.parquet"];
    let report = home.json(0, &read);
    assert_eq!(keys(&report), READ_REPORT);
    assert_eq!(
        (&report["shape"], &report["dims"], &report["dtype"]),
        (&json!([16]), &json!(["row"]), &json!("uint16"))
    );
    assert_eq!((&report["records"], &report["transform"]), (&json!(4), &Value::Null));
    assert_eq!(report["crs"], "EPSG:4326");
    assert!(report["tiles"].as_u64() > Some(0) && report["bytes"].as_u64() > Some(0));

    let request = json!({"folder": home.folder.path(), "read": [home.path("fields.parquet")]});
    let Some(answer) = oracle::ask("table_oracle.py", &request) else { return };
    let table = &answer["read"][0];
    assert_eq!(table["epsg"], 4326);
    let columns = &table["columns"];
    let mut row = 0;
    for id in &ids {
        for (number, ring) in rings(&home).iter().enumerate() {
            std::fs::write(
                home.path("one.geojson"),
                json!({"type": "Polygon", "coordinates": [ring]}).to_string(),
            )
            .unwrap();
            for band in ["B08", "B04"] {
                let one =
                    ["read", "scenes", "--aoi", "one.geojson", "--ids", id, "--bands", band, "-o", "one.npy"];
                let one = home.json(0, &one);
                assert_eq!(columns["record_id"][row], *id);
                assert_eq!(
                    (&columns["geometry_id"][row], &columns["band"][row]),
                    (&json!(number + 1), &json!(band))
                );
                assert_eq!(columns["crop"][row], ["rice", "ragi"][number]);
                assert_eq!(columns["shape"][row], json!([one["shape"][1], one["shape"][2]]));
                assert_eq!(columns["transform"][row], one["transform"]);
                assert_eq!(columns["data"][row], json!(npy_u16(&home.path("one.npy"))), "row {row}");
                row += 1;
            }
        }
    }
    assert_eq!(columns["band"].as_array().unwrap().len(), row);
}

#[test]
fn areas_come_from_tables() {
    let home = Home::new();
    home.scenes("scenes");
    let id = ids(&home).remove(0);
    let read = |aoi: &str, out: &str| -> Value {
        home.json(0, &["read", "scenes", "--aoi", aoi, "--ids", &id, "--bands", "B04", "-o", out])
    };
    let ring: Vec<[f64; 2]> = serde_json::from_value(rings(&home)[0].clone()).unwrap();
    let ring: Vec<String> = ring.iter().map(|[x, y]| format!("{x} {y}")).collect();
    let polygon = format!("POLYGON (({}))", ring.join(", "));
    // A table has its area as GeoParquet.
    read(&polygon, "field.parquet");
    read(&polygon, "first.npy");
    read("field.parquet", "again.npy");
    assert_eq!(npy_u16(&home.path("first.npy")), npy_u16(&home.path("again.npy")));
    let repeated = ["read", "scenes", "--aoi", "field.parquet", "--ids", &id, "-o", "again.parquet"];
    let (_, message) = home.error(1, &repeated);
    assert!(message.contains("record_id"), "{message}");

    // Of points, the pixels are those that are sampled.
    let [west, south, east, north] = middle(&home.json(0, &["collections", "info", "scenes"])["bounds"]);
    let points = format!("lon,lat\n{west},{south}\n{east},{north}\n{west},{north}\n");
    std::fs::write(home.path("points.csv"), points).unwrap();
    assert_eq!(read("points.csv", "points.npy")["shape"], json!([3, 1, 1]));
    let sample = [
        "sample",
        "scenes",
        "--points",
        "points.csv",
        "--ids",
        &id,
        "--bands",
        "B04",
        "-o",
        "points.out.csv",
    ];
    home.json(0, &sample);
    let table = std::fs::read_to_string(home.path("points.out.csv")).unwrap();
    let column = table.lines().next().unwrap().split(',').position(|name| name == "value").unwrap();
    let values: Vec<f64> =
        table.lines().skip(1).map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect();
    assert_eq!(values, npy_u16(&home.path("points.npy")).into_iter().map(f64::from).collect::<Vec<_>>());
}
