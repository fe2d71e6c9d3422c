//! A CRS as attributes of a CF grid mapping.
//!
//! The definition itself is WKT 2, in `crs_wkt`. Beside it stand the parameters that the CF conventions have
//! names for (appendix F), for readers that know no WKT; for projections without a name there is only WKT.

use super::Attributes;
use crate::crs::{self, CrsError};
use rasteret_schema::{Crs, Geotransform};
use serde_json::Value;

/// A projection: its name in the EPSG registry and in the CF conventions, and its parameters, each under the
/// name of the conventions and as the parameters of the registry that make up its values.
type Projection = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);

const FALSE_ORIGIN: [(&str, &[&str]); 2] = [
    ("false_easting", &["False easting", "Easting at false origin"]),
    ("false_northing", &["False northing", "Northing at false origin"]),
];

const PROJECTIONS: [Projection; 13] = [
    (
        "Transverse Mercator",
        "transverse_mercator",
        &[
            ("latitude_of_projection_origin", &["Latitude of natural origin"]),
            ("longitude_of_central_meridian", &["Longitude of natural origin"]),
            ("scale_factor_at_central_meridian", &["Scale factor at natural origin"]),
        ],
    ),
    (
        "Lambert Conic Conformal (2SP)",
        "lambert_conformal_conic",
        &[
            (
                "standard_parallel",
                &["Latitude of 1st standard parallel", "Latitude of 2nd standard parallel"],
            ),
            ("latitude_of_projection_origin", &["Latitude of false origin"]),
            ("longitude_of_central_meridian", &["Longitude of false origin"]),
        ],
    ),
    (
        "Albers Equal Area",
        "albers_conical_equal_area",
        &[
            (
                "standard_parallel",
                &["Latitude of 1st standard parallel", "Latitude of 2nd standard parallel"],
            ),
            ("latitude_of_projection_origin", &["Latitude of false origin"]),
            ("longitude_of_central_meridian", &["Longitude of false origin"]),
        ],
    ),
    (
        "Lambert Azimuthal Equal Area",
        "lambert_azimuthal_equal_area",
        &[
            ("latitude_of_projection_origin", &["Latitude of natural origin"]),
            ("longitude_of_projection_origin", &["Longitude of natural origin"]),
        ],
    ),
    (
        "Lambert Cylindrical Equal Area",
        "lambert_cylindrical_equal_area",
        &[
            ("standard_parallel", &["Latitude of 1st standard parallel"]),
            ("longitude_of_central_meridian", &["Longitude of natural origin"]),
        ],
    ),
    (
        "Polar Stereographic (variant A)",
        "polar_stereographic",
        &[
            ("latitude_of_projection_origin", &["Latitude of natural origin"]),
            ("straight_vertical_longitude_from_pole", &["Longitude of natural origin"]),
            ("scale_factor_at_projection_origin", &["Scale factor at natural origin"]),
        ],
    ),
    (
        "Polar Stereographic (variant B)",
        "polar_stereographic",
        &[
            ("standard_parallel", &["Latitude of standard parallel"]),
            ("straight_vertical_longitude_from_pole", &["Longitude of origin"]),
        ],
    ),
    (
        "Mercator (variant A)",
        "mercator",
        &[
            ("longitude_of_projection_origin", &["Longitude of natural origin"]),
            ("scale_factor_at_projection_origin", &["Scale factor at natural origin"]),
        ],
    ),
    (
        "Mercator (variant B)",
        "mercator",
        &[
            ("standard_parallel", &["Latitude of 1st standard parallel"]),
            ("longitude_of_projection_origin", &["Longitude of natural origin"]),
        ],
    ),
    ("Sinusoidal", "sinusoidal", &[("longitude_of_projection_origin", &["Longitude of natural origin"])]),
    (
        "Azimuthal Equidistant",
        "azimuthal_equidistant",
        &[
            ("latitude_of_projection_origin", &["Latitude of natural origin"]),
            ("longitude_of_projection_origin", &["Longitude of natural origin"]),
        ],
    ),
    (
        "Orthographic",
        "orthographic",
        &[
            ("latitude_of_projection_origin", &["Latitude of natural origin"]),
            ("longitude_of_projection_origin", &["Longitude of natural origin"]),
        ],
    ),
    (
        "Stereographic",
        "stereographic",
        &[
            ("latitude_of_projection_origin", &["Latitude of natural origin"]),
            ("longitude_of_projection_origin", &["Longitude of natural origin"]),
            ("scale_factor_at_projection_origin", &["Scale factor at natural origin"]),
        ],
    ),
];

/// The attributes of the variable that a grid's bands refer to.
pub(super) fn grid_mapping(crs: &Crs, transform: &Geotransform) -> Result<Attributes, CrsError> {
    let definition: Value = serde_json::from_str(&crs::to_projjson(crs)?).unwrap_or_default();
    let mut attributes = horizontal(&definition).unwrap_or_default();
    let transform: Vec<String> = transform.to_gdal().iter().map(f64::to_string).collect();
    attributes.insert("crs_wkt".to_owned(), crs::to_wkt2(crs)?.into());
    attributes.insert("GeoTransform".to_owned(), transform.join(" ").into());
    Ok(attributes)
}

