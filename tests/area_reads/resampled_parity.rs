//! Reads on other grids give what rasterio's `reproject` does, on grids of `calculate_default_transform`.

use crate::fixture::Fixture;
use crate::oracle::{self, Random};
use crate::parity::{self, Grid};
use crate::samples::samples_as_f64;
use crate::shapes::shape;
use geo_types::{Geometry, Rect};
use rasteret::blocking::Wait;
use rasteret::warp::Method;
use rasteret::{Area, AreaArray, Crs, Error, ReadRequest};
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Records of the test data that lie on Earth and have one band, or bands with a mask, and what
/// resampling there may make of rounding: JPEG is decoded by other code.
const RECORDS: [(&str, f64); 18] = [
    ("cog", 0.0),
    ("cog_nodata", 0.0),
    ("cog_nodata_nan", 0.0),
    ("cog_int16", 0.0),
    ("cog_cmap", 0.0),
    ("web", 0.0),
    ("blue", 0.0),
    ("scene_band1", 0.0),
    ("inverted_lat", 0.0),
    ("B01", 0.0),
    ("dem", 0.0),
    ("LisbonElevation", 0.0),
    ("bremen_sea_ice_conc_2022_9_9", 0.0),
    ("lcv_landuse.cropland_hyde_p_10km_s0..0cm_2016_v3.2", 0.0),
    ("shade", 0.0),
    ("world.byte", 0.0),
    ("cog_rgb_mask", 0.0),
    ("cog_dateline", 0.0),
];

/// Methods that put values into an order, in which NaN has no place: what GDAL gives of pixels with NaN that
/// is not declared as nodata depends on how it sorts.
const ORDERED: [Method; 3] = [Method::Med, Method::Q1, Method::Q3];

/// What rounding leaves of floating point values that cancel each other.
const NOISE: f64 = 1e-7;

/// What the oracle says of arrays that have no pixel, or would take it long.
const NOT_COMPARED: &str = "not compared";

/// A read of one band.
struct Case {
    name: String,
    method: Method,
    tolerance: f64,
    question: Value,
    read: ReadRequest,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expected {
    Array { out: PathBuf, shape: [usize; 3], dtype: String, transform: [f64; 6], inside: usize },
    Error { error: String },
    Nothing,
}

/// What to ask for besides the area.
#[derive(Debug, Clone, Default)]
struct Target {
    crs: Option<Crs>,
    resolution: Option<(f64, f64)>,
    shape: Option<(u32, u32)>,
}

fn case(
    fixture: &Fixture,
    grid: &Grid,
    area: &Area,
    target: &Target,
    method: Method,
    all_touched: bool,
) -> Option<Case> {
    if let Some(crs) = &target.crs {
        area.to_crs(crs).ok()?;
    }
    let (band, header) = (&grid.bands[0], grid.header());
    let mut read = fixture.records(&[&band.record]).read(area.clone()).bands([&band.name]).resampling(method);
    read = read.all_touched(all_touched);
    if let Some(crs) = &target.crs {
        read = read.target_crs(crs.clone());
    }
    if let Some((x, y)) = target.resolution {
        read = read.resolution(x, y);
    }
    if let Some((rows, columns)) = target.shape {
        read = read.shape(rows, columns);
    }
    let geometry = area.geometries().unwrap().remove(0);
    let question = json!({
        "file": header.href, "bands": [header.band_index + 1],
        "geometry": geojson::Geometry::from(&geometry), "crs": area.crs().to_string(),
        "all_touched": all_touched, "target_crs": target.crs.as_ref().map(Crs::to_string),
        "resolution": target.resolution, "shape": target.shape, "method": method.name(),
    });
    let tolerance = RECORDS.iter().find(|(record, _)| *record == band.record).map_or(0.0, |it| it.1);
    let name = format!("{}, {method}, {target:?}, all_touched {all_touched}, in {}", band.record, area.crs());
    Some(Case { name, method, tolerance, question, read })
}

/// How much of what was compared is equal.
#[derive(Debug, Default, Clone, Copy)]
struct Agreement {
    reads: usize,
    nothing: usize,
    /// Valid in both.
    pixels: usize,
    equal: usize,
    /// Within 1 of integers, and within 1e-5 of floating point values.
    near: usize,
    masks: usize,
    equal_masks: usize,
}

impl Agreement {
    fn add(&mut self, other: Agreement) {
        self.reads += other.reads;
        self.nothing += other.nothing;
        self.pixels += other.pixels;
        self.equal += other.equal;
        self.near += other.near;
        self.masks += other.masks;
        self.equal_masks += other.equal_masks;
    }

