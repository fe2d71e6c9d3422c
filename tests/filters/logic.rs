//! True, false and unknown, beside an evaluation of one record after the other.

use arrow_array::{Array, BooleanArray, Int32Array, RecordBatch};
use proptest::prelude::*;
use rasteret::Filter;
use std::sync::Arc;

const COLUMNS: [&str; 3] = ["a", "b", "c"];
type Row = [Option<i32>; 3];

#[derive(Debug, Clone)]
enum Logic {
    Compare(usize, &'static str, usize),
    Literal(usize, &'static str, Option<i32>),
    Between(usize, bool, Option<i32>, usize),
    In(usize, bool, Vec<Option<i32>>),
    IsNull(Box<Logic>),
    ValueIsNull(usize, bool),
    Not(Box<Logic>),
    And(Box<Logic>, Box<Logic>),
    Or(Box<Logic>, Box<Logic>),
}

impl Logic {
    fn text(&self) -> String {
        let literal = |value: &Option<i32>| value.map_or("NULL".to_owned(), |value| value.to_string());
        let not = |is_not: &bool| if *is_not { "NOT " } else { "" };
        match self {
            Logic::Compare(a, operator, b) => format!("{} {operator} {}", COLUMNS[*a], COLUMNS[*b]),
            Logic::Literal(a, operator, value) => format!("{} {operator} {}", COLUMNS[*a], literal(value)),
            Logic::Between(a, is_not, low, high) => {
                format!("({} {}BETWEEN {} AND {})", COLUMNS[*a], not(is_not), literal(low), COLUMNS[*high])
            }
            Logic::In(a, is_not, items) => {
                let items = items.iter().map(literal).collect::<Vec<_>>().join(", ");
                format!("{} {}IN ({items})", COLUMNS[*a], not(is_not))
            }
            Logic::IsNull(of) => format!("({}) IS NULL", of.text()),
            Logic::ValueIsNull(a, is_not) => format!("{} IS {}NULL", COLUMNS[*a], not(is_not)),
            Logic::Not(of) => format!("NOT ({})", of.text()),
            Logic::And(a, b) => format!("({} AND {})", a.text(), b.text()),
            Logic::Or(a, b) => format!("({} OR {})", a.text(), b.text()),
        }
    }

    fn of(&self, row: &Row) -> Option<bool> {
        let negated = |is_not: &bool, value: Option<bool>| value.map(|value| value != *is_not);
        match self {
            Logic::Compare(a, operator, b) => compare(row[*a], operator, row[*b]),
            Logic::Literal(a, operator, value) => compare(row[*a], operator, *value),
            Logic::Between(a, is_not, low, high) => {
                negated(is_not, and(compare(row[*a], ">=", *low), compare(row[*a], "<=", row[*high])))
            }
            Logic::In(a, is_not, items) => {
                let found = items.iter().map(|item| compare(row[*a], "=", *item));
                negated(is_not, found.fold(Some(false), or))
            }
            Logic::IsNull(of) => Some(of.of(row).is_none()),
            Logic::ValueIsNull(a, is_not) => Some(row[*a].is_none() != *is_not),
            Logic::Not(of) => of.of(row).map(|value| !value),
            Logic::And(a, b) => and(a.of(row), b.of(row)),
            Logic::Or(a, b) => or(a.of(row), b.of(row)),
        }
    }
}

fn compare(a: Option<i32>, operator: &str, b: Option<i32>) -> Option<bool> {
    let (a, b) = (a?, b?);
    Some(match operator {
        "=" => a == b,
        "<>" => a != b,
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    })
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    and(a.map(|a| !a), b.map(|b| !b)).map(|neither| !neither)
}

fn value() -> impl Strategy<Value = Option<i32>> {
    prop_oneof![1 => Just(None), 3 => (-3..4).prop_map(Some)]
}

fn logic() -> impl Strategy<Value = Logic> {
    let operator = proptest::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        (0_usize..3, operator.clone(), 0_usize..3)
            .prop_map(|(a, operator, b)| Logic::Compare(a, operator, b)),
        (0_usize..3, operator, value()).prop_map(|(a, operator, b)| Logic::Literal(a, operator, b)),
        (0_usize..3, any::<bool>(), value(), 0_usize..3)
            .prop_map(|(a, not, b, c)| Logic::Between(a, not, b, c)),
        (0_usize..3, any::<bool>(), proptest::collection::vec(value(), 2..4))
            .prop_map(|(a, not, b)| Logic::In(a, not, b)),
        (0_usize..3, any::<bool>()).prop_map(|(a, not)| Logic::ValueIsNull(a, not)),
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Logic::Not(Box::new(of))),
            inner.clone().prop_map(|of| Logic::IsNull(Box::new(of))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Logic::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner).prop_map(|(a, b)| Logic::Or(Box::new(a), Box::new(b))),
        ]
    })
}

fn kept(text: &str, batch: &RecordBatch) -> BooleanArray {
    Filter::cql2(text).unwrap().matches(batch).unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn three_valued_logic_is_that_of_single_rows(logic in logic(), rows in proptest::collection::vec(proptest::array::uniform3(value()), 1..30)) {
        let column = |index: usize| {
            Arc::new(rows.iter().map(|row| row[index]).collect::<Int32Array>()) as Arc<dyn Array>
        };
        let columns = COLUMNS.iter().enumerate().map(|(index, name)| (*name, column(index), true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let text = logic.text();
        let (is_true, is_false) = (kept(&text, &batch), kept(&format!("NOT ({text})"), &batch));
        let is_unknown = kept(&format!("({text}) IS NULL"), &batch);
        for (index, row) in rows.iter().enumerate() {
            let found = (is_true.value(index), is_false.value(index), is_unknown.value(index));
            let expected = logic.of(row);
            prop_assert_eq!(found, (expected == Some(true), expected == Some(false), expected.is_none()), "{} {:?}", text, row);
        }
    }
}
