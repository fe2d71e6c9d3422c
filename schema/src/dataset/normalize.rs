//! One form for what a descriptor may say in several ways, as rasteret's `__post_init__` makes it, and what
//! is wrong with one.

use super::DatasetDescriptor;
use crate::access::plain_href;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Columns of a record table that a `column_map` names. (Hrefs have a field of their own.)
const MAPPED: [&str; 7] = ["id", "geometry", "datetime", "bbox", "assets", "proj:epsg", "collection"];
/// What a dataset may publish.
const SURFACES: [&str; 3] = ["record_table", "index", "collection"];
/// Keys of `bbox_columns`.
const BBOX_COLUMNS: [&str; 4] = ["minx", "miny", "maxx", "maxy"];

/// What is wrong with a descriptor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dataset {dataset:?}: {field}: {message}")]
pub struct DescriptorError {
    /// Its id, as far as it has one.
    pub dataset: String,
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl DatasetDescriptor {
    /// Takes a descriptor from JSON, and [normalises](Self::normalized) it.
    ///
    /// ```
    /// use rasteret_schema::DatasetDescriptor;
    /// let json = serde_json::json!({"id": "acme/index", "name": "Index", "geoparquet_uri": "s3://acme/index.parquet"});
    /// let dataset = DatasetDescriptor::from_json(json)?;
    /// assert_eq!(dataset.record_table(), Some("s3://acme/index.parquet"));
    /// # Ok::<(), rasteret_schema::dataset::DescriptorError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a field is missing, of another type, or makes no sense.
    pub fn from_json(value: Value) -> Result<Self, DescriptorError> {
        let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let error = |field: &str, message: String| DescriptorError {
            dataset: id.clone(),
            field: field.to_owned(),
            message,
        };
        let Value::Object(members) = value else {
            return Err(error("descriptor", "it is not a JSON object".to_owned()));
        };
        for field in ["id", "name"] {
            if members.get(field).is_none_or(Value::is_null) {
                return Err(error(field, "it is missing".to_owned()));
            }
        }
        match serde_json::from_value::<Self>(Value::Object(members.clone())) {
            Ok(descriptor) => descriptor.normalized(),
            Err(whole) => {
                let culprit = members.into_iter().find_map(|(field, value)| {
                    let reason = serde_json::from_value::<Self>(alone(&field, value)).err()?;
                    Some(error(&field, reason.to_string()))
                });
                Err(culprit.unwrap_or_else(|| error("descriptor", whole.to_string())))
            }
        }
    }

    /// The descriptor with what follows from its fields in the fields that mean the same: `geoparquet_uri`
    /// and `record_table_uri`; `field_roles` and `column_map`, `href_column`.
    ///
    /// # Errors
    ///
    /// If a field makes no sense.
    pub fn normalized(mut self) -> Result<Self, DescriptorError> {
        self.check()?;
        if self.index_uri.is_none() {
            match (&self.record_table_uri, &self.geoparquet_uri) {
                (None, Some(uri)) => self.record_table_uri = Some(uri.clone()),
                (Some(uri), None) => self.geoparquet_uri = Some(uri.clone()),
                _ => {}
            }
        }
        let mut roles = self.field_roles.take().unwrap_or_default();
        let mut columns = self.column_map.take().unwrap_or_default();
        for (own, role) in &columns {
            roles.entry(role.clone()).or_insert_with(|| own.clone());
        }
        if let Some(column) = &self.href_column {
            roles.entry("href".to_owned()).or_insert_with(|| column.clone());
        }
        if self.bbox_columns.is_none() {
            roles.entry("bbox".to_owned()).or_insert_with(|| "bbox".to_owned());
        }
        for (role, own) in &roles {
            if MAPPED.contains(&role.as_str()) && role != own {
                columns.entry(own.clone()).or_insert_with(|| role.clone());
            }
        }
        if self.href_column.is_none() {
            self.href_column = roles.get("href").cloned();
        }
        self.field_roles = (!roles.is_empty()).then_some(roles);
        self.column_map = (!columns.is_empty()).then_some(columns);
        for lists in [&mut self.surface_fields, &mut self.filter_capabilities].into_iter().flatten() {
            lists.values_mut().for_each(without_repetitions);
        }
        Ok(self)
    }

    fn check(&self) -> Result<(), DescriptorError> {
        let error = |field: &str, message: String| {
            Err(DescriptorError { dataset: self.id.clone(), field: field.to_owned(), message })
        };
        if self.id.is_empty() || self.id.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return error("id", "it needs to be a text without spaces, such as acme/survey-2024".to_owned());
        }
        for (field, map) in [("field_roles", &self.field_roles), ("column_map", &self.column_map)] {
            if map.iter().flatten().any(|(key, value)| key.is_empty() || value.is_empty()) {
                return error(field, "it maps from or to an empty name".to_owned());
            }
        }
        for (field, lists) in
            [("surface_fields", &self.surface_fields), ("filter_capabilities", &self.filter_capabilities)]
        {
            if let Some(surface) = unknown(lists.as_ref(), &SURFACES) {
                return error(field, format!("there is no {surface:?}, only {}", SURFACES.join(", ")));
            }
        }
        if let Some(columns) = &self.bbox_columns
            && (unknown(Some(columns), &BBOX_COLUMNS).is_some() || columns.len() != BBOX_COLUMNS.len())
        {
            return error("bbox_columns", format!("it needs to name {}", BBOX_COLUMNS.join(", ")));
        }
        if let Err(message) = self.bands().check() {
            return error("band_map", message);
        }
        if self.static_catalog && self.stac_api.is_none() {
            return error("static_catalog", "there is no catalogue: `stac_api` is its URL".to_owned());
        }
        if let Some([west, south, east, north]) = self.example_bbox
            && !([west, south, east, north].iter().all(|it| it.is_finite()) && south <= north)
        {
            return error("example_bbox", "it is not west, south, east, north".to_owned());
        }
        Ok(())
    }

