//! Files, read as datasets, opened in xarray.

use crate::oracle;
use crate::stores::compare;
use rasteret::blocking::Wait;
use rasteret::dataset::Mosaic;
use rasteret::local::LocalSource;
use rasteret::{Area, AreaArray, Crs, Database, Dataset, Error, Filter};

/// Pixels that a raster may have, so that the suite stays quick.
const LARGEST: u32 = 1 << 20;

/// The middle ninth of each raster that can be read: as an array, and as a dataset.
fn middles(database: &Database) -> Vec<(AreaArray, Dataset)> {
    let all = database.collection("all").unwrap();
    let mut middles = Vec::new();
    for record in rasteret::query::json_rows(&all.head(usize::MAX).unwrap()).unwrap() {
        let id = record["id"].as_str().unwrap();
        let band = record["assets"].as_object().unwrap().keys().next().unwrap();
        let Ok(header) = all.header(id, band) else { continue };
        let (width, height) = (header.image.width, header.image.height);
        let (Some([a, b, c, d, e, f]), Some(crs)) = (header.transform, header.crs) else { continue };
        if b != 0.0 || d != 0.0 || width.saturating_mul(height) > LARGEST {
            continue;
        }
        let x = [1.0, 2.0].map(|third| c + a * f64::from(width) * third / 3.0);
        let y = [1.0, 2.0].map(|third| f + e * f64::from(height) * third / 3.0);
        let area = Area::bbox([x[0].min(x[1]), y[0].min(y[1]), x[0].max(x[1]), y[0].max(y[1])]);
        let read = all.subset(Filter::new().ids([id])).read(area.with_crs(Crs::new(&crs))).bands([band]);
        match (read.clone().array().wait(), read.dataset(Mosaic::First).wait()) {
            (Ok(array), Ok(dataset)) => middles.push((array, dataset)),
            (Err(Error::Raster { .. } | Error::NothingSelected(_)), Err(_)) => {}
            (array, dataset) => panic!("{id}: {:?}, {:?}", array.err(), dataset.err()),
        }
    }
    middles
}

#[test]
fn files_read_as_datasets_open_in_xarray() {
    let Some(files) = oracle::data("cogs") else { return };
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open_writable(folder.path().join("all.rasteret")).unwrap();
    let source = LocalSource::new([files], database.readers().all().to_vec());
    database.build(source).name("all").run().wait().unwrap();
    let middles = middles(&database);
    for (array, dataset) in &middles {
        let [slice] = &array.slices[..] else { panic!("{:?}", array.slices) };
        assert_eq!(dataset.transform(), slice.transform);
        assert_eq!(
            (dataset.times(), &dataset.records()[0]),
            (&[slice.datetime][..], &vec![slice.record_id.clone()])
        );
        let [band] = dataset.variables() else { panic!("{:?}", array.bands) };
        assert_eq!(band.pixels.dtype(), array.pixels.dtype());
        assert_eq!(band.valid, array.valid);
        let fill = band.fill.map_or(0.0, rasteret::PixelValue::as_f64);
        for (index, valid) in band.valid.indexed_iter() {
            let [ours, theirs] =
                [&band.pixels, &array.pixels].map(|pixels| pixels.value(index.into()).unwrap());
            let expected = if *valid { theirs } else { fill };
            let near = (ours - expected).abs() <= 1e-6 * expected.abs() && !*valid;
            assert!(
                ours == expected || ours.is_nan() && expected.is_nan() || near,
                "{}: {ours} at {index:?} instead of {expected}",
                slice.record_id
            );
        }
    }
    println!("{} files", middles.len());
    assert!(middles.len() > 20, "{} files could be read", middles.len());
    let datasets: Vec<Dataset> = middles.into_iter().map(|(_, dataset)| dataset).collect();
    compare(&datasets);
}
