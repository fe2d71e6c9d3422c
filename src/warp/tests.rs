use super::*;
use crate::read::PixelArray;
use ndarray::Array4;
use proptest::prelude::*;
use rasteret_schema::{Crs, DataType, Geotransform, PixelValue, Window};

fn grid(crs: u32, left: f64, top: f64, pixel: f64, width: u32, height: u32) -> Grid {
    Grid::new(Geotransform::new(pixel, 0.0, left, 0.0, -pixel, top), width, height, Crs::from_epsg(crs))
}

fn utm() -> Grid {
    grid(32643, 699_960.0, 1_500_000.0, 60.0, 70, 50)
}

fn array<T: Clone>(grid: &Grid, value: impl Fn(usize, usize) -> T) -> Array4<T> {
    Array4::from_shape_fn([1, 1, grid.height as usize, grid.width as usize], |(_, _, row, column)| {
        value(row, column)
    })
}

fn all(grid: &Grid) -> Window {
    Window::new(0, 0, grid.width, grid.height)
}

#[test]
fn a_grid_onto_itself_is_the_same() {
    let grid = utm();
    let values = array(&grid, |row, column| (row * 1000 + column * 7) as u16);
    let pixels = PixelArray::UInt16(values);
    for method in Method::ALL {
        let warped = Warp::new(&grid, &grid, method).unwrap();
        let warped = warped.warp(&Source::new(all(&grid), &pixels), None).unwrap();
        assert_eq!(warped.pixels, pixels, "{method}");
        assert!(warped.valid.iter().all(|valid| *valid), "{method}");
    }
}

#[test]
fn the_first_valid_value_wins() {
    let target = grid(32643, 0.0, 20.0, 1.0, 30, 20);
    let left = grid(32643, 0.0, 20.0, 1.0, 20, 20);
    let right = grid(32643, 10.0, 20.0, 1.0, 20, 20);
    let mut mosaic = Warped::new(&target, 1, DataType::Int16, Some(PixelValue::Integer(-1))).unwrap();
    let holes = array(&left, |row, _| row != 3);
    for (source, value, valid) in [(&left, 5, Some(&holes)), (&right, 9, None)] {
        let pixels = PixelArray::Int16(array(source, |_, _| value));
        let source_pixels = Source { valid, ..Source::new(all(source), &pixels) };
        Warp::new(source, &target, Method::Nearest).unwrap().warp_into(&source_pixels, &mut mosaic).unwrap();
    }
    let expected = array(&target, |row, column| match (row, column) {
        (3, 0..10) => -1,
        (3, _) | (_, 20..) => 9,
        _ => 5,
    });
    assert_eq!(mosaic.pixels, PixelArray::Int16(expected));
    assert_eq!(mosaic.valid, array(&target, |row, column| row != 3 || column >= 10));
}

#[test]
fn bands_have_validity_of_their_own_unless_unified() {
    let grid = grid(32643, 0.0, 2.0, 1.0, 2, 2);
    let pixels = Array4::from_shape_vec([1, 2, 2, 2], vec![0_u8, 0, 3, 4, 0, 6, 7, 8]).unwrap();
    let pixels = PixelArray::UInt8(pixels);
    let warp = Warp::new(&grid, &grid, Method::Nearest).unwrap();
    let mut source = Source { nodata: Some(PixelValue::Integer(0)), ..Source::new(all(&grid), &pixels) };
    let valid = |source: &Source<'_>| warp.warp(source, None).unwrap().valid.into_raw_vec_and_offset().0;
    assert_eq!(valid(&source), [false, false, true, true, false, true, true, true]);
    source.unified = true;
    assert_eq!(valid(&source), [false, true, true, true, false, true, true, true]);
}

#[test]
fn what_lies_elsewhere_has_no_window() {
    let source = utm();
    let far = grid(32643, 200_000.0, 900_000.0, 60.0, 20, 20);
    let warp = Warp::new(&source, &far, Method::Cubic).unwrap();
    assert_eq!(warp.source_window().unwrap(), None);
    let near = source.window(Window::new(30, 20, 10, 5));
    let warp = Warp::new(&source, &near, Method::Cubic).unwrap();
    let window = warp.source_window().unwrap().unwrap();
    assert_eq!(window.intersection(&Window::new(29, 19, 12, 7)), Some(Window::new(29, 19, 12, 7)));
    assert!(window.width < 20 && window.height < 16, "{window:?}");
}

