//! Geometries lie to each other as shapely (GEOS) has it.

use crate::oracle::{Random, ask};
use crate::table::{polygon, square, stored};
use arrow_array::RecordBatch;
use rasteret::schema::BoundingBox;
use rasteret::schema::record::{self, Record};
use rasteret::{Area, Filter};
use serde_json::json;

const OPERATORS: [&str; 8] =
    ["INTERSECTS", "DISJOINT", "EQUALS", "TOUCHES", "WITHIN", "CONTAINS", "OVERLAPS", "CROSSES"];

fn record(id: String, geometry: Vec<u8>, bbox: [f64; 4]) -> Record {
    let [west, south, east, north] = bbox;
    Record {
        id,
        datetime: 0,
        end_datetime: None,
        geometry: Some(geometry),
        bbox: Some(BoundingBox::new(west, south, east, north)),
        assets: Vec::new(),
        epsg: None,
        crs: None,
        collection: None,
    }
}

/// A triangle or a rectangle with corners on a small grid, so that many touch and some are equal.
fn ring(random: &mut Random) -> Vec<(f64, f64)> {
    let mut at = || random.below(7) as f64;
    loop {
        let (a, b, c) = ((at(), at()), (at(), at()), (at(), at()));
        if at() < 3.0 {
            let area = (b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1);
            if area != 0.0 {
                return vec![a, b, c, a];
            }
        } else if a.0 < b.0 && a.1 < b.1 {
            return vec![a, (b.0, a.1), b, (a.0, b.1), a];
        }
    }
}

fn coordinates(ring: &[(f64, f64)]) -> String {
    ring.iter().map(|(x, y)| format!("{x} {y}")).collect::<Vec<_>>().join(", ")
}

fn literal(random: &mut Random) -> String {
    let ring = ring(random);
    let points = coordinates(&ring[..3]);
    match random.below(8) {
        0 => format!("POINT({} {})", ring[0].0, ring[0].1),
        1 => format!("MULTIPOINT({points})"),
        2 => format!("LINESTRING({})", coordinates(&ring[..2])),
        3 => format!("LINESTRING({points})"),
        4 => format!("MULTIPOLYGON((({})), ((10 10, 12 10, 12 12, 10 10)))", coordinates(&ring)),
        5 => format!("POLYGON((-1 -1, 8 -1, 8 8, -1 8, -1 -1), ({}))", coordinates(&ring)),
        _ => format!("POLYGON(({}))", coordinates(&ring)),
    }
}

