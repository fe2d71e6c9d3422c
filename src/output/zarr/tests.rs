use super::*;

#[test]
fn chunks_divide_evenly() {
    for (length, side) in [(1, 1), (40, 40), (1024, 1024), (1025, 513), (2048, 1024), (10980, 999)] {
        assert_eq!(chunk_side(length), side, "{length}");
        assert!(length.div_ceil(side) == length.div_ceil(CHUNK));
    }
}

#[test]
fn names_that_a_store_cannot_hold() {
    for name in
        ["", ".", "..", "a/b", "a\\b", "__band", "zarr.json", "time", "geometry", "y", "x", "spatial_ref"]
    {
        assert!(matches!(check_name(name), Err(ZarrError::BandName { .. })), "{name:?}");
    }
    for name in ["B04", "Y", "eo:red", "Lufttemperatur, 2 m", "a.b"] {
        assert!(check_name(name).is_ok(), "{name:?}");
    }
}

#[test]
fn fill_values_as_xarray_spells_them() {
    // `FillValueCoder.encode` of xarray 2026.9 gives these.
    for (fill, dtype, attribute) in [
        (PixelValue::Integer(-9999), DataType::Float32, json!("AAAAAICHw8A=")),
        (PixelValue::Float(f64::NAN), DataType::Float64, json!("AAAAAAAA+H8=")),
        (PixelValue::Integer(0), DataType::UInt16, json!(0)),
        (PixelValue::Integer(-128), DataType::Int8, json!(-128)),
        (PixelValue::Unsigned(u64::MAX), DataType::UInt64, json!(u64::MAX)),
    ] {
        assert_eq!(fill_attribute(fill, dtype), attribute, "{fill} of {dtype}");
    }
}
