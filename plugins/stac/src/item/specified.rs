//! Types of properties that the STAC specification or an extension fixes.

use super::properties::ColumnType;

/// The type of a property, where it is known by its name.
///
/// After the JSON schemas of STAC 1.1's common metadata
/// (<https://github.com/radiantearth/stac-spec/blob/v1.1.0/commons/common-metadata.md>) and of the extensions of
/// <https://stac-extensions.github.io>. Properties are listed whose first value may not show their type: a cloud
/// cover of `null`, a path of `"028"` that others write as 28, a time.
pub(super) fn specified(name: &str) -> Option<ColumnType> {
    use ColumnType::{Boolean, Integer, Integers, Number, Numbers, Text, Texts, Time};
    let Some((prefix, rest)) = name.split_once(':') else {
        return Some(match name {
            "title" | "description" | "license" | "platform" | "constellation" | "mission" | "version" => {
                Text
            }
            "instruments" | "keywords" | "roles" => Texts,
            "gsd" => Number,
            "created" | "updated" | "published" | "unpublished" | "expires" | "start_datetime" => Time,
            "deprecated" | "experimental" => Boolean,
            _ => return None,
        });
    };
    Some(match (prefix, rest) {
        ("eo", "cloud_cover" | "snow_cover") => Number,
        ("view", _) => Number,

        ("sat", "absolute_orbit" | "relative_orbit" | "orbit_cycle") => Integer,
        ("sat", "anx_datetime") => Time,
        ("sat", _) => Text,

        ("sar", "polarizations" | "beam_ids") => Texts,
        ("sar", "instrument_mode" | "frequency_band" | "product_type" | "observation_direction") => Text,
        ("sar", "relative_burst") => Integer,
        ("sar", _) => Number,

        ("proj", "shape") => Integers,
        ("proj", "transform" | "bbox") => Numbers,
        ("proj", "geometry" | "centroid") => Text,

        ("grid", "code") => Text,
        ("mgrs", "utm_zone") => Integer,
        ("mgrs", "latitude_band" | "grid_square") => Text,

        ("landsat", "cloud_cover_land") => Number,
        ("landsat", "product_generated") => Time,
        ("landsat", _) => Text,

        ("s2", "generation_time") => Time,
        ("s2", "mean_solar_zenith" | "mean_solar_azimuth" | "reflectance_conversion_factor") => Number,
        ("s2", name) if name.ends_with("_percentage") => Number,
        ("s2", _) => Text,

        ("sci", "doi" | "citation" | "publications") => Text,
        ("processing", "datetime") => Time,
        ("processing", _) => Text,
        ("storage", "requester_pays") => Boolean,
        ("storage", _) => Text,
        ("order", "date" | "expiration_date") => Time,
        ("order", _) => Text,
        _ => return None,
    })
}
