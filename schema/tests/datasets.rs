//! Dataset descriptors: the JSON Schema, the built-in ones, and those that rasteret 0.4.1 wrote.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../tests/oracle/skip.rs"]
mod skip;

use rasteret_schema::DatasetDescriptor;
use rasteret_schema::dataset::built_in;
use serde_json::{Value, json};
use skip::skip;
use std::path::{Path, PathBuf};

/// What rasteret 0.4.1 wrote: its registry of local datasets, and a descriptor that it exported.
const WRITTEN: &str = include_str!("rasteret-0.4.1/datasets.local.json");
const EXPORTED: &str = include_str!("rasteret-0.4.1/exported.json");

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn schema() -> jsonschema::Validator {
    jsonschema::validator_for(&parse(include_str!("../dataset-descriptor.schema.json"))).unwrap()
}

/// Descriptors as their users write them.
fn examples() -> Vec<Value> {
    vec![
        json!({
            "id": "acme/field-survey-2024", "name": "ACME Field Survey 2024",
            "description": "High-res drone imagery, 10cm, agricultural fields",
            "stac_api": "https://stac.acme.com/v1", "stac_collection": "field-survey-2024",
            "band_map": {"R": "red", "G": "green", "B": "blue", "NIR": "nir"},
            "spatial_coverage": "regional", "temporal_range": ["2024-01-01", "2024-12-31"], "license": "proprietary",
        }),
        json!({
            "id": "my-org/custom-index", "name": "Custom index", "geoparquet_uri": "s3://my-bucket/index.parquet",
            "column_map": {"fid": "id", "geom": "geometry", "timestamp": "datetime"}, "href_column": "cog_url",
            "band_index_map": {"R": 0, "G": 1, "B": 2},
            "bbox_columns": {
                "minx": "wgs84_west", "miny": "wgs84_south", "maxx": "wgs84_east", "maxy": "wgs84_north",
            },
        }),
        json!({
            "id": "my-org/private-data", "name": "Private", "requires_auth": true,
            "s3_credentials_url": "https://example.com/api/credentials",
            "cloud_config": {
                "provider": "aws", "requester_pays": true, "region": "us-west-2",
                "url_patterns": {"https://cdn.example.com/": "s3://my-bucket/"},
            },
        }),
        json!({"id": "local/scenes", "name": "Scenes", "stac_api": "/data/catalog.json", "static_catalog": true}),
        json!({"id": "local/ready", "name": "Ready", "collection_uri": "/data/ready", "of_a_later_version": [1]}),
    ]
}

#[test]
fn descriptors_fit_the_schema_and_back() {
    let schema = schema();
    let built_in = parse(include_str!("../datasets.json"));
    let written = parse(WRITTEN);
    let mut descriptors = examples();
    descriptors.extend(built_in.as_array().unwrap().iter().cloned());
    descriptors.extend(written.as_array().unwrap().iter().cloned());
    descriptors.push(parse(EXPORTED));
    for value in descriptors {
        if let Err(error) = schema.validate(&value) {
            panic!("{}: {error}", value["id"]);
        }
        let descriptor = DatasetDescriptor::from_json(value.clone()).unwrap();
        let again = serde_json::to_value(&descriptor).unwrap();
        assert!(schema.is_valid(&again), "{again}");
        assert_eq!(DatasetDescriptor::from_json(again).unwrap(), descriptor);
    }
}

#[test]
fn the_schema_refuses_what_is_refused() {
    let schema = schema();
    for (field, value) in [
        ("id", json!("")),
        ("id", json!("a b")),
        ("name", json!(null)),
        ("separate_files", json!("yes")),
        ("band_map", json!({"R": 1})),
        ("band_index_map", json!({"R": -1})),
        ("field_roles", json!({"": "x"})),
        ("column_map", json!({"x": ""})),
        ("surface_fields", json!({"surface": []})),
        ("filter_capabilities", json!({"x": []})),
        ("bbox_columns", json!({"minx": "x"})),
        ("static_catalog", json!(true)),
        ("example_bbox", json!([0, 1])),
        ("temporal_range", json!(["2024"])),
        ("cloud_config", json!({"provider": "mars"})),
        ("stac_api", json!(7)),
    ] {
        let mut descriptor = json!({"id": "a", "name": "A"});
        descriptor[field] = value;
        assert!(!schema.is_valid(&descriptor), "{descriptor}");
        assert!(DatasetDescriptor::from_json(descriptor.clone()).is_err(), "{descriptor}");
    }
}

#[test]
fn what_rasteret_wrote_is_in_its_normal_form() {
    for value in parse(WRITTEN).as_array().unwrap().iter().cloned().chain([parse(EXPORTED)]) {
        let parsed: DatasetDescriptor = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(parsed.clone().normalized().unwrap(), parsed);
        assert!(parsed.other.is_empty());
        // Nothing is lost, but what is null or empty.
        let again = serde_json::to_value(&parsed).unwrap();
        for (field, value) in value.as_object().unwrap() {
            let is_default = value.is_null() || *value == json!("") || *value == json!({});
            assert!(is_default || again[field] == *value, "{field}: {value} became {}", again[field]);
        }
    }
}

/// The facts that were collected from rasteret, with the licences that the STAC servers give.
#[test]
fn built_in_datasets_are_as_published() {
    let data = std::env::var_os("RASTERET_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let Ok(facts) = std::fs::read_to_string(data.join("catalog-facts.json")) else {
        return skip("there is no catalog-facts.json; set RASTERET_TEST_DATA");
    };
    let facts: Vec<Value> = serde_json::from_str(&facts).unwrap();
    assert_eq!(facts.len(), built_in().len());
    for (dataset, fact) in built_in().iter().zip(facts) {
        let found = serde_json::to_value(dataset).unwrap();
        for (field, value) in fact.as_object().unwrap() {
            match field.as_str() {
                // A provider, a region, and what is not the default.
                "cloud_config" => assert_eq!(
                    dataset.cloud_config,
                    serde_json::from_value(value.clone()).unwrap(),
                    "{}",
                    dataset.id
                ),
                _ => assert_eq!(found[field], *value, "{}: {field}", dataset.id),
            }
        }
        let bands: Vec<&str> = dataset.band_map.iter().flatten().map(|(band, _)| band.as_str()).collect();
        let order: Vec<&str> =
            fact["band_map"].as_object().into_iter().flatten().map(|(band, _)| band.as_str()).collect();
        assert_eq!(bands, order, "{}", dataset.id);
    }
}
