use super::*;
use rasteret_schema::Crs;

const MARS: &str = r#"PROJCS["EQUIRECTANGULAR MARS",GEOGCS["GCS_MARS",DATUM["unnamed",SPHEROID["MARS",3396190,0]],
    PRIMEM["Reference meridian",0],UNIT["degree",0.0174532925199433]],PROJECTION["Equirectangular"],
    PARAMETER["standard_parallel_1",0],PARAMETER["central_meridian",180],UNIT["metre",1]]"#;

fn one(from: &str, to: &str, x: f64, y: f64) -> Result<(f64, f64), CrsError> {
    let (mut xs, mut ys) = ([x], [y]);
    Transformer::new(&Crs::new(from), &Crs::new(to))?.transform(&mut xs, &mut ys)?;
    Ok((xs[0], ys[0]))
}

#[test]
fn every_way_to_name_a_crs() {
    let wkt2 = to_wkt2(&Crs::from_epsg(32643)).unwrap();
    let wkt1 = r#"PROJCS["WGS 84 / UTM zone 43N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",75],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]"#;
    let projjson = r#"{"type":"GeographicCRS","name":"WGS 84","datum":{"type":"GeodeticReferenceFrame","name":"World Geodetic System 1984","ellipsoid":{"name":"WGS 84","semi_major_axis":6378137,"inverse_flattening":298.257223563}},"coordinate_system":{"subtype":"ellipsoidal","axis":[{"name":"Geodetic latitude","abbreviation":"Lat","direction":"north","unit":"degree"},{"name":"Geodetic longitude","abbreviation":"Lon","direction":"east","unit":"degree"}]}}"#;
    for (text, epsg) in [
        ("EPSG:32643", Some(32643)),
        ("32643", Some(32643)),
        (&wkt2, Some(32643)),
        (wkt1, Some(32643)),
        ("+proj=utm +zone=43 +datum=WGS84 +units=m +no_defs", Some(32643)),
        ("urn:ogc:def:crs:EPSG::3857", Some(3857)),
        (projjson, Some(4326)),
        ("OGC:CRS84", None),
        ("ESRI:54009", None),
        ("+proj=sinu +R=6371007.181 +units=m", None),
    ] {
        let crs = parse(text).unwrap();
        assert_eq!(to_epsg(&crs).unwrap(), epsg, "{text}");
    }
}

#[test]
fn descriptions() {
    let utm = describe(&Crs::from_epsg(32643)).unwrap();
    assert_eq!((utm.name.as_str(), utm.kind), ("WGS 84 / UTM zone 43N", Kind::Projected));
    assert_eq!((utm.unit.name.as_str(), utm.unit.factor), ("metre", 1.0));
    assert_eq!(utm.area_of_use.unwrap().xmin, 72.0);
    let wgs84 = describe(&Crs::from_epsg(4326)).unwrap();
    assert_eq!((wgs84.kind, wgs84.unit.name.as_str()), (Kind::Geographic, "degree"));
    assert!((wgs84.unit.factor.to_degrees() - 1.0).abs() < 1e-12);
    let feet = describe(&Crs::from_epsg(2230)).unwrap();
    assert_eq!((feet.kind, feet.unit.name.as_str()), (Kind::Projected, "US survey foot"));
    let with_heights = describe(&Crs::new("EPSG:7415")).unwrap();
    assert_eq!((with_heights.kind, with_heights.unit.name.as_str()), (Kind::Projected, "metre"));
    assert_eq!(describe(&Crs::new("EPSG:4978")).unwrap().kind, Kind::Other);
}

