//! Collections that say where and when their items are, so that one that has nothing to give is not read.

use crate::item::time;
use rasteret_schema::{BoundingBox, Selection};
use serde_json::Value;

/// Whether the extent of a collection rules out that an item of it is within a selection. An extent that cannot be
/// right rules out nothing.
pub(super) fn is_disjoint(collection: &Value, selection: &Selection) -> bool {
    let Some(extent) = collection.get("extent") else { return false };
    let misses_bbox = selection.bbox.is_some_and(|wanted| {
        all(extent.pointer("/spatial/bbox"), bbox)
            .is_some_and(|boxes| boxes.iter().all(|bbox| !bbox.intersects(&wanted)))
    });
    let misses_time = (selection.start.is_some() || selection.end.is_some())
        && all(extent.pointer("/temporal/interval"), interval).is_some_and(|intervals| {
            intervals.iter().all(|(start, end)| {
                start.zip(selection.end).is_some_and(|(start, to)| start > to)
                    || end.zip(selection.start).is_some_and(|(end, from)| end < from)
            })
        });
    misses_bbox || misses_time
}

/// The members of a list, if there are any and all are valid.
fn all<T>(list: Option<&Value>, member: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let list = list?.as_array().filter(|list| !list.is_empty())?;
    list.iter().map(member).collect()
}

/// Of two or three dimensions.
fn bbox(value: &Value) -> Option<BoundingBox> {
    let numbers: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let bbox = match *numbers {
        [xmin, ymin, xmax, ymax] | [xmin, ymin, _, xmax, ymax, _] => BoundingBox::new(xmin, ymin, xmax, ymax),
        _ => return None,
    };
    let is_longitude = |x: f64| (-180.0..=180.0).contains(&x);
    let is_latitude = |y: f64| (-90.0..=90.0).contains(&y);
    let is_valid = is_longitude(bbox.xmin)
        && is_longitude(bbox.xmax)
        && is_latitude(bbox.ymin)
        && is_latitude(bbox.ymax)
        && bbox.ymin <= bbox.ymax
        // All zeros are what a template has.
        && numbers.iter().any(|number| *number != 0.0);
    is_valid.then_some(bbox)
}

/// Start and end in microseconds; `None` is open. An end that is given by day includes it.
fn interval(value: &Value) -> Option<(Option<i64>, Option<i64>)> {
    let [start, end] = value.as_array()?.as_slice() else { return None };
    let bound = |value: &Value, extra: i64| match value {
        Value::Null => Some(None),
        Value::String(text) => {
            let is_day = !text.contains([':', 'T']);
            let micros = time::parse(text)?;
            Some(Some(if is_day { micros.saturating_add(extra) } else { micros }))
        }
        _ => None,
    };
    let (start, end) = (bound(start, 0)?, bound(end, 86_399_999_999)?);
    let is_ordered = start.zip(end).is_none_or(|(start, end)| start <= end);
    is_ordered.then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn collection(boxes: Value, intervals: Value) -> Value {
        json!({"extent": {"spatial": {"bbox": boxes}, "temporal": {"interval": intervals}}})
    }

    #[test]
    fn boxes() {
        let selection =
            Selection { bbox: Some(BoundingBox::new(10.0, 10.0, 20.0, 20.0)), ..Selection::default() };
        for (boxes, expected) in [
            (json!([[30.0, 10.0, 40.0, 20.0]]), true),
            (json!([[30.0, 10.0, 0.0, 40.0, 20.0, 100.0]]), true),
            (json!([[20, 20, 30, 30]]), false),
            (json!([[30.0, 10.0, 40.0, 20.0], [0.0, 0.0, 11.0, 11.0]]), false),
            (json!([[170.0, 10.0, -170.0, 20.0]]), true),
            (json!([[19.0, 10.0, -170.0, 20.0]]), false),
            (json!([[30.0, 20.0, 40.0, 10.0]]), false),
            (json!([[300.0, 10.0, 400.0, 20.0]]), false),
            (json!([[0, 0, 0, 0]]), false),
            (json!([]), false),
            (json!([["a", 1, 2, 3]]), false),
            (json!("everywhere"), false),
        ] {
            assert_eq!(
                is_disjoint(&collection(boxes.clone(), json!([[null, null]])), &selection),
                expected,
                "{boxes}"
            );
        }
    }

    #[test]
    fn intervals() {
        let micros = |text| time::parse(text);
        let selection = Selection {
            start: micros("2024-01-10T00:00:00Z"),
            end: micros("2024-01-20T00:00:00Z"),
            ..Selection::default()
        };
        for (intervals, expected) in [
            (json!([["2023-01-01T00:00:00Z", "2023-12-31T00:00:00Z"]]), true),
            (json!([["2024-01-21T00:00:00Z", null]]), true),
            (json!([[null, "2024-01-09"]]), true),
            (json!([[null, "2024-01-10"]]), false),
            (json!([["2023-01-01T00:00:00Z", null]]), false),
            (json!([[null, null]]), false),
            (json!([["2023-12-31T00:00:00Z", "2023-01-01T00:00:00Z"]]), false),
            (json!([["soon", null]]), false),
            (json!([[]]), false),
        ] {
            assert_eq!(
                is_disjoint(&collection(json!([]), intervals.clone()), &selection),
                expected,
                "{intervals}"
            );
        }
    }
}