    /// Makes sure that no URL holds credentials: such a descriptor may be used, but not be stored or shared.
    ///
    /// # Errors
    ///
    /// If one does. The message does not show it.
    pub fn without_credentials(&self) -> Result<(), DescriptorError> {
        let uris = [
            ("stac_api", &self.stac_api),
            ("record_table_uri", &self.record_table_uri),
            ("index_uri", &self.index_uri),
            ("collection_uri", &self.collection_uri),
            ("geoparquet_uri", &self.geoparquet_uri),
            ("s3_credentials_url", &self.s3_credentials_url),
            ("azure_asset_url", &self.azure_asset_url),
        ];
        let signed = |uri: &Option<String>| uri.as_ref().is_some_and(|uri| plain_href(uri) != *uri);
        match uris.into_iter().find(|(_, uri)| signed(uri)) {
            None => Ok(()),
            Some((field, _)) => Err(DescriptorError {
                dataset: self.id.clone(),
                field: field.to_owned(),
                message:
                    "it holds credentials, which are kept nowhere: leave them out, and give them in the \
                          environment"
                        .to_owned(),
            }),
        }
    }
}

/// A descriptor with nothing but a field and what is required.
fn alone(field: &str, value: Value) -> Value {
    let mut members = Map::from_iter([("id".to_owned(), json!("")), ("name".to_owned(), json!(""))]);
    members.insert(field.to_owned(), value);
    Value::Object(members)
}

/// A key that is none of those known.
fn unknown<'a, V>(map: Option<&'a IndexMap<String, V>>, known: &[&str]) -> Option<&'a str> {
    map?.keys().map(String::as_str).find(|key| !known.contains(key))
}

