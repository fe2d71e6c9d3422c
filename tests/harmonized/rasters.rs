//! Rasters of two archives on one grid, compared with what rasterio makes of each.

use crate::oracle;
use crate::support::Field;
use rasteret::blocking::{Wait, WaitEach};
use rasteret::chips::Sampler;
use rasteret::dataset::Mosaic;
use rasteret::geometry::Points;
use rasteret::schema::{Asset, BandAliases, Record};
use rasteret::warp::Method;
use rasteret::{Area, Crs, DataType};
use serde_json::json;
use std::path::Path;

#[test]
fn unlike_data_types_are_named() {
    let paths = ["cogs/rio-tiler/cog.tif", "cogs/rio-tiler/cog_int16.tif"].map(oracle::data);
    let [Some(unsigned), Some(signed)] = paths else { return };
    let record = |id: &str, band: &str, path: &Path| Record {
        id: id.to_owned(),
        datetime: 0,
        end_datetime: None,
        geometry: None,
        bbox: None,
        assets: vec![Asset {
            band: band.to_owned(),
            href: path.to_str().unwrap().to_owned(),
            band_index: None,
        }],
        epsg: None,
        crs: None,
        collection: None,
    };
    let field = Field::new();
    let records = vec![record("one", "B1", &unsigned), record("other", "b1", &signed)];
    let both = field.build("both", records);
    let both = both.with_band_aliases(BandAliases::new([("ice", ["B1", "b1"])]).unwrap());
    let area = Area::bbox([-58.0, 73.0, -57.0, 73.5]);
    let read = || both.read(area.clone()).bands(["ice"]);
    for error in [
        read().array().wait().map(drop),
        read().table().wait().map(drop),
        read().dataset(Mosaic::First).wait().map(drop),
        both.chips(Sampler::grid(8, 8)).bands(["ice"]).prepare().wait().map(drop),
    ] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), "data-type-mismatch", "{error}");
        for part in ["uint16", "int16", "\"one\"", "\"other\"", "\"b1\""] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
    }
    // Samples have one type whatever the raster's.
    let points = Points::new(vec![-57.5], vec![73.2]);
    let rows = both.sample(points).bands(["ice"]).stream().unwrap().wait_each();
    assert_eq!(rows.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 2);
}

/// Two pieces of Landsat scenes of three samples, which overlap and whose pixels do not fall together.
#[test]
fn rasters_of_two_grids_read_as_with_rasterio() {
    let (Some(first), Some(second)) =
        (oracle::data("cogs/rio-tiler/mosaic_cog1.tif"), oracle::data("cogs/rio-tiler/mosaic_cog2.tif"))
    else {
        return;
    };
    let paths = [first.to_str().unwrap().to_owned(), second.to_str().unwrap().to_owned()];
    let record = |index: usize, bands: [&str; 3]| Record {
        id: format!("{index}"),
        datetime: index as i64,
        end_datetime: None,
        geometry: None,
        bbox: None,
        assets: (0..)
            .zip(bands)
            .map(|(sample, band)| Asset {
                band: band.to_owned(),
                href: paths[index].clone(),
                band_index: Some(sample),
            })
            .collect(),
        epsg: None,
        crs: None,
        collection: None,
    };
    let records = vec![record(0, ["R", "G", "B"]), record(1, ["B4", "B3", "B2"])];
    let field = Field::new();
    let aliases = BandAliases::new([("red", ["B4", "R"]), ("blue", ["B2", "B"])]).unwrap();
    let both = field.build("both", records).with_band_aliases(aliases);

    let area = Area::bbox([-74.6, 45.6, -74.1, 46.2]);
    let folder = tempfile::tempdir().unwrap();
    for (method, crs, pixel) in [
        (Method::Nearest, 32618, 300.0),
        (Method::Bilinear, 32618, 450.0),
        (Method::Nearest, 3857, 500.0),
        (Method::Cubic, 3857, 400.0),
        (Method::Average, 32618, 900.0),
    ] {
        let read = both.read(area.clone()).bands(["red", "blue"]).resampling(method);
        let array = read.target_crs(Crs::from_epsg(crs)).resolution(pixel, pixel).array().wait().unwrap();
        let [2, 2, height, width] = array.pixels.shape() else { panic!("{:?}", array.pixels.shape()) };
        assert_eq!(array.pixels.dtype(), DataType::UInt16);
        let cases: Vec<_> = (paths.iter())
            .map(|path| json!({
                "file": path, "bands": [1, 3], "method": method.name(), "target_crs": format!("EPSG:{crs}"),
                "geometry": geojson::Geometry::from(&area.geometries().unwrap()[0]), "crs": "EPSG:4326",
                "all_touched": false, "resolution": null, "shape": [height, width],
                "transform": array.slices[0].transform.to_array(),
            }))
            .collect();
        let Some(answer) =
            oracle::ask("area_oracle.py", &json!({"folder": folder.path(), "resampled": cases}))
        else {
            return;
        };
        for (index, answer) in answer["resampled"].as_array().unwrap().iter().enumerate() {
            let bytes = std::fs::read(answer["out"].as_str().unwrap()).unwrap();
            let len = 2 * height * width;
            let (pixels, valid) = bytes.split_at(2 * len);
            let theirs: Vec<u16> =
                pixels.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
            let ours: Vec<u16> =
                array.pixels.view::<u16>().unwrap().iter().copied().skip(index * len).take(len).collect();
            let is_valid: Vec<bool> = array.valid.iter().copied().skip(index * len).take(len).collect();
            let same_masks =
                is_valid.iter().zip(valid).filter(|(ours, theirs)| **ours == (**theirs != 0)).count();
            // Resampled values are rounded; which of two a pixel's centre is nearer to may be a matter of the last bit.
            let most = if method == Method::Nearest { 0 } else { 1 };
            let near = ours.iter().zip(&theirs).filter(|(a, b)| a.abs_diff(**b) <= most).count();
            let enough = |count: usize| count as f64 >= 0.999 * len as f64;
            println!("{method} EPSG:{crs} raster {index}: {near} of {len} pixels, {same_masks} of the masks");
            assert!(
                enough(near) && enough(same_masks),
                "{method} EPSG:{crs} raster {index}: {near} of {len}"
            );
            assert!(is_valid.contains(&true));
        }
    }
}
