//! Gives the names of an expression their columns, and its operators operands of types that go together.

use super::error::FilterError;
use super::evaluate;
use super::expression::{Expression, arguments};
use super::plan::{Arithmetic, Column, Comparison, Fold, Kind, Lists, Literal, Node, Set, Spatial};
use super::{literal, temporal};
use arrow_array::types::Int64Type;
use arrow_array::{RecordBatch, RecordBatchOptions, cast::AsArray};
use arrow_schema::{DataType, Field, Fields, Schema};
use std::sync::Arc;

type Result<T> = std::result::Result<T, FilterError>;

/// The columns that an expression is checked against.
pub(super) struct Checker<'a> {
    pub(super) schema: &'a Schema,
}

impl Checker<'_> {
    /// The plan of an expression that is true, false or unknown.
    ///
    /// # Errors
    ///
    /// [`FilterError::NoSuchColumn`], [`FilterError::Mismatch`], [`FilterError::Invalid`].
    pub(super) fn predicate(&self, expression: &Expression) -> Result<Node> {
        let node = self.node(expression)?;
        match node.kind() {
            Kind::Boolean => Ok(node),
            Kind::Null => Ok(Node::Literal(literal::boolean(None))),
            other => Err(self.mismatch(format!(
                "a condition is true or false, and {} is {}",
                name(expression),
                other.name()
            ))),
        }
    }

    /// The plan of any expression.
    pub(super) fn node(&self, expression: &Expression) -> Result<Node> {
        let node = match expression {
            Expression::Null => Node::Literal(literal::null()),
            Expression::Boolean(value) => Node::Literal(literal::boolean(Some(*value))),
            Expression::Integer(value) => Node::Literal(literal::integer(*value)?),
            Expression::Float(value) => Node::Literal(literal::float(*value)),
            Expression::Text(text) => Node::Literal(literal::text(text)),
            Expression::Instant(instant) => Node::Literal(literal::time(*instant)?),
            Expression::Interval(..) => {
                return Err(FilterError::Invalid("INTERVAL is for the T_ operators".to_owned()));
            }
            Expression::Region(region) => Node::Region(region.clone()),
            Expression::List(items) => {
                let items = items.iter().map(|item| self.node(item)).collect::<Result<Vec<_>>>()?;
                Node::Literal(self.list(items)?)
            }
            Expression::Column(name) => Node::Column(self.column(name)?),
            Expression::Call(name, operands) => self.call(name, operands)?,
        };
        fold(node)
    }

    fn call(&self, name: &str, operands: &[Expression]) -> Result<Node> {
        let one = || self.node(&arguments::<1>(name, operands)?[0]);
        let two = || -> Result<(Node, Node)> {
            let [left, right] = arguments::<2>(name, operands)?;
            Ok((self.node(left)?, self.node(right)?))
        };
        if let Some(comparison) = Comparison::from_symbol(name) {
            let (left, right) = two()?;
            return self.compare(comparison, left, right);
        }
        if let Some(operator) = Arithmetic::from_symbol(name) {
            let (left, right) = two()?;
            return self.arithmetic(operator, left, right);
        }
        if let Some(operator) = Spatial::from_name(name) {
            let (left, right) = two()?;
            if self.is_null(&[&left, &right], |kind| *kind == Kind::Geometry, name, "geometries")? {
                return Ok(Node::Literal(literal::boolean(None)));
            }
            return Ok(Node::Spatial(operator, Box::new(left), Box::new(right)));
        }
        if let Some(operator) = Lists::from_name(name) {
            let (left, right) = two()?;
            return self.lists(operator, left, right, name);
        }
        match name {
            "and" => Ok(Node::All(self.predicates(operands)?)),
            "or" => Ok(Node::Any(self.predicates(operands)?)),
            "not" => Ok(Node::Not(Box::new(self.predicate(&arguments::<1>(name, operands)?[0])?))),
            "isnull" => Ok(Node::IsNull(Box::new(one()?))),
            "between" => {
                let [value, low, high] = arguments::<3>(name, operands)?;
                let (value, low, high) = (self.node(value)?, self.node(low)?, self.node(high)?);
                Ok(Node::All(vec![
                    self.compare(Comparison::GreaterOrEqual, value.clone(), low)?,
                    self.compare(Comparison::LessOrEqual, value, high)?,
                ]))
            }
            "in" => match arguments::<2>(name, operands)? {
                [value, Expression::List(items)] => self.one_of(self.node(value)?, items),
                _ => Err(FilterError::Invalid("IN takes a list, such as ('a', 'b')".to_owned())),
            },
            "like" => {
                let (left, right) = two()?;
                if self.is_null(&[&left, &right], |kind| *kind == Kind::Text, name, "texts")? {
                    return Ok(Node::Literal(literal::boolean(None)));
                }
                Ok(Node::Like(Box::new(left), Box::new(right)))
            }
            "casei" | "accenti" => {
                let text = one()?;
                if self.is_null(&[&text], |kind| *kind == Kind::Text, name, "a text")? {
                    return Ok(Node::Literal(literal::null()));
                }
                let fold = if name == "casei" { Fold::Case } else { Fold::Accents };
                Ok(Node::Fold(fold, Box::new(text)))
            }
            _ if name.starts_with("t_") => temporal::check(self, name, operands),
            _ => Err(FilterError::Invalid(format!("there is no function {name:?}"))),
        }
    }

    fn predicates(&self, operands: &[Expression]) -> Result<Vec<Node>> {
        operands.iter().map(|operand| self.predicate(operand)).collect()
    }

    /// A comparison, with both sides brought to one kind.
    pub(super) fn compare(&self, comparison: Comparison, left: Node, right: Node) -> Result<Node> {
        if [&left, &right].iter().any(|node| node.kind() == Kind::Null) {
            return Ok(Node::Literal(literal::boolean(None)));
        }
        let (left, right) = self.alike(left, right)?;
        fold(Node::compare(comparison, left, right))
    }

    /// Both as values that compare.
    fn alike(&self, left: Node, right: Node) -> Result<(Node, Node)> {
        let left = literal::read_as(left, &right)?;
        let right = literal::read_as(right, &left)?;
        let (a, b) = (left.kind(), right.kind());
        let convert = |node: Node, kind: Kind| fold(Node::Convert(Box::new(node), kind));
        Ok(match (&a, &b) {
            (Kind::Geometry | Kind::Other | Kind::List(_), _)
            | (_, Kind::Geometry | Kind::Other | Kind::List(_)) => {
                return Err(self.unlike(&left, &right));
            }
            (Kind::Decimal(0) | Kind::Integer, Kind::Float)
            | (Kind::Float, Kind::Decimal(0) | Kind::Integer) => (left, right),
            (Kind::Decimal(_), Kind::Float) => (convert(left, Kind::Float)?, right),
            (Kind::Float, Kind::Decimal(_)) => (left, convert(right, Kind::Float)?),
            (Kind::Decimal(_), Kind::Integer | Kind::Decimal(_)) | (Kind::Integer, Kind::Decimal(_)) => {
                let scale = |kind: &Kind| if let Kind::Decimal(scale) = kind { *scale } else { 0 };
                let kind = Kind::Decimal(scale(&a).max(scale(&b)));
                (convert(left, kind.clone())?, convert(right, kind)?)
            }
            (Kind::Micros, Kind::Nanos) => (convert(left, Kind::Nanos)?, right),
            (Kind::Nanos, Kind::Micros) => (left, convert(right, Kind::Nanos)?),
            (a, b) if a == b => (left, right),
            _ => return Err(self.unlike(&left, &right)),
        })
    }

    fn one_of(&self, value: Node, items: &[Expression]) -> Result<Node> {
        let mut integers = std::collections::HashSet::new();
        let mut texts = std::collections::HashSet::new();
        let mut others = Vec::new();
        for item in items {
            let item = self.node(item)?;
            if [&value, &item].iter().any(|node| node.kind() == Kind::Null) {
                others.push(Node::Literal(literal::boolean(None)));
                continue;
            }
            let (left, right) = self.alike(value.clone(), item)?;
            let is_same = left.kind() == value.kind();
            match &right {
                Node::Literal(Literal { array, kind: Kind::Integer | Kind::Micros })
                    if is_same && right.kind() == value.kind() && array.is_valid(0) =>
                {
                    integers.insert(array.as_primitive::<Int64Type>().value(0));
                }
                Node::Literal(Literal { array, kind: Kind::Text }) if is_same && array.is_valid(0) => {
                    texts.insert(array.as_string_view().value(0).to_owned());
                }
                _ => others.push(fold(Node::compare(Comparison::Equal, left, right))?),
            }
        }
        if !integers.is_empty() {
            others.push(fold(Node::OneOf(Box::new(value.clone()), Set::Integers(Arc::new(integers))))?);
        }
        if !texts.is_empty() {
            others.push(fold(Node::OneOf(Box::new(value), Set::Texts(Arc::new(texts))))?);
        }
        fold(Node::Any(others))
    }

    fn arithmetic(&self, operator: Arithmetic, left: Node, right: Node) -> Result<Node> {
        let is_number = |kind: &Kind| kind.is_number();
        if self.is_null(&[&left, &right], is_number, "arithmetic", "numbers")? {
            return Ok(Node::Literal(literal::null()));
        }
        let wide = |node: Node, kind: &Kind| {
            if node.kind() == *kind { Ok(node) } else { fold(Node::Convert(Box::new(node), kind.clone())) }
        };
        let kind = match (operator, left.kind(), right.kind()) {
            (Arithmetic::Divide | Arithmetic::Power, ..) => Kind::Float,
            (_, Kind::Integer, Kind::Integer) => Kind::Integer,
            (_, Kind::Integer | Kind::Decimal(0), Kind::Integer | Kind::Decimal(0)) => Kind::Decimal(0),
            _ => Kind::Float,
        };
        let (left, right) = (wide(left, &kind)?, wide(right, &kind)?);
        Ok(Node::Arithmetic(operator, Box::new(left), Box::new(right)))
    }

    fn lists(&self, operator: Lists, left: Node, right: Node, name: &str) -> Result<Node> {
        let is_list = |kind: &Kind| matches!(kind, Kind::List(_));
        self.is_null(&[&left, &right], is_list, name, "lists")?;
        let (Kind::List(a), Kind::List(b)) = (left.kind(), right.kind()) else {
            return Ok(Node::Literal(literal::boolean(None)));
        };
        let (left, right) = if a == b {
            (left, right)
        } else {
            match (a.is_number() && b.is_number(), left, right) {
                (true, left, right) => (left, right),
                (_, Node::Literal(list), other) => (literal::read_list_as(list, &a, &b)?, other),
                (_, other, Node::Literal(list)) => (other, literal::read_list_as(list, &b, &a)?),
                (_, left, right) => return Err(self.unlike(&left, &right)),
            }
        };
        let alike = match (left.kind(), right.kind()) {
            (Kind::List(a), Kind::List(b)) => a == b || a.is_number() && b.is_number(),
            _ => false,
        };
        if !alike {
            return Err(self.unlike(&left, &right));
        }
        Ok(Node::Lists(operator, Box::new(left), Box::new(right)))
    }

    /// A list of literals.
    fn list(&self, items: Vec<Node>) -> Result<Literal> {
        let mut literals = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Node::Literal(literal) => literals.push(literal),
                _ => return Err(FilterError::Invalid("a list is one of literals".to_owned())),
            }
        }
        literal::list(literals)
            .ok_or_else(|| self.mismatch("the items of a list are of unlike types".to_owned()))
    }

    /// The column of a name: one that is called so, or a field of one that is a struct.
    pub(super) fn column(&self, name: &str) -> Result<Column> {
        let mut path = Vec::new();
        let field =
            resolve(name, self.schema.fields(), &mut path).ok_or_else(|| FilterError::NoSuchColumn {
                column: name.to_owned(),
                available: self.schema.fields().iter().map(|field| field.name().clone()).collect(),
            })?;
        Ok(Column { path, kind: kind_of(field.data_type()), data_type: field.data_type().clone() })
    }

    /// Whether an operand is nothing but null.
    ///
    /// # Errors
    ///
    /// [`FilterError::Mismatch`] if an operand does not fit.
    fn is_null(&self, nodes: &[&Node], fits: impl Fn(&Kind) -> bool, name: &str, what: &str) -> Result<bool> {
        match nodes.iter().find(|node| !fits(&node.kind()) && node.kind() != Kind::Null) {
            None => Ok(nodes.iter().any(|node| node.kind() == Kind::Null)),
            Some(node) => {
                let name = name.to_uppercase();
                Err(self.mismatch(format!(
                    "{name} takes {what}, and {} is {}",
                    described(node),
                    node.kind().name()
                )))
            }
        }
    }

    fn unlike(&self, left: &Node, right: &Node) -> FilterError {
        self.mismatch(format!(
            "{} is {}, and {} is {}",
            described(left),
            left.kind().name(),
            described(right),
            right.kind().name()
        ))
    }

    pub(super) fn mismatch(&self, reason: String) -> FilterError {
        let columns =
            self.schema.fields().iter().map(|field| format!("{} ({})", field.name(), field.data_type()));
        FilterError::Mismatch { reason, columns: columns.collect() }
    }
}

