//! GeoTIFFs that are written lie where they should, whatever their CRS.

use crate::fixture::Raster;
use crate::oracle;
use rasteret::crs::Transformer;
use rasteret::{Crs, DataType, PixelValue};
use serde_json::{Value, json};

/// Registered ones in metres, feet, degrees and grads, and others.
const SYSTEMS: [(&str, [f64; 2], f64); 9] = [
    ("EPSG:32643", [700_000.0, 1_500_000.0], 10.0),
    ("EPSG:2263", [900_000.0, 200_000.0], 100.0),
    ("EPSG:2228", [1_700_000.0, 2_200_000.0], 100.0),
    ("EPSG:4326", [77.0, 13.0], 0.001),
    ("EPSG:4807", [2.0, 45.0], 0.01),
    ("+proj=laea +lat_0=12 +lon_0=78 +x_0=100 +y_0=200 +datum=WGS84 +units=m", [90_000.0, 70_000.0], 1000.0),
    ("+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m", [8_000_000.0, 2_000_000.0], 463.0),
    ("+proj=longlat +R=6371007.181", [77.0, 13.0], 0.001),
    ("ESRI:54009", [1_000_000.0, 2_000_000.0], 1000.0),
];

#[test]
fn geotiffs_lie_where_they_should() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.tif", "b.tif", "c.tif", "d.tif", "e.tif", "f.tif", "g.tif", "h.tif", "i.tif"];
    let rasters: Vec<Raster> = SYSTEMS
        .iter()
        .zip(names)
        .map(|((crs, origin, pixel), name)| Raster {
            crs,
            origin: *origin,
            pixel: *pixel,
            dtype: DataType::Float32,
            nodata: Some(PixelValue::Integer(-9999)),
            ..Raster::new(name)
        })
        .collect();
    rasters.iter().for_each(|raster| raster.write(folder.path()));
    let files: Vec<Value> = rasters
        .iter()
        .map(|raster| json!({"path": folder.path().join(raster.name), "crs": raster.crs}))
        .collect();
    let request = json!({"folder": folder.path(), "files": files});
    let Some(answer) = oracle::ask("area_oracle.py", &request) else { return };
    for (raster, answer) in rasters.iter().zip(answer["files"].as_array().unwrap()) {
        let crs = raster.crs;
        // The names of a sphere's datum are lost.
        assert!(answer["same_crs"] == true || crs.contains("longlat"), "{crs}: {answer}");
        let ([mut x], [mut y]) = ([raster.origin[0]], [raster.origin[1]]);
        let to_degrees = Transformer::new(&Crs::new(crs), &Crs::crs84()).unwrap();
        to_degrees.transform(std::slice::from_mut(&mut x), std::slice::from_mut(&mut y)).unwrap();
        let corner: [f64; 2] = serde_json::from_value(answer["corner"].clone()).unwrap();
        // Two millimetres: versions of PROJ differ in the last terms of authalic latitudes.
        assert!((corner[0] - x).abs() < 2e-8 && (corner[1] - y).abs() < 2e-8, "{crs}: {x}, {y}, {answer}");
        let [left, top] = raster.origin;
        assert_eq!(answer["transform"], json!([raster.pixel, 0.0, left, 0.0, -raster.pixel, top]), "{crs}");
        assert_eq!(answer["nodata"], "-9999.0", "{crs}");
        let samples = std::fs::read(answer["out"].as_str().unwrap()).unwrap();
        let expected: Vec<u8> = (0..raster.size * raster.size)
            .flat_map(|at| f32::from(raster.value(at / raster.size, at % raster.size)).to_ne_bytes())
            .collect();
        assert!(samples.starts_with(&expected), "{crs}");
    }
}
