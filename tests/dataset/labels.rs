//! What becomes of slices, and what cannot become of them.

use crate::support::{array, pixels, slice, with_nodata};
use rasteret::dataset::{BandProperties, DatasetError, DatasetOptions, Mosaic};
use rasteret::schema::BandMetadata;
use rasteret::{AreaArray, Crs, DataType, Dataset, Error, PixelValue};

const DAY: i64 = 86_400_000_000;

fn options() -> DatasetOptions {
    DatasetOptions::default()
}

/// Two times and two geometries; three slices, since the second geometry is not covered at the second time.
fn three_slices(dtype: DataType) -> AreaArray {
    let slices = vec![slice("b", DAY, 3, 0, 0), slice("a", 0, 3, 0, 0), slice("a", 0, 1, 2, 4)];
    array(
        pixels(dtype, [3, 1, 2, 3], |[n, _, row, column]| Some((n * 10 + row * 3 + column + 1) as i64)),
        &["B04"],
        slices,
    )
}

#[test]
fn slices_are_placed_by_time_and_geometry() {
    let dataset = Dataset::from_array(&three_slices(DataType::Int16), &options()).unwrap();
    assert_eq!(dataset.shape(), [2, 2, 4, 7]);
    assert_eq!(dataset.times(), [0, DAY]);
    assert_eq!(dataset.geometries(), [1, 3]);
    assert_eq!(dataset.records(), [["a"], ["b"]]);
    assert_eq!(dataset.y(), [1_499_995.0, 1_499_985.0, 1_499_975.0, 1_499_965.0]);
    assert_eq!(dataset.x()[..2], [700_005.0, 700_015.0]);
    let band = dataset.variable("B04").unwrap();
    let value = |at| (band.pixels.value(at).unwrap(), band.valid[at]);
    assert_eq!(value([0, 1, 0, 0]), (11.0, true));
    assert_eq!(value([0, 0, 3, 6]), (26.0, true));
    assert_eq!(value([1, 1, 1, 2]), (6.0, true));
    assert_eq!(value([1, 0, 3, 6]), (0.0, false));
    assert_eq!(value([0, 1, 3, 6]), (0.0, false));
    assert_eq!(band.valid.iter().filter(|valid| **valid).count(), 18);
}

#[test]
fn pixels_without_a_value_are_filled() {
    let fill = |dtype, nodata: Option<i64>, mosaic, fill_value| {
        let array = three_slices(dtype);
        let array = nodata.map_or(array.clone(), |nodata| with_nodata(array, nodata));
        let dataset =
            Dataset::from_array(&array, &DatasetOptions { mosaic, fill_value, ..options() }).unwrap();
        let band = dataset.variable("B04").unwrap();
        (band.fill.map(|fill| fill.to_string()), band.pixels.value([1, 0, 0, 0]).unwrap().to_string())
    };
    let filled = |attribute: Option<&str>, pixel: &str| (attribute.map(str::to_owned), pixel.to_owned());
    let minus = Some(PixelValue::Integer(-1));
    assert_eq!(fill(DataType::Int16, Some(99), Mosaic::First, None), filled(Some("99"), "99"));
    assert_eq!(fill(DataType::Int16, Some(99), Mosaic::First, minus), filled(Some("-1"), "-1"));
    assert_eq!(fill(DataType::Int16, None, Mosaic::First, None), filled(None, "0"));
    assert_eq!(fill(DataType::Float32, None, Mosaic::First, None), filled(Some("nan"), "NaN"));
    assert_eq!(fill(DataType::Float32, Some(99), Mosaic::Max, None), filled(Some("99"), "99"));
    assert_eq!(fill(DataType::Int16, Some(99), Mosaic::Mean, None), filled(Some("nan"), "NaN"));
    assert_eq!(fill(DataType::Int16, Some(99), Mosaic::Median, minus), filled(Some("-1"), "-1"));
    assert_eq!(fill(DataType::Int16, Some(99), Mosaic::Count, minus), filled(None, "0"));
}

#[test]
fn what_a_mask_hides_is_filled() {
    let mut masked = with_nodata(three_slices(DataType::UInt8), 99);
    masked.valid[[1, 0, 0, 0]] = false;
    let dataset = Dataset::from_array(&masked, &options()).unwrap();
    assert_eq!(dataset.variable("B04").unwrap().pixels.value([0, 1, 0, 0]), Some(99.0));
}

