//! All that one stream gave.

use super::row::Row;
use super::selections::{may_be_selected, must_be_selected};
use super::{Expectations, holds_credentials};
use crate::access::plain_href;
use crate::conformance::{Violations, header, is_kebab_case};
use crate::record;
use crate::{HeaderArchive, Selection, SourceAdapter, SourceBatch, SourceFailure};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use futures::StreamExt;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// All that one stream gave.
#[derive(Default)]
pub(super) struct Run {
    pub rows: Vec<Row>,
    /// Row among all rows, band, and the header.
    pub headers: Vec<(usize, String, Arc<HeaderArchive>)>,
    pub failures: Vec<SourceFailure>,
    /// Types of the columns that have values.
    types: HashMap<String, DataType>,
    largest_batch: usize,
    total: Option<u64>,
}

impl Run {
    pub(super) async fn read(
        adapter: &dyn SourceAdapter,
        selection: &Selection,
        violations: &mut Violations,
    ) -> Self {
        let mut run = Run::default();
        let mut batches = adapter.records(selection);
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) => run.add(batch, violations),
                Err(error) => {
                    let rule = "a source that can be read is read to its end";
                    violations.check(false, rule, || error.to_string());
                    break;
                }
            }
        }
        run
    }

    fn add(&mut self, batch: SourceBatch, violations: &mut Violations) {
        let SourceBatch { records, headers, unusable, failures, total } = batch;
        self.largest_batch = self.largest_batch.max(records.num_rows());
        self.failures.extend(failures);
        self.total = total.or(self.total);
        let first = self.rows.len();
        let rows = records.num_rows();
        for header in headers {
            violations.check(header.row < rows, "a header is of a record of its batch", || {
                format!("row {} of {rows}, band {:?}", header.row, header.band)
            });
            if header.row < rows {
                self.headers.push((first + header.row, header.band, header.header));
            }
        }
        for header in &unusable {
            violations.check(header.row < rows, "an unusable header is of a record of its batch", || {
                format!("row {} of {rows}, band {:?}", header.row, header.band)
            });
        }
        self.add_types(&records, violations);
        for required in [record::ID, record::DATETIME, record::ASSETS] {
            let nulls = records.column_by_name(required).map_or(0, |column| column.null_count());
            violations.check(nulls == 0, "required columns have no nulls", || {
                format!("{nulls} of {rows} in {required:?}")
            });
        }
        match Row::all(&records, violations) {
            Ok(rows) => self.rows.extend(rows),
            Err(error) => {
                violations.check(false, "batches have the columns of a record table", || error.to_string());
            }
        }
    }

    fn add_types(&mut self, records: &RecordBatch, violations: &mut Violations) {
        let mut names = HashSet::new();
        for field in records.schema_ref().fields() {
            let (name, found) = (field.name(), field.data_type());
            violations.check(names.insert(name), "a batch has one column of a name", || format!("{name:?}"));
            if !found.is_null() {
                let known = self.types.entry(name.clone()).or_insert_with(|| found.clone());
                check_type(name, known, found, violations);
            }
        }
    }

    pub(super) fn check(&self, expectations: &Expectations, violations: &mut Violations) {
        violations.check(
            self.largest_batch <= expectations.batch_records,
            "batches are small enough to be held several times",
            || format!("{} records in one", self.largest_batch),
        );
        violations.check(
            self.total.is_none_or(|total| total >= self.rows.len() as u64),
            "there are not more records than there are in all",
            || format!("{} of {:?}", self.rows.len(), self.total),
        );
        let mut ids = HashSet::new();
        for row in &self.rows {
            let id = &row.record.id;
            violations.check(ids.insert(id.as_str()), "ids are unique", || id.clone());
            row.check(violations);
        }
        self.check_headers(violations);
        for failure in &self.failures {
            violations.check(
                is_kebab_case(&failure.kind)
                    && !failure.message.trim().is_empty()
                    && !failure.href.is_empty(),
                "a failure says where it is, of what kind, and what is wrong",
                || format!("{failure:?}"),
            );
            violations.check(
                plain_href(&failure.href) == failure.href
                    && ![&failure.href, &failure.message]
                        .into_iter()
                        .any(|text| holds_credentials(text, &expectations.secrets)),
                "a failure holds no credentials",
                || format!("{failure:?}"),
            );
        }
    }

    fn check_headers(&self, violations: &mut Violations) {
        let mut seen = HashSet::new();
        for (row, band, archive) in &self.headers {
            let Some(Row { record, .. }) = self.rows.get(*row) else { continue };
            let of = format!("{} {band}", record.id);
            violations.check(seen.insert((row, band)), "a band has one header", || of.clone());
            let Some(asset) = record.assets.iter().find(|asset| asset.band == *band) else {
                violations.check(false, "a header is of a band of its record", || of);
                continue;
            };
            let parsed = match archive.header() {
                Ok(parsed) => parsed,
                Err(error) => {
                    violations.check(false, "a header can be read", || format!("{of}: {error}"));
                    continue;
                }
            };
            header::check(parsed, &of, violations);
            let samples = parsed.image(0).map_or(0, |image| i32::from(image.samples_per_pixel));
            violations.check(
                asset.band_index.map_or(samples == 1, |index| index < samples),
                "a band is a sample of its file, or the only one",
                || format!("{of}: {:?} of {samples}", asset.band_index),
            );
        }
    }

    pub(super) fn check_equal(&self, again: &Run, violations: &mut Violations) {
        let rule = "a stream that is started again gives the same";
        violations.check(self.rows.len() == again.rows.len(), rule, || {
            format!("{} records, then {}", self.rows.len(), again.rows.len())
        });
        for (first, second) in self.rows.iter().zip(&again.rows) {
            violations.check(first.is_same(second), rule, || {
                format!("{:?}, then {:?}", first.record, second.record)
            });
        }
        violations.check(self.headers == again.headers, rule, || {
            format!("{} headers, then {} or others", self.headers.len(), again.headers.len())
        });
        violations.check(self.failures == again.failures, rule, || {
            format!("{:?}, then {:?}", self.failures, again.failures)
        });
    }

    /// Checks that a selection is a part of all records, with all that it must have.
    pub(super) fn check_selected(&self, selection: &Selection, selected: &Run, violations: &mut Violations) {
        let all: HashMap<&str, &Row> = self.rows.iter().map(|row| (row.record.id.as_str(), row)).collect();
        let mut ids = HashSet::new();
        for row in &selected.rows {
            let id = row.record.id.as_str();
            ids.insert(id);
            violations.check(
                all.get(id).is_some_and(|known| known.is_same(row)),
                "a selection has records as they are without it",
                || format!("{id} by {selection:?}"),
            );
            violations.check(may_be_selected(row, selection), "a selection leaves out the rest", || {
                format!("{id} by {selection:?}")
            });
        }
        for row in &self.rows {
            let id = row.record.id.as_str();
            violations.check(
                !must_be_selected(row, selection) || ids.contains(id),
                "a selection has all that it selects",
                || format!("{id} by {selection:?}"),
            );
        }
        for (name, found) in &selected.types {
            if let Some(known) = self.types.get(name) {
                check_type(name, known, found, violations);
            }
        }
        selected.check(&Expectations { batch_records: usize::MAX, ..Expectations::default() }, violations);
    }
}

/// A collection has one schema, whichever batch of its source comes first.
fn check_type(name: &str, known: &DataType, found: &DataType, violations: &mut Violations) {
    violations.check(known.equals_datatype(found), "a column is of one type in all batches", || {
        format!("{name:?} is {known}, then {found}")
    });
}