/// The field of a dotted name. A column of the very name comes first.
fn resolve<'a>(name: &str, fields: &'a Fields, path: &mut Vec<String>) -> Option<&'a Field> {
    if let Some((_, field)) = fields.find(name) {
        path.push(name.to_owned());
        return Some(field);
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let (_, parent) = fields.find(&name[..dot])?;
        let DataType::Struct(children) = parent.data_type() else { return None };
        path.push(name[..dot].to_owned());
        let found = resolve(&name[dot + 1..], children, path);
        if found.is_none() {
            path.pop();
        }
        found
    })
}

/// What the values of a type are to operators.
pub(super) fn kind_of(data_type: &DataType) -> Kind {
    use DataType as T;
    match data_type {
        T::Null => Kind::Null,
        T::Boolean => Kind::Boolean,
        T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 => Kind::Integer,
        T::UInt64 => Kind::Decimal(0),
        T::Decimal32(_, scale) | T::Decimal64(_, scale) | T::Decimal128(_, scale) if *scale >= 0 => {
            Kind::Decimal(*scale)
        }
        T::Float16 | T::Float32 | T::Float64 => Kind::Float,
        T::Utf8 | T::LargeUtf8 | T::Utf8View => Kind::Text,
        T::Timestamp(arrow_schema::TimeUnit::Nanosecond, _) => Kind::Nanos,
        T::Timestamp(..) | T::Date32 | T::Date64 => Kind::Micros,
        T::Binary | T::LargeBinary | T::BinaryView => Kind::Geometry,
        T::List(item) | T::LargeList(item) | T::FixedSizeList(item, _) => match kind_of(item.data_type()) {
            Kind::List(_) | Kind::Other | Kind::Geometry => Kind::Other,
            item => Kind::List(Box::new(item)),
        },
        T::Dictionary(_, values) => match kind_of(values) {
            Kind::List(_) => Kind::Other,
            values => values,
        },
        _ => Kind::Other,
    }
}