/// What CF has names for in a CRS given as PROJJSON; `None` where it has none for its projection.
fn horizontal(definition: &Value) -> Option<Attributes> {
    match definition["type"].as_str()? {
        "CompoundCRS" => horizontal(&definition["components"][0]),
        "BoundCRS" => horizontal(&definition["source_crs"]),
        "GeographicCRS" => {
            let mut attributes = figure_of_the_earth(definition)?;
            attributes.insert("grid_mapping_name".to_owned(), "latitude_longitude".into());
            Some(attributes)
        }
        "ProjectedCRS" => {
            let mut attributes = projection(&definition["conversion"])?;
            attributes.extend(figure_of_the_earth(&definition["base_crs"])?);
            attributes.insert("projected_crs_name".to_owned(), definition["name"].clone());
            Some(attributes)
        }
        _ => None,
    }
}

/// The parameters of a projection.
fn projection(conversion: &Value) -> Option<Attributes> {
    let method = conversion["method"]["name"].as_str()?;
    let (_, name, parameters) = PROJECTIONS.into_iter().find(|(registered, ..)| *registered == method)?;
    let mut attributes = Attributes::new();
    attributes.insert("grid_mapping_name".to_owned(), name.into());
    let given = conversion["parameters"].as_array()?;
    for (name, registered) in parameters.iter().chain(&FALSE_ORIGIN) {
        let values = registered.iter().filter_map(|name| {
            let parameter = given.iter().find(|parameter| parameter["name"] == **name)?;
            measure(parameter, &parameter["value"])
        });
        let mut values: Vec<Value> = values.map(Value::from).collect();
        let value = if values.len() > 1 { Value::Array(values) } else { values.pop()? };
        attributes.insert((*name).to_owned(), value);
    }
    Some(attributes)
}

/// Ellipsoid, prime meridian and datum of a geographic CRS.
fn figure_of_the_earth(geographic: &Value) -> Option<Attributes> {
    let datum = ["datum", "datum_ensemble"].into_iter().find_map(|key| geographic.get(key))?;
    let ellipsoid = &datum["ellipsoid"];
    let length = |name: &str| measure(ellipsoid, &ellipsoid[name]);
    let major = length("semi_major_axis").or_else(|| length("radius"))?;
    let (minor, inverse_flattening) = match (length("semi_minor_axis"), length("inverse_flattening")) {
        (_, Some(inverse)) => (major - major / inverse, inverse),
        (Some(minor), None) if minor != major => (minor, major / (major - minor)),
        // A sphere, whose inverse flattening CF gives as 0.
        _ => (major, 0.0),
    };
    let meridian = &datum["prime_meridian"];
    let (longitude, meridian) = match meridian["name"].as_str() {
        Some(name) => (measure(meridian, &meridian["longitude"])?, name),
        None => (0.0, "Greenwich"),
    };
    let pairs = [
        ("semi_major_axis", major.into()),
        ("semi_minor_axis", minor.into()),
        ("inverse_flattening", inverse_flattening.into()),
        ("reference_ellipsoid_name", ellipsoid["name"].clone()),
        ("longitude_of_prime_meridian", longitude.into()),
        ("prime_meridian_name", meridian.into()),
        ("geographic_crs_name", geographic["name"].clone()),
        ("horizontal_datum_name", datum["name"].clone()),
    ];
    Some(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A number in degrees where it is an angle, in metres where it is the length of an axis: PROJJSON leaves the
/// unit out where it is one of these, and otherwise puts it beside the number, or the two into an object.
fn measure(holder: &Value, number: &Value) -> Option<f64> {
    let (value, unit) = match number {
        Value::Object(both) => (both.get("value")?.as_f64()?, both.get("unit")?),
        number => (number.as_f64()?, &holder["unit"]),
    };
    let factor = unit["conversion_factor"].as_f64();
    Some(match (unit["type"].as_str(), factor) {
        (Some("AngularUnit"), Some(factor)) => (value * factor).to_degrees(),
        (Some("LinearUnit"), Some(factor)) if number.is_object() => value * factor,
        _ => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(crs: &str) -> Attributes {
        grid_mapping(&Crs::new(crs), &Geotransform::new(10.0, 0.0, 5.5, 0.0, -10.0, 1e-7)).unwrap()
    }

    #[test]
    fn geotransforms_are_decimal() {
        assert_eq!(of("EPSG:4326")["GeoTransform"], "5.5 10 0 0.0000001 0 -10");
    }

    #[test]
    fn projections_without_a_name_are_wkt_alone() {
        for crs in ["EPSG:3857", "ESRI:54009", "EPSG:4978"] {
            let names: Vec<String> = of(crs).keys().cloned().collect();
            assert_eq!(names, ["crs_wkt", "GeoTransform"], "{crs}");
        }
    }

    #[test]
    fn grads_become_degrees() {
        // 2.5969213 grads.
        let ntf = of("EPSG:4807");
        let longitude = ntf["longitude_of_prime_meridian"].as_f64().unwrap();
        assert!((longitude - 2.337_229_17).abs() < 1e-12, "{longitude}");
        assert_eq!(ntf["prime_meridian_name"], "Paris");
    }

    #[test]
    fn the_horizontal_part_counts() {
        assert_eq!(of("EPSG:5555")["projected_crs_name"], "ETRS89 / UTM zone 32N");
    }
}
