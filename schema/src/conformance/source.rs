//! The suite of source adapters.

use super::{Violations, header, is_kebab_case};
use crate::record::RecordColumns;
use crate::{BoundingBox, Record, Selection, SourceAdapter, SourceBatch, SourceFailure};
use arrow_array::{Array, RecordBatch};
use futures::StreamExt;
use std::collections::{HashMap, HashSet};

/// What the tester knows of a source.
#[derive(Debug, Clone)]
pub struct Expectations {
    /// Number of records, where known.
    pub records: Option<usize>,
    /// Number of failures, where known.
    pub failures: Option<usize>,
    /// Records of a batch at most.
    pub batch_records: usize,
    /// What the adapter was given that must not show in its description, such as a password.
    pub secrets: Vec<String>,
}

impl Default for Expectations {
    fn default() -> Self {
        Expectations { records: None, failures: None, batch_records: 8192, secrets: Vec::new() }
    }
}

/// What the suite saw of a source, without a selection.
#[derive(Debug, Clone, Default)]
pub struct SourceReport {
    /// Number of records.
    pub records: usize,
    /// Number of headers that came with records.
    pub headers: usize,
    /// What the source could not turn into records.
    pub failures: Vec<SourceFailure>,
    /// What the adapter breaks.
    pub violations: Violations,
}

/// Checks a source adapter, over a source that can be read.
///
/// The source is read about ten times: without a selection twice, since a stream can be started again
/// and gives the same; once only to the first batch; then by selections of times and of a bounding
/// box that are made up from its records.
///
/// The future is driven by the executor that the adapter needs: a Tokio test for one that needs Tokio.
pub async fn source_adapter(adapter: &dyn SourceAdapter, expectations: &Expectations) -> SourceReport {
    let mut violations = Violations::default();
    check_description(adapter, expectations, &mut violations);

    let all = Selection::default();
    let run = read(adapter, &all, &mut violations).await;
    run.check(expectations, &mut violations);
    violations.check(
        expectations.records.is_none_or(|expected| expected == run.records.len()),
        "every record comes",
        || format!("{} of {:?}", run.records.len(), expectations.records),
    );
    violations.check(
        expectations.failures.is_none_or(|expected| expected == run.failures.len()),
        "every failure is reported",
        || format!("{:?} expected: {:?}", expectations.failures, run.failures),
    );

    // Dropped in the middle, and started again.
    drop(adapter.records(&all).next().await);
    let again = read(adapter, &all, &mut violations).await;
    run.check_equal(&again, &mut violations);

    for selection in selections(&run.records) {
        let selected = read(adapter, &selection, &mut violations).await;
        run.check_selected(&selection, &selected, &mut violations);
    }
    SourceReport {
        records: run.records.len(),
        headers: run.headers.len(),
        failures: run.failures,
        violations,
    }
}

fn check_description(adapter: &dyn SourceAdapter, expectations: &Expectations, violations: &mut Violations) {
    let kind = adapter.kind();
    violations.check(is_kebab_case(kind), "the kind is a name in lower case", || format!("{kind:?}"));
    let description = adapter.description();
    violations.check(!description.trim().is_empty(), "the description says what is read", || {
        format!("{adapter:?}")
    });
    violations.check(adapter.description() == description, "the description stays the same", || {
        format!("{description:?}, then {:?}", adapter.description())
    });
    let fingerprint = adapter.fingerprint().map_err(|error| error.to_string());
    let again = adapter.fingerprint().map_err(|error| error.to_string());
    violations.check(
        fingerprint.is_ok() && fingerprint == again,
        "the fingerprint of a source that does not change stays the same",
        || format!("{fingerprint:?}, then {again:?}"),
    );
    let holds_credentials = |text: &str| holds_credentials(text, &expectations.secrets);
    violations.check(
        !holds_credentials(&description) && !fingerprint.is_ok_and(|text| holds_credentials(&text)),
        "the description and the fingerprint hold no credentials",
        || description.clone(),
    );
}

