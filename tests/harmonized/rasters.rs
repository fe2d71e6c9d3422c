//! Rasters of two archives on one grid, compared with what rasterio makes of each.

use crate::oracle;
use crate::support::{Field, Listed};
use rasteret::blocking::Wait;
use rasteret::record::to_batch;
use rasteret::schema::{Asset, BandAliases, Record};
use rasteret::warp::Method;
use rasteret::{Area, Crs, DataType};
use serde_json::json;

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
    to_batch(&records).unwrap();
    let field = Field::new();
    field.database().build(Listed { records, headers: Vec::new() }).name("both").run().wait().unwrap();
    let aliases = BandAliases::new([("red", ["B4", "R"]), ("blue", ["B2", "B"])]).unwrap();
    let both = field.database().collection("both").unwrap().with_band_aliases(aliases);

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