#[test]
fn a_pole_inside_needs_all_longitudes() {
    let source = grid(4326, -180.0, 90.0, 1.0, 360, 30);
    let target = grid(3413, -1e6, 1e6, 10_000.0, 200, 200);
    let window = Warp::new(&source, &target, Method::Nearest).unwrap().source_window().unwrap().unwrap();
    assert_eq!((window.column, window.width, window.row), (0, 360, 0));
}

#[test]
fn what_cannot_be_is_an_error() {
    let source = utm();
    let small = grid(32643, 0.0, 0.0, 1.0, 1, 1);
    let error = |source: &Grid, target: &Grid| Warp::new(source, target, Method::Nearest).unwrap_err();
    let empty = Grid { width: 0, ..source.clone() };
    assert!(matches!(error(&source, &empty), WarpError::GridSize { .. }));
    let flat = Grid { transform: Geotransform::new(1.0, 0.0, 0.0, 0.0, 0.0, 0.0), ..source.clone() };
    assert!(matches!(error(&flat, &small), WarpError::SingularTransform(_)));
    let nan = Grid { transform: Geotransform::new(1.0, 0.0, f64::NAN, 0.0, 1.0, 0.0), ..source.clone() };
    assert!(matches!(error(&source, &nan), WarpError::SingularTransform(_)));
    let unknown = Grid { crs: Crs::new("EPSG:999999"), ..source.clone() };
    assert!(matches!(error(&source, &unknown), WarpError::Crs(_)));

    let huge = Grid { width: 1 << 30, height: 1 << 30, ..source.clone() };
    let too_large = Warped::new(&huge, 3, DataType::UInt8, None);
    assert!(matches!(too_large, Err(WarpError::TooLarge { needed, .. }) if needed == 6 << 60));
    let fill = Warped::new(&small, 1, DataType::UInt8, Some(PixelValue::Integer(-1)));
    assert!(matches!(fill, Err(WarpError::Fill { .. })));

    let warp = Warp::new(&source, &small, Method::Nearest).unwrap();
    let pixels = PixelArray::zeros(DataType::UInt8, [1, 1, 50, 70]);
    let at = |window| warp.warp(&Source::new(window, &pixels), None);
    assert!(matches!(at(Window::new(0, 0, 70, 49)), Err(WarpError::Shape { what: "source pixels", .. })));
    assert!(matches!(at(Window::new(1, 0, 70, 50)), Err(WarpError::Shape { what: "source window", .. })));
    let mut other = Warped::new(&small, 1, DataType::Int8, None).unwrap();
    let refused = warp.warp_into(&Source::new(all(&source), &pixels), &mut other);
    assert!(matches!(refused, Err(WarpError::DataType { .. })));
}

#[test]
fn half_precision_is_warped_like_single() {
    let (source, target) =
        (utm(), suggested_grid(&utm(), &Crs::from_epsg(4326), Suggestion::Default).unwrap());
    let single = PixelArray::Float32(array(&source, |row, column| (row * 8 + column) as f32));
    let half =
        PixelArray::Float16(array(&source, |row, column| half::f16::from_f64((row * 8 + column) as f64)));
    for method in Method::ALL {
        let warp = Warp::new(&source, &target, method).unwrap();
        let [single, half] =
            [&single, &half].map(|pixels| warp.warp(&Source::new(all(&source), pixels), None).unwrap());
        assert_eq!(single.valid, half.valid, "{method}");
        for row in 0..target.height as usize {
            for column in 0..target.width as usize {
                let value = |warped: &Warped| warped.pixels.value([0, 0, row, column]).unwrap();
                let (a, b) = (value(&single), value(&half));
                assert!((a - b).abs() <= 1e-3 * a.abs().max(1.0), "{method}: {a} and {b}");
            }
        }
    }
}

#[test]
fn aligned_grids_fit_onto_each_other() {
    let origin = (3.0, -4.0);
    let aligned = Suggestion::Aligned { resolution: (50.0, 25.0), origin };
    let grid = suggested_grid(&utm(), &Crs::from_epsg(32644), aligned).unwrap();
    let plain = suggested_grid(&utm(), &Crs::from_epsg(32644), Suggestion::Default).unwrap();
    let t = grid.transform;
    assert_eq!((t.a, t.e), (50.0, -25.0));
    assert_eq!(((t.c - origin.0) % 50.0, (t.f - origin.1) % 25.0), (0.0, 0.0));
    assert!(t.c <= plain.transform.c && t.f >= plain.transform.f);
    let wrong = suggested_grid(&utm(), &Crs::from_epsg(32644), Suggestion::Resolution(0.0, 1.0));
    assert!(matches!(wrong, Err(WarpError::Resolution { .. })));
}

