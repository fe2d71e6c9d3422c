use super::*;
use ndarray::Array2;
use proptest::prelude::*;

/// Row, column, samples, validity.
type Placed = (usize, usize, Array2<f64>, Array2<bool>);

/// Samples of `f64`, of which those of each plane lie somewhere on the grid, and their validity.
#[derive(Debug, Clone)]
struct Case {
    shape: [usize; 4],
    cells: Vec<Vec<Placed>>,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1..3_usize, 1..3_usize, 1..6_usize, 1..6_usize);
    sizes.prop_flat_map(|(times, geometries, height, width)| {
        let plane = (0..height, 0..width).prop_flat_map(move |(row, column)| {
            let size = (1..=height - row, 1..=width - column);
            size.prop_flat_map(move |(rows, columns)| {
                let samples = proptest::collection::vec(sample(), rows * columns);
                let valid = proptest::collection::vec(any::<bool>(), rows * columns);
                (samples, valid).prop_map(move |(samples, valid)| {
                    let samples = Array2::from_shape_vec((rows, columns), samples).unwrap();
                    (row, column, samples, Array2::from_shape_vec((rows, columns), valid).unwrap())
                })
            })
        });
        let cells = times * geometries;
        proptest::collection::vec(proptest::collection::vec(plane, 0..5), cells)
            .prop_map(move |cells| Case { shape: [times, geometries, height, width], cells })
    })
}

/// Numbers that every data type has, with many that are equal, and NaN.
fn sample() -> impl Strategy<Value = f64> {
    prop_oneof![8 => (0..6_u8).prop_map(f64::from), 1 => Just(f64::NAN), 1 => (0..120_u8).prop_map(f64::from)]
}

/// The valid samples of a pixel, in order.
fn stack(case: &Case, [time, geometry, row, column]: [usize; 4]) -> Vec<f64> {
    let planes = &case.cells[time * case.shape[1] + geometry];
    let sample = |(top, left, samples, valid): &Placed| {
        let at = (row.checked_sub(*top)?, column.checked_sub(*left)?);
        samples.get(at).filter(|_| valid[at]).copied()
    };
    planes.iter().filter_map(sample).collect()
}

/// The definition of each method, for one pixel.
fn expected(mosaic: Mosaic, stack: &[f64]) -> Option<f64> {
    let mut numbers: Vec<f64> = stack.iter().copied().filter(|value| !value.is_nan()).collect();
    if mosaic == Mosaic::Count {
        return Some(numbers.len() as f64);
    }
    if numbers.is_empty() {
        return stack.first().copied();
    }
    let first = numbers[0];
    let last = numbers[numbers.len() - 1];
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.sort_by(f64::total_cmp);
    let (half, even) = (numbers.len() / 2, numbers.len().is_multiple_of(2));
    Some(match mosaic {
        Mosaic::First => first,
        Mosaic::Last => last,
        Mosaic::Min => numbers[0],
        Mosaic::Max => numbers[numbers.len() - 1],
        Mosaic::Mean => mean,
        Mosaic::Median if even => (numbers[half - 1] + numbers[half]) / 2.0,
        Mosaic::Median => numbers[half],
        Mosaic::Count => unreachable!(),
    })
}

/// Compares every pixel of every method with its definition. NaN becomes 0 as an integer, in both.
fn compare<T: Value, R: Real>(case: &Case, convert: impl Fn(f64) -> T)
where
    PixelArray: From<Array4<T>> + From<Array4<R>>,
{
    let typed: Vec<Vec<Array2<T>>> = case
        .cells
        .iter()
        .map(|planes| planes.iter().map(|(.., samples, _)| samples.mapv(&convert)).collect())
        .collect();
    let cells: Vec<Vec<Plane<'_, T>>> = case
        .cells
        .iter()
        .zip(&typed)
        .map(|(planes, typed)| {
            let placed = planes.iter().zip(typed);
            placed
                .map(|((row, column, _, valid), pixels)| Plane {
                    pixels: pixels.view(),
                    valid: valid.view(),
                    row: *row,
                    column: *column,
                })
                .collect()
        })
        .collect();
    for mosaic in Mosaic::ALL {
        let fill = Some(PixelValue::Integer(121)).filter(|_| mosaic != Mosaic::Count);
        let (pixels, valid) = combine::<T, R>(mosaic, &cells, case.shape, fill);
        assert_eq!(pixels.dtype(), mosaic.dtype(T::DTYPE));
        assert_eq!(pixels.shape(), case.shape);
        for (index, valid) in valid.indexed_iter() {
            let index = index.into();
            let stack: Vec<f64> =
                stack(case, index).into_iter().map(|sample| convert(sample).to_value()).collect();
            let expected = expected(mosaic, &stack);
            let ours = pixels.value(index).unwrap();
            let narrowed = expected.map(|value| narrow(value, pixels.dtype()));
            assert_eq!(*valid, expected.is_some(), "{mosaic} at {index:?}");
            let theirs = narrowed.unwrap_or(121.0);
            assert!(
                ours == theirs || ours.is_nan() && theirs.is_nan(),
                "{mosaic} at {index:?}: {ours}, not {theirs}"
            );
        }
    }
}

fn narrow(value: f64, dtype: DataType) -> f64 {
    match dtype {
        DataType::Float16 => f16::from_f64(value).to_f64(),
        DataType::Float32 => f64::from(value as f32),
        _ => value,
    }
}

proptest! {
    #[test]
    fn every_pixel_is_as_defined(case in cases()) {
        compare::<u8, f64>(&case, |sample| sample as u8);
        compare::<i64, f64>(&case, |sample| sample as i64 - 3);
        compare::<f16, f16>(&case, f16::from_f64);
        compare::<f32, f32>(&case, |sample| sample as f32 - 2.5);
        compare::<f64, f64>(&case, |sample| sample / 3.0);
    }
}

#[test]
fn names_are_found() {
    for mosaic in Mosaic::ALL {
        assert_eq!(mosaic.to_string().parse::<Mosaic>().unwrap(), mosaic);
    }
    let error = "Sum".parse::<Mosaic>().unwrap_err().to_string();
    assert!(error.contains("first, last, min, max, mean, median, count"), "{error}");
}