/// Whether a text holds a user's name in a URL, a parameter as of a signed one, or one of the secrets.
fn holds_credentials(text: &str, secrets: &[String]) -> bool {
    let lower = text.to_ascii_lowercase();
    let has_user = lower
        .split("://")
        .skip(1)
        .any(|rest| rest.split(['/', '?', ',', ' ']).next().is_some_and(|host| host.contains('@')));
    let parameters =
        ["sig=", "signature=", "token=", "secret=", "password=", "api_key=", "apikey=", "credential="];
    has_user
        || parameters.iter().any(|parameter| lower.contains(parameter))
        || secrets.iter().any(|secret| text.contains(secret))
}

/// A row with all its columns, and what belongs to it.
struct Row {
    record: Record,
    /// The row alone: it has the user's columns too.
    columns: RecordBatch,
}

/// All that one stream gave.
#[derive(Default)]
struct Run {
    records: Vec<Row>,
    /// Row among all records, band, and the archive's bytes.
    headers: Vec<(usize, String, std::sync::Arc<crate::HeaderArchive>)>,
    failures: Vec<SourceFailure>,
    largest_batch: usize,
}

async fn read(adapter: &dyn SourceAdapter, selection: &Selection, violations: &mut Violations) -> Run {
    let mut run = Run::default();
    let mut batches = adapter.records(selection);
    while let Some(batch) = batches.next().await {
        match batch {
            Ok(batch) => run.add(batch, violations),
            Err(error) => {
                violations.check(false, "a source that can be read is read to its end", || error.to_string());
                break;
            }
        }
    }
    run
}

impl Run {
    fn add(&mut self, batch: SourceBatch, violations: &mut Violations) {
        let SourceBatch { records, headers, failures, .. } = batch;
        self.largest_batch = self.largest_batch.max(records.num_rows());
        self.failures.extend(failures);
        let first = self.records.len();
        let rows = records.num_rows();
        for header in headers {
            violations.check(header.row < rows, "a header is of a record of its batch", || {
                format!("row {} of {rows}, band {:?}", header.row, header.band)
            });
            if header.row < rows {
                self.headers.push((first + header.row, header.band, header.header));
            }
        }
        let columns = match RecordColumns::new(&records) {
            Ok(columns) => columns,
            Err(error) => {
                return violations
                    .check(false, "batches have the columns of a record table", || error.to_string());
            }
        };
        for required in [crate::record::ID, crate::record::DATETIME, crate::record::ASSETS] {
            let nulls = records.column_by_name(required).map_or(0, |column| column.null_count());
            violations.check(nulls == 0, "required columns have no nulls", || {
                format!("{nulls} of {rows} in {required:?}")
            });
        }
        self.records
            .extend((0..rows).map(|row| Row { record: columns.record(row), columns: records.slice(row, 1) }));
    }

    fn check(&self, expectations: &Expectations, violations: &mut Violations) {
        violations.check(
            self.largest_batch <= expectations.batch_records,
            "batches are small enough to be held several times",
            || format!("{} records in one", self.largest_batch),
        );
        let mut ids = HashSet::new();
        for Row { record, .. } in &self.records {
            violations.check(!record.id.is_empty(), "ids are not empty", || format!("{record:?}"));
            violations.check(ids.insert(record.id.as_str()), "ids are unique", || record.id.clone());
            check_record(record, violations);
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
        }
    }

