//! JSON by all processors: pages of items have megabytes, most of it in features that stand for themselves.

use rayon::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;

/// Parses a document. It is what [`serde_json::from_slice`] makes of it, but that `features` come last.
pub(crate) fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    match serde_json::from_slice(bytes).and_then(Document::parsed) {
        Ok(value) => Ok(value),
        // No object, or one that cannot be read: where, shows when all of it is.
        Err(_) => serde_json::from_slice(bytes),
    }
}

/// An object, whose features are still to be parsed.
struct Document<'a> {
    features: Option<Vec<&'a RawValue>>,
    rest: Map<String, Value>,
}

impl Document<'_> {
    fn parsed(self) -> serde_json::Result<Value> {
        let Document { features, mut rest } = self;
        if let Some(features) = features {
            let features = features.par_iter().map(|feature| serde_json::from_str(feature.get()));
            rest.insert("features".to_owned(), Value::Array(features.collect::<serde_json::Result<_>>()?));
        }
        Ok(Value::Object(rest))
    }
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Document<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document<'de>, A::Error> {
                let mut document = Document { features: None, rest: Map::new() };
                while let Some(name) = members.next_key::<String>()? {
                    if name == "features" {
                        document.features = Some(members.next_value()?);
                    } else {
                        document.rest.insert(name, members.next_value()?);
                    }
                }
                Ok(document)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(text: &str) {
        let (ours, whole) = (parse(text.as_bytes()), serde_json::from_str::<Value>(text));
        match (ours, whole) {
            (Ok(ours), Ok(whole)) => assert_eq!(ours, whole, "{text}"),
            (ours, whole) => assert_eq!(ours.map_err(|e| e.to_string()), whole.map_err(|e| e.to_string())),
        }
    }

    #[test]
    fn it_is_what_a_parser_of_the_whole_gives() {
        for text in [
            r#"{"type": "FeatureCollection", "features": [{"id": "a", "x": [1, 2.5]}, 7, null], "links": []}"#,
            r#"{"features": null}"#,
            r#"{"features": {"a": 1}, "b": 2}"#,
            r#"{"features": [1], "features": [2, "\u00e9"]}"#,
            r#"{"features": [{"a": 1e999}]}"#,
            r#"{"features": [{"a": "\ud800"}]}"#,
            r#"{"features": [{"a": 1}"#,
            r#"{"features": [{"a": 1}]} {}"#,
            r#"[{"features": []}]"#,
            "7",
            "",
        ] {
            same(text);
        }
        let deep = format!(r#"{{"features": [{}{}]}}"#, "[".repeat(200), "]".repeat(200));
        assert!(parse(deep.as_bytes()).is_err(), "nested too deeply");
    }

    proptest! {
        #[test]
        fn nor_does_anything_else_differ(text in r#"\{"features":\[(\{"[a-z]":[0-9\[\]\{\}",.e-]{0,12}\},?){0,3}\]\}"#) {
            same(&text);
        }
    }
}
