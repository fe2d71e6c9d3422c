use super::assert_breaks;
use crate::conformance::{Expectations, source_adapter};
use crate::record::to_batch;
use crate::{
    Asset, BoundingBox, CloudConfig, Record, RecordStream, Selection, SourceAdapter, SourceBatch,
    SourceError, SourceFailure,
};
use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float64Array, Int32Array, LargeBinaryArray, RecordBatch, StringArray,
};
use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, Schema};
use futures::{FutureExt, StreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Records made up on the spot.
#[derive(Debug)]
struct Made {
    change: fn(&mut Vec<Record>, &Selection),
    description: &'static str,
    failure_kind: &'static str,
    streams: AtomicUsize,
    ignores_selection: bool,
    /// Boxes that are none in degrees cannot be compared with.
    ignores_box: bool,
    is_stable: bool,
    ends_early: bool,
    /// Changes a batch, given its number in its stream and that of the stream.
    batch: fn(SourceBatch, usize, i64) -> SourceBatch,
    cloud: CloudConfig,
}

fn made() -> Made {
    Made {
        change: |_, _| {},
        description: "https://example.org/stac",
        failure_kind: "corrupt-header",
        streams: AtomicUsize::new(0),
        ignores_selection: false,
        ignores_box: false,
        is_stable: true,
        ends_early: false,
        batch: |batch, _, _| batch,
        cloud: CloudConfig::default(),
    }
}

fn record(n: i64) -> Record {
    let west = n as f64;
    Record {
        id: format!("scene-{n}"),
        datetime: n * 1_000_000,
        end_datetime: (n % 2 == 0).then_some(n * 1_000_000 + 10),
        geometry: None,
        bbox: (n % 3 > 0).then(|| BoundingBox::new(west, 0.0, west + 0.5, 1.0)),
        assets: vec![
            Asset { band: "red".into(), href: format!("{n}/red.tif"), band_index: None },
            Asset { band: "nir".into(), href: format!("{n}/nir.tif"), band_index: Some(1) },
        ],
        epsg: Some(32643),
        crs: Some("EPSG:32643".into()),
        collection: None,
    }
}

impl SourceAdapter for Made {
    fn kind(&self) -> &'static str {
        "made"
    }

    fn description(&self) -> String {
        self.description.to_owned()
    }

    fn fingerprint(&self) -> Result<String, SourceError> {
        let version = if self.is_stable { 0 } else { self.streams.fetch_add(1, Ordering::Relaxed) };
        Ok(format!("version {version}"))
    }

    fn cloud(&self) -> CloudConfig {
        self.cloud.clone()
    }

    fn records<'a>(&'a self, selection: &'a Selection) -> RecordStream<'a> {
        let stream = self.streams.fetch_add(1, Ordering::Relaxed) as i64;
        let mut records: Vec<Record> =
            (0..20).map(|n| record(if self.is_stable { n } else { n + stream })).collect();
        (self.change)(&mut records, selection);
        if !self.ignores_selection {
            records.retain(|record| {
                selection.start.is_none_or(|start| start <= record.datetime)
                    && selection.end.is_none_or(|end| record.datetime <= end)
                    && selection
                        .bbox
                        .filter(|_| !self.ignores_box)
                        .is_none_or(|wanted| record.bbox.is_none_or(|bbox| bbox.intersects(&wanted)))
            });
        }
        let failure = SourceFailure {
            href: "20/red.tif".to_owned(),
            kind: self.failure_kind.to_owned(),
            message: "no magic".to_owned(),
        };
        let batches: Vec<_> = records
            .chunks(7)
            .enumerate()
            .map(|(number, records)| {
                let batch = SourceBatch::new(to_batch(records).unwrap());
                Ok((self.batch)(SourceBatch { failures: vec![failure.clone()], ..batch }, number, stream))
            })
            .collect();
        let end = self.ends_early.then(|| Err(SourceError::NotFound("page 2".to_owned())));
        stream::iter(batches).chain(stream::iter(end)).boxed()
    }
}

fn violations(adapter: &Made, expectations: &Expectations) -> crate::conformance::Violations {
    source_adapter(adapter, expectations).now_or_never().expect("nothing to wait for").violations
}

#[test]
fn a_right_adapter_passes() {
    let expectations = Expectations {
        records: Some(20),
        failures: Some(3),
        batch_records: 7,
        secrets: vec!["hunter2".to_owned()],
    };
    violations(&made(), &expectations).assert_none();
}