    fn check_headers(&self, violations: &mut Violations) {
        let mut seen = HashSet::new();
        for (row, band, archive) in &self.headers {
            let Some(Row { record, .. }) = self.records.get(*row) else { continue };
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

    fn check_equal(&self, again: &Run, violations: &mut Violations) {
        let rule = "a stream that is started again gives the same";
        violations.check(self.records.len() == again.records.len(), rule, || {
            format!("{} records, then {}", self.records.len(), again.records.len())
        });
        for (first, second) in self.records.iter().zip(&again.records) {
            violations.check(first.columns == second.columns, rule, || {
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
    fn check_selected(&self, selection: &Selection, selected: &Run, violations: &mut Violations) {
        let all: HashMap<&str, &RecordBatch> =
            self.records.iter().map(|row| (row.record.id.as_str(), &row.columns)).collect();
        let mut ids = HashSet::new();
        for Row { record, columns } in &selected.records {
            ids.insert(record.id.as_str());
            violations.check(
                all.get(record.id.as_str()).is_some_and(|row| is_same(row, columns)),
                "a selection has records as they are without it",
                || format!("{} by {selection:?}", record.id),
            );
            violations.check(may_be_selected(record, selection), "a selection leaves out the rest", || {
                format!("{} by {selection:?}", record.id)
            });
        }
        for Row { record, .. } in &self.records {
            violations.check(
                !must_be_selected(record, selection) || ids.contains(record.id.as_str()),
                "a selection has all that it selects",
                || format!("{} by {selection:?}", record.id),
            );
        }
        selected.check(&Expectations { batch_records: usize::MAX, ..Expectations::default() }, violations);
    }
}

/// Whether two rows have the same values. A column that a batch lacks is one without values: which columns of the
/// user there are may depend on the other records of a batch.
fn is_same(row: &RecordBatch, other: &RecordBatch) -> bool {
    let has_all = |row: &RecordBatch, other: &RecordBatch| {
        row.schema().fields().iter().zip(row.columns()).all(|(field, column)| {
            match other.column_by_name(field.name()) {
                Some(values) => values == column,
                None => column.null_count() == column.len(),
            }
        })
    };
    has_all(row, other) && has_all(other, row)
}

fn check_record(record: &Record, violations: &mut Violations) {
    let id = &record.id;
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
        // WKB starts with the byte order and a four-byte type.
        record.geometry.as_deref().is_none_or(|wkb| wkb.len() > 5 && wkb[0] <= 1),
        "a geometry is WKB",
        || format!("{id}: {:?}", record.geometry),
    );
    let is_geographic = |bbox: BoundingBox| {
        let is_longitude = |x: f64| (-180.0..=180.0).contains(&x);
        let is_latitude = |y: f64| (-90.0..=90.0).contains(&y);
        [bbox.xmin, bbox.xmax].into_iter().all(is_longitude)
            && [bbox.ymin, bbox.ymax].into_iter().all(is_latitude)
            && bbox.ymin <= bbox.ymax
    };
    violations.check(
        record.bbox.is_none_or(is_geographic),
        "a bbox is in degrees, south before north",
        || format!("{id}: {:?}", record.bbox),
    );
    violations.check(
        record.epsg.is_none_or(|code| code > 0) && record.crs.as_deref().is_none_or(|crs| !crs.is_empty()),
        "a CRS is a code above 0, or text",
        || format!("{id}: {:?}, {:?}", record.epsg, record.crs),
    );
}

/// Selections that divide the records.
fn selections(rows: &[Row]) -> Vec<Selection> {
    let mut times: Vec<i64> = rows.iter().map(|row| row.record.datetime).collect();
    times.sort_unstable();
    let mut selections = Vec::new();
    if let (Some(middle), Some(last)) = (times.get(times.len() / 2).copied(), times.last()) {
        let all = Selection::default();
        selections.extend([
            Selection { start: Some(middle), ..all.clone() },
            Selection { end: Some(middle), ..all.clone() },
            Selection { start: Some(middle), end: Some(middle), ..all.clone() },
            Selection { end: middle.checked_sub(1), ..all.clone() },
            Selection { start: last.checked_add(86_400_000_000), ..all },
        ]);
    }
    if let Some(bbox) = rows.iter().find_map(|row| row.record.bbox) {
        selections.push(Selection { bbox: Some(bbox), ..Selection::default() });
    }
    selections
}

/// Whether a record is within a selection, where its bbox says so.
fn must_be_selected(record: &Record, selection: &Selection) -> bool {
    selection.start.is_none_or(|start| start <= record.datetime)
        && selection.end.is_none_or(|end| record.datetime <= end)
        && selection.bbox.is_none_or(|wanted| match record.bbox {
            Some(bbox) => bbox.intersects(&wanted),
            // Without a footprint it is for the engine to say, from the header.
            None => record.geometry.is_none(),
        })
}

/// Whether a record, all of its time considered, touches a selection.
fn may_be_selected(record: &Record, selection: &Selection) -> bool {
    selection.start.is_none_or(|start| start <= record.end_datetime.unwrap_or(record.datetime))
        && selection.end.is_none_or(|end| record.datetime <= end)
        && selection.bbox.is_none_or(|wanted| record.bbox.is_none_or(|bbox| bbox.intersects(&wanted)))
}
