//! The suites find nothing in a right plugin, and each fault in a wrong one.

mod reader;
mod source;

use super::Violations;

/// Asserts that a fault breaks this rule.
#[track_caller]
fn assert_breaks(violations: &Violations, rule: &str) {
    assert!(violations.iter().any(|violation| violation.rule == rule), "{rule:?} is not among\n{violations}");
}
