//! CQL2-text (OGC 21-065r2, clause 8 and annex B) to [`Expression`].

use super::error::FilterError;
use super::expression::Expression;
use super::instant::Instant;
use super::limits;
use super::region::Region;
use crate::unwinding::unwinding;
use cql2::{Expr, Geometry};
use std::borrow::Cow;
use std::sync::Arc;

/// Levels of an expression. Chains of AND and OR are one.
const DEEPEST: usize = 100;
/// The parser takes up to 6 KiB for each link of a chain where it is not optimised.
const STACK: usize = 48 << 20;
/// The function that [`text_of_integers`] puts in the place of an integer.
const INTEGER: &str = "integer";

/// Parses a text.
///
/// # Errors
///
/// [`FilterError::Syntax`], [`FilterError::TooComplex`], [`FilterError::Invalid`].
pub(super) fn parse(text: &str) -> Result<Expression, FilterError> {
    let limited = limits::check(text)?;
    // The parser recurses further than the stack of a caller reaches.
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            unwinding(|| {
                let parsed = match cql2::parse_text(text) {
                    // Numbers come as doubles.
                    Ok(_) if !limited.wide_integers.is_empty() => {
                        cql2::parse_text(&text_of_integers(text, &limited.wide_integers))
                    }
                    parsed => parsed,
                };
                parsed.map_err(|error| of_parser(text, error)).and_then(|parsed| convert(parsed, 0))
            })
        });
        let parser = parser.map_err(|error| FilterError::TooComplex(format!("no thread for it: {error}")))?;
        let died = |_| FilterError::TooComplex("its parser died".to_owned());
        parser.join().map_err(died)?.map_err(FilterError::Invalid)?
    })
}

/// The text with these integers as texts.
fn text_of_integers<'a>(text: &'a str, integers: &[std::ops::Range<usize>]) -> Cow<'a, str> {
    let mut rewritten = String::with_capacity(text.len() + 16 * integers.len());
    let mut end = 0;
    for integer in integers {
        rewritten.push_str(&text[end..integer.start]);
        rewritten.push_str(&format!(" {INTEGER}('{}')", &text[integer.clone()]));
        end = integer.end;
    }
    rewritten.push_str(&text[end..]);
    rewritten.into()
}

fn of_parser(text: &str, error: cql2::Error) -> FilterError {
    match error {
        cql2::Error::Pest(error) => {
            let at = match error.location {
                pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
            };
            let reason = match &error.variant {
                pest::error::ErrorVariant::ParsingError { positives, .. } => expected(positives),
                pest::error::ErrorVariant::CustomError { message } => message.clone(),
            };
            syntax(text, at, reason)
        }
        other => FilterError::Invalid(other.to_string()),
    }
}

/// What a text may have at a place, in the words of its users, and the rules of the grammar that begin with it.
const WORDS: [(&str, &[&str]); 17] = [
    ("an expression", &["Expr", "BetweenOperand"]),
    ("a column", &["Identifier"]),
    ("a number", &["DECIMAL", "Double", "COORD"]),
    ("a 'text'", &["SingleQuotedString"]),
    ("a geometry", &["GEOMETRY", "GEOMETRY_MEMBER"]),
    ("TRUE", &["True"]),
    ("FALSE", &["False"]),
    ("NULL", &["Null"]),
    (
        "(",
        &["ExpressionInParentheses", "Array", "PCOORD", "PCOORDLIST", "PCOORDLISTLIST", "PCOORDLISTLISTLIST"],
    ),
    ("EMPTY", &["EMPTYSET"]),
    ("-", &["Negative"]),
    ("NOT", &["NotFlag", "UnaryNot"]),
    (
        "a comparison (=, <>, <, <=, >, >=, LIKE, IN, BETWEEN, IS NULL)",
        &["Eq", "NotEq", "Lt", "LtEq", "Gt", "GtEq", "Like", "In", "BetweenPostfix", "IsNullPostfix"],
    ),
    ("an operator (+, -, *, /, %, ^)", &["Add", "Subtract", "Multiply", "Divide", "Modulo", "Power"]),
    ("AND", &["And"]),
    ("OR", &["Or"]),
    ("the end", &["EOI"]),
];

/// What was expected, of the rules that the parser tried: each once.
fn expected<R: std::fmt::Debug>(rules: &[R]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
    let is_tried = |names: &[&str]| rules.iter().any(|rule| names.contains(&rule.as_str()));
    let words = WORDS.iter().filter(|(_, names)| is_tried(names)).map(|(word, _)| *word);
    match words.collect::<Vec<_>>().as_slice() {
        [] => "this cannot be read".to_owned(),
        [only] => format!("expected {only}"),
        [all @ .., last] => format!("expected {} or {last}", all.join(", ")),
    }
}

