//! A row of a source, and when two rows are the same.

use super::footprint::{self, Footprints};
use crate::access::plain_href;
use crate::conformance::Violations;
use crate::record::{self, RecordColumns};
use crate::{BoundingBox, Record};
use arrow_array::{Array, RecordBatch};
use arrow_schema::ArrowError;
use std::collections::HashSet;

/// A row with all its columns.
pub(super) struct Row {
    /// The record. Its hrefs are plain; a box that is no box in degrees is left out.
    pub record: Record,
    /// Whether it has a footprint, in whatever encoding.
    pub has_footprint: bool,
    /// The row alone: it has the user's columns too.
    columns: RecordBatch,
}

impl Row {
    /// The rows of a batch.
    pub(super) fn all(records: &RecordBatch, violations: &mut Violations) -> Result<Vec<Row>, ArrowError> {
        let footprints = Footprints::new(records, violations);
        let known = footprint::without(records);
        let columns = RecordColumns::new(&known)?;
        let row = |row: usize| {
            let mut record = columns.record(row);
            record.bbox = record.bbox.filter(|_| footprints.is_geographic);
            for asset in &mut record.assets {
                asset.href = plain_href(&asset.href);
            }
            Row { record, has_footprint: footprints.is_present(row), columns: records.slice(row, 1) }
        };
        Ok((0..columns.len()).map(row).collect())
    }

    /// Whether both are the same record, however their hrefs are signed. A column that is not there is null.
    pub(super) fn is_same(&self, other: &Row) -> bool {
        let names = |row: &Row| -> Vec<String> {
            row.columns.schema_ref().fields().iter().map(|field| field.name().clone()).collect()
        };
        let value = |row: &Row, name: &str| {
            let column = row.columns.column_by_name(name)?;
            column.logical_nulls().is_none_or(|nulls| nulls.is_valid(0)).then(|| column.to_data())
        };
        let is_same = |name: &String| value(self, name) == value(other, name);
        let is_of_record =
            |name: &String| name != record::GEOMETRY && record::COLUMNS.contains(&name.as_str());
        self.record == other.record
            && names(self).iter().chain(&names(other)).filter(|name| !is_of_record(name)).all(is_same)
    }

    pub(super) fn check(&self, violations: &mut Violations) {
        let record = &self.record;
        let id = &record.id;
        violations.check(!id.is_empty(), "ids are not empty", || format!("{record:?}"));
        let mut bands = HashSet::new();
        for asset in &record.assets {
            violations.check(
                !asset.band.is_empty() && bands.insert(asset.band.as_str()),
                "bands of a record have names, each once",
                || format!("{id} {:?}", asset.band),
            );
            violations.check(
                !asset.href.is_empty() && asset.band_index.is_none_or(|index| index >= 0),
                "an asset has an href, and perhaps an index from 0",
                || format!("{id} {asset:?}"),
            );
        }
        violations.check(
            record.end_datetime.is_none_or(|end| end >= record.datetime),
            "an acquisition ends after it starts",
            || format!("{id}: {} to {:?}", record.datetime, record.end_datetime),
        );
        violations.check(
            record.bbox.is_none_or(is_geographic),
            "a bbox is in degrees, south before north",
            || format!("{id}: {:?}", record.bbox),
        );
        violations.check(
            record.epsg.is_none_or(|code| code > 0)
                && record.crs.as_deref().is_none_or(|crs| !crs.is_empty()),
            "a CRS is a code above 0, or text",
            || format!("{id}: {:?}, {:?}", record.epsg, record.crs),
        );
    }
}

fn is_geographic(bbox: BoundingBox) -> bool {
    let is_longitude = |x: f64| (-180.0..=180.0).contains(&x);
    let is_latitude = |y: f64| (-90.0..=90.0).contains(&y);
    [bbox.xmin, bbox.xmax].into_iter().all(is_longitude)
        && [bbox.ymin, bbox.ymax].into_iter().all(is_latitude)
        && bbox.ymin <= bbox.ymax
}