fn without_repetitions(names: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(value: Value) -> Result<DatasetDescriptor, (String, String)> {
        DatasetDescriptor::from_json(value).map_err(|error| (error.field, error.message))
    }

    fn with(field: &str, value: Value) -> Value {
        let mut members = Map::from_iter([("id".to_owned(), json!("a/b")), ("name".to_owned(), json!("A"))]);
        members.insert(field.to_owned(), value);
        Value::Object(members)
    }

    #[test]
    fn names_that_mean_the_same_are_brought_together() {
        let dataset = from(json!({
            "id": "acme/index", "name": "Index",
            "geoparquet_uri": "index.parquet",
            "column_map": {"fid": "id", "geom": "geometry"},
            "href_column": "path",
            "surface_fields": {"index": ["id", "year", "id"]},
        }))
        .unwrap();
        assert_eq!(dataset.record_table_uri.as_deref(), Some("index.parquet"));
        let roles: Vec<(String, String)> = dataset.field_roles.clone().unwrap().into_iter().collect();
        let role = |canonical: &str, own: &str| (canonical.to_owned(), own.to_owned());
        assert_eq!(
            roles,
            [role("id", "fid"), role("geometry", "geom"), role("href", "path"), role("bbox", "bbox")]
        );
        assert_eq!(dataset.surface_fields.as_ref().unwrap()["index"], ["id", "year"]);
        assert_eq!(dataset.clone().normalized().unwrap(), dataset, "once is enough");

        let roles =
            from(with("field_roles", json!({"id": "fid", "href": "path", "label": "class"}))).unwrap();
        assert_eq!(roles.href_column.as_deref(), Some("path"));
        let columns: Vec<(String, String)> = roles.column_map.unwrap().into_iter().collect();
        assert_eq!(columns, [("fid".to_owned(), "id".to_owned())]);
        let boxes = json!({"minx": "w", "miny": "s", "maxx": "e", "maxy": "n"});
        assert_eq!(from(with("bbox_columns", boxes)).unwrap().field_roles, None);
    }

    #[test]
    fn nulls_are_nothing_and_unknown_fields_are_kept() {
        let dataset = from(
            json!({"id": "a", "name": "A", "stac_api": null, "band_map": null, "since": {"rasteret": 9}}),
        )
        .unwrap();
        assert_eq!(dataset.band_map, None);
        assert_eq!(dataset.other["since"], json!({"rasteret": 9}));
        assert_eq!(serde_json::to_value(&dataset).unwrap()["since"]["rasteret"], 9);
    }

    #[test]
    fn errors_name_the_dataset_and_the_field() {
        let wrong = [
            ("separate_files", json!("yes"), "boolean"),
            ("band_map", json!({"R": 1}), "string"),
            ("band_map", json!({"R": "image", "G": "image"}), "R=0,G=1"),
            ("band_index_map", json!({"R": -1}), "from 0"),
            ("field_roles", json!({"": "x"}), "empty"),
            ("surface_fields", json!({"surface": []}), "record_table, index, collection"),
            ("filter_capabilities", json!({"x": []}), "record_table"),
            ("bbox_columns", json!({"minx": "x"}), "minx, miny, maxx, maxy"),
            ("static_catalog", json!(true), "stac_api"),
            ("example_bbox", json!([0, 1, 0, -1]), "west"),
            ("example_bbox", json!([0, 1]), "4"),
            ("cloud_config", json!({"provider": "mars"}), "mars"),
        ];
        for (field, value, part) in wrong {
            let error = DatasetDescriptor::from_json(with(field, value)).unwrap_err();
            let expected = if field == "band_index_map" { "band_map" } else { field };
            assert_eq!((error.dataset.as_str(), error.field.as_str()), ("a/b", expected));
            assert!(error.message.contains(part), "{error}");
        }
        let signed = [
            ("stac_api", "https://me:secret@example.com/"),
            ("record_table_uri", "https://h/t.parquet?sig=secret&sv=1"),
            ("s3_credentials_url", "https://h/s3credentials?token=secret"),
        ];
        for (field, uri) in signed {
            let error = from(with(field, json!(uri))).unwrap().without_credentials().unwrap_err();
            assert_eq!(error.field, field);
            assert!(
                error.message.contains("credentials") && !error.to_string().contains("secret"),
                "{error}"
            );
        }
        assert_eq!(
            from(with("stac_api", json!("https://example.com/"))).unwrap().without_credentials(),
            Ok(())
        );
        for (value, field) in [
            (json!([]), "descriptor"),
            (json!({"name": "A"}), "id"),
            (json!({"id": "a"}), "name"),
            (json!({"id": "a b", "name": ""}), "id"),
        ] {
            assert_eq!(from(value).unwrap_err().0, field);
        }
    }
}
