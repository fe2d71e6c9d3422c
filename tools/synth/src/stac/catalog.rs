//! What items are found in: catalogue, collection, item collection.

use super::item::{bounds, footprint};
use crate::scene::{Band, Scene};
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

/// Items in one document, as a search of a STAC API returns them.
pub fn item_collection(items: Vec<Value>) -> Value {
    json!({"type": "FeatureCollection", "features": items})
}

/// A catalogue of one collection, in `catalog.json` beside `collection.json`.
pub fn catalog(collection: &str) -> Value {
    json!({
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": format!("{collection}-catalog"),
        "description": "Synthetic scenes",
        "links": [
            link("root", "./catalog.json"),
            link("child", "./collection.json"),
        ],
    })
}

/// The collection of some scenes, whose items lie in `<id>/<id>.json` beside it.
pub fn collection(id: &str, scenes: &[Scene], bands: &[Band]) -> Value {
    let rings: Vec<_> = scenes.iter().map(footprint).collect();
    let times = scenes.iter().map(|scene| scene.datetime);
    let time = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    let interval = [time(times.clone().min()), time(times.max())];
    let assets: Map<String, Value> = bands
        .iter()
        .map(|band| {
            let asset = json!({
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data", "reflectance"],
                "eo:bands": [{"name": band.name(), "common_name": band.common_name()}],
            });
            (band.name().to_owned(), asset)
        })
        .collect();
    let mut links = vec![link("root", "./catalog.json"), link("parent", "./catalog.json")];
    links.extend(scenes.iter().map(|scene| link("item", &format!("./{0}/{0}.json", scene.id))));
    json!({
        "type": "Collection",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/item-assets/v1.0.0/schema.json",
        ],
        "id": id,
        "description": "Synthetic scenes in the manner of Sentinel-2, of a country that doesn't exist",
        "license": "CC0-1.0",
        "extent": {"spatial": {"bbox": [bounds(&rings)]}, "temporal": {"interval": [interval]}},
        "item_assets": assets,
        "links": links,
    })
}

/// A link from one document of the catalogue to another.
pub(crate) fn link(relation: &str, href: &str) -> Value {
    let kind = if relation == "item" { "application/geo+json" } else { "application/json" };
    json!({"rel": relation, "href": href, "type": kind})
}
