//! What is wrong with a filter is said in words, before any record is read.

use crate::table::{Table, stored};
use rasteret::Filter;
use rasteret::schema::record;

fn parsed(text: &str) -> (&'static str, String) {
    let error = Filter::cql2(text).expect_err(text);
    (error.kind(), error.to_string())
}

#[test]
fn syntax_errors_point_at_the_place() {
    let (kind, message) = parsed("eo:cloud_cover < 10 AND split = = 'train'");
    assert_eq!(kind, "filter-syntax");
    let lines: Vec<&str> = message.lines().collect();
    assert!(lines[0].starts_with("the filter is no CQL2 at line 1, column 33: expected "), "{message}");
    assert_eq!(lines[1].as_bytes()[lines[2].find('^').unwrap()], b'=', "{message}");

    let (_, message) = parsed("a = 1\n  AND b LIKE\n  )");
    assert!(message.contains("line 3, column 3"), "{message}");
    assert!(message.ends_with("  )\n    ^"), "{message}");
    // Far into a long line, only what is around the place is shown.
    let (_, message) = parsed(&format!("{} AND !", ["a = 'é'"; 300].join(" OR ")));
    assert!(message.len() < 600, "{message}");
    for text in [
        "",
        " ",
        "a =",
        "(a = 1",
        "a = 1)",
        "'a",
        "a b",
        "a IN ()",
        "NOT",
        "a BETWEEN 1",
        "a LIKE",
        "POINT(1",
    ] {
        assert_eq!(parsed(text).0, "filter-syntax", "{text}");
    }
}

