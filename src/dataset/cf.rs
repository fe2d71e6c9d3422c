//! What the CF conventions say of a dataset, in attributes that xarray, rioxarray and GDAL understand.

use super::{Dataset, GRID_MAPPING};
use crate::crs::{self, CrsError, Kind};
use rasteret_schema::{BandMetadata, Crs};
use serde_json::{Map, Value};

/// Names and values.
pub type Attributes = Map<String, Value>;

fn attributes<const N: usize>(pairs: [(&str, Value); N]) -> Attributes {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn dataset(dataset: &Dataset) -> Attributes {
    let records = dataset.records().iter().map(|records| Value::from(records.join(" "))).collect();
    attributes([("Conventions", "CF-1.10".into()), ("record_ids", Value::Array(records))])
}

pub(super) fn coordinate(dimension: &str, crs: &Crs) -> Result<Attributes, CrsError> {
    Ok(match dimension {
        "time" => attributes([
            ("standard_name", "time".into()),
            ("long_name", "time of acquisition".into()),
            ("axis", "T".into()),
            ("units", "microseconds since 1970-01-01T00:00:00".into()),
            ("calendar", "proleptic_gregorian".into()),
        ]),
        "geometry" => attributes([("long_name", "place in the list of the area's geometries".into())]),
        "y" => horizontal(crs, "Y", ["latitude", "degrees_north"], "y coordinate of projection")?,
        "x" => horizontal(crs, "X", ["longitude", "degrees_east"], "x coordinate of projection")?,
        _ => Attributes::new(),
    })
}

fn horizontal(
    crs: &Crs,
    axis: &str,
    [geographic, degrees]: [&str; 2],
    projected: &str,
) -> Result<Attributes, CrsError> {
    let description = crs::describe(crs)?;
    let unit = description.unit.name;
    let mut attributes = match description.kind {
        Kind::Geographic => attributes([
            ("standard_name", geographic.into()),
            ("long_name", geographic.into()),
            ("units", if unit == "degree" { degrees } else { &unit }.into()),
        ]),
        Kind::Projected => attributes([
            ("standard_name", format!("projection_{}_coordinate", axis.to_ascii_lowercase()).into()),
            ("long_name", projected.into()),
            ("units", unit.into()),
        ]),
        Kind::Other => attributes([("units", unit.into())]),
    };
    attributes.insert("axis".to_owned(), axis.into());
    Ok(attributes)
}

/// Scale and offset go by the names of STAC's raster extension: by those of the CF conventions, xarray would
/// apply them, and what is read as samples elsewhere would be read as values here. `units` are those of the
/// samples, `unit` those of the scaled values.
pub(super) fn variable(band: &BandMetadata) -> Attributes {
    let mut attributes =
        attributes([("grid_mapping", GRID_MAPPING.into()), ("coordinates", GRID_MAPPING.into())]);
    let is_scaled = band.scale != 1.0 || band.offset != 0.0;
    let mut put = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    if let Some(description) = &band.description {
        put("long_name", description.as_str().into());
    }
    if let Some(unit) = &band.unit {
        put(if is_scaled { "unit" } else { "units" }, unit.as_str().into());
    }
    if is_scaled {
        put("scale", band.scale.into());
        put("offset", band.offset.into());
    }
    attributes
}
