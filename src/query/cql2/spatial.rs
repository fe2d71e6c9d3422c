//! How geometries lie to each other.
//!
//! The box that a record has of its footprint is asked first, as everywhere: where it does not touch the
//! box around the other geometry, both are disjoint. So chunks are passed over by their boxes, with the
//! same result.

use super::error::FilterError;
use super::evaluate::{Value, value};
use super::plan::{Node, Spatial, box_of_footprints};
use super::region::Region;
use crate::geometry::{RowProblem, geometry_from_wkb};
use crate::query::filter::bounding_boxes;
use crate::unwinding::unwinding;
use arrow_array::cast::AsArray;
use arrow_array::{Array, BinaryViewArray, BooleanArray, RecordBatch};
use geo::indexed::PreparedGeometry;
use geo::{CoordsIter, Intersects, Relate};
use geo_types::Geometry;
use rasteret_schema::record::BBOX;
use std::sync::Arc;

type Result<T> = std::result::Result<T, FilterError>;

/// One operand.
enum Side {
    Same(Arc<Region>),
    OfRecords(BinaryViewArray),
}

impl Side {
    fn new(node: &Node, batch: &RecordBatch) -> Result<Side> {
        Ok(match node {
            Node::Region(region) => Side::Same(region.clone()),
            node => Side::OfRecords(value(node, batch)?.array.as_binary_view().clone()),
        })
    }
}

/// A geometry of a record.
enum Footprint {
    Null,
    Empty,
    Geometry(Geometry<f64>),
}

/// Evaluates an operator for each record; null where one of the geometries is.
///
/// # Errors
///
/// [`FilterError::Evaluation`] for a geometry that is none.
pub(super) fn evaluate(operator: Spatial, left: &Node, right: &Node, batch: &RecordBatch) -> Result<Value> {
    let around = box_of_footprints(left, right).filter(|_| batch.column_by_name(BBOX).is_some());
    let boxes = around.map(|around| Ok((around, bounding_boxes(batch)?))).transpose();
    let boxes = boxes.map_err(|error: crate::Error| FilterError::Evaluation(error.to_string()))?;
    let is_apart = |row: usize| {
        boxes.as_ref().is_some_and(|(around, boxes)| {
            boxes.get(row).copied().flatten().is_some_and(|bbox| !bbox.intersects(around))
        })
    };
    let apart = operator == Spatial::Disjoint;
    let (left, right) = (Side::new(left, batch)?, Side::new(right, batch)?);
    let of_rows = |column: &BinaryViewArray, relates: &dyn Fn(&Geometry<f64>) -> Result<bool>| {
        let rows = (0..column.len()).map(|row| match column.is_valid(row) {
            true if is_apart(row) => Ok(Some(apart)),
            _ => match footprint(column, row)? {
                Footprint::Null => Ok(None),
                Footprint::Empty => Ok(Some(apart)),
                Footprint::Geometry(geometry) => relates(&geometry).map(Some),
            },
        });
        rows.collect::<Result<BooleanArray>>()
    };
    let array = match (&left, &right) {
        (Side::Same(a), Side::Same(b)) => {
            let array = Arc::new(BooleanArray::from(vec![relate(operator, &a.geometry, &b.geometry)?]));
            return Ok(Value { array, is_scalar: true });
        }
        (Side::OfRecords(column), Side::Same(region)) => {
            let region = Prepared::new(region)?;
            of_rows(column, &|geometry| region.relate(operator, geometry, true))?
        }
        (Side::Same(region), Side::OfRecords(column)) => {
            let region = Prepared::new(region)?;
            of_rows(column, &|geometry| region.relate(operator, geometry, false))?
        }
        (Side::OfRecords(a), Side::OfRecords(b)) => (0..a.len())
            .map(|row| match (footprint(a, row)?, footprint(b, row)?) {
                (Footprint::Null, _) | (_, Footprint::Null) => Ok(None),
                (Footprint::Geometry(a), Footprint::Geometry(b)) => relate(operator, &a, &b).map(Some),
                _ => Ok(Some(apart)),
            })
            .collect::<Result<BooleanArray>>()?,
    };
    Ok(Value { array: Arc::new(array), is_scalar: false })
}

fn footprint(column: &BinaryViewArray, row: usize) -> Result<Footprint> {
    if column.is_null(row) {
        return Ok(Footprint::Null);
    }
    let invalid = |reason: String| {
        FilterError::Evaluation(format!("the geometry of a record cannot be read: {reason}"))
    };
    match geometry_from_wkb(column.value(row)) {
        Ok(geometry) if geometry.coords_iter().next().is_none() => Ok(Footprint::Empty),
        Ok(geometry) if geometry.coords_iter().all(|at| at.x.is_finite() && at.y.is_finite()) => {
            Ok(Footprint::Geometry(geometry))
        }
        Ok(_) => Err(invalid("a coordinate is not finite".to_owned())),
        Err(RowProblem::Empty) => Ok(Footprint::Empty),
        Err(problem) => Err(invalid(problem.to_string())),
    }
}

/// A geometry that many are related to.
struct Prepared<'a> {
    geometry: &'a Geometry<f64>,
    prepared: PreparedGeometry<'a, &'a Geometry<f64>, f64>,
}

impl<'a> Prepared<'a> {
    fn new(region: &'a Region) -> Result<Self> {
        let geometry = &region.geometry;
        Ok(Prepared { geometry, prepared: unwinding(|| geometry.into()).map_err(undecided)? })
    }

    /// Relates a geometry with this one, or this one with it.
    fn relate(&self, operator: Spatial, other: &Geometry<f64>, is_first: bool) -> Result<bool> {
        unwinding(|| match operator {
            Spatial::Intersects | Spatial::Disjoint => holds_between(operator, self.geometry, other),
            _ if is_first => holds(operator, &other.relate(&self.prepared)),
            _ => holds(operator, &self.prepared.relate(other)),
        })
        .map_err(undecided)
    }
}

fn relate(operator: Spatial, a: &Geometry<f64>, b: &Geometry<f64>) -> Result<bool> {
    unwinding(|| match operator {
        Spatial::Intersects | Spatial::Disjoint => holds_between(operator, a, b),
        _ => holds(operator, &a.relate(b)),
    })
    .map_err(undecided)
}

/// Whether two geometries share a point, or do not: this needs no matrix of them.
fn holds_between(operator: Spatial, a: &Geometry<f64>, b: &Geometry<f64>) -> bool {
    a.intersects(b) == (operator == Spatial::Intersects)
}

fn holds(operator: Spatial, matrix: &geo::relate::IntersectionMatrix) -> bool {
    match operator {
        Spatial::Intersects => matrix.is_intersects(),
        Spatial::Disjoint => matrix.is_disjoint(),
        Spatial::Equals => matrix.is_equal_topo(),
        Spatial::Touches => matrix.is_touches(),
        Spatial::Within => matrix.is_within(),
        Spatial::Contains => matrix.is_contains(),
        Spatial::Overlaps => matrix.is_overlaps(),
        Spatial::Crosses => matrix.is_crosses(),
    }
}

fn undecided(reason: String) -> FilterError {
    FilterError::Evaluation(format!("how two geometries lie to each other cannot be decided: {reason}"))
}