#[test]
fn wrong_expectations_are_found() {
    let adapter = made();
    let wrong =
        Expectations { records: Some(21), failures: Some(0), batch_records: 6, ..Expectations::default() };
    let violations = violations(&adapter, &wrong);
    assert_breaks(&violations, "every record comes");
    assert_breaks(&violations, "every failure is reported");
    assert_breaks(&violations, "batches are small enough to be held several times");
}

#[test]
fn each_fault_is_found() {
    let changed = |change| Made { change, ..made() };
    let secret = Expectations { secrets: vec!["stac".to_owned()], ..Expectations::default() };
    for (adapter, rule) in [
        (changed(|records, _| records[3].id = "scene-4".into()), "ids are unique"),
        (changed(|records, _| records[3].id.clear()), "ids are not empty"),
        (
            changed(|records, _| records[3].assets[1].band = "red".into()),
            "bands of a record have names, each once",
        ),
        (
            changed(|records, _| records[3].assets[1].href.clear()),
            "an asset has an href, and perhaps an index from 0",
        ),
        (changed(|records, _| records[3].end_datetime = Some(0)), "an acquisition ends after it starts"),
        (changed(|records, _| records[3].geometry = Some(vec![7; 20])), "a geometry is WKB"),
        (
            changed(|records, _| records[3].bbox = Some(BoundingBox::new(500_000.0, 0.0, 600_000.0, 1.0))),
            "a bbox is in degrees, south before north",
        ),
        (changed(|records, _| records[3].epsg = Some(0)), "a CRS is a code above 0, or text"),
        (
            changed(|records, selection| {
                if selection.start.is_some() {
                    records.truncate(12);
                }
            }),
            "a selection has all that it selects",
        ),
        (
            changed(|records, selection| {
                if selection.bbox.is_some() {
                    records.retain(|record| record.bbox.is_some());
                }
            }),
            "a selection has all that it selects",
        ),
        (
            changed(|records, selection| {
                if *selection != Selection::default() {
                    records.iter_mut().for_each(|record| record.epsg = None);
                }
            }),
            "a selection has records as they are without it",
        ),
        (Made { ignores_selection: true, ..made() }, "a selection leaves out the rest"),
        (Made { is_stable: false, ..made() }, "a stream that is started again gives the same"),
        (
            Made { is_stable: false, ..made() },
            "the fingerprint of a source that does not change stays the same",
        ),
        (Made { ends_early: true, ..made() }, "a source that can be read is read to its end"),
        (
            Made { failure_kind: "Oh no", ..made() },
            "a failure says where it is, of what kind, and what is wrong",
        ),
        (
            Made { description: "https://me:pw@example.org", ..made() },
            "the description and the fingerprint hold no credentials",
        ),
        (
            Made { description: "https://example.org/?sig=abc", ..made() },
            "the description and the fingerprint hold no credentials",
        ),
        (Made { description: " ", ..made() }, "the description says what is read"),
    ] {
        assert_breaks(&violations(&adapter, &Expectations::default()), rule);
    }
    assert_breaks(&violations(&made(), &secret), "the description and the fingerprint hold no credentials");
}

/// The batch with this column, in place of one of the same name.
fn with(mut batch: SourceBatch, field: Field, column: ArrayRef) -> SourceBatch {
    if let Ok(index) = batch.records.schema_ref().index_of(field.name()) {
        batch.records.remove_column(index);
    }
    let mut fields = batch.records.schema_ref().fields().to_vec();
    let mut columns = batch.records.columns().to_vec();
    fields.push(Arc::new(field));
    columns.push(column);
    batch.records = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    batch
}

