//! What GeoParquet 1.1 says of a file: <https://geoparquet.org/releases/v1.1.0/>.

use super::ExportError;
use crate::error::Result;
use crate::geometry::typed_geometry_from_wkb;
use crate::query;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::Schema;
use rasteret_schema::BoundingBox;
use rasteret_schema::record::{BBOX, GEOMETRY};
use serde_json::json;
use std::collections::BTreeSet;

/// The footprints of a file, together.
#[derive(Debug, Default)]
pub struct Footprints {
    types: BTreeSet<String>,
    bounds: Option<BoundingBox>,
}

impl Footprints {
    /// Counts those of some rows in.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let geometries = batch.column_by_name(GEOMETRY).and_then(|column| column.as_binary_opt::<i32>());
        for bytes in geometries.into_iter().flatten().flatten() {
            let (name, _) = typed_geometry_from_wkb(bytes)
                .map_err(|problem| ExportError::Value(format!("a footprint cannot be written: {problem}")))?;
            if !self.types.contains(&name) {
                self.types.insert(name);
            }
        }
        if batch.column_by_name(BBOX).is_some() {
            let mut boxes: Vec<BoundingBox> = query::bounding_boxes(batch)?.into_iter().flatten().collect();
            boxes.extend(self.bounds);
            self.bounds = BoundingBox::around(&boxes);
        }
        Ok(())
    }

    /// Counts others in.
    pub fn join(&mut self, other: Footprints) {
        self.types.extend(other.types);
        let boxes: Vec<BoundingBox> = self.bounds.into_iter().chain(other.bounds).collect();
        self.bounds = BoundingBox::around(&boxes);
    }

    /// The value of the key `geo`; none for a table without footprints.
    pub fn describe(&self, schema: &Schema) -> Option<String> {
        schema.column_with_name(GEOMETRY)?;
        // Without a CRS it is OGC:CRS84.
        let mut column = json!({ "encoding": "WKB", "geometry_types": self.types });
        if let Some(BoundingBox { xmin, ymin, xmax, ymax }) = self.bounds {
            let bounds = [xmin, ymin, xmax, ymax];
            if bounds.iter().all(|bound| bound.is_finite()) {
                column["bbox"] = json!(bounds);
            }
        }
        if schema.column_with_name(BBOX).is_some() {
            let path = |name: &str| [BBOX.to_owned(), name.to_owned()];
            column["covering"] = json!({
                BBOX: { "xmin": path("xmin"), "ymin": path("ymin"), "xmax": path("xmax"), "ymax": path("ymax") }
            });
        }
        let geo = json!({ "version": "1.1.0", "primary_column": GEOMETRY, "columns": { GEOMETRY: column } });
        Some(geo.to_string())
    }
}
