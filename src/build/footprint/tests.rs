use super::*;
use crate::crs::vertices::for_each_vertex;
use proptest::prelude::*;

fn of(transform: [f64; 6], width: u32, height: u32, crs: &str) -> Footprint {
    let [a, b, c, d, e, f] = transform;
    let footprint = footprint(&Geotransform::new(a, b, c, d, e, f), width, height, &Crs::new(crs)).unwrap();
    check(&footprint);
    footprint
}

/// What holds for every footprint: it lies on the map, within its box, and reaches its sides.
fn check(footprint: &Footprint) {
    let BoundingBox { xmin, ymin, xmax, ymax } = footprint.bbox;
    let (mut west, mut south, mut north, mut count) = (false, false, false, 0);
    for_each_vertex(&footprint.geometry, &mut |vertex| {
        assert!((-180.0..=180.0).contains(&vertex.x) && (-90.0..=90.0).contains(&vertex.y), "{vertex:?}");
        let inside = if xmin <= xmax {
            (xmin..=xmax).contains(&vertex.x)
        } else {
            vertex.x >= xmin || vertex.x <= xmax
        };
        assert!(inside && (ymin..=ymax).contains(&vertex.y), "{vertex:?} is not in {:?}", footprint.bbox);
        west |= vertex.x == xmin;
        south |= vertex.y == ymin;
        north |= vertex.y == ymax;
        count += 1;
    });
    assert!(west && south && north && count >= 5, "{footprint:?}");
    for polygon in parts(footprint) {
        let ring = polygon.exterior().0.as_slice();
        let area: f64 = ring.windows(2).map(|pair| pair[0].x * pair[1].y - pair[1].x * pair[0].y).sum();
        assert!(area > 0.0, "clockwise, or empty: {polygon:?}");
    }
}