/// The error at a byte of a text.
fn syntax(text: &str, at: usize, reason: String) -> FilterError {
    /// Characters that are shown before and after the place.
    const AROUND: usize = 36;
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before[start..].chars().count();
    let first = column.saturating_sub(AROUND);
    let line = text[start..].lines().next().unwrap_or_default();
    let excerpt = line.chars().skip(first).take(2 * AROUND).map(|c| if c.is_control() { ' ' } else { c });
    FilterError::Syntax {
        line: before.matches('\n').count() + 1,
        column: column + 1,
        reason,
        excerpt: excerpt.collect(),
        at: column - first,
    }
}

/// The expression that was parsed.
fn convert(parsed: Expr, depth: usize) -> Result<Expression, FilterError> {
    if depth > DEEPEST {
        return Err(FilterError::TooComplex(format!("its operators are nested more than {DEEPEST} deep")));
    }
    let all = |parsed: Vec<Box<Expr>>| {
        parsed.into_iter().map(|it| convert(*it, depth + 1)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match parsed {
        Expr::Null => Expression::Null,
        Expr::Bool(value) => Expression::Boolean(value),
        Expr::Literal(text) => Expression::Text(text),
        Expr::Property { property } => Expression::Column(property),
        Expr::Array(items) => Expression::List(all(items)?),
        Expr::Float(number) if number.fract() == 0.0 && number.abs() <= (1_u64 << 53) as f64 => {
            Expression::Integer(number as i128)
        }
        Expr::Float(number) if number.is_finite() => Expression::Float(number),
        Expr::Float(_) => {
            return Err(FilterError::Invalid("a number is beyond what a double holds".to_owned()));
        }
        Expr::Date { date } => match convert(*date, depth + 1)? {
            Expression::Text(text) => match Instant::parse(&text)? {
                day @ Instant { is_day: true, .. } => Expression::Instant(day),
                _ => return Err(FilterError::Invalid(format!("DATE({text:?}) has a time: write TIMESTAMP"))),
            },
            _ => {
                return Err(FilterError::Invalid("DATE takes a text, such as DATE('2024-01-31')".to_owned()));
            }
        },
        Expr::Timestamp { timestamp } => match convert(*timestamp, depth + 1)? {
            Expression::Text(text) => {
                Expression::Instant(Instant { is_day: false, ..Instant::parse(&text)? })
            }
            _ => {
                let reason = "TIMESTAMP takes a text, such as TIMESTAMP('2024-01-31T10:30:00Z')";
                return Err(FilterError::Invalid(reason.to_owned()));
            }
        },
        Expr::Interval { interval } => {
            let mut ends = all(interval)?.into_iter();
            match (ends.next(), ends.next(), ends.next()) {
                (Some(start), Some(end), None) => Expression::Interval(Box::new(start), Box::new(end)),
                _ => return Err(FilterError::Invalid("INTERVAL takes a start and an end".to_owned())),
            }
        }
        Expr::BBox { bbox } => {
            let numbers = all(bbox)?.into_iter().map(|number| match number {
                Expression::Integer(number) => Ok(number as f64),
                Expression::Float(number) => Ok(number),
                _ => Err(FilterError::Invalid("BBOX takes numbers".to_owned())),
            });
            Expression::Region(Arc::new(Region::of_box(&numbers.collect::<Result<Vec<_>, _>>()?)?))
        }
        Expr::Geometry(geometry) => {
            let Geometry::Wkt(text) = geometry else {
                return Err(FilterError::Invalid("a geometry is not well-known text".to_owned()));
            };
            Expression::Region(Arc::new(Region::of_wkt(&text)?))
        }
        Expr::Operation { op, args } => {
            let name = op.to_lowercase();
            match (name.as_str(), all(args)?) {
                (INTEGER, arguments) => match arguments.as_slice() {
                    [Expression::Text(digits)] => Expression::Integer(integer(digits)?),
                    _ => return Err(FilterError::Invalid("INTEGER takes a text of digits".to_owned())),
                },
                (_, arguments) => Expression::Call(name, arguments),
            }
        }
    })
}

/// An integer, as wide as Arrow's decimals are.
fn integer(digits: &str) -> Result<i128, FilterError> {
    let is_decimal = digits.trim_start_matches(['+', '-', '0']).len() <= 38;
    digits
        .parse()
        .ok()
        .filter(|_| is_decimal)
        .ok_or_else(|| FilterError::Invalid(format!("{digits:?} is no integer of up to 38 digits")))
}
