//! Where geometries are, how they are encoded, and in which CRS.

use super::{BboxPlace, Finder, is_text};
use crate::error::invalid;
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, FieldRef, Schema};
use rasteret_schema::SourceError;
use rasteret_schema::record::GEOMETRY;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// GeoArrow's extension types, and GeoParquet's encodings, that can be read.
const ENCODINGS: [&str; 8] =
    ["wkb", "wkt", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"];

/// The column of geometries.
#[derive(Debug, Clone)]
pub(crate) struct GeometryPlace {
    pub column: String,
    /// The record's column, with GeoArrow's metadata where the geometries are not WKB in OGC:CRS84.
    pub field: FieldRef,
    /// Whether coordinates are longitudes and latitudes on WGS 84.
    pub is_crs84: bool,
}

/// The metadata `geo` of GeoParquet (1.0 and 1.1).
#[derive(Debug)]
pub(crate) struct GeoMetadata {
    primary: Option<String>,
    columns: Map<String, Value>,
}

impl GeoMetadata {
    pub fn of(table: &str, schema: &Schema) -> Result<Option<GeoMetadata>, SourceError> {
        let Some(text) = schema.metadata().get("geo") else { return Ok(None) };
        let mut geo: Value = serde_json::from_str(text).map_err(|error| {
            invalid(table, format!("its metadata \"geo\" are not those of GeoParquet: {error}"))
        })?;
        let columns = match geo.get_mut("columns").map(Value::take) {
            Some(Value::Object(columns)) => columns,
            _ => Map::new(),
        };
        let primary = geo.get("primary_column").and_then(Value::as_str).map(str::to_owned);
        Ok(Some(GeoMetadata { primary, columns }))
    }

    /// Whether no geometry of a column in OGC:CRS84 crosses the antimeridian: the box of all of them does not, and does
    /// not reach from one side of it to the other either.
    ///
    /// Such a box is that of RFC 7946, section 5.2: west is greater than east if it crosses.
    pub fn never_crosses(&self, geometry: &str) -> bool {
        let bbox = self.columns.get(geometry).and_then(|column| column.get("bbox")?.as_array());
        let numbers: Option<Vec<f64>> = bbox.and_then(|bbox| bbox.iter().map(Value::as_f64).collect());
        match numbers.as_deref() {
            Some([west, _, east, _] | [west, _, _, east, _, _]) => {
                (-180.0..=180.0).contains(west)
                    && west <= east
                    && *east <= 180.0
                    && (*west > -180.0 || *east < 180.0)
            }
            _ => false,
        }
    }

    /// The column that covers each geometry with its box.
    pub fn covering(&self, geometry: &str, schema: &Schema) -> Option<BboxPlace> {
        let bbox = self.columns.get(geometry)?.get("covering")?.get("bbox")?;
        let path = |side: &str| -> Option<(String, String)> {
            let [column, field] = bbox.get(side)?.as_array()?.as_slice() else { return None };
            Some((column.as_str()?.to_owned(), field.as_str()?.to_owned()))
        };
        let [west, south, east, north] = ["xmin", "ymin", "xmax", "ymax"].map(path);
        let sides = [west?, south?, east?, north?];
        let column = sides[0].0.clone();
        let DataType::Struct(fields) = schema.field_with_name(&column).ok()?.data_type() else { return None };
        let is_number = |name: &str| fields.find(name).is_some_and(|(_, it)| it.data_type().is_numeric());
        let is_there = sides.iter().all(|(of, field)| *of == column && is_number(field));
        is_there.then(|| BboxPlace::Struct { column, fields: sides.map(|(_, field)| field) })
    }
}

/// The name of a GeoArrow extension type without `geoarrow.`.
fn extension(field: &Field) -> Option<&str> {
    match field.metadata().get(EXTENSION_TYPE_NAME_KEY)?.as_str() {
        // The name that WKB had before GeoArrow 0.1.
        "ogc.wkb" => Some("wkb"),
        name => name.strip_prefix("geoarrow."),
    }
}

/// The column that is mapped to `geometry`, has this name, is GeoParquet's primary one, or is the only one
/// with a GeoArrow type.
pub(super) fn find(
    finder: &Finder<'_>,
    geo: Option<&GeoMetadata>,
) -> Result<Option<GeometryPlace>, SourceError> {
    let primary = || geo?.primary.clone().filter(|name| finder.field(name).is_some());
    let tagged = || {
        let mut tagged = finder.schema.fields().iter().filter(|field| extension(field).is_some());
        tagged.next().filter(|_| tagged.next().is_none()).map(|field| field.name().clone())
    };
    let column = finder.serving(GEOMETRY).or_else(primary).or_else(tagged);
    match column.as_deref().and_then(|column| finder.field(column)) {
        Some(field) => place(finder, geo, field).map(Some),
        None => Ok(None),
    }
}

fn place(
    finder: &Finder<'_>,
    geo: Option<&GeoMetadata>,
    field: &Field,
) -> Result<GeometryPlace, SourceError> {
    let of_file = geo.and_then(|geo| geo.columns.get(field.name()));
    let of_field: Value = field
        .metadata()
        .get(EXTENSION_TYPE_METADATA_KEY)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let encoding = of_file.and_then(|column| column.get("encoding")).and_then(Value::as_str);
    let encoding = encoding.map(str::to_ascii_lowercase).or_else(|| extension(field).map(str::to_owned));
    let encoding = match (encoding, field.data_type()) {
        (Some(encoding), _) => encoding,
        (None, data_type) if is_text(data_type) => "wkt".to_owned(),
        (None, DataType::Struct(fields)) if ["x", "y"].iter().all(|name| fields.find(name).is_some()) => {
            "point".to_owned()
        }
        (None, _) => "wkb".to_owned(),
    };
    let is_binary =
        |it: &DataType| matches!(it, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    finder.check_type(field.name(), "WKB, WKT or a GeoArrow encoding", |data_type| {
        match encoding.as_str() {
            "wkb" => is_binary(data_type),
            "wkt" => is_text(data_type),
            encoding => ENCODINGS.contains(&encoding) && data_type.is_nested(),
        }
    })?;
    let crs = match (&finder.options.geometry_crs, of_file) {
        (Some(crs), _) => Some(Value::String(crs.clone())),
        (None, Some(column)) => column.get("crs").cloned(),
        (None, None) => of_field.get("crs").cloned().filter(|crs| !crs.is_null()),
    };
    if crs == Some(Value::Null) {
        let message = format!("the CRS of column {:?} is said to be unknown; say which it is", field.name());
        return Err(invalid(finder.table, message));
    }
    let is_crs84 = crs.as_ref().is_none_or(is_crs84);
    let edges = of_file.unwrap_or(&of_field).get("edges").filter(|edges| *edges != "planar").cloned();
    let data_type = match encoding.as_str() {
        "wkb" => DataType::Binary,
        "wkt" => DataType::Utf8,
        _ => field.data_type().clone(),
    };
    let mut described = Field::new(GEOMETRY, data_type, true);
    if encoding != "wkb" || !is_crs84 || edges.is_some() {
        let mut metadata = json!({});
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.extend(crs.filter(|_| !is_crs84).map(|crs| ("crs".to_owned(), crs)));
            metadata.extend(edges.map(|edges| ("edges".to_owned(), edges)));
        }
        described.set_metadata(
            [
                (EXTENSION_TYPE_NAME_KEY.to_owned(), format!("geoarrow.{encoding}")),
                (EXTENSION_TYPE_METADATA_KEY.to_owned(), metadata.to_string()),
            ]
            .into(),
        );
    }
    Ok(GeometryPlace { column: field.name().clone(), field: Arc::new(described), is_crs84 })
}

/// Whether a CRS, as GeoParquet and GeoArrow write it, is that of longitudes and latitudes on WGS 84. Both
/// have the longitude first whatever the CRS says.
fn is_crs84(crs: &Value) -> bool {
    match crs {
        Value::String(text) => {
            let text = text.trim().to_ascii_uppercase();
            let text = text.strip_prefix("URN:OGC:DEF:CRS:").unwrap_or(&text);
            let mut parts = text.split(':');
            let (authority, code) = (parts.next(), parts.next_back());
            matches!((authority, code), (Some("OGC"), Some("CRS84")) | (Some("EPSG"), Some("4326")))
                || text == "4326"
        }
        Value::Object(definition) => definition.get("id").is_some_and(|id| {
            let is = |name: &str, value: &str| {
                id.get(name)
                    .is_some_and(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned) == value)
            };
            (is("authority", "OGC") && is("code", "CRS84")) || (is("authority", "EPSG") && is("code", "4326"))
        }),
        Value::Number(code) => code.as_u64() == Some(4326),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_say_of_the_antimeridian() {
        let never = |bbox: Value| {
            let geo = json!({"columns": {"geometry": {"bbox": bbox}}}).to_string();
            let schema = Schema::empty().with_metadata([("geo".to_owned(), geo)].into());
            GeoMetadata::of("table", &schema).unwrap().unwrap().never_crosses("geometry")
        };
        assert!(never(json!([10, 0, 20, 5])) && never(json!([10, 0, -5, 20, 5, 900])));
        assert!(never(json!([-180, 0, 179.9, 5])) && never(json!([-179.9, 0, 180, 5])));
        for bbox in [
            json!([20, 0, 10, 5]),
            json!([-180, 0, 180, 5]),
            json!([3e5, 0, 4e5, 5]),
            json!([1, 2]),
            json!(1),
        ] {
            assert!(!never(bbox.clone()), "{bbox}");
        }
    }

    #[test]
    fn names_of_the_same_crs() {
        for crs in
            [json!("OGC:CRS84"), json!("EPSG:4326"), json!("urn:ogc:def:crs:OGC:1.3:CRS84"), json!(4326)]
        {
            assert!(is_crs84(&crs), "{crs}");
        }
        assert!(is_crs84(&json!({"type": "GeographicCRS", "id": {"authority": "EPSG", "code": 4326}})));
        for crs in [json!("EPSG:32643"), json!({"name": "WGS 84 / UTM zone 43N"}), json!(null)] {
            assert!(!is_crs84(&crs), "{crs}");
        }
    }
}
