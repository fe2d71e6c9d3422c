//! The filter language: CQL2-text (OGC 21-065r2).
//!
//! | module | from → to |
//! | --- | --- |
//! | `limits`, `parse` | text → [`expression`] |
//! | `check` | an expression, the columns → a [`plan`] |
//! | `evaluate` and what it calls | a plan, a batch → true, false or unknown for each record |
//! | `zones` | a plan, a zone map → whether a chunk may hold a record that matches |
//!
//! Unknown is what a comparison with null gives, as in SQL. A record matches where the whole is true.

mod arithmetic;
mod check;
mod compare;
mod error;
mod evaluate;
mod expression;
mod instant;
mod limits;
mod lists;
mod literal;
mod parse;
mod plan;
mod region;
mod spatial;
mod temporal;
mod texts;
mod zones;

#[cfg(test)]
mod tests;

pub use error::FilterError;

use crate::store::ZoneMap;
use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::Schema;
use std::fmt;
use std::sync::Arc;

/// A condition on records, in CQL2-text. Cheap to clone.
#[derive(Clone)]
pub(super) struct Condition {
    text: Arc<str>,
    expression: Arc<expression::Expression>,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Condition {
    /// Parses a text.
    ///
    /// # Errors
    ///
    /// If it is no CQL2, or beyond all measure.
    pub(super) fn parse(text: &str) -> Result<Condition, FilterError> {
        Ok(Condition { text: text.into(), expression: Arc::new(parse::parse(text)?) })
    }

    /// Whether a name of a column passes a test.
    pub(super) fn any_column(&self, is_such: &dyn Fn(&str) -> bool) -> bool {
        self.expression.any_column(is_such)
    }

    /// The condition on records of these columns.
    ///
    /// # Errors
    ///
    /// If it names a column that is not there, or types do not go together.
    pub(super) fn bind(&self, schema: &Schema) -> Result<BoundCondition, FilterError> {
        let node = check::Checker { schema }.predicate(&self.expression)?;
        let mut columns = Vec::new();
        zones::columns(&node, schema, &mut columns);
        Ok(BoundCondition { node, columns })
    }
}

/// A condition on records whose columns are known.
#[derive(Debug)]
pub(super) struct BoundCondition {
    node: plan::Node,
    columns: Vec<String>,
}

impl BoundCondition {
    /// The columns that it looks at.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Which rows of a batch with (at least) these columns it is true for; null where that is unknown.
    ///
    /// # Errors
    ///
    /// If the values do not allow what it asks for, such as a sum beyond 64 bits.
    pub(super) fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray, FilterError> {
        evaluate::condition(&self.node, batch)
    }

    /// Whether a chunk may hold a record that it is true for.
    pub(super) fn may_match(&self, zone: &ZoneMap) -> bool {
        zones::outcomes(&self.node, zone).is_true
    }
}