#[test]
fn operators_are_those_of_shapely() {
    let mut random = Random(0x5a_7e11);
    let rings: Vec<Vec<(f64, f64)>> = (0..240).map(|_| ring(&mut random)).collect();
    let records: Vec<Record> = rings
        .iter()
        .enumerate()
        .map(|(index, ring)| {
            let ends = |of: fn(&(f64, f64)) -> f64| {
                let values = ring.iter().map(of);
                (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
            };
            let ((west, east), (south, north)) = (ends(|at| at.0), ends(|at| at.1));
            record(format!("{index:03}"), polygon(ring), [west, south, east, north])
        })
        .collect();
    let chunks: Vec<RecordBatch> =
        records.chunks(20).map(|records| record::to_batch(records).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let collection = stored(&folder.path().join("spatial.rasteret"), &chunks);
    let conditions: Vec<(&str, String, bool)> = (0..25)
        .flat_map(|_| OPERATORS)
        .map(|operator| match operator {
            "EQUALS" => {
                (operator, format!("POLYGON(({}))", coordinates(&rings[random.below(rings.len())])), false)
            }
            _ => (operator, literal(&mut random), random.below(3) == 0),
        })
        .collect();
    let geometries: Vec<String> =
        rings.iter().map(|ring| format!("POLYGON(({}))", coordinates(ring))).collect();
    let request = json!({ "geometries": geometries, "conditions": conditions });
    let Some(answer) = ask("spatial_oracle.py", &request) else { return };
    let rows: Vec<Vec<usize>> = serde_json::from_value(answer["rows"].clone()).unwrap();
    let mut kept = [0; 8];
    for ((operator, literal, is_first), rows) in conditions.iter().zip(&rows) {
        let text = match is_first {
            true => format!("S_{operator}({literal}, geometry)"),
            false => format!("S_{operator}(geometry, {literal})"),
        };
        let expected: Vec<String> = rows.iter().map(|row| format!("{row:03}")).collect();
        assert_eq!(crate::table::Table::ids(&collection.r#where(&text).unwrap()), expected, "{text}");
        let rest = rings.len() - collection.r#where(&format!("NOT {text}")).unwrap().ids().unwrap().len();
        assert_eq!(rest, expected.len(), "{text}");
        kept[OPERATORS.iter().position(|known| known == operator).unwrap()] += rows.len();
    }
    assert!(kept.iter().all(|kept| *kept > 10), "{kept:?}");
}

/// Two squares, one on each side of the antimeridian.
fn across(south: f64) -> Vec<u8> {
    let mut bytes = vec![1, 6, 0, 0, 0, 2, 0, 0, 0];
    bytes.extend(square(179.0, south));
    bytes.extend(square(-180.0, south));
    bytes
}

#[test]
fn the_antimeridian_is_no_border() {
    let records = [
        record("across".to_owned(), across(0.0), [179.0, 0.0, -179.0, 1.0]),
        record("east".to_owned(), square(175.0, 0.0), [175.0, 0.0, 176.0, 1.0]),
        record("west".to_owned(), square(-176.0, 0.0), [-176.0, 0.0, -175.0, 1.0]),
        record("far".to_owned(), square(0.0, 0.0), [0.0, 0.0, 1.0, 1.0]),
    ];
    // Together, and each in a chunk of its own.
    let folder = tempfile::tempdir().unwrap();
    let one = stored(&folder.path().join("one.rasteret"), &[record::to_batch(&records).unwrap()]);
    let many: Vec<RecordBatch> =
        records.iter().map(|record| record::to_batch(std::slice::from_ref(record)).unwrap()).collect();
    let many = stored(&folder.path().join("many.rasteret"), &many);
    for collection in [one, many] {
        for (text, expected) in [
            ("S_INTERSECTS(geometry, BBOX(170, -10, -170, 10))", "across east west"),
            ("S_DISJOINT(geometry, BBOX(170, -10, -170, 10))", "far"),
            ("S_WITHIN(geometry, BBOX(178, -10, -178, 10))", "across"),
            ("S_CONTAINS(BBOX(170, -10, -170, 10), geometry)", "across east west"),
            ("S_INTERSECTS(geometry, BBOX(-180, 0, -179.5, 1))", "across"),
            ("S_INTERSECTS(geometry, BBOX(179.5, 0, 180, 1))", "across"),
            ("S_INTERSECTS(geometry, BBOX(-10, 0, 10, 1))", "far"),
            ("S_INTERSECTS(geometry, POINT(-179.5 0.5))", "across"),
            ("S_OVERLAPS(geometry, BBOX(179.5, -10, -170, 10))", "across"),
            (
                "S_EQUALS(geometry, MULTIPOLYGON(((179 0, 180 0, 180 1, 179 1, 179 0)), ((-180 0, -179 0, -179 1, -180 1, -180 0))))",
                "across",
            ),
            (
                "S_INTERSECTS(geometry, MULTIPOLYGON(((174 0, 180 0, 180 1, 174 1, 174 0)), ((-180 0, -179.9 0, -179.9 1, -180 1, -180 0))))",
                "across east",
            ),
        ] {
            assert_eq!(
                crate::table::Table::ids(&collection.r#where(text).unwrap()).join(" "),
                expected,
                "{text}"
            );
        }
        // The boxes of areas, of which one is enough.
        let area = |text: &str| Filter::new().geometries(&Area::parse(text).unwrap()).unwrap();
        let ids = |filter: Filter| crate::table::Table::ids(&collection.subset(filter)).join(" ");
        assert_eq!(ids(area("178,0,-178,1")), "across");
        assert_eq!(
            ids(area("MULTIPOLYGON (((174 0, 175 0, 175 1, 174 0)), ((0 0, 1 0, 1 1, 0 0)))")),
            "east far"
        );
        let both = Area::new(vec![
            rasteret::read::area::Aoi::new(geo_types::Geometry::Point((0.5, 0.5).into())),
            rasteret::read::area::Aoi::new(geo_types::Geometry::Point((-175.5, 0.5).into())),
        ]);
        assert_eq!(ids(Filter::new().geometries(&both).unwrap()), "far west");
        assert_eq!(ids(Filter::new().geometries(&both).unwrap().bbox([-1.0, -1.0, 2.0, 2.0])), "far");
    }
}
