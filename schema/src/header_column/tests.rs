use super::read::{Row, bands};
use super::*;
use crate::{
    ColorInterpretation, Crs, DataType, Encoding, Georeference, Geotransform, HeaderArchive, ImageHeader,
    ObjectVersion, PixelValue, RasterHeader, TileTable,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, StructArray};

fn header() -> RasterHeader {
    let encoding = Encoding {
        samples_per_pixel: 2,
        planar: true,
        compression: 5,
        predictor: 2,
        chroma_subsampling: [2, 2],
        extra_samples: vec![0],
        ..Encoding::uncompressed(DataType::UInt16)
    };
    let tiles = TileTable::new(&[41067, 0, 200_000, 300_000], &[115_120, 0, 99_000, 7]);
    let image = ImageHeader::new([255, 600], [512, 512], tiles);
    RasterHeader {
        georeference: Georeference {
            transform: Some(Geotransform::new(900.0, 0.0, 471585.0, 0.0, -900.0, 3787515.0)),
            crs: Some(Crs::from_epsg(32617)),
            ..Georeference::default()
        },
        nodata: Some(PixelValue::Integer(0)),
        ..RasterHeader::new("geotiff", encoding, vec![image])
    }
}

#[test]
fn what_the_column_holds_comes_back() {
    let archive = HeaderArchive::new(&header()).unwrap();
    let rows = [Some((archive.header().unwrap(), 0)), None];
    let column = to_array(rows.into_iter()).unwrap();
    assert_eq!(column.len(), 2);
    let crs = Some(Crs::from_epsg(32617));
    let mut expected = header();
    expected.images[0].tiles = TileTable::new(&[41067, 0, 0, 0], &[115_120, 0, 0, 0]);
    assert_eq!(from_array(&column, 0, "geotiff", crs, 0).unwrap(), Some(expected));
    assert_eq!(from_array(&column, 1, "geotiff", None, 0).unwrap(), None);
}

#[test]
fn a_band_has_the_tiles_of_its_own_sample() {
    let mut planar = header();
    planar.images[0].tiles = TileTable::new(&[8, 508, 1008, 0], &[500, 500, 90, 0]);
    let archive = HeaderArchive::new(&planar).unwrap();
    for (sample, offsets) in [[8, 508], [1008, 0]].into_iter().enumerate() {
        let column = to_array([Some((archive.header().unwrap(), sample))].into_iter()).unwrap();
        let list = column.column_by_name("tile_offsets").unwrap().as_list::<i32>().value(0);
        assert_eq!(list.as_primitive::<Int64Type>().values(), &offsets);
        let read = from_array(&column, 0, "geotiff", None, sample).unwrap().unwrap();
        let archive = HeaderArchive::new(&read).unwrap();
        let again = to_array([Some((archive.header().unwrap(), sample))].into_iter()).unwrap();
        assert_eq!(again, column);
        // There are two samples.
        assert!(from_array(&column, 0, "geotiff", None, 2).is_err());
    }
    assert!(to_array([Some((archive.header().unwrap(), 2))].into_iter()).is_err());
}

#[test]
fn what_a_column_cannot_say() {
    let says = |change: fn(&mut RasterHeader)| {
        let mut header = header();
        change(&mut header);
        says_all(HeaderArchive::new(&header).unwrap().header().unwrap()).unwrap()
    };
    assert!(says(|_| ()));
    // The row is null.
    assert!(says(|header| header.encodings[0].big_endian = true));
    assert!(!says(|header| {
        header.masks.push(header.images[0].clone());
        header.images[0].mask = Some(0);
    }));
    assert!(!says(|header| {
        header.encodings[0].dtype = DataType::Int64;
        header.encodings[0].bits_per_sample = 64;
        header.nodata = Some(PixelValue::Integer(i64::MAX));
    }));
    // An alpha band, whose tiles are those of another sample.
    let alpha = |header: &mut RasterHeader| {
        header.encodings[0].extra_samples = vec![2];
        header.bands[1].color = ColorInterpretation::Alpha;
    };
    assert!(!says(alpha));
    assert!(says_all_of_chunky(alpha));
    assert!(!says_all_of_chunky(|header| header.bands[1].color = ColorInterpretation::Alpha));
    assert!(says(|header| header.images[0].height = 512));
    // 600 rows in strips of 512, or in tiles.
    for (striped, width) in [(true, 512), (false, 255)] {
        let mut header = header();
        header.images[0].tile_width = width;
        header.encodings[0].striped = striped;
        assert!(!says_all(HeaderArchive::new(&header).unwrap().header().unwrap()).unwrap());
    }
}