    fn is_enough(&self, method: Method) -> bool {
        let enough = |part: usize, of: usize| part as f64 >= 0.999 * of as f64;
        let equal = if method == Method::Nearest { self.equal } else { self.near };
        enough(equal, self.pixels) && enough(self.equal_masks, self.masks)
    }
}

fn compare(read: Result<AreaArray, Error>, case: &Case, expected: &Expected) -> Result<Agreement, String> {
    let nothing = Ok(Agreement { nothing: 1, ..Default::default() });
    let array = match (read, expected) {
        (Err(Error::NothingSelected(_)), Expected::Nothing | Expected::Array { inside: 0, .. }) => {
            return nothing;
        }
        (Err(_), Expected::Error { .. }) => return nothing,
        (Ok(_), Expected::Error { error }) if error == NOT_COMPARED => return nothing,
        (Ok(array), Expected::Array { .. }) => array,
        (Ok(array), _) => return Err(format!("{:?} instead of {expected:?}", array.pixels.shape())),
        (Err(error), _) => return Err(format!("{error} instead of {expected:?}")),
    };
    let Expected::Array { out, shape, dtype, transform, .. } = expected else { unreachable!() };
    let [bands, height, width] = *shape;
    if array.pixels.shape() != [1, bands, height, width] || array.pixels.dtype().name() != dtype {
        return Err(format!(
            "{:?} {} instead of {shape:?} {dtype}",
            array.pixels.shape(),
            array.pixels.dtype()
        ));
    }
    let ours = array.slices[0].transform.to_array();
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-8 * b.abs().max(1e-9);
    if !ours.iter().zip(transform).all(near) {
        return Err(format!("transform {ours:?} instead of {transform:?}"));
    }
    let bytes = std::fs::read(out).unwrap();
    let dtype = array.pixels.dtype();
    let (pixels, valid) = bytes.split_at(bands * height * width * dtype.size());
    let (ours, theirs) = (samples_as_f64(dtype, &array.pixels.to_bytes()), samples_as_f64(dtype, pixels));
    let mut agreement = Agreement { reads: 1, masks: valid.len(), ..Default::default() };
    for (((ours, theirs), is_ours), is_theirs) in ours.iter().zip(&theirs).zip(&array.valid).zip(valid) {
        let is_theirs = *is_theirs != 0;
        agreement.equal_masks += usize::from(*is_ours == is_theirs);
        if *is_ours && is_theirs {
            let most = if dtype.is_float() { 1e-5 * theirs.abs() + NOISE } else { 1.0 };
            let same = ours == theirs || ours.is_nan() && theirs.is_nan();
            let exact = if case.method == Method::Nearest { case.tolerance } else { 0.0 };
            agreement.pixels += 1;
            agreement.equal += usize::from(same || (ours - theirs).abs() <= exact);
            agreement.near += usize::from(same || (ours - theirs).abs() <= most + case.tolerance);
        }
    }
    Ok(agreement)
}

fn compare_all(cases: Vec<Case>) -> Option<(usize, BTreeMap<&'static str, Agreement>)> {
    let out = tempfile::tempdir().unwrap();
    let questions: Vec<&Value> = cases.iter().map(|case| &case.question).collect();
    let answer = oracle::ask("area_oracle.py", &json!({"folder": out.path(), "resampled": questions}))?;
    let expected: Vec<Expected> = serde_json::from_value(answer["resampled"].clone()).unwrap();
    let compared: Vec<Result<Agreement, String>> = cases
        .par_iter()
        .zip(&expected)
        .map(|(case, expected)| compare(case.read.clone().array().wait(), case, expected))
        .collect();
    let mut by_method: BTreeMap<&str, Agreement> = BTreeMap::new();
    let mut wrong = 0;
    for (case, result) in cases.iter().zip(compared) {
        match result {
            Ok(agreement) => {
                if !agreement.is_enough(case.method) {
                    eprintln!("{}: {agreement:?}", case.name);
                }
                by_method.entry(case.method.name()).or_default().add(agreement);
            }
            Err(difference) => {
                eprintln!("{}: {difference}", case.name);
                wrong += 1;
            }
        }
    }
    for (method, a) in &by_method {
        println!(
            "{method:12} {:4} reads, {:3} of nothing, {:8} pixels: {:8} equal, {:8} near; {:8} of {:8} masks equal",
            a.reads, a.nothing, a.pixels, a.equal, a.near, a.equal_masks, a.masks
        );
    }
    Some((wrong, by_method))
}

fn assert_enough(wrong: usize, by_method: &BTreeMap<&str, Agreement>) {
    assert_eq!(wrong, 0, "reads have another shape or grid, or fail");
    for (name, agreement) in by_method {
        assert!(agreement.is_enough(name.parse().unwrap()), "{name}: {agreement:?}");
    }
}

#[test]
fn resampled_areas_read_as_with_rasterio() {
    let Some(fixture) = Fixture::everything() else { return };
    let bands = fixture.bands();
    let mut random = Random(23);
    let mut cases = Vec::new();
    for grid in parity::grids(&bands) {
        let record = &grid.bands[0].record;
        if !RECORDS.iter().any(|(name, _)| name == record) || record == "cog_dateline" {
            continue;
        }
        let image = &grid.header().image;
        let (x, y) = grid.transform().pixel_size();
        for (number, method) in Method::ALL.into_iter().cycle().take(15).enumerate() {
            if record.starts_with("bremen") && ORDERED.contains(&method) {
                continue;
            }
            let often =
                matches!(method, Method::Nearest | Method::Bilinear | Method::Cubic | Method::Average);
            for kind in 0..if often { 5 } else { 1 } {
                let systems = grid.systems();
                let crs = &systems[random.below(systems.len())];
                let pixels: Geometry<f64> = match random.below(4) {
                    // All of the raster, which overviews are for.
                    0 => Rect::new((0.0, 0.0), (f64::from(image.width), f64::from(image.height)))
                        .to_polygon()
                        .into(),
                    _ => shape(&mut random, kind, image.width, image.height),
                };
                let Some(area) = parity::area(&grid, &pixels, kind, crs) else { continue };
                let target_crs = systems[random.below(systems.len())].clone();
                let factor = [0.6, 1.0, 2.0, 2.7, 4.0, 9.3][random.below(6)];
                let target = match (kind + number) % 4 {
                    0 => Target { crs: Some(target_crs), ..Target::default() },
                    1 => {
                        Target { resolution: Some((x.abs() * factor, y.abs() * factor)), ..Target::default() }
                    }
                    2 => Target {
                        shape: Some((3 + random.below(200) as u32, 3 + random.below(200) as u32)),
                        ..Target::default()
                    },
                    _ => Target {
                        crs: Some(target_crs),
                        shape: Some((3 + random.below(200) as u32, 3 + random.below(200) as u32)),
                        ..Target::default()
                    },
                };
                cases.extend(case(&fixture, &grid, &area, &target, method, random.below(2) == 0));
            }
        }
    }
    let reads = cases.len();
    let Some((wrong, by_method)) = compare_all(cases) else { return };
    println!("{reads} reads");
    assert_enough(wrong, &by_method);
}

#[test]
fn resampled_areas_across_the_antimeridian_and_around_a_pole() {
    let Some(fixture) = Fixture::everything() else { return };
    let bands = fixture.bands();
    let grids = parity::grids(&bands);
    let grid = |record: &str| grids.iter().find(|grid| grid.bands[0].record == record).unwrap();
    let dateline = rasteret::query::json_rows(&fixture.records(&["cog_dateline"]).head(1).unwrap()).unwrap();
    let [south, north] = ["ymin", "ymax"].map(|name| dateline[0]["bbox"][name].as_f64().unwrap());
    let [low, high] = [south + (north - south) * 0.4, south + (north - south) * 0.5];
    let mut cases = Vec::new();
    let mut add = |record: &str, bbox: [f64; 4], systems: &[u32], pixel: f64| {
        for &system in systems {
            for method in [Method::Nearest, Method::Bilinear, Method::Cubic, Method::Average] {
                for resolution in [pixel, pixel * 3.3] {
                    let target = Target {
                        crs: Some(Crs::from_epsg(system)),
                        resolution: Some((resolution, resolution)),
                        ..Target::default()
                    };
                    let area = Area::bbox(bbox);
                    cases.extend(case(&fixture, grid(record), &area, &target, method, false));
                }
            }
        }
    };
    for [west, east] in [[179.9, -179.9], [179.95, -179.99], [179.5, 180.0], [-180.0, -179.9]] {
        add("cog_dateline", [west, low, east, high], &[32660, 32601, 3832], 100.0);
    }
    for bbox in [[-30.0, -75.0, 30.0, -70.0], [100.0, -72.0, 180.0, -66.0], [-180.0, -89.0, -90.0, -85.0]] {
        add("bremen_sea_ice_conc_2022_9_9", bbox, &[3031, 3976], 6250.0);
        add("bremen_sea_ice_conc_2022_9_9", bbox, &[4326], 0.1);
    }
    let reads = cases.len();
    let Some((wrong, by_method)) = compare_all(cases) else { return };
    println!("{reads} reads");
    assert_enough(wrong, &by_method);
}
