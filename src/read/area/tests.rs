use super::*;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use geo_types::{point, polygon};
use proptest::prelude::*;
use serde_json::json;

fn error(text: &str) -> String {
    Area::parse(text).unwrap_err().to_string()
}

#[test]
fn boxes() {
    let area = Area::parse(" 77.5, 12.9,77.7,13.1 ").unwrap();
    assert_eq!(area, Area::bbox([77.5, 12.9, 77.7, 13.1]));
    assert_eq!(area.crs(), &Crs::from_epsg(4326));
    let [Geometry::Polygon(polygon)] = &area.geometries().unwrap()[..] else { panic!() };
    assert_eq!(polygon.exterior().0.len(), 5);

    let fiji = Area::bbox([177.0, -20.0, -178.0, -15.0]).geometries().unwrap();
    let Geometry::MultiPolygon(parts) = &fiji[0] else { panic!() };
    let longitudes: Vec<Vec<f64>> =
        parts.0.iter().map(|part| part.exterior().0.iter().map(|vertex| vertex.x).collect()).collect();
    assert!(longitudes[0].iter().all(|&x| x == 177.0 || x == 180.0));
    assert!(longitudes[1].iter().all(|&x| x == -180.0 || x == -178.0));
    // One side only.
    assert!(matches!(Area::bbox([180.0, 0.0, -170.0, 1.0]).geometries().unwrap()[0], Geometry::Polygon(_)));

    for (text, part) in [
        ("77.5,13.1,77.7,12.9", "south above its north"),
        ("77.5,12.9,77.5,13.1", "no extent"),
        ("77.5,nan,77.7,13.1", "not finite"),
        ("77.5,82.9,77.7,93.1", "latitude"),
        ("190,0,-170,1", "beyond -180"),
    ] {
        assert!(error(text).contains(part), "{text}: {}", error(text));
    }
    let projected = Area::bbox([7e5, 1e6, 6e5, 2e6]).with_crs(Crs::from_epsg(32643));
    assert!(projected.geometries().unwrap_err().to_string().contains("only for longitudes"));
}

#[test]
fn well_known_text() {
    let triangle = polygon![(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.)];
    let area = Area::parse("polygon ((0 0, 9 0, 9 9, 0 0))").unwrap();
    assert_eq!(area, Area::geometry(triangle.clone()));
    assert_eq!(Area::parse("POLYGON Z ((0 0 5, 9 0 5, 9 9 5, 0 0 5))").unwrap(), area);
    let other = Area::parse("SRID=32643; POLYGON((0 0, 9 0, 9 9, 0 0))").unwrap();
    assert_eq!(other, Area::geometry(triangle).with_crs(Crs::from_epsg(32643)));
    assert!(
        Area::parse("GEOMETRYCOLLECTION(POINT(1 2), MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5))))")
            .is_ok()
    );

    assert!(
        error("POLYGON ((0 0, 9 0").contains("parentheses do not match")
            || error("POLYGON ((0 0, 9 0").contains("WKT")
    );
    assert!(error("POLYGON ((0 0, 9 x, 9 9, 0 0))").contains("invalid WKT"));
    assert!(error("POLYGON EMPTY").contains("empty"));
    assert!(error("POINT EMPTY").contains("empty"));
    assert!(error("SRID=x;POINT(0 0)").contains("SRID=x"));
    let deep = "GEOMETRYCOLLECTION(".repeat(100_000) + "POINT(0 0)" + &")".repeat(100_000);
    assert!(error(&deep).contains("nested too deeply"));
}