/// The batch with points in another CRS as its footprints.
fn with_points(batch: SourceBatch, encoding: &str, metadata: &str) -> SourceBatch {
    let rows = batch.records.num_rows();
    let item = Arc::new(Field::new("xy", DataType::Float64, false));
    let coordinates = Float64Array::from(vec![500_000.0; 2 * rows]);
    let points = FixedSizeListArray::new(item, 2, Arc::new(coordinates), None);
    let metadata = [(EXTENSION_TYPE_NAME_KEY, encoding), (EXTENSION_TYPE_METADATA_KEY, metadata)];
    let field = Field::new("geometry", points.data_type().clone(), true)
        .with_metadata(metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    with(batch, field, Arc::new(points))
}

fn with_column(batch: SourceBatch, name: &str, column: impl Array + 'static) -> SourceBatch {
    let field = Field::new(name, column.data_type().clone(), true);
    with(batch, field, Arc::new(column))
}

#[test]
fn what_the_engine_does_is_left_to_it() {
    for adapter in [
        // Hrefs that are signed anew each time.
        Made {
            change: |records, _| {
                static SIGNED: AtomicUsize = AtomicUsize::new(0);
                let signature = SIGNED.fetch_add(1, Ordering::Relaxed);
                for asset in records.iter_mut().flat_map(|record| &mut record.assets) {
                    asset.href = format!("https://example.org/{}?sv=2022&sig={signature}", asset.href);
                }
            },
            ..made()
        },
        // Footprints in metres, and boxes that go with them.
        Made {
            change: |records, _| {
                for record in records {
                    record.bbox = Some(BoundingBox::new(500_000.0, 0.0, 500_001.0, 1.0));
                }
            },
            batch: |batch, _, _| with_points(batch, "geoarrow.point", r#"{"crs": "EPSG:32643"}"#),
            ignores_box: true,
            ..made()
        },
        Made {
            batch: |batch, _, _| {
                let rows = batch.records.num_rows();
                let wkb = LargeBinaryArray::from_iter_values(vec![[1_u8; 21]; rows]);
                with_column(batch, "geometry", wkb)
            },
            ..made()
        },
        // Columns that come only with those who have values in them.
        Made {
            batch: |batch, number, _| {
                let rows = batch.records.num_rows();
                if number == 0 {
                    with_column(batch, "note", StringArray::from(vec![None::<&str>; rows]))
                } else {
                    batch
                }
            },
            ..made()
        },
    ] {
        violations(&adapter, &Expectations::default()).assert_none();
    }
}

#[test]
fn faults_of_batches_are_found() {
    let batched = |batch| Made { batch, ..made() };
    for (adapter, rule) in [
        (
            batched(|batch, _, _| with_points(batch, "geoarrow.polygon", "{}")),
            "footprints are WKB, or encoded as GeoArrow says",
        ),
        (
            batched(|batch, _, _| with_points(batch, "geoarrow.point", "EPSG:32643")),
            "the GeoArrow metadata of footprints are a JSON object",
        ),
        (
            batched(|batch, _, _| {
                let rows = batch.records.num_rows();
                with_column(batch, "geometry", LargeBinaryArray::from_iter_values(vec![[7_u8; 21]; rows]))
            }),
            "a geometry is WKB",
        ),
        (
            batched(|batch, number, _| {
                let rows = batch.records.num_rows();
                match number {
                    0 => with_column(batch, "note", Int32Array::from(vec![1; rows])),
                    _ => with_column(batch, "note", StringArray::from(vec!["1"; rows])),
                }
            }),
            "a column is of one type in all batches",
        ),
        (
            batched(|batch, _, stream| {
                let rows = batch.records.num_rows();
                with_column(batch, "note", Int32Array::from(vec![stream as i32; rows]))
            }),
            "a selection has records as they are without it",
        ),
        (
            batched(|mut batch, _, _| {
                let mut fields = batch.records.schema_ref().fields().to_vec();
                let mut columns = batch.records.columns().to_vec();
                fields.push(fields[0].clone());
                columns.push(columns[0].clone());
                batch.records = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
                batch
            }),
            "a batch has one column of a name",
        ),
        (
            batched(|batch, _, _| SourceBatch { total: Some(3), ..batch }),
            "there are not more records than there are in all",
        ),
        (
            batched(|mut batch, _, _| {
                batch.failures[0].href = "https://example.org/a.tif?sig=abc".to_owned();
                batch
            }),
            "a failure holds no credentials",
        ),
        (
            Made {
                cloud: CloudConfig {
                    endpoint: Some("https://me:pw@example.org".to_owned()),
                    ..CloudConfig::default()
                },
                ..made()
            },
            "the cloud settings hold no credentials",
        ),
    ] {
        assert_breaks(&violations(&adapter, &Expectations::default()), rule);
    }
}

#[test]
fn boxes_across_the_antimeridian_are_heeded() {
    let adapter = Made {
        change: |records, selection| {
            if selection.bbox.is_some_and(|bbox| bbox.crosses_antimeridian()) {
                records.retain(|record| record.bbox.is_none());
            }
        },
        ..made()
    };
    assert_breaks(&violations(&adapter, &Expectations::default()), "a selection has all that it selects");
}