fn any_method() -> impl Strategy<Value = Method> {
    prop::sample::select(Method::ALL.to_vec())
}

fn any_target() -> impl Strategy<Value = (u32, f64, f64, f64)> {
    let crs = prop::sample::select(vec![32643, 32644, 4326, 3857, 3413, 3832]);
    (crs, -0.5..1.5_f64, -0.5..1.5_f64, 0.1..8.0_f64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the target, a constant stays that constant.
    #[test]
    fn a_constant_stays_constant(method in any_method(), (crs, x, y, factor) in any_target(), value in -500_i16..500) {
        let source = utm();
        let whole = suggested_grid(&source, &Crs::from_epsg(crs), Suggestion::Default).unwrap();
        let offset = (x * f64::from(whole.width), y * f64::from(whole.height));
        let transform = whole.transform.translated(offset.0, offset.1).scaled(factor, factor);
        let target = Grid::new(transform, 37, 23, whole.crs);
        let warp = Warp::new(&source, &target, method).unwrap();
        let pixels = PixelArray::Int16(array(&source, |_, _| value));
        let fill = Some(PixelValue::Integer(-32768));
        let warped = warp.warp(&Source::new(all(&source), &pixels), fill).unwrap();
        let view = warped.pixels.view::<i16>().unwrap();
        for (sample, valid) in view.iter().zip(&warped.valid) {
            prop_assert_eq!(*sample, if *valid { value } else { -32768 });
        }
    }

    /// The window that is asked for is all that is needed.
    #[test]
    fn the_source_window_is_enough(method in any_method(), (crs, x, y, factor) in any_target()) {
        let source = utm();
        let whole = suggested_grid(&source, &Crs::from_epsg(crs), Suggestion::Default).unwrap();
        let offset = (x * f64::from(whole.width), y * f64::from(whole.height));
        let transform = whole.transform.translated(offset.0, offset.1).scaled(factor, factor);
        let target = Grid::new(transform, 23, 19, whole.crs);
        let warp = Warp::new(&source, &target, method).unwrap();
        let values = array(&source, |row, column| ((row * 131 + column * 17) % 251) as u8);
        let from_all = warp.warp(&Source::new(all(&source), &PixelArray::UInt8(values.clone())), None).unwrap();
        match warp.source_window().unwrap() {
            None => prop_assert!(from_all.valid.iter().all(|valid| !valid)),
            Some(window) => {
                let rows = window.row as usize..window.row_end() as usize;
                let columns = window.column as usize..window.column_end() as usize;
                let part = values.slice(ndarray::s![.., .., rows, columns]).to_owned();
                let from_part = warp.warp(&Source::new(window, &PixelArray::UInt8(part)), None).unwrap();
                prop_assert_eq!(from_part, from_all);
            }
        }
    }

    /// No grid makes anything panic.
    #[test]
    fn any_grid_is_warped_or_refused(
        transform in prop::array::uniform6(prop_oneof![
            -1e3..1e3_f64, Just(0.0), -1e9..1e9_f64, Just(f64::INFINITY), Just(1e300), Just(1e-300)]),
        crs in prop::sample::select(vec![32643, 4326, 3031, 2056]),
        width in 1_u32..40,
        height in 1_u32..40,
        method in any_method(),
    ) {
        let [a, b, c, d, e, f] = transform;
        let odd = Grid::new(Geotransform::new(a, b, c, d, e, f), width, height, Crs::from_epsg(crs));
        let usual = utm();
        for (source, target) in [(&usual, &odd), (&odd, &usual)] {
            let Ok(warp) = Warp::new(source, target, method) else { continue };
            let shape = [1, 1, source.height as usize, source.width as usize];
            let pixels = PixelArray::zeros(DataType::Float32, shape);
            let _ = warp.source_window();
            let _ = warp.warp(&Source::new(all(source), &pixels), None);
        }
        let _ = suggested_grid(&odd, &usual.crs, Suggestion::Default);
    }
}