/// The value of a node whose operands are all literals.
fn fold(node: Node) -> Result<Node> {
    let is_literal = |node: &Node| matches!(node, Node::Literal(_));
    let is_constant = match &node {
        Node::Convert(operand, _)
        | Node::Not(operand)
        | Node::IsNull(operand)
        | Node::OneOf(operand, _)
        | Node::Fold(_, operand)
        | Node::EndOfDay(operand) => is_literal(operand),
        Node::All(operands) | Node::Any(operands) => operands.iter().all(is_literal),
        Node::Compare(_, left, right)
        | Node::Like(left, right)
        | Node::Arithmetic(_, left, right)
        | Node::Lists(_, left, right) => is_literal(left) && is_literal(right),
        Node::Column(_) | Node::Literal(_) | Node::Region(_) | Node::Spatial(..) => false,
    };
    if !is_constant {
        return Ok(node);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let nothing = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)?;
    let value = evaluate::value(&node, &nothing)?;
    Ok(Node::Literal(Literal { kind: node.kind(), array: value.array }))
}

fn name(expression: &Expression) -> String {
    match expression {
        Expression::Column(name) => format!("column {name:?}"),
        Expression::Text(text) => format!("{text:?}"),
        _ => "what is written".to_owned(),
    }
}

fn described(node: &Node) -> String {
    match node {
        Node::Column(column) => format!("column {:?} ({})", column.path.join("."), column.data_type),
        Node::Literal(literal) => literal::to_text(literal),
        Node::Convert(node, _) => described(node),
        _ => "what it is compared with".to_owned(),
    }
}