fn says_all_of_chunky(change: impl Fn(&mut RasterHeader)) -> bool {
    let mut header = header();
    header.encodings[0].planar = false;
    change(&mut header);
    says_all(HeaderArchive::new(&header).unwrap().header().unwrap()).unwrap()
}

#[test]
fn a_header_of_a_known_version_lacks_nothing() {
    let lacks =
        |header: RasterHeader| may_lack_overviews(HeaderArchive::new(&header).unwrap().header().unwrap());
    assert!(lacks(header()));
    for object in [
        ObjectVersion { size: Some(5), ..ObjectVersion::default() },
        ObjectVersion { etag: Some("a".to_owned()), ..ObjectVersion::default() },
        ObjectVersion { last_modified: Some(0), ..ObjectVersion::default() },
    ] {
        assert!(!lacks(RasterHeader { object, ..header() }));
    }
    let image = header().images.remove(0);
    assert!(!lacks(RasterHeader { images: vec![image.clone(), image], ..header() }));
}

#[test]
fn rasteret_s_numbers() {
    let mut header = header();
    header.georeference.pixel_is_point = true;
    let archive = HeaderArchive::new(&header).unwrap();
    let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
    let row = Row { column: &column, row: 0 };
    assert_eq!(row.list::<Float64Type>("transform").unwrap().unwrap(), [900.0, 471585.0, -900.0, 3787515.0]);
    assert_eq!(row.list::<Float64Type>("pixel_scale").unwrap().unwrap(), [900.0, 900.0, 0.0]);
    assert_eq!(
        row.list::<Float64Type>("tiepoint").unwrap().unwrap(),
        [0.0, 0.0, 0.0, 472035.0, 3787065.0, 0.0]
    );
}

#[test]
fn opacity_is_known_again() {
    let extra = |samples, extra: &[u16]| {
        let colors = bands(samples, extra).into_iter().map(|band| band.color == ColorInterpretation::Alpha);
        colors.collect::<Vec<_>>()
    };
    assert_eq!(extra(4, &[2]), [false, false, false, true]);
    assert_eq!(extra(3, &[0, 1]), [false, false, true]);
    assert_eq!(extra(3, &[]), [false; 3]);
    assert_eq!(extra(6, &[2]), [false; 6]);
    assert_eq!(extra(1, &[2, 2]), [false]);
}

#[test]
fn what_the_column_cannot_say_is_null() {
    let differs: [fn(&mut Encoding); 3] =
        [|it| it.big_endian = true, |it| it.reversed_bits = true, |it| it.bits_per_sample = 12];
    for change in differs {
        let mut header = header();
        change(&mut header.encodings[0]);
        let archive = HeaderArchive::new(&header).unwrap();
        let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
        assert_eq!(column.null_count(), 1);
    }
}

#[test]
fn sizes_without_sense_are_refused() {
    let archive = HeaderArchive::new(&header()).unwrap();
    let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
    let with = |changes: &[(&str, i32)]| {
        let mut columns = column.columns().to_vec();
        for (name, value) in changes {
            let at = fields().find(name).unwrap().0;
            columns[at] = Arc::new(arrow_array::Int32Array::from(vec![*value]));
        }
        let column = StructArray::new(fields(), columns, None);
        from_array(&column, 0, "geotiff", None, 0).unwrap_err().to_string()
    };
    for size in [i32::MIN, -1, 0] {
        assert!(with(&[("tile_width", size)]).contains("tile_width"), "{size}");
        assert!(with(&[("image_height", size)]).contains("image_height"), "{size}");
    }
    let most = i32::MAX;
    let error = with(&[("tile_width", most), ("tile_height", most)]);
    assert!(error.contains("too large"), "{error}");
    let image = [("image_width", most), ("image_height", most)];
    let error =
        with(&[&image[..], &[("tile_width", 1), ("tile_height", 1), ("samples_per_pixel", 65535)]].concat());
    assert!(error.contains("tiles"), "{error}");
    assert!(with(&[("samples_per_pixel", 65536)]).contains("samples_per_pixel"));
    assert!(with(&[("compression", -5)]).contains("compression"));
}

#[test]
fn a_table_that_does_not_fit_its_image_is_refused() {
    let mut header = header();
    header.images[0].tiles = TileTable::new(&[1], &[1]);
    let archive = HeaderArchive::new(&header).unwrap();
    let column = to_array([Some((archive.header().unwrap(), 0))].into_iter()).unwrap();
    let error = from_array(&column, 0, "geotiff", None, 0).unwrap_err().to_string();
    assert!(error.contains("tile_offsets") && error.contains("4 tiles"), "{error}");
}
