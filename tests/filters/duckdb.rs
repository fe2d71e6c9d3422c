//! DuckDB keeps the same records.

use crate::expressions::{Both, Generator};
use crate::oracle::{Random, ask};
use crate::table::{CHUNK, CHUNKS, Table};
use rasteret::Filter;
use serde_json::json;

/// Reproducible; another may be given to look for more.
fn seed() -> u64 {
    std::env::var("RASTERET_FILTER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_240_131)
}

#[test]
fn random_expressions_keep_what_duckdb_keeps() {
    let table = Table::new(seed());
    let mut generator = Generator(Random(seed() ^ 0xc912));
    let expressions: Vec<Both> = (0..300).map(|number| generator.condition(number % 5)).collect();
    let folder = tempfile::tempdir().unwrap();
    let parquet = folder.path().join("table.parquet");
    table.write_parquet(&parquet);
    let conditions: Vec<&str> = expressions.iter().map(|both| both.sql.as_str()).collect();
    let request = json!({ "table": parquet, "conditions": conditions });
    let Some(answer) = ask("cql2_oracle.py", &request) else { return };
    let answers: Vec<Vec<String>> = serde_json::from_value(answer["ids"].clone()).unwrap();
    assert_eq!(answers.len(), expressions.len());
    let mut telling = 0;
    for (both, expected) in expressions.iter().zip(&answers) {
        let view =
            table.collection.r#where(&both.cql2).unwrap_or_else(|error| panic!("{}: {error}", both.cql2));
        assert_eq!(&Table::ids(&view), expected, "{}\n{}", both.cql2, both.sql);
        telling += usize::from(!expected.is_empty() && expected.len() < CHUNK * CHUNKS);
    }
    assert!(telling > 200, "only {telling} expressions tell records apart");
}

/// A chunk that is passed over holds no record that matches: the store keeps what the rows alone say.
#[test]
fn chunks_that_are_passed_over_hold_nothing() {
    let table = Table::new(seed() + 1);
    let mut generator = Generator(Random(seed() ^ 0x20e5));
    for number in 0..500 {
        let condition = generator.condition(number % 4).cql2;
        let filter = Filter::cql2(&condition).unwrap();
        let expected = table.matching(&filter);
        assert_eq!(Table::ids(&table.collection.subset(filter)), expected, "{condition}");
    }
}
