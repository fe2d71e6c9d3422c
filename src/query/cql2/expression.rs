//! Filters as they are written, before it is known what columns there are.

use super::error::FilterError;
use super::instant::Instant;
use super::region::Region;
use std::sync::Arc;

/// An expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    Instant(Instant),
    /// From one time to another; an open end is the text `..`.
    Interval(Box<Expression>, Box<Expression>),
    Region(Arc<Region>),
    List(Vec<Expression>),
    Column(String),
    /// An operator or a function, by its lower-case name.
    Call(String, Vec<Expression>),
}

impl Expression {
    /// Whether a name of a column passes a test.
    pub(super) fn any_column(&self, is_such: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Expression::Column(name) => is_such(name),
            Expression::Interval(start, end) => start.any_column(is_such) || end.any_column(is_such),
            Expression::List(items) | Expression::Call(_, items) => {
                items.iter().any(|item| item.any_column(is_such))
            }
            _ => false,
        }
    }
}

/// The arguments of a function that takes this many.
pub(super) fn arguments<'a, const N: usize>(
    name: &str,
    arguments: &'a [Expression],
) -> Result<&'a [Expression; N], FilterError> {
    arguments.try_into().map_err(|_| {
        FilterError::Invalid(format!(
            "{} takes {N} argument{}, and was given {}",
            name.to_uppercase(),
            if N == 1 { "" } else { "s" },
            arguments.len()
        ))
    })
}
