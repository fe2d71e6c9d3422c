//! GeoJSON (RFC 7946) as a table: a column for each property, and one of geometries.

use super::encoding::geometry_to_wkb;
use arrow_array::builder::BinaryBuilder;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_json::ReaderBuilder;
use arrow_json::reader::infer_json_schema_from_iterator;
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, Schema};
use geojson::{GeoJson, GeometryValue, Position};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The features of a geometry, a feature or a feature collection, with a column of WKB that knows its CRS. A
/// `crs` member, as GeoJSON had before RFC 7946 and as GDAL still writes it, is heeded. The error says what is
/// wrong.
pub(super) fn features(text: &str) -> Result<RecordBatch, String> {
    let (features, members) = match text.parse::<GeoJson>().map_err(|error| error.to_string())? {
        GeoJson::Geometry(mut geometry) => {
            let members = geometry.foreign_members.take();
            (vec![geojson::Feature { geometry: Some(geometry), ..Default::default() }], members)
        }
        GeoJson::Feature(mut feature) => {
            let members = feature.foreign_members.take();
            (vec![feature], members)
        }
        GeoJson::FeatureCollection(collection) => (collection.features, collection.foreign_members),
    };
    let crs = members
        .as_ref()
        .and_then(|members| members.get("crs")?.pointer("/properties/name")?.as_str())
        .unwrap_or("EPSG:4326");
    let metadata = HashMap::from([
        (EXTENSION_TYPE_NAME_KEY.to_owned(), "geoarrow.wkb".to_owned()),
        (EXTENSION_TYPE_METADATA_KEY.to_owned(), json!({ "crs": crs }).to_string()),
    ]);

    let rows = features.len();
    let mut geometries = BinaryBuilder::new();
    let mut properties = Vec::with_capacity(rows);
    for (index, feature) in features.into_iter().enumerate() {
        let geometry = feature.geometry.ok_or_else(|| format!("feature {index} has no geometry"))?;
        geometries.append_value(encode(geometry).map_err(|reason| format!("feature {index}: {reason}"))?);
        let mut row = feature.properties.unwrap_or_default();
        if let Some(id) = feature.id
            && !row.contains_key("id")
        {
            let id = match id {
                geojson::feature::Id::String(id) => Value::String(id),
                geojson::feature::Id::Number(id) => Value::Number(id),
            };
            row.insert("id".to_owned(), id);
        }
        properties.push(row);
    }
    let mut fields = vec![Field::new("geometry", DataType::Binary, false).with_metadata(metadata)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(geometries.finish())];
    let names: BTreeSet<&String> = properties.iter().flat_map(Map::keys).collect();
    for name in names {
        let (field, array) = column(name, &properties)?;
        fields.push(field);
        columns.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
        .map_err(|error| error.to_string())
}

/// A property of all features; as JSON text where it has values of types that no column can hold together.
fn column(name: &str, rows: &[Map<String, Value>]) -> Result<(Field, ArrayRef), String> {
    let value = |row: &Map<String, Value>| row.get(name).cloned().unwrap_or_default();
    let values: Vec<Value> = rows.iter().map(|row| json!({ name: value(row) })).collect();
    decode(name, &values).or_else(|_| {
        let text = |row: &Map<String, Value>| match value(row) {
            Value::Null => Value::Null,
            Value::String(text) => Value::String(text),
            other => Value::String(other.to_string()),
        };
        let values: Vec<Value> = rows.iter().map(|row| json!({ name: text(row) })).collect();
        decode(name, &values).map_err(|error| format!("property {name:?}: {error}"))
    })
}

fn decode(name: &str, values: &[Value]) -> Result<(Field, ArrayRef), arrow_schema::ArrowError> {
    let mut schema = infer_json_schema_from_iterator(values.iter().map(Ok))?;
    if *schema.field(0).data_type() == DataType::Null {
        schema = Schema::new(vec![Field::new(name, DataType::Utf8, true)]);
    }
    let schema = Arc::new(schema);
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_batch_size(values.len())
        .with_coerce_primitive(true)
        .build_decoder()?;
    decoder.serialize(values)?;
    let batch = decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(schema.clone()));
    Ok((schema.field(0).clone(), batch.column(0).clone()))
}

fn encode(geometry: geojson::Geometry) -> Result<Vec<u8>, String> {
    if !has_whole_positions(&geometry.value) {
        return Err("a position needs two numbers".to_owned());
    }
    let geometry = geo_types::Geometry::try_from(geometry).map_err(|error| error.to_string())?;
    geometry_to_wkb(&geometry)
}

/// Whether every position has an x and a y, which the parser does not check.
fn has_whole_positions(value: &GeometryValue) -> bool {
    let point = |position: &Position| position.len() >= 2;
    let line = |positions: &Vec<Position>| positions.iter().all(point);
    let polygon = |rings: &Vec<Vec<Position>>| rings.iter().all(line);
    match value {
        GeometryValue::Point { coordinates } => point(coordinates),
        GeometryValue::MultiPoint { coordinates } | GeometryValue::LineString { coordinates } => {
            line(coordinates)
        }
        GeometryValue::MultiLineString { coordinates } | GeometryValue::Polygon { coordinates } => {
            polygon(coordinates)
        }
        GeometryValue::MultiPolygon { coordinates } => coordinates.iter().all(polygon),
        GeometryValue::GeometryCollection { geometries } => {
            geometries.iter().all(|geometry| has_whole_positions(&geometry.value))
        }
    }
}
