//! Compares a warped raster with what rasterio makes of it.

use crate::oracle;
use crate::samples::samples_as_f64;
use ndarray::Array4;
use rasteret::PixelArray;
use rasteret::schema::PixelValue;
use rasteret::warp::{Grid, Method, Source, Warp, Warped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// A raster to warp.
pub struct Case {
    /// Names it where it differs.
    pub name: String,
    pub source: Grid,
    pub target: Grid,
    pub method: Method,
    pub pixels: PixelArray,
    pub nodata: Option<PixelValue>,
    pub fill: Option<PixelValue>,
    /// `[1, 1, H, W]`, for all bands.
    pub mask: Option<Array4<bool>>,
    /// How far floating point values may differ, relative to them.
    pub tolerance: f64,
}

impl Case {
    /// Warped here, from no more than the window that is asked for.
    pub fn warp(&self) -> Result<Warped, rasteret::warp::WarpError> {
        let warp = Warp::new(&self.source, &self.target, self.method)?;
        let [_, bands, ..] = self.pixels.shape();
        let fill = self.fill.or(self.nodata);
        let mut target = Warped::new(&self.target, bands, self.pixels.dtype(), fill)?;
        let Some(window) = warp.source_window()? else { return Ok(target) };
        let rows = window.row as usize..window.row_end() as usize;
        let columns = window.column as usize..window.column_end() as usize;
        let pixels = crop(&self.pixels, rows.clone(), columns.clone());
        let valid = self.mask.as_ref().map(|mask| {
            let part = mask.slice(ndarray::s![.., .., rows, columns]);
            let (_, _, height, width) = part.dim();
            part.broadcast([1, bands, height, width]).unwrap().to_owned()
        });
        let source = Source {
            valid: valid.as_ref(),
            nodata: self.nodata,
            unified: true,
            ..Source::new(window, &pixels)
        };
        warp.warp_into(&source, &mut target)?;
        Ok(target)
    }

    /// What the oracle needs to know.
    pub fn request(&self, folder: &Path, number: usize) -> Value {
        let file = folder.join(format!("source-{number}.bin"));
        std::fs::write(&file, self.pixels.to_bytes()).unwrap();
        let mask = self.mask.as_ref().map(|mask| {
            let file = folder.join(format!("mask-{number}.bin"));
            std::fs::write(&file, mask.iter().map(|valid| u8::from(*valid)).collect::<Vec<_>>()).unwrap();
            file
        });
        // As text: JSON has no NaN.
        let value = |value: Option<PixelValue>| value.map(|value| value.to_string());
        json!({"file": file, "mask": mask, "dtype": self.pixels.dtype().name(), "bands": self.pixels.shape()[1],
               "source": grid(&self.source), "target": grid(&self.target), "method": self.method.name(),
               "nodata": value(self.nodata), "fill": value(self.fill)})
    }
}

pub fn grid(grid: &Grid) -> Value {
    json!({"transform": grid.transform.to_array(), "width": grid.width, "height": grid.height,
           "crs": grid.crs.as_str()})
}

fn crop(pixels: &PixelArray, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> PixelArray {
    macro_rules! crop {
        ($($variant:ident)*) => {
            match pixels {
                $(PixelArray::$variant(array) => {
                    PixelArray::$variant(array.slice(ndarray::s![.., .., rows, columns]).to_owned())
                })*
            }
        };
    }
    crop!(UInt8 Int8 UInt16 Int16 UInt32 Int32 UInt64 Int64 Float16 Float32 Float64)
}

/// How many samples agree.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub samples: usize,
    pub equal: usize,
    pub near: usize,
    pub same_validity: usize,
    pub valid: usize,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.samples += other.samples;
        self.equal += other.equal;
        self.near += other.near;
        self.same_validity += other.same_validity;
        self.valid += other.valid;
    }
}

/// Warps all cases here and with rasterio, and prints how they agree, by `group`.
pub fn compare_all(cases: &[Case], group: impl Fn(&Case) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let request: Vec<Value> =
        cases.iter().enumerate().map(|(number, case)| case.request(folder.path(), number)).collect();
    let Some(answer) = oracle::ask("warp_oracle.py", &json!({"folder": folder.path(), "warps": request}))
    else {
        return;
    };
    let mut groups: BTreeMap<String, Counts> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, answer) in cases.iter().zip(answer["warps"].as_array().unwrap()) {
        match compare(case, answer) {
            Ok(counts) => {
                groups.entry(group(case)).or_default().add(counts);
                let most = |part: usize| part as f64 >= 0.999 * counts.samples as f64;
                // Of a few pixels, one in a thousand is none.
                let few = |part: usize| counts.samples - part <= 2;
                if !(most(counts.near) || few(counts.near))
                    || !(most(counts.same_validity) || few(counts.same_validity))
                {
                    wrong.push(format!("{}: {counts:?}", case.name));
                }
            }
            Err(difference) => wrong.push(format!("{}: {difference}", case.name)),
        }
    }
    let mut total = Counts::default();
    for (name, counts) in &groups {
        println!(
            "{name:32} {:>9} samples, {:>9} valid, validity differs in {}, value in {}, by more than 1 or 1e-5 in {}",
            counts.samples,
            counts.valid,
            counts.samples - counts.same_validity,
            counts.samples - counts.equal,
            counts.samples - counts.near
        );
        total.add(*counts);
    }
    println!("{} cases: {total:?}", cases.len());
    for wrong in wrong.iter().take(40) {
        eprintln!("{wrong}");
    }
    assert!(wrong.is_empty(), "{} of {} rasters are warped otherwise", wrong.len(), cases.len());
    assert!(total.valid * 4 > total.samples, "most targets are empty");
}

fn compare(case: &Case, answer: &Value) -> Result<Counts, String> {
    let ours = match (case.warp(), answer.get("error")) {
        (Ok(ours), None) => ours,
        (Err(_), Some(_)) => return Ok(Counts::default()),
        (Ok(_), Some(error)) => return Err(format!("rasterio fails: {error}")),
        (Err(error), None) => return Err(error.to_string()),
    };
    let theirs = std::fs::read(answer["out"].as_str().unwrap()).unwrap();
    let dtype = ours.pixels.dtype();
    let (a, b) = (samples_as_f64(dtype, &ours.pixels.to_bytes()), samples_as_f64(dtype, &theirs));
    let fill = case.fill.or(case.nodata).map(PixelValue::as_f64);
    let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
    let mut counts = Counts { samples: a.len(), ..Counts::default() };
    for ((a, b), valid) in a.into_iter().zip(b).zip(&ours.valid) {
        let difference = (a - b).abs();
        let most = match (case.method, dtype.is_float()) {
            (Method::Nearest, _) => 0.0,
            (_, true) => case.tolerance * b.abs().max(0.1),
            (_, false) => 1.0,
        };
        counts.equal += usize::from(same(a, b));
        counts.near += usize::from(same(a, b) || difference <= most);
        // Without a fill value, rasterio does not say what is valid.
        let is_filled = fill.is_some_and(|fill| same(b, fill));
        counts.same_validity += usize::from(fill.is_none() || *valid != is_filled);
        counts.valid += usize::from(*valid);
    }
    Ok(counts)
}
