//! The examples of the standard (OGC 21-065r2, clauses 6 and 7, and its schemas' examples).

use crate::table::{polygon, square};
use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use rasteret::Filter;
use std::sync::Arc;

/// A record `a` that most examples are true for, a record `b` that they are false for, and a record `c`
/// of nulls.
fn records() -> RecordBatch {
    let text = |a: &str, b: &str| Arc::new(StringArray::from(vec![Some(a), Some(b), None])) as ArrayRef;
    let integer = |a: i32, b: i32| Arc::new(Int32Array::from(vec![Some(a), Some(b), None])) as ArrayRef;
    let number = |a: f64, b: f64| Arc::new(Float64Array::from(vec![Some(a), Some(b), None])) as ArrayRef;
    let day = |a: i32, b: i32| Arc::new(Date32Array::from(vec![Some(a), Some(b), None])) as ArrayRef;
    let micros = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
    let time = |a: &str, b: &str| {
        let times = TimestampMicrosecondArray::from(vec![Some(micros(a)), Some(micros(b)), None]);
        Arc::new(times.with_timezone("UTC")) as ArrayRef
    };
    let shape = |a: Vec<u8>, b: Vec<u8>| {
        Arc::new(BinaryArray::from(vec![Some(a.as_slice()), Some(b.as_slice()), None])) as ArrayRef
    };
    let list = |a: &[&str], b: &[&str]| {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value(a.iter().copied().map(Some));
        lists.append_value(b.iter().copied().map(Some));
        lists.append_null();
        Arc::new(lists.finish()) as ArrayRef
    };
    let point = |x: f64, y: f64| [&[1, 1, 0, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat();
    let line = |ends: [(f64, f64); 2]| {
        let mut bytes = vec![1, 2, 0, 0, 0, 2, 0, 0, 0];
        bytes.extend(ends.iter().flat_map(|(x, y)| [x.to_le_bytes(), y.to_le_bytes()].concat()));
        bytes
    };
    let toronto = polygon(&[(43.6, -79.5), (43.7, -79.5), (43.7, -79.4), (43.6, -79.5)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("row", text("a", "b")),
        ("city", text("Toronto", "Paris")),
        ("balance", number(200.0, 100.0)),
        ("updated", day(1, -1)),
        ("name", text("Smithson", "foo bar")),
        ("depth", number(120.0, 90.0)),
        ("cityName", text("New York", "Paris")),
        ("category", integer(5, 2)),
        ("road_class", text("ΟΔΟΣ", "Gasse")),
        ("etat_vol", text("debarquer", "embarquer")),
        ("geometry", shape(square(36.0, 32.0), square(-9.0, -9.5))),
        ("road", shape(line([(43.72, -79.298), (43.75, -79.297)]), line([(0.0, 0.0), (1.0, 1.0)]))),
        ("event_time", time("1969-07-20T00:00:00Z", "1970-01-01T00:00:00Z")),
        ("touchdown", time("1969-07-20T20:17:40Z", "1970-01-01T00:00:00Z")),
        ("liftOff", time("1969-07-21T17:54:00Z", "1970-01-02T00:00:00Z")),
        ("layer:ids", list(&["x", "layers-us", "layers-ca"], &["layers-ca"])),
        ("vehicle_height", number(4.0, 2.0)),
        ("bridge_clearance", number(4.5, 4.5)),
        ("landsat:scene_id", text("LC82030282019133LGN00", "x")),
        ("landsat:wrs_row", integer(28, 29)),
        ("landsat:wrs_path", integer(203, 203)),
        ("eo:instrument", text("OLI_TIRS", "TM")),
        ("eo:cloud_cover", number(0.1, 0.5)),
        ("footprint", shape(toronto, square(0.0, 0.0))),
        ("floors", integer(6, 3)),
        ("taxes", number(500.0, 501.0)),
        ("owner", text("Mike Jones", "Beyoncé")),
        ("swimming_pool", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("material", text("brick wall", "wood")),
        ("built", day(15_705, 18_000)),
        ("starts_at", time("2017-06-10T08:00:00Z", "1991-10-07T08:21:06.393262Z")),
        ("ends_at", time("2017-06-11T10:00:00Z", "1992-01-01T00:00:00Z")),
        ("location", shape(point(-117.95, 33.9), point(0.0, 0.0))),
        ("geophys:SURVEY_NAME", text("Old CALCUTTA 7", "Delhi")),
        ("id", text("fa7e1920-9107-422d-a3db-c468cbc5d6df", "b")),
        ("value", number(8.0, 15.0)),
        ("foo", number(4.0, 3.0)),
        ("bar", number(12.2468, 1.0)),
        ("x", number(2.0, 1.0)),
        ("updated_at", time("2012-08-10T05:29:59Z", "2009-01-01T00:00:00Z")),
        ("values", list(&["c", "a", "b"], &["a"])),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .unwrap()
}

/// The example, and the records that it keeps or the kind of its error.
const EXAMPLES: &[(&str, &str)] = &[
    ("city='Toronto'", "a"),
    ("avg(windSpeed) < 4", "filter-invalid"),
    ("balance-150.0 > 0", "a"),
    ("updated >= date('1970-01-01')", "a"),
    ("geometry IS NOT NULL", "ab"),
    ("name LIKE 'Smith%'", "a"),
    ("depth BETWEEN 100.0 and 150.0", "a"),
    ("cityName IN ('Toronto','Frankfurt','Tokyo','New York')", "a"),
    ("category NOT IN (1,2,3,4)", "a"),
    ("CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))", "a"),
    ("ACCENTI(etat_vol) = ACCENTI('débárquér')", "a"),
    ("S_INTERSECTS(geometry,POINT(36.319836 32.288087))", "a"),
    (
        "S_CROSSES(road,POLYGON((43.7286 -79.2986, 43.7311 -79.2996, 43.7323 -79.2972, 43.7326 -79.2971, 43.7350 -79.2981, \
         43.7350 -79.2982, 43.7352 -79.2982, 43.7357 -79.2956, 43.7337 -79.2948, 43.7343 -79.2933, 43.7339 -79.2923, \
         43.7327 -79.2947, 43.7320 -79.2942, 43.7322 -79.2937, 43.7306 -79.2930, 43.7303 -79.2930, 43.7299 -79.2928, \
         43.7286 -79.2986)))",
        "a",
    ),
    ("T_INTERSECTS(event_time, INTERVAL('1969-07-16T05:32:00Z', '1969-07-24T16:50:35Z'))", "a"),
    ("T_DURING(INTERVAL(touchdown, liftOff), INTERVAL('1969-07-16T13:32:00Z', '1969-07-24T16:50:35Z'))", "a"),
    ("A_CONTAINS(layer:ids, ('layers-ca','layers-us'))", "a"),
    (
        "T_DURING(INTERVAL('1969-07-20T20:17:40Z', '1969-07-21T17:54:00Z'), \
         INTERVAL('1969-07-16T13:32:00Z', '1969-07-24T16:50:35Z'))",
        "abc",
    ),
    ("S_WITHIN(road,Buffer(geometry,10,'m'))", "filter-invalid"),
    ("vehicle_height > (bridge_clearance-1)", "a"),
    ("landsat:scene_id = 'LC82030282019133LGN00'", "a"),
    ("eo:instrument LIKE 'OLI%'", "a"),
    // The same column is a number in the next example.
    ("landsat:wrs_path IN ('153','154','15X')", "type-mismatch"),
    ("eo:cloud_cover <= 0.1 AND landsat:wrs_row=28 AND landsat:wrs_path=203", "a"),
    ("eo:cloud_cover=0.1 OR eo:cloud_cover=0.2", "a"),
    ("eo:cloud_cover IN (0.1,0.2)", "a"),
    ("eo:cloud_cover BETWEEN 0.1 AND 0.2 AND landsat:wrs_row=28 AND landsat:wrs_path=203", "a"),
    (
        "eo:instrument LIKE 'OLI%' AND S_INTERSECTS(footprint,POLYGON((43.5845 -79.5442, 43.6079 -79.4893, 43.5677 -79.4632, \
         43.6129 -79.3925, 43.6223 -79.3238, 43.6576 -79.3163, 43.7945 -79.1178, 43.8144 -79.1542, 43.8555 -79.1714, \
         43.7509 -79.6390, 43.5845 -79.5442)))",
        "a",
    ),
    ("floors>5", "a"),
    ("taxes <= 500", "a"),
    ("owner LIKE '%Jones%'", "a"),
    ("owner LIKE 'Mike%'", "a"),
    ("owner NOT LIKE '%Mike%'", "b"),
    ("swimming_pool = true", "a"),
    ("floors>5 AND swimming_pool=true", "a"),
    ("swimming_pool=true AND (floors>5 OR material LIKE 'brick%' OR material LIKE '%brick')", "a"),
    ("(floors>5 AND material='brick') OR swimming_pool=true", "a"),
    ("NOT (floors<5) OR swimming_pool=true", "a"),
    ("(owner LIKE 'mike%' OR owner LIKE 'Mike%') AND floors<4", ""),
    ("T_BEFORE(built, DATE('2015-01-01'))", "a"),
    ("T_AFTER(built,DATE('2012-06-05'))", "ab"),
    ("T_DURING(INTERVAL(starts_at, ends_at), INTERVAL('2017-06-10T07:30:00Z', '2017-06-11T10:30:00Z'))", "a"),
    ("S_WITHIN(location,BBOX(-118,33.8,-117.9,34))", "a"),
    ("S_INTERSECTS(geometry,POLYGON((-10.0 -10.0,10.0 -10.0,10.0 10.0,-10.0 -10.0)))", "b"),
    ("floors>5 AND S_WITHIN(location,BBOX(-118,33.8,-117.9,34))", "a"),
    ("CASEI(geophys:SURVEY_NAME) LIKE CASEI('%calcutta%')", "a"),
    ("\"id\" = 'fa7e1920-9107-422d-a3db-c468cbc5d6df'", "a"),
    ("\"id\" <> 'fa7e1920-9107-422d-a3db-c468cbc5d6df'", "b"),
    ("\"value\" < 10", "a"),
    ("\"value\" > 10", "b"),
    ("\"value\" <= 10", "a"),
    ("\"value\" >= 10", "b"),
    ("\"name\" LIKE 'foo%'", "b"),
    ("NOT \"name\" LIKE 'foo%'", "a"),
    ("\"value\" BETWEEN 10 AND 20", "b"),
    ("NOT \"value\" BETWEEN 10 AND 20", "a"),
    ("\"value\" IN (1.0, 2.0, 3.0)", ""),
    ("NOT \"value\" IN ('a', 'b', 'c')", "type-mismatch"),
    ("\"value\" IS NULL", "c"),
    ("NOT \"value\" IS NULL", "ab"),
    ("(NOT \"name\" LIKE 'foo%' AND \"value\" > 10)", ""),
    ("(\"value\" IS NULL OR \"value\" BETWEEN 10 AND 20)", "bc"),
    ("S_INTERSECTS(\"geometry\", BBOX(-128.098193, -1.1, -99999.0, 180.0, 90.0, 100000.0))", "a"),
    (
        "S_DISJOINT(\"geometry\", MULTIPOLYGON (((144.022387 45.176126, -1.1 0.0, 180.0 47.808086, 144.022387 45.176126))))",
        "ab",
    ),
    (
        "S_TOUCHES(\"geometry\", MULTILINESTRING ((-1.9 -0.99999, 75.292574 1.5, -0.5 -4.016458, -31.708594 -74.743801, \
         179.0 -90.0),(-1.9 -1.1, 1.5 8.547371)))",
        "",
    ),
    ("S_OVERLAPS(\"geometry\", BBOX(-179.912109, 1.9, 180.0, 16.897016))", ""),
    ("S_CONTAINS(\"geometry\", POINT (36.5 32.5))", "a"),
    ("T_AFTER(\"updated_at\", DATE('2010-02-10'))", "a"),
    ("T_BEFORE(updated_at, TIMESTAMP('2012-08-10T05:30:00Z'))", "ab"),
    ("T_BEFORE(\"updated_at\", TIMESTAMP('2012-08-10T05:30:00.000000Z'))", "ab"),
    (
        "T_CONTAINS(INTERVAL('2000-01-01T00:00:00Z', '2025-01-10T01:01:01.393216Z'), INTERVAL(starts_at, ends_at))",
        "a",
    ),
    ("T_DISJOINT(INTERVAL('..', '2005-01-10T01:01:01.393216Z'), INTERVAL(starts_at, ends_at))", "a"),
    ("T_DURING(INTERVAL(starts_at, ends_at), INTERVAL('2005-01-10', '2020-02-10'))", "a"),
    ("T_EQUALS(\"updated_at\", DATE('1851-04-29'))", ""),
    ("T_FINISHEDBY(INTERVAL(starts_at, ends_at), INTERVAL('1991-10-08', '1992-01-01T00:00:00Z'))", "b"),
    ("T_FINISHES(INTERVAL(starts_at, ends_at), INTERVAL('1991-10-07', '1992-01-01T00:00:00Z'))", "b"),
    (
        "T_INTERSECTS(INTERVAL(starts_at, ends_at), INTERVAL('1991-10-07T08:21:06.393262Z', '2010-02-10T05:29:20.073225Z'))",
        "b",
    ),
    ("T_MEETS(INTERVAL('1990-01-01', '1991-10-07T08:21:06.393262Z'), INTERVAL(starts_at, ends_at))", "b"),
    ("T_METBY(INTERVAL('1992-01-01', '1992-10-07'), INTERVAL(starts_at, ends_at))", "b"),
    (
        "T_OVERLAPPEDBY(INTERVAL('1991-10-08T00:00:00Z', '2010-02-10T05:29:20.073225Z'), INTERVAL(starts_at, ends_at))",
        "b",
    ),
    (
        "T_OVERLAPS(INTERVAL(starts_at, ends_at), INTERVAL('1991-11-07T08:21:06.393262Z', '1992-10-09T08:08:08.393473Z'))",
        "b",
    ),
    (
        "T_STARTEDBY(INTERVAL('1991-10-07T08:21:06.393262Z', '2010-02-10T05:29:20.073225Z'), INTERVAL(starts_at, ends_at))",
        "b",
    ),
    ("T_STARTS(INTERVAL(starts_at, ends_at), INTERVAL('1991-10-07T08:21:06.393262Z', '..'))", "b"),
    ("Foo(\"geometry\") = TRUE", "filter-invalid"),
    ("ACCENTI(\"owner\") = ACCENTI('Beyoncé')", "b"),
    ("CASEI(\"owner\") = CASEI('MIKE jones')", "a"),
    ("\"value\" > (\"foo\" + 10)", "b"),
    ("\"value\" < (\"foo\" + 10)", "a"),
    ("\"value\" <> (22.1 * \"foo\")", "ab"),
    ("\"value\" = (32 / \"foo\")", "a"),
    ("\"value\" <= (2 ^ \"foo\")", "a"),
    ("0 = (\"foo\" % 2)", "a"),
    ("1 = (\"foo\" div 2)", "b"),
    ("A_CONTAINEDBY(\"values\", ('a', 'b', 'c'))", "ab"),
    ("A_CONTAINS(\"values\", ('a', 'b', 'c'))", "a"),
    ("A_EQUALS((\'a\', \'b\', \'c\'), \"values\")", "a"),
    ("A_EQUALS(('a', TRUE, 1.0, 8), \"values\")", "type-mismatch"),
    (
        "A_OVERLAPS(\"values\", (TIMESTAMP('2012-08-10T05:30:00.000000Z'), DATE('2010-02-10'), FALSE))",
        "type-mismatch",
    ),
    (
        "S_EQUALS(MULTIPOINT ((180.0 -0.5), (179.0 -47.121701), (180.0 -0.0), (33.470475 -0.99999), (179.0 -15.333062)), \"geometry\")",
        "",
    ),
    (
        "S_EQUALS(GEOMETRYCOLLECTION (POINT (1.9 2.00001), POINT (0.0 -2.00001), MULTILINESTRING ((-2.00001 -0.0, \
         -77.292642 -0.5, -87.515626 -0.0, -180.0 12.502773, 21.204842 -1.5, -21.878857 -90.0)), POINT (1.9 0.5), \
         LINESTRING (179.0 1.179148, -148.192487 -65.007816, 0.5 0.333333)), \"geometry\")",
        "",
    ),
    ("value > - foo * 2.0 + \"bar\" / 6.1234 - \"x\" ^ 2.0", "ab"),
    ("\"name\" LIKE CASEI('FOO%')", "b"),
];

#[test]
fn examples_of_the_standard() {
    let records = records();
    for (text, expected) in EXAMPLES {
        let found = match Filter::cql2(text).and_then(|filter| filter.matches(&records)) {
            Ok(rows) => {
                "abc".chars().zip(rows.values()).filter(|(_, kept)| *kept).map(|(row, _)| row).collect()
            }
            Err(error) => error.kind().to_owned(),
        };
        assert_eq!(found, *expected, "{text}");
    }
}