#[test]
fn bands_have_what_their_headers_say() {
    let band = |nodata, metadata| BandProperties { nodata, metadata };
    let scaled = BandMetadata {
        description: Some("red".to_owned()),
        unit: Some("reflectance".to_owned()),
        scale: 0.0001,
        offset: -0.1,
        ..BandMetadata::default()
    };
    let metres = BandMetadata { unit: Some("m".to_owned()), ..BandMetadata::default() };
    let slices = vec![slice("a", 0, 0, 0, 0)];
    let array = array(pixels(DataType::UInt16, [1, 2, 2, 2], |_| Some(7)), &["B04", "height"], slices);
    let bands = vec![band(Some(PixelValue::Integer(0)), scaled), band(None, metres)];
    let dataset = Dataset::from_array(&array, &DatasetOptions { bands: bands.clone(), ..options() }).unwrap();
    let [red, height] = dataset.variables() else { panic!() };
    assert_eq!((red.fill, height.fill), (Some(PixelValue::Integer(0)), None));
    let red = red.attributes();
    assert_eq!(
        (&red["long_name"], &red["scale"], &red["offset"]),
        (&"red".into(), &0.0001.into(), &(-0.1).into())
    );
    assert_eq!(red["unit"], "reflectance");
    for decoded in ["scale_factor", "add_offset", "units"] {
        assert!(
            !red.contains_key(decoded),
            "xarray would apply {decoded}, or take it for that of the samples"
        );
    }
    assert_eq!(height.attributes()["units"], "m");

    let options = DatasetOptions { bands, mosaic: Mosaic::Count, ..options() };
    let counts = Dataset::from_array(&array, &options).unwrap();
    let counts = counts.variables()[0].attributes();
    assert_eq!(counts["long_name"], "number of samples of B04");
    assert!(!counts.contains_key("scale"));
}

#[test]
fn datasets_of_other_types_are_joined() {
    let labelled = |array: &AreaArray| Dataset::from_array(array, &options()).unwrap();
    let mut classes = three_slices(DataType::UInt8);
    classes.bands = vec!["SCL".to_owned()];
    let joined = labelled(&three_slices(DataType::UInt16)).join(labelled(&classes)).unwrap();
    let dtypes: Vec<DataType> = joined.variables().iter().map(|band| band.pixels.dtype()).collect();
    assert_eq!(dtypes, [DataType::UInt16, DataType::UInt8]);

    let refused = |other: AreaArray| joined.clone().join(labelled(&other)).unwrap_err().to_string();
    assert!(refused(classes.clone()).contains("two bands \"SCL\""));
    let other = |change: fn(&mut AreaArray)| {
        let mut array = classes.clone();
        array.bands = vec!["other".to_owned()];
        change(&mut array);
        refused(array)
    };
    assert!(other(|array| array.slices[0].datetime += 1).contains("times"));
    assert!(other(|array| array.slices[2].geometry_index = 2).contains("geometries"));
    assert!(other(|array| array.slices[2].transform.c += 10.0).contains("pixel grids"));
    assert!(other(|array| array.crs = Crs::from_epsg(32644)).contains("reference systems"));
}

#[test]
fn what_makes_no_dataset_is_refused() {
    let error = |change: &dyn Fn(&mut AreaArray), options: &DatasetOptions| {
        let mut array = three_slices(DataType::UInt8);
        change(&mut array);
        Error::from(Dataset::from_array(&array, options).unwrap_err())
    };
    let of_array = |change: &dyn Fn(&mut AreaArray)| error(change, &options());
    let shifted = of_array(&|array| array.slices[1].transform.c += 5.0);
    assert_eq!(shifted.kind(), "grid-mismatch");
    for part in ["\"b\" and \"a\"", "700005.0", "target_crs"] {
        assert!(shifted.to_string().contains(part), "{shifted}");
    }
    assert_eq!(of_array(&|array| array.slices[0].transform.b = 1.0).kind(), "grid-mismatch");
    assert_eq!(
        of_array(&|array| array.pixels = pixels(DataType::UInt8, [3, 1, 0, 3], |_| None)).kind(),
        "nothing-selected"
    );
    assert_eq!(of_array(&|array| array.slices.truncate(2)).kind(), "invalid-argument");
    assert_eq!(of_array(&|array| array.bands.push("B08".to_owned())).kind(), "invalid-argument");
    assert_eq!(
        of_array(&|array| array.valid = ndarray::Array4::default([3, 1, 2, 2])).kind(),
        "invalid-argument"
    );

    let bands = vec![BandProperties::default(); 2];
    assert_eq!(error(&|_| (), &DatasetOptions { bands, ..options() }).kind(), "invalid-argument");
    let fill = DatasetOptions { fill_value: Some(PixelValue::Integer(256)), ..options() };
    let error =
        |change: &dyn Fn(&mut AreaArray), options: &DatasetOptions| error(change, options).to_string();
    assert!(error(&|_| (), &fill).contains("256 is not a value of uint8"));
    // 2 × 2 × 4 × 7 pixels of two bytes.
    let limit = DatasetOptions { memory_limit: 223, ..options() };
    assert!(error(&|_| (), &limit).contains("needs 224 bytes"));
    let far = error(&|array| array.slices[1].transform.c += 10.0 * f64::from(1 << 30), &options());
    assert!(far.contains("lie closer together"), "{far}");
    let twice = Dataset::from_array(
        &array(pixels(DataType::UInt8, [1, 2, 1, 1], |_| None), &["a", "a"], vec![slice("a", 0, 0, 0, 0)]),
        &options(),
    );
    assert!(matches!(twice, Err(DatasetError::DuplicateBand { .. })));
}
