//! Filters whose columns are known, and the types of all their values.

use super::region::Region;
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use rasteret_schema::BoundingBox;
use std::collections::HashSet;
use std::sync::Arc;

/// What values are, as far as operators tell them apart, and how they are held.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Nothing but nulls.
    Null,
    Boolean,
    /// `Int64`.
    Integer,
    /// `Decimal128` with so many decimals: decimals, and integers that an `Int64` does not hold.
    Decimal(i8),
    /// `Float64`.
    Float,
    /// `Utf8View`.
    Text,
    /// Microseconds since 1970, UTC, as `Int64`.
    Micros,
    /// Nanoseconds since 1970, UTC, as `Decimal128` without decimals, which holds those of all times.
    Nanos,
    /// Well-known binary.
    Geometry,
    /// `List`, `LargeList` or `FixedSizeList` of such.
    List(Box<Kind>),
    /// What has no operator but IS NULL.
    Other,
}

impl Kind {
    /// What users call it.
    pub(super) fn name(&self) -> String {
        let name = match self {
            Kind::Null => "null",
            Kind::Boolean => "a truth value",
            Kind::Integer | Kind::Decimal(_) | Kind::Float => "a number",
            Kind::Text => "a text",
            Kind::Micros | Kind::Nanos => "a time",
            Kind::Geometry => "a geometry",
            Kind::List(item) => return format!("a list of {}", item.name().trim_start_matches("a ")),
            Kind::Other => "of a type that cannot be compared",
        };
        name.to_owned()
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Kind::Integer | Kind::Decimal(_) | Kind::Float)
    }

    pub(super) fn is_time(&self) -> bool {
        matches!(self, Kind::Micros | Kind::Nanos)
    }
}

/// An operator, its operands, and so on down to columns and literals.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Column(Column),
    Literal(Literal),
    Region(Arc<Region>),
    /// The values of a node as another kind: a wider number, a finer time.
    Convert(Box<Node>, Kind),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    IsNull(Box<Node>),
    /// Of two of one kind, or of an integer and a float.
    Compare(Comparison, Box<Node>, Box<Node>),
    /// Whether a value is one of these.
    OneOf(Box<Node>, Set),
    Like(Box<Node>, Box<Node>),
    Arithmetic(Arithmetic, Box<Node>, Box<Node>),
    Fold(Fold, Box<Node>),
    /// The last microsecond of the days that begin at these times.
    EndOfDay(Box<Node>),
    Spatial(Spatial, Box<Node>, Box<Node>),
    Lists(Lists, Box<Node>, Box<Node>),
}

impl Node {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Node::Column(column) => column.kind.clone(),
            Node::Literal(literal) => literal.kind.clone(),
            Node::Region(_) => Kind::Geometry,
            Node::Convert(_, kind) => kind.clone(),
            Node::Arithmetic(operator, left, _) => match operator {
                Arithmetic::Divide | Arithmetic::Power => Kind::Float,
                _ => left.kind(),
            },
            Node::Fold(..) => Kind::Text,
            Node::EndOfDay(_) => Kind::Micros,
            Node::Not(_)
            | Node::All(_)
            | Node::Any(_)
            | Node::IsNull(_)
            | Node::Compare(..)
            | Node::OneOf(..)
            | Node::Like(..)
            | Node::Spatial(..)
            | Node::Lists(..) => Kind::Boolean,
        }
    }

    pub(super) fn compare(comparison: Comparison, left: Node, right: Node) -> Node {
        Node::Compare(comparison, Box::new(left), Box::new(right))
    }
}

/// A column, or a field of a column that is a struct.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name, and those of the fields.
    pub(super) path: Vec<String>,
    pub(super) data_type: DataType,
    pub(super) kind: Kind,
}

/// A value that is the same for all records; an array of one.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) array: ArrayRef,
    pub(super) kind: Kind,
}

/// Values to look for.
#[derive(Debug, Clone)]
pub(super) enum Set {
    Integers(Arc<HashSet<i64>>),
    Texts(Arc<HashSet<String>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn from_symbol(symbol: &str) -> Option<Comparison> {
        Some(match symbol {
            "=" => Comparison::Equal,
            "<>" | "!=" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    /// What is the same with the operands exchanged.
    pub(super) fn mirrored(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            same => same,
        }
    }

    /// Whether values of this order pass.
    pub(super) fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    /// Of floats, whatever the operands.
    Divide,
    /// The integer part of the quotient.
    IntegerDivide,
    Modulo,
    /// Of floats, whatever the operands.
    Power,
}

impl Arithmetic {
    pub(super) fn from_symbol(symbol: &str) -> Option<Arithmetic> {
        Some(match symbol {
            "+" => Arithmetic::Add,
            "-" => Arithmetic::Subtract,
            "*" => Arithmetic::Multiply,
            "/" => Arithmetic::Divide,
            "div" => Arithmetic::IntegerDivide,
            "%" => Arithmetic::Modulo,
            "^" => Arithmetic::Power,
            _ => return None,
        })
    }
}

/// Differences between texts that do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    Case,
    Accents,
}

/// How geometries lie to each other (OGC 06-103r4, clause 6.1.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spatial {
    Intersects,
    Disjoint,
    Equals,
    Touches,
    Within,
    Contains,
    Overlaps,
    Crosses,
}

impl Spatial {
    pub(super) fn from_name(name: &str) -> Option<Spatial> {
        Some(match name {
            "s_intersects" => Spatial::Intersects,
            "s_disjoint" => Spatial::Disjoint,
            "s_equals" => Spatial::Equals,
            "s_touches" => Spatial::Touches,
            "s_within" => Spatial::Within,
            "s_contains" => Spatial::Contains,
            "s_overlaps" => Spatial::Overlaps,
            "s_crosses" => Spatial::Crosses,
            _ => return None,
        })
    }
}

/// How the values of lists compare, as sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    Contains,
    ContainedBy,
    Equals,
    Overlaps,
}

impl Lists {
    pub(super) fn from_name(name: &str) -> Option<Lists> {
        Some(match name {
            "a_contains" => Lists::Contains,
            "a_containedby" => Lists::ContainedBy,
            "a_equals" => Lists::Equals,
            "a_overlaps" => Lists::Overlaps,
            _ => return None,
        })
    }
}

/// The box around a literal geometry, where the other operand is the footprint of the records, whose box
/// is known.
pub(super) fn box_of_footprints<'a>(left: &'a Node, right: &'a Node) -> Option<&'a BoundingBox> {
    let is_footprint = |node: &Node| matches!(node, Node::Column(column) if column.path == [rasteret_schema::record::GEOMETRY]);
    match (left, right) {
        (column, Node::Region(region)) | (Node::Region(region), column) if is_footprint(column) => {
            Some(&region.bbox)
        }
        _ => None,
    }
}
