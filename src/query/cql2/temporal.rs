//! How times and intervals lie to each other (OGC 21-065r2, clause 7.8), in comparisons of their ends.

use super::check::Checker;
use super::error::FilterError;
use super::expression::{Expression, arguments};
use super::instant::{DAY, Instant};
use super::literal;
use super::plan::Comparison::{self, Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
use super::plan::{Kind, Node};
use arrow_schema::DataType;

type Result<T> = std::result::Result<T, FilterError>;

/// A span of time, both ends inclusive.
struct Extent {
    start: Node,
    end: Node,
    /// The end as it is written: where an interval ends with a day, `end` is the last of it, and what
    /// this interval meets begins on that day.
    end_as_written: Node,
}

/// The plan of a temporal operator.
///
/// # Errors
///
/// As [`Checker::node`].
pub(super) fn check(checker: &Checker<'_>, name: &str, operands: &[Expression]) -> Result<Node> {
    let [a, b] = arguments::<2>(name, operands)?;
    let (a, b) = (extent(checker, name, a)?, extent(checker, name, b)?);
    let compare =
        |comparison: Comparison, x: &Node, y: &Node| checker.compare(comparison, x.clone(), y.clone());
    let all = |conditions: &[(Comparison, &Node, &Node)]| {
        conditions.iter().map(|(comparison, x, y)| compare(*comparison, x, y)).collect::<Result<Vec<_>>>()
    };
    let conditions = match name {
        "t_after" => all(&[(Greater, &a.start, &b.end)]),
        "t_before" => all(&[(Less, &a.end, &b.start)]),
        "t_contains" => all(&[(Less, &a.start, &b.start), (Greater, &a.end, &b.end)]),
        "t_disjoint" => {
            let apart = all(&[(Less, &a.end, &b.start), (Greater, &a.start, &b.end)])?;
            return Ok(Node::Any(apart));
        }
        "t_during" => all(&[(Greater, &a.start, &b.start), (Less, &a.end, &b.end)]),
        "t_equals" => all(&[(Equal, &a.start, &b.start), (Equal, &a.end, &b.end)]),
        "t_finishedby" => all(&[(Less, &a.start, &b.start), (Equal, &a.end, &b.end)]),
        "t_finishes" => all(&[(Greater, &a.start, &b.start), (Equal, &a.end, &b.end)]),
        "t_intersects" => all(&[(LessOrEqual, &a.start, &b.end), (GreaterOrEqual, &a.end, &b.start)]),
        "t_meets" => all(&[(Equal, &a.end_as_written, &b.start)]),
        "t_metby" => all(&[(Equal, &a.start, &b.end_as_written)]),
        "t_overlappedby" => {
            all(&[(Greater, &a.start, &b.start), (Less, &a.start, &b.end), (Greater, &a.end, &b.end)])
        }
        "t_overlaps" => {
            all(&[(Less, &a.start, &b.start), (Greater, &a.end, &b.start), (Less, &a.end, &b.end)])
        }
        "t_startedby" => all(&[(Equal, &a.start, &b.start), (Greater, &a.end, &b.end)]),
        "t_starts" => all(&[(Equal, &a.start, &b.start), (Less, &a.end, &b.end)]),
        _ => return Err(FilterError::Invalid(format!("there is no function {name:?}"))),
    };
    Ok(Node::All(conditions?))
}

fn extent(checker: &Checker<'_>, name: &str, operand: &Expression) -> Result<Extent> {
    let Expression::Interval(start, end) = operand else {
        let Bound { first, last, as_written: _ } = bound(checker, name, operand)?;
        return Ok(Extent { start: first, end_as_written: last.clone(), end: last });
    };
    let open =
        |bound: &Expression| matches!(bound, Expression::Text(text) if text == ".." || text.is_empty());
    let start = if open(start) { endless(i64::MIN) } else { bound(checker, name, start)?.first };
    let (end, end_as_written) = if open(end) {
        (endless(i64::MAX), endless(i64::MAX))
    } else {
        let end = bound(checker, name, end)?;
        (end.last, end.as_written)
    };
    if let Node::Literal(backwards) = checker.compare(Less, end.clone(), start.clone())?
        && arrow_array::cast::AsArray::as_boolean(&backwards.array).iter().any(|it| it == Some(true))
    {
        return Err(FilterError::Invalid("an INTERVAL ends before it starts".to_owned()));
    }
    Ok(Extent { start, end, end_as_written })
}

fn endless(micros: i64) -> Node {
    Node::Literal(literal::micros_since_1970(micros))
}

/// One end of a span of time: its day, or its instant twice.
struct Bound {
    first: Node,
    last: Node,
    as_written: Node,
}

fn bound(checker: &Checker<'_>, name: &str, operand: &Expression) -> Result<Bound> {
    let instant = match operand {
        Expression::Instant(instant) => Some(*instant),
        Expression::Text(text) => Some(Instant::parse(text)?),
        _ => None,
    };
    if let Some(instant) = instant {
        let length = if instant.is_day { DAY - 1_000 } else { 0 };
        let last = literal::time(Instant { nanos: instant.nanos + length, is_day: false })?;
        let first = Node::Literal(literal::time(instant)?);
        return Ok(Bound { first: first.clone(), last: Node::Literal(last), as_written: first });
    }
    let node = checker.node(operand)?;
    let is_day = matches!(&node, Node::Column(column) if matches!(column.data_type, DataType::Date32 | DataType::Date64));
    match node.kind() {
        Kind::Micros | Kind::Nanos | Kind::Null => {
            let last = if is_day { Node::EndOfDay(Box::new(node.clone())) } else { node.clone() };
            Ok(Bound { first: node.clone(), last, as_written: node })
        }
        other => Err(checker.mismatch(format!(
            "{} takes times and intervals, and was given what is {}",
            name.to_uppercase(),
            other.name()
        ))),
    }
}
