//! What of a source is selected.

use super::row::Row;
use crate::{BoundingBox, Selection};

/// Selections that divide the records.
pub(super) fn of(rows: &[Row]) -> Vec<Selection> {
    let mut times: Vec<i64> = rows.iter().map(|row| row.record.datetime).collect();
    times.sort_unstable();
    let all = Selection::default();
    let mut selections = Vec::new();
    if let (Some(middle), Some(last)) = (times.get(times.len() / 2).copied(), times.last()) {
        selections.extend([
            Selection { start: Some(middle), ..all.clone() },
            Selection { end: Some(middle), ..all.clone() },
            Selection { start: Some(middle), end: Some(middle), ..all.clone() },
            Selection { end: middle.checked_sub(1), ..all.clone() },
            Selection { start: last.checked_add(86_400_000_000), ..all.clone() },
        ]);
    }
    let Some((bbox, time)) = rows.iter().find_map(|row| Some((row.record.bbox?, row.record.datetime))) else {
        return selections;
    };
    let of_box = |bbox| Selection { bbox: Some(bbox), ..all.clone() };
    selections.extend([of_box(bbox), Selection { start: Some(time), end: Some(time), ..of_box(bbox) }]);
    let middle = bbox.xmin + (bbox.xmax - bbox.xmin) / 2.0;
    if bbox.xmin < middle {
        // From its middle all the way round the Earth to its western edge, across the antimeridian.
        selections.push(of_box(BoundingBox::new(middle, bbox.ymin, bbox.xmin, bbox.ymax)));
    }
    selections
}

/// Whether a record is within a selection, where its bbox says so.
pub(super) fn must_be_selected(row: &Row, selection: &Selection) -> bool {
    let record = &row.record;
    selection.start.is_none_or(|start| start <= record.datetime)
        && selection.end.is_none_or(|end| record.datetime <= end)
        && selection.bbox.is_none_or(|wanted| match record.bbox {
            Some(bbox) => bbox.intersects(&wanted),
            // Without a footprint it is for the engine to say, from the header.
            None => !row.has_footprint,
        })
}

/// Whether a record, all of its time considered, touches a selection.
pub(super) fn may_be_selected(row: &Row, selection: &Selection) -> bool {
    let record = &row.record;
    selection.start.is_none_or(|start| start <= record.end_datetime.unwrap_or(record.datetime))
        && selection.end.is_none_or(|end| record.datetime <= end)
        && selection.bbox.is_none_or(|wanted| record.bbox.is_none_or(|bbox| bbox.intersects(&wanted)))
}