#[test]
fn syntax_errors_say_each_thing_that_was_expected_once() {
    let expected = |text: &str| {
        let (kind, message) = parsed(text);
        assert_eq!(kind, "filter-syntax", "{text}");
        let line = message.lines().next().unwrap();
        line.split_once(": expected ").unwrap_or_else(|| panic!("{text}: {message}")).1.to_owned()
    };
    assert_eq!(expected("a ="), "a column, a number, a 'text', a geometry, TRUE, FALSE, NULL, (, - or NOT");
    assert_eq!(
        expected("a b"),
        "NOT, a comparison (=, <>, <, <=, >, >=, LIKE, IN, BETWEEN, IS NULL), an operator (+, -, *, /, %, ^), AND, \
         OR or the end"
    );
    assert_eq!(expected(""), "an expression");
    assert_eq!(expected("a IN (1,"), "an expression");
    assert_eq!(expected("POLYGON((1 2, 3"), "a number");
    assert_eq!(expected("S_INTERSECTS(g, MULTIPOINT Z 1)"), "( or EMPTY");
    for text in
        ["(a = 1", "a = 1)", "NOT", "a BETWEEN -", "a BETWEEN 1", "POINT(1", "POINT(", "f(", "a IS", "'a"]
    {
        let expected = expected(text);
        let things: Vec<&str> = expected.split(", ").flat_map(|thing| thing.split(" or ")).collect();
        let once: std::collections::HashSet<&&str> = things.iter().collect();
        // A minus is a sign of what it stands before, and an operator after it.
        let minuses = things.iter().filter(|thing| **thing == "-").count();
        assert_eq!(once.len(), things.len() - minuses.saturating_sub(1), "{text}: {expected}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_at_once() {
    for (text, part) in [
        ("datetime > DATE('2024-02-30')", "is not a time"),
        ("datetime > TIMESTAMP('noon')", "is not a time"),
        ("datetime > DATE('2024-01-01T10:00:00Z')", "write TIMESTAMP"),
        ("S_INTERSECTS(geometry, BBOX(1, 2, 3))", "west, south, east, north"),
        ("S_INTERSECTS(geometry, BBOX(1, 9, 3, 2))", "lies north of"),
        ("S_INTERSECTS(geometry, POINT(190 2))", "no longitude and latitude"),
        ("S_INTERSECTS(geometry, POINT EMPTY)", "no coordinates"),
        ("a = 1e400", "beyond what a double holds"),
        ("a = 123456789012345678901234567890123456789012", "up to 38 digits"),
        ("INTERVAL('2024-01-01') = a", "a start and an end"),
    ] {
        let (kind, message) = parsed(text);
        assert_eq!(kind, "filter-invalid", "{text}: {message}");
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn too_much_is_refused() {
    for text in [
        "(".repeat(10_000),
        "NOT ".repeat(100_000) + "a",
        "- ".repeat(100_000) + "1 = 1",
        "a + ".repeat(3_000) + "a = 1",
        "((((((((((((((((((((".to_owned() + "a b",
        "a = ".repeat(3_999) + "a",
        "x".repeat(2 << 20),
        "POLYGON((((((((((((((((((((((((((".to_owned(),
    ] {
        assert_eq!(parsed(&text).0, "filter-too-complex", "{}", &text[..20]);
    }
    // Many of a kind are not many levels.
    let many = vec!["i8 = 1"; 1_000].join(" OR ") + " AND i8 IN (" + &vec!["1"; 10_000].join(", ") + ")";
    assert!(Filter::cql2(&many).is_ok());
    // No caller needs a large stack, neither to parse nor to evaluate.
    let table = Table::new(6);
    let terms = vec!["i64 = 1"; 1_300].join(" OR ");
    let sums = vec!["i64"; 90].join(" + ");
    let on_small_stack = move || {
        for text in ["NOT ".repeat(90) + "(" + &terms + ")", format!("{sums} > 0")] {
            assert!(!table.collection.r#where(&text).unwrap().ids().unwrap().is_empty());
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(on_small_stack).unwrap().join().unwrap();
}

#[test]
fn columns_are_checked_without_records() {
    let table = Table::new(3);
    let folder = tempfile::tempdir().unwrap();
    let empty = stored(&folder.path().join("empty.rasteret"), &[table.batch.slice(0, 0)]);
    for collection in [&table.collection, &empty] {
        let refused = |text: &str| {
            let error = collection.r#where(text).expect_err(text);
            let later = collection.subset(Filter::cql2(text).unwrap()).ids().expect_err(text);
            assert_eq!(error.to_string(), later.to_string());
            (error.kind(), error.to_string())
        };
        let (kind, message) = refused("i8 > 1 AND clouds < 10");
        assert_eq!(kind, "no-such-column");
        assert!(message.starts_with("there is no column \"clouds\"; there are id, "), "{message}");
        assert!(message.contains("geometry") && message.contains("decimal"), "{message}");
        assert_eq!(refused("st.c = 1").0, "no-such-column");
        assert_eq!(refused("i8.a = 1").0, "no-such-column");
        for (text, part) in [
            ("i8 = 'a'", "column \"i8\" (Int8) is a number, and 'a' is a text"),
            ("t > 5", "column \"t\" (Utf8) is a text, and 5 is a number"),
            ("t = lt + 1", "ARITHMETIC takes numbers"),
            ("datetime > 5", "is a time, and 5 is a number"),
            ("t LIKE 5", "LIKE takes texts, and 5 is a number"),
            ("CASEI(i8) = 'a'", "CASEI takes a text"),
            ("i8 IN (1, 'a')", "'a' is a text"),
            ("i8 BETWEEN 1 AND 'a'", "'a' is a text"),
            ("i8", "a condition is true or false, and column \"i8\" is a number"),
            ("i8 AND b", "is a number"),
            ("st = 1", "cannot be compared"),
            ("geometry = 1", "is a geometry"),
            ("S_WITHIN(t, POINT(1 2))", "S_WITHIN takes geometries"),
            ("A_CONTAINS(t, ('a', 'b'))", "A_CONTAINS takes lists"),
            ("A_CONTAINS(l, (1, 2))", "is a list of number"),
            ("A_CONTAINS(l, (1, 'a'))", "unlike types"),
            ("T_AFTER(t, DATE('2024-01-01'))", "T_AFTER takes times and intervals"),
        ] {
            let (kind, message) = refused(text);
            assert_eq!(kind, "type-mismatch", "{text}: {message}");
            assert!(message.contains(part) && message.contains("i8 (Int8)"), "{text}: {message}");
        }
        for (text, part) in [
            ("avg(i8) > 1", "there is no function \"avg\""),
            ("T_NEVER(datetime, DATE('2024-01-01'))", "there is no function \"t_never\""),
            ("CASEI(t, t) = 'a'", "CASEI takes 1 argument, and was given 2"),
            ("datetime = 'yesterday'", "\"yesterday\" is not a time"),
            ("T_AFTER(datetime, INTERVAL('2024-02-01', '2024-01-01'))", "ends before it starts"),
        ] {
            let (kind, message) = refused(text);
            assert_eq!((kind, message.contains(part)), ("filter-invalid", true), "{text}: {message}");
        }
    }
    // What the values do not allow is seen when they are there.
    let overflow = table.collection.subset(Filter::cql2("wide * wide > 1").unwrap());
    assert_eq!(overflow.ids().unwrap_err().kind(), "filter-evaluation");
}

#[test]
fn missing_columns_of_other_filters_are_listed() {
    let table = Table::new(4);
    for filter in [
        Filter::new().cloud_cover_lt(10.0),
        Filter::new().splits(["a", "b"]),
        Filter::new().splits_of("fold", ["a"]),
    ] {
        let error = table.collection.subset(filter).ids().unwrap_err();
        assert_eq!(error.kind(), "no-such-column");
        assert!(error.to_string().contains(record::DATETIME), "{error}");
    }
}
