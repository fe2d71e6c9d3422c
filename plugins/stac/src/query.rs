//! The query extension, evaluated here: for catalogues without a server, and for servers that do not have it.
//! <https://github.com/stac-api-extensions/query>

use crate::piece::Pieces;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// The items that meet all conditions.
pub(crate) fn filtered(pieces: Pieces, query: &Map<String, Value>) -> Pieces {
    if query.is_empty() {
        return pieces;
    }
    let query = query.clone();
    pieces
        .map_ok(move |mut piece| {
            piece.items.retain(|located| matches(&query, &located.item));
            piece
        })
        .boxed()
}

/// Checks that a query can be evaluated.
///
/// # Errors
///
/// With the operator that is not known.
pub(crate) fn check(query: &Map<String, Value>) -> Result<(), String> {
    for (property, conditions) in query {
        let Some(conditions) = conditions.as_object() else {
            return Err(format!("the query of {property:?} is no object such as {{\"lt\": 10}}"));
        };
        for (operator, value) in conditions {
            let is_right = match operator.as_str() {
                "eq" | "neq" => true,
                "lt" | "lte" | "gt" | "gte" => value.is_number() || value.is_string(),
                "startsWith" | "endsWith" | "contains" => value.is_string(),
                "in" => value.is_array(),
                _ => {
                    return Err(format!(
                        "the query of {property:?} has the operator {operator:?}; there are eq, neq, lt, lte, gt, \
                         gte, startsWith, endsWith, contains and in"
                    ));
                }
            };
            if !is_right {
                return Err(format!("the query of {property:?} cannot compare by {operator:?} with {value}"));
            }
        }
    }
    Ok(())
}

/// Whether an item meets all conditions. One on a property that the item does not have is not met.
fn matches(query: &Map<String, Value>, item: &Map<String, Value>) -> bool {
    query.iter().all(|(property, conditions)| {
        let found = match property.as_str() {
            "id" | "collection" => item.get(property),
            _ => item
                .get("properties")
                .and_then(|all| all.get(property).or_else(|| all.get(property.strip_prefix("properties.")?))),
        };
        let conditions = conditions.as_object().into_iter().flatten();
        let Some(found) = found.filter(|found| !found.is_null()) else { return conditions.count() == 0 };
        conditions.into_iter().all(|(operator, value)| meets(found, operator, value))
    })
}

fn meets(found: &Value, operator: &str, value: &Value) -> bool {
    let ordering = || compare(found, value);
    let texts = || Some((found.as_str()?, value.as_str()?));
    match operator {
        "eq" => equal(found, value),
        "neq" => !equal(found, value),
        "lt" => ordering() == Some(Ordering::Less),
        "lte" => ordering().is_some_and(Ordering::is_le),
        "gt" => ordering() == Some(Ordering::Greater),
        "gte" => ordering().is_some_and(Ordering::is_ge),
        "startsWith" => texts().is_some_and(|(found, value)| found.starts_with(value)),
        "endsWith" => texts().is_some_and(|(found, value)| found.ends_with(value)),
        "contains" => texts().is_some_and(|(found, value)| found.contains(value)),
        "in" => value.as_array().is_some_and(|values| values.iter().any(|value| equal(found, value))),
        _ => false,
    }
}

/// 10 and 10.0 are the same number.
fn equal(a: &Value, b: &Value) -> bool {
    a == b || compare(a, b) == Some(Ordering::Equal)
}

fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn conditions() {
        let item = object(json!({
            "id": "a",
            "properties": {"eo:cloud_cover": 10, "platform": "sentinel-2a", "gsd": 10.5, "none": null},
        }));
        for (query, expected) in [
            (json!({}), true),
            (json!({"eo:cloud_cover": {"lt": 10}}), false),
            (json!({"eo:cloud_cover": {"lte": 10.0, "gt": 9}}), true),
            (json!({"eo:cloud_cover": {"eq": 10.0}}), true),
            (json!({"eo:cloud_cover": {"eq": "10"}}), false),
            (json!({"eo:cloud_cover": {"neq": 11}}), true),
            (json!({"properties.gsd": {"gte": 10.5}}), true),
            (json!({"platform": {"startsWith": "sentinel", "endsWith": "2a", "contains": "-"}}), true),
            (json!({"platform": {"in": ["landsat-8", "sentinel-2a"]}}), true),
            (json!({"platform": {"lt": 5}}), false),
            (json!({"missing": {"neq": 1}}), false),
            (json!({"none": {"eq": null}}), false),
            (json!({"id": {"eq": "a"}}), true),
        ] {
            let query = object(query);
            assert_eq!(check(&query), Ok(()));
            assert_eq!(matches(&query, &item), expected, "{query:?}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for query in
            [json!({"a": {"like": "x"}}), json!({"a": 5}), json!({"a": {"in": 5}}), json!({"a": {"lt": []}})]
        {
            assert!(check(&object(query)).unwrap_err().contains("\"a\""));
        }
    }
}
