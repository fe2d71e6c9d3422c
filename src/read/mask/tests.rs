use super::*;
use geo_types::{MultiPolygon, polygon};
use proptest::prelude::*;

const NORTH_UP: Geotransform = Geotransform::new(1.0, 0.0, 0.0, 0.0, -1.0, 8.0);

fn mask(geometry: impl Into<Geometry<f64>>, all_touched: bool) -> Mask {
    Mask::new(&geometry.into(), &NORTH_UP, 8, 8, all_touched).unwrap()
}

/// The mask as text, a line for each row.
fn picture(mask: &Mask) -> Vec<String> {
    let pixels = mask.clone().into_vec();
    pixels
        .chunks(mask.width() as usize)
        .map(|row| row.iter().map(|&i| if i { '#' } else { '.' }).collect())
        .collect()
}

#[test]
fn a_rectangle_over_all_centres_needs_no_mask() {
    let bbox = |west: f64, south: f64, east: f64, north: f64| polygon![(x: west, y: south), (x: east, y: south), (x: east, y: north), (x: west, y: north)];
    assert!(mask(bbox(0.0, 0.0, 8.0, 8.0), false).is_all());
    assert!(mask(bbox(0.4, 0.4, 7.6, 7.6), false).is_all());
    assert!(!mask(bbox(0.6, 0.4, 7.6, 7.6), false).is_all());
    assert!(!mask(bbox(0.4, 0.6, 7.6, 7.6), false).is_all());
    assert!(!mask(bbox(0.4, 0.4, 7.4, 7.6), false).is_all());
    assert!(!mask(bbox(0.4, 0.4, 7.6, 7.4), false).is_all());
}

#[test]
fn holes_stay_out() {
    let ring = polygon!(
        exterior: [(x: 1., y: 1.), (x: 7., y: 1.), (x: 7., y: 7.), (x: 1., y: 7.)],
        interiors: [[(x: 3., y: 3.), (x: 5., y: 3.), (x: 5., y: 5.), (x: 3., y: 5.)]]
    );
    let expected =
        ["........", ".######.", ".######.", ".##..##.", ".##..##.", ".######.", ".######.", "........"];
    assert_eq!(picture(&mask(ring.clone(), false)), expected);
    assert_eq!(picture(&mask(ring, true)), expected);
}

#[test]
fn a_sliver_between_centres_is_only_touched() {
    let sliver = polygon![(x: 1.6, y: 1.0), (x: 1.7, y: 1.0), (x: 1.7, y: 6.9), (x: 1.6, y: 6.9)];
    assert!(mask(sliver.clone(), false).is_empty());
    assert_eq!(mask(sliver, true).into_vec().iter().filter(|&&inside| inside).count(), 6);
}

#[test]
fn what_rasterio_calls_invalid_selects_nothing() {
    let line = Polygon::new(LineString::from(vec![(1.0, 1.0), (5.0, 5.0)]), vec![]);
    assert!(mask(line, true).is_empty());
    assert!(mask(MultiPolygon(vec![]), true).is_empty());
}

#[test]
fn a_singular_transform_is_an_error() {
    let flat = Geotransform::new(1.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    let error = Mask::new(&geo_types::Point::new(0.0, 0.0).into(), &flat, 8, 8, false).unwrap_err();
    assert_eq!(error, MaskError::SingularTransform(flat));
}

#[test]
fn a_mask_that_does_not_fit_is_an_error() {
    let point = geo_types::Point::new(0.0, 0.0).into();
    assert!(matches!(
        Mask::new(&point, &NORTH_UP, u32::MAX, u32::MAX, false),
        Err(MaskError::TooLarge { .. })
    ));
}

#[test]
fn far_away_vertices_take_no_time() {
    let spike = polygon![(x: 4.0, y: 4.0), (x: 1e15, y: 1e15), (x: -1e15, y: 1.1e15)];
    assert!(!mask(spike, true).is_empty());
    let line = geo_types::Line::new((-1e9, -1e9 + 0.5), (1e9, 1e9));
    assert!(!mask(line, false).is_empty());
}

/// Here GDAL 3.10 draws a pixel past the right border, which lands at the start of the next row of
/// its buffer: the only known difference, and it stays one.
#[test]
fn an_edge_through_the_right_border_stays_in_its_row() {
    let steep = geo_types::Line::new((8.0, 14.0), (7.0, -2.0));
    let down = Geotransform::new(1.0, 0.0, 0.0, 0.0, 1.0, 0.0);
    let mask = Mask::new(&steep.into(), &down, 7, 20, true).unwrap();
    assert!(mask.into_vec().chunks(7).all(|row| row[..6].iter().all(|&inside| !inside)));
}

/// Coordinates that are likely to lie on pixel boundaries, centres, or each other.
fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![-3.0..11.0_f64, (-6..22).prop_map(|half| f64::from(half) / 2.0)]
}

/// Numbers of all magnitudes, often beside ones that matter to an 8 × 8 window.
fn any_number() -> impl Strategy<Value = f64> {
    let scaled = (-10.0..10.0_f64, -320..308_i32).prop_map(|(digits, power)| digits * 10_f64.powi(power));
    prop_oneof![prop::num::f64::ANY, scaled, coordinate(), Just(f64::MAX), Just(f64::MIN)]
}

fn ring() -> impl Strategy<Value = LineString<f64>> {
    prop::collection::vec((coordinate(), coordinate()), 3..12).prop_map(LineString::from)
}

proptest! {
    /// A crossing-number test of every centre, which is what the scan conversion is a fast form of.
    #[test]
    fn agrees_with_a_test_of_every_centre(rings in prop::collection::vec(ring(), 1..4)) {
        let mut rings = rings.into_iter();
        let polygon = Polygon::new(rings.next().unwrap(), rings.collect());
        prop_assume!(polygon.exterior().0.len() >= 4);
        let pixels = mask(polygon.clone(), false).into_vec();
        for (index, &inside) in pixels.iter().enumerate() {
            let (x, y) = ((index % 8) as f64 + 0.5, 7.5 - (index / 8) as f64);
            let mut crossings = 0;
            let mut on_edge = false;
            for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                for edge in ring.lines() {
                    let (a, b) = (edge.start, edge.end);
                    if a.y == b.y {
                        on_edge |= a.y == y;
                    } else if (a.y <= y) != (b.y <= y) || a.y == y || b.y == y {
                        let at = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
                        on_edge |= (at - x).abs() < 1e-9 || a.y == y || b.y == y;
                        crossings += usize::from((a.y <= y) != (b.y <= y) && at < x);
                    }
                }
            }
            if !on_edge {
                prop_assert_eq!(inside, crossings % 2 == 1, "centre ({}, {})", x, y);
            }
        }
    }

    #[test]
    fn all_touched_only_adds(ring in ring()) {
        let polygon = Polygon::new(ring, vec![]);
        let (centres, touched) = (mask(polygon.clone(), false).into_vec(), mask(polygon, true).into_vec());
        prop_assert!(centres.iter().zip(&touched).all(|(centre, touched)| !centre || *touched));
    }

    #[test]
    fn nothing_panics_or_hangs(values in prop::collection::vec(any_number(), 6..20), touched: bool) {
        let coords: Vec<_> = values.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        mask(LineString::from(coords.clone()), touched);
        mask(Polygon::new(LineString::from(coords), vec![]), touched);
    }
}