#[test]
fn what_is_unknown_is_named() {
    for text in ["EPSG:999999", "nonsense", "", "+proj=nonsense", "PROJCS[\"broken\"", "a\0b", "EPSG:7001"] {
        match parse(text) {
            Err(CrsError::Unknown { crs, reason }) => {
                assert_eq!(crs.as_str(), text);
                assert!(!reason.is_empty());
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let message = parse("EPSG:999999").unwrap_err().to_string();
    assert!(message.contains("EPSG:999999") && message.contains("crs not found"), "{message}");
}

#[test]
fn axis_order_is_always_x_y() {
    let (x, y) = one("EPSG:4326", "EPSG:3857", 77.5, 13.0).unwrap();
    assert!((x - 8_627_260.5).abs() < 1.0 && (y - 1_459_732.3).abs() < 1.0, "{x} {y}");
    assert_eq!(one("OGC:CRS84", "EPSG:3857", 77.5, 13.0).unwrap(), (x, y));
    // A registry that lists northing first.
    let (x, y) = one("EPSG:4326", "EPSG:31467", 9.0, 48.0).unwrap();
    assert!(x > 3_400_000.0 && x < 3_600_000.0 && y > 5_000_000.0, "{x} {y}");
}

#[test]
fn equivalent_systems_change_nothing() {
    assert_eq!(one("EPSG:4326", "OGC:CRS84", 190.000000001, 13.3).unwrap(), (190.000000001, 13.3));
    assert_eq!(one("EPSG:32643", "EPSG:32643", 1e9 + 0.1, 0.3).unwrap(), (1e9 + 0.1, 0.3));
}

#[test]
fn mars_is_not_earth() {
    match one("EPSG:4326", MARS, 77.5, 13.0) {
        Err(CrsError::DifferentCelestialBodies { bodies, .. }) => {
            assert!(bodies.contains("Earth"), "{bodies}")
        }
        other => panic!("{other:?}"),
    }
    // On Mars itself there is nothing wrong.
    assert!(one("+proj=longlat +R=3396190", MARS, 77.5, 13.0).is_ok());
}

#[test]
fn points_out_of_domain_are_named() {
    for (x, y) in [(77.5, 113.0), (f64::NAN, 13.0), (77.5, f64::INFINITY)] {
        match one("EPSG:4326", "EPSG:32643", x, y) {
            Err(CrsError::OutOfDomain { x: at, y: and, reason, .. }) => {
                assert_eq!((at.to_bits(), and.to_bits()), (x.to_bits(), y.to_bits()));
                assert!(!reason.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(one("EPSG:4326", "OGC:CRS84", f64::NAN, 0.0), Err(CrsError::OutOfDomain { .. })));

    let transformer = Transformer::new(&Crs::from_epsg(4326), &Crs::from_epsg(32643)).unwrap();
    let (mut xs, mut ys) = ([77.5, 77.5, 75.0], [13.0, 113.0, 0.0]);
    assert_eq!(transformer.transform_where_possible(&mut xs, &mut ys).unwrap(), 1);
    assert!(xs[0].is_finite() && xs[1].is_nan() && ys[1].is_nan() && (xs[2] - 500_000.0).abs() < 1e-6);
}

#[test]
fn a_transformer_may_be_shared_between_threads() {
    let transformer = Transformer::new(&Crs::from_epsg(4326), &Crs::from_epsg(32643)).unwrap();
    let here = one("EPSG:4326", "EPSG:32643", 77.5, 13.0).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (mut xs, mut ys) = ([77.5], [13.0]);
                transformer.transform(&mut xs, &mut ys).unwrap();
                assert_eq!((xs[0], ys[0]), here);
            });
        }
    });
}

#[test]
fn geometries_keep_their_shape() {
    use geo_types::{Geometry, Rect, point, polygon};
    let transformer = Transformer::new(&Crs::from_epsg(4326), &Crs::from_epsg(3857)).unwrap();
    let polygon = polygon!(
        exterior: [(x: 0., y: 0.), (x: 9., y: 0.), (x: 9., y: 9.)],
        interiors: [[(x: 5., y: 2.), (x: 6., y: 2.), (x: 6., y: 3.)]]
    );
    let collection =
        Geometry::GeometryCollection(vec![Geometry::from(polygon), point!(x: 1., y: 1.).into()].into());
    let Geometry::GeometryCollection(parts) = transformer.geometry(&collection).unwrap() else { panic!() };
    let Geometry::Polygon(part) = &parts.0[0] else { panic!() };
    assert_eq!((part.exterior().0.len(), part.interiors()[0].0.len()), (4, 4));
    let rect = Rect::new((0.0, 0.0), (1.0, 1.0)).into();
    assert!(matches!(transformer.geometry(&rect).unwrap(), Geometry::Polygon(_)));
}