#[test]
fn geojson_of_all_kinds() {
    let geometry = json!({"type": "Polygon", "coordinates": [[[0, 0], [9, 0, 100], [9, 9], [0, 0]]]});
    let triangle = polygon![(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.)];
    assert_eq!(Area::parse(&geometry.to_string()).unwrap(), Area::geometry(triangle.clone()));

    let feature =
        json!({"type": "Feature", "properties": {"name": "field", "deep": {"a": [1]}}, "geometry": geometry});
    let area = Area::parse(&feature.to_string()).unwrap();
    let attribute = |name| area.attributes().column_by_name(name).unwrap();
    assert_eq!(attribute("name").as_string::<i32>().value(0), "field");
    let deep = attribute("deep").as_struct().column(0).as_list::<i32>().value(0);
    assert_eq!(deep.as_primitive::<Int64Type>().values(), &[1]);

    let point =
        json!({"type": "Feature", "properties": null, "geometry": {"type": "Point", "coordinates": [5, 6]}});
    let collection = json!({"type": "FeatureCollection", "features": [feature, point],
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32643"}}});
    let area = Area::parse(&collection.to_string()).unwrap();
    assert_eq!(area.geometries().unwrap(), [triangle.into(), point!(x: 5., y: 6.).into()]);
    assert_eq!(crs::to_epsg(area.crs()).unwrap(), Some(32643));

    for (json, part) in [
        (r#"{"type": "Polygon""#, "not valid GeoJSON"),
        (r#"{"type": "Polygon"}"#, "not valid GeoJSON"),
        (r#"{"type": "Point", "coordinates": [1]}"#, "not valid GeoJSON"),
        (r#"{"type": "Point", "coordinates": []}"#, "not valid GeoJSON"),
        (r#"{"type": "Polygon", "coordinates": []}"#, "empty"),
        (r#"{"type": "Feature", "geometry": null, "properties": {}}"#, "feature 0 has no geometry"),
        (r#"{"type": "FeatureCollection", "features": []}"#, "no area"),
        (r#"{"type": "Point", "coordinates": [13.0, 97.5]}"#, "x before y"),
    ] {
        assert!(error(json).contains(part), "{json}: {}", error(json));
    }
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("field.GeoJSON");
    std::fs::write(&path, r#"{"type": "Point", "coordinates": [77.5, 13]}"#).unwrap();
    assert_eq!(Area::parse(path.to_str().unwrap()).unwrap(), Area::geometry(point!(x: 77.5, y: 13.)));
    let path = folder.path().join("field.wkt");
    std::fs::write(&path, "POINT(77.5 13)\n").unwrap();
    assert_eq!(Area::parse(path.to_str().unwrap()).unwrap(), Area::geometry(point!(x: 77.5, y: 13.)));
    assert!(error("nowhere/field.geojson").contains("cannot read nowhere/field.geojson"));
    assert!(error("bangalore").contains("`bangalore` is no area"));
    assert!(error("1,2,3").contains("`1,2,3` is no area"));
    assert!(error("").contains("is no area"));
}

#[test]
fn transformed() {
    let utm = Crs::from_epsg(32643);
    let projected = Area::bbox([77.5, 12.9, 77.7, 13.1]).to_crs(&utm).unwrap();
    let Geometry::Polygon(polygon) = &projected[0] else { panic!() };
    let corner =
        polygon.exterior().0.iter().find(|corner| corner.x < 771_300.0 && corner.y > 1_449_000.0).unwrap();
    assert!((corner.x - 771_072.156).abs() < 1e-3 && (corner.y - 1_449_535.402).abs() < 1e-3, "{corner:?}");

    // Nothing is lost where nothing changes.
    let bounds = [699_960.3, 1_490_220.1, 809_760.7, 1_600_020.9];
    let same = Area::bbox(bounds).with_crs(utm.clone()).to_crs(&utm).unwrap();
    assert_eq!(same, Area::bbox(bounds).with_crs(utm).geometries().unwrap());

    let message = Area::geometry(point!(x: 77.5, y: 13.))
        .with_crs(Crs::new("EPSG:0"))
        .geometries()
        .unwrap_err()
        .to_string();
    assert!(message.contains("unknown CRS `EPSG:0`"), "{message}");
    let half_a_globe = Crs::new("+proj=ortho +lat_0=0 +lon_0=0");
    let beyond = Area::bbox([-170.0, -80.0, 170.0, 80.0]).to_crs(&half_a_globe).unwrap_err().to_string();
    assert!(beyond.contains("cannot transform the point"), "{beyond}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = Area::parse(&text);
    }

    #[test]
    fn no_wkt_panics(text in "(SRID=4326;)?(POINT|POLYGON|MULTIPOLYGON|GEOMETRYCOLLECTION|LINESTRING)( Z| M| EMPTY)?[(),. 0-9eE+-]{0,40}") {
        let _ = Area::parse(&text);
    }

    #[test]
    fn no_box_panics(bounds: [f64; 4]) {
        let _ = Area::bbox(bounds).to_crs(&Crs::from_epsg(32643));
    }
}
