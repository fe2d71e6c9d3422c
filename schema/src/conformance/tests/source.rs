use super::assert_breaks;
use crate::conformance::{Expectations, source_adapter};
use crate::record::to_batch;
use crate::{
    Asset, BoundingBox, Record, RecordStream, Selection, SourceAdapter, SourceBatch, SourceError,
    SourceFailure,
};
use futures::{FutureExt, StreamExt, stream};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Records made up on the spot.
#[derive(Debug)]
struct Made {
    change: fn(&mut Vec<Record>, &Selection),
    description: &'static str,
    failure_kind: &'static str,
    streams: AtomicUsize,
    ignores_selection: bool,
    is_stable: bool,
    ends_early: bool,
}

fn made() -> Made {
    Made {
        change: |_, _| {},
        description: "https://example.org/stac",
        failure_kind: "corrupt-header",
        streams: AtomicUsize::new(0),
        ignores_selection: false,
        is_stable: true,
        ends_early: false,
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
            .map(|records| {
                let batch = SourceBatch::new(to_batch(records).unwrap());
                Ok(SourceBatch { failures: vec![failure.clone()], ..batch })
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
