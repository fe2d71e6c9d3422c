//! STAC items of scenes.

use super::utm_to_degrees;
use crate::scene::{Band, NODATA, Scene};
use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

/// A band's file, beside its item.
pub(crate) fn file_name(band: Band) -> String {
    format!("{}.tif", band.name())
}

/// A scene's item. `folder` is what hrefs of assets start with: a URL or a path, absolute or
/// relative to where the item lies.
///
/// STAC 1.0 with the extensions EO 1.1, projection 1.1 and raster 1.1.
pub fn item(scene: &Scene, bands: &[Band], collection: &str, folder: &str) -> Value {
    let ring = footprint(scene);
    let mut properties = json!({
        "datetime": scene.datetime.to_rfc3339_opts(SecondsFormat::Secs, true),
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "gsd": scene.resolution,
        "eo:cloud_cover": (scene.cloud_cover * 1e4).round() / 1e2,
        "proj:epsg": scene.epsg(),
    });
    match scene.id.get(..3) {
        Some("S2A") => properties["platform"] = json!("sentinel-2a"),
        Some("S2B") => properties["platform"] = json!("sentinel-2b"),
        _ => {}
    }
    let assets: Map<String, Value> =
        bands.iter().map(|band| (band.name().to_owned(), asset(scene, *band, folder))).collect();
    json!({
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "id": scene.id,
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": bounds(&[ring]),
        "properties": properties,
        "links": [],
        "assets": assets,
    })
}

fn asset(scene: &Scene, band: Band, folder: &str) -> Value {
    let (width, height) = scene.size;
    json!({
        "href": format!("{}/{}", folder.trim_end_matches('/'), file_name(band)),
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "title": format!("{} ({})", band.name(), band.common_name()),
        "roles": ["data", "reflectance"],
        "eo:bands": [{
            "name": band.name(),
            "common_name": band.common_name(),
            "center_wavelength": band.wavelength(),
        }],
        "raster:bands": [{
            "data_type": "uint16",
            "nodata": NODATA,
            "scale": 1e-4,
            "offset": 0,
            "spatial_resolution": scene.resolution,
        }],
        "proj:shape": [height, width],
        "proj:transform": scene.transform().to_array(),
    })
}

/// The closed ring around what has data, counter-clockwise, in degrees of which seven decimals are
/// kept: a centimetre.
pub fn footprint(scene: &Scene) -> [[f64; 2]; 5] {
    let corners = scene.corners().map(|(easting, northing)| {
        let (longitude, latitude) = utm_to_degrees(scene.zone, true, easting, northing);
        [longitude, latitude].map(|degrees| (degrees * 1e7).round() / 1e7)
    });
    [corners[0], corners[1], corners[2], corners[3], corners[0]]
}

/// West, south, east and north of some rings.
pub(super) fn bounds(rings: &[[[f64; 2]; 5]]) -> [f64; 4] {
    let empty = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    rings.iter().flatten().fold(empty, |[west, south, east, north], [x, y]| {
        [west.min(*x), south.min(*y), east.max(*x), north.max(*y)]
    })
}
