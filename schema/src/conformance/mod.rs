//! Suites that check whether a plugin keeps the contract of its trait.
//!
//! A new plugin runs them as they are, in a test of its own; what the traits say in words, they
//! check. They are behind the feature `conformance`:
//!
//! ```toml
//! [dev-dependencies]
//! rasteret-schema = { version = "0.1", features = ["conformance"] }
//! ```
//!
//! | suite | of |
//! | --- | --- |
//! | [`source_adapter`] | [`SourceAdapter`](crate::SourceAdapter) |
//! | [`raster_reader`] | [`RasterReader`](crate::RasterReader) |
//!
//! [`read_all`] gives what a source has, for tests of its own. [`LocalFiles`] and [`OneFile`] are an [`Access`](crate::Access) for adapters that are tested on files, and on any
//! bytes.
//!
//! A suite does not stop at the first violation: it returns all of them, with counts of what it saw, so
//! that a test can also make sure that there was something to see. [`Violations::assert_none`] panics
//! with the list.

mod access;
mod header;
mod one_file;
mod random;
mod read_all;
mod reader;
mod source;
#[cfg(test)]
mod tests;

pub use access::LocalFiles;
pub use one_file::OneFile;
pub use read_all::read_all;
pub use reader::{ReaderReport, raster_reader};
pub use source::{Expectations, SourceReport, source_adapter};

use std::fmt;

/// Violations of one rule that are kept: a broken rule tends to be broken everywhere.
const KEPT_PER_RULE: usize = 5;

/// A point of a contract that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What the contract says.
    pub rule: &'static str,
    /// What was found instead, and where.
    pub found: String,
}

/// The points of a contract that are not kept, a few examples of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The violations.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// Whether the contract is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Does nothing if the contract is kept.
    ///
    /// # Panics
    ///
    /// With the list of violations, if there are any.
    #[track_caller]
    pub fn assert_none(&self) {
        assert!(self.is_empty(), "the contract is not kept:\n{self}");
    }

    /// Notes a violation unless `kept`.
    fn check(&mut self, kept: bool, rule: &'static str, found: impl FnOnce() -> String) {
        if !kept && self.has_room(rule) {
            self.0.push(Violation { rule, found: found() });
        }
    }

    fn extend(&mut self, other: Violations) {
        for violation in other.0 {
            if self.has_room(violation.rule) {
                self.0.push(violation);
            }
        }
    }

    fn has_room(&self, rule: &str) -> bool {
        self.0.iter().filter(|violation| violation.rule == rule).count() < KEPT_PER_RULE
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Violation { rule, found }| writeln!(f, "- {rule}: {found}"))
    }
}

/// Whether a name is of lower-case ASCII letters, digits and hyphens.
fn is_kebab_case(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}