fn parts(footprint: &Footprint) -> Vec<Polygon<f64>> {
    match &footprint.geometry {
        Geometry::Polygon(polygon) => vec![polygon.clone()],
        Geometry::MultiPolygon(polygons) => polygons.0.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tile_on_one_side() {
    let footprint = of([10.0, 0.0, 699_960.0, 0.0, -10.0, 1_500_000.0], 10_980, 10_980, "EPSG:32643");
    assert_eq!(parts(&footprint).len(), 1);
    assert_eq!(parts(&footprint)[0].exterior().0.len(), 4 * 22 + 1);
    assert!(!footprint.bbox.crosses_antimeridian());
}

#[test]
fn south_up_is_the_same_ground() {
    let north_up = of([0.5, 0.0, -10.0, 0.0, -0.5, 20.0], 40, 40, "EPSG:4326");
    let south_up = of([0.5, 0.0, -10.0, 0.0, 0.5, 0.0], 40, 40, "EPSG:4326");
    assert_eq!(north_up.bbox, BoundingBox::new(-10.0, 0.0, 10.0, 20.0));
    assert_eq!(south_up.bbox, north_up.bbox);
}

#[test]
fn across_the_antimeridian() {
    let footprint = of([100.0, 0.0, 570_585.0, 0.0, -100.0, 5_847_615.0], 2325, 2355, "EPSG:32660");
    assert!(footprint.bbox.crosses_antimeridian());
    let [east, west] = &parts(&footprint)[..] else { panic!() };
    assert!(east.exterior().0.iter().all(|vertex| vertex.x > 177.0));
    assert!(west.exterior().0.iter().all(|vertex| vertex.x < -178.0));
}

#[test]
fn the_whole_world() {
    for (transform, width, height, crs) in [
        ([1.0, 0.0, -180.0, 0.0, -1.0, 90.0], 360, 180, "EPSG:4326"),
        ([1.0, 0.0, 0.0, 0.0, -1.0, 90.0], 360, 180, "EPSG:4326"),
        ([1.0, 0.0, -180.5, 0.0, -1.0, 90.5], 361, 181, "EPSG:4326"),
        ([1.0, 0.0, 0.0, 0.0, -1.0, 90.0], 360, 180, "EPSG:4267"),
        (
            [
                156_543.033_928_041,
                0.0,
                -20_037_508.342_789_244,
                0.0,
                -156_543.033_928_041,
                20_037_508.342_789_244,
            ],
            256,
            256,
            "EPSG:3857",
        ),
        ([1000.0, 0.0, -17_367_530.445_161_49, 0.0, -1000.0, 7_314_540.83], 34_736, 14_630, "EPSG:6933"),
    ] {
        let footprint = of(transform, width, height, crs);
        assert_eq!((footprint.bbox.xmin, footprint.bbox.xmax), (-180.0, 180.0), "{crs} {transform:?}");
    }
}

#[test]
fn around_a_pole() {
    // Bremen's sea ice, and the northern counterpart of NSIDC.
    for (transform, width, height, crs, pole) in [
        ([6250.0, 0.0, -3_950_000.0, 0.0, -6250.0, 4_350_000.0], 1264, 1327, "EPSG:3031", -90.0),
        ([25_000.0, 0.0, -3_850_000.0, 0.0, -25_000.0, 5_850_000.0], 304, 448, "EPSG:3413", 90.0),
        ([10.0, 0.0, -100.0, 0.0, -10.0, 100.0], 20, 20, "EPSG:3413", 90.0),
        // More than a hemisphere: the outline lies south of the equator.
        (
            [100_000.0, 0.0, -12_000_000.0, 0.0, -100_000.0, 12_000_000.0],
            240,
            240,
            "+proj=aeqd +lat_0=90 +lon_0=30",
            90.0,
        ),
    ] {
        let footprint = of(transform, width, height, crs);
        assert_eq!((footprint.bbox.xmin, footprint.bbox.xmax), (-180.0, 180.0), "{crs}");
        assert!(footprint.bbox.ymin == pole || footprint.bbox.ymax == pole, "{crs}: {:?}", footprint.bbox);
        let [polygon] = &parts(&footprint)[..] else { panic!("{crs}") };
        let ring = &polygon.exterior().0;
        assert!(
            ring.iter().any(|v| v.x == -180.0 && v.y == pole)
                && ring.iter().any(|v| v.x == 180.0 && v.y == pole)
        );
    }
}

#[test]
fn with_the_pole_on_its_edge_or_corner() {
    for origin in [0.0, -1000.0, -2000.0] {
        let footprint = of([100.0, 0.0, origin, 0.0, -100.0, 0.0], 20, 20, "EPSG:3413");
        assert!(footprint.bbox.ymax > 89.99, "{:?}", footprint.bbox);
    }
}

#[test]
fn beside_a_pole() {
    let footprint = of([10.0, 0.0, 100.0, 0.0, -10.0, 100.0], 20, 20, "EPSG:3413");
    assert!(footprint.bbox.ymax < 90.0 && footprint.bbox.ymin > 89.9, "{:?}", footprint.bbox);
    assert!(footprint.bbox.xmax - footprint.bbox.xmin < 180.0);
}

#[test]
fn beyond_the_edge_of_the_map() {
    // The disk that a geostationary satellite sees: its outline is in space.
    let satellite = "+proj=geos +lon_0=0 +h=35785831 +sweep=y";
    let disk = of([3000.403, 0.0, -5_570_248.0, 0.0, -3000.403, 5_570_248.0], 3712, 3712, satellite);
    assert!(
        disk.bbox.xmin < -70.0 && disk.bbox.xmax > 70.0 && disk.bbox.ymin < -70.0 && disk.bbox.ymax > 70.0
    );
    assert!(disk.bbox.xmin > -90.0 && disk.bbox.xmax < 90.0, "{:?}", disk.bbox);

    // A MODIS tile that is cut by the edge of the sinusoidal map, and the one beside it that is not.
    let sinusoidal = "+proj=sinu +R=6371007.181 +units=m";
    let side = 1_111_950.519_767;
    let tile =
        |h: f64, v: f64| [side / 1200.0, 0.0, (h - 18.0) * side, 0.0, -side / 1200.0, (9.0 - v) * side];
    let cut = of(tile(30.0, 4.0), 1200, 1200, sinusoidal);
    assert!(cut.bbox.xmin < 157.0 && cut.bbox.ymin < 40.1 && cut.bbox.ymax < 52.0, "{:?}", cut.bbox);
    let beyond = Geotransform::new(side, 0.0, 17.0 * side, 0.0, -side, 7.0 * side);
    assert!(matches!(footprint(&beyond, 1, 1, &Crs::new(sinusoidal)), Err(FootprintError::OutOfDomain(_))));
    let world = of([side, 0.0, -18.0 * side, 0.0, -side, 9.0 * side], 36, 18, sinusoidal);
    assert_eq!((world.bbox.xmin, world.bbox.xmax), (-180.0, 180.0));
}

proptest! {
    #[test]
    fn anywhere(
        crs in prop::sample::select(vec![
            "EPSG:4326", "EPSG:4267", "EPSG:3857", "EPSG:32601", "EPSG:32760", "EPSG:3413", "EPSG:3031", "EPSG:6933",
            "ESRI:54009", "+proj=sinu +R=6371007.181", "+proj=aeqd +lat_0=48 +lon_0=2", "+proj=geos +h=35785831",
        ]),
        place in (-1.1..1.1_f64, -1.1..1.1_f64),
        size in (0.0001..2.2_f64, 0.0001..2.2_f64),
        south_up: bool,
    ) {
        let world = if crs.starts_with("EPSG:4") { 180.0 } else { 18e6 };
        let pixel = [size.0 * world / 100.0, size.1 * world / if south_up { 100.0 } else { -100.0 }];
        let transform = Geotransform::new(pixel[0], 0.0, place.0 * world, 0.0, pixel[1], place.1 * world);
        if let Ok(footprint) = footprint(&transform, 100, 100, &Crs::new(crs)) {
            check(&footprint);
        }
    }
}

#[test]
fn errors() {
    let transform = Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 0.0);
    let wgs84 = Crs::from_epsg(4326);
    assert!(matches!(footprint(&transform, 0, 5, &wgs84), Err(FootprintError::NoExtent { .. })));
    let flat = Geotransform { a: 0.0, ..transform };
    assert!(matches!(footprint(&flat, 5, 5, &wgs84), Err(FootprintError::NoExtent { .. })));
    assert!(matches!(footprint(&transform, 5, 5, &Crs::new("EPSG:0")), Err(FootprintError::Crs(_))));
    let metres = Geotransform::new(1e12, 0.0, 1e12, 0.0, -1e-9, 0.0);
    assert!(matches!(footprint(&metres, 1000, 1000, &wgs84), Err(FootprintError::OutOfDomain(_))));
    let mars = Crs::new("+proj=eqc +R=3396190");
    let error = footprint(&transform, 5, 5, &mars);
    assert!(
        matches!(error, Err(FootprintError::Crs(CrsError::DifferentCelestialBodies { .. }))),
        "{error:?}"
    );
}
