//! Arrays out of scenes.

use super::execute::{Plane, execute};
use super::files::{FileReads, open_files};
use super::finish::Finish;
use super::layout::Layout;
use super::mask::Mask;
use super::pixels::PixelArray;
use super::request::ReadOptions;
use super::scene::Scene;
use crate::error::Result;
use crate::readers::Readers;
use ndarray::{Array4, s};
use rasteret_schema::{Crs, Geotransform, PixelValue};
use rayon::prelude::*;
use std::sync::Mutex;
use std::time::Instant;

/// The pixels of an area.
#[derive(Debug, Clone)]
pub struct AreaArray {
    /// `[N, C, H, W]`: N slices, C bands, H rows from north to south, W columns from west to east.
    pub pixels: PixelArray,
    /// Of the same shape: false outside the area, and where the raster says by its mask, its nodata
    /// value or its alpha band that there is no data.
    pub valid: Array4<bool>,
    /// Names of the bands.
    pub bands: Vec<String>,
    /// What each of the N is.
    pub slices: Vec<Slice>,
    /// The CRS of all pixels.
    pub crs: Crs,
    /// The value of pixels without data, where all bands agree on one.
    pub nodata: Option<PixelValue>,
    /// What the read cost.
    pub statistics: ReadStatistics,
}

/// One record and one geometry of the area.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Id of the record.
    pub record_id: String,
    /// Acquisition time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// Which geometry of the area.
    pub geometry_index: usize,
    /// Geotransform of the slice.
    pub transform: Geotransform,
}

/// What a read cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ReadStatistics {
    /// Tiles that were decoded.
    pub tiles: u64,
    /// Bytes of these tiles.
    pub bytes: u64,
    /// Seconds from the selected scenes to the array.
    pub seconds: f64,
}

impl AreaArray {
    /// Which pixels of a slice are valid in all bands: `[H, W]`, row by row. Empty beyond the last slice.
    pub fn valid_in_all_bands(&self, slice: usize) -> Vec<bool> {
        let [n, bands, height, width] = self.pixels.shape();
        if slice >= n {
            return Vec::new();
        }
        let mut all = vec![true; height * width];
        for band in 0..bands {
            for (all, valid) in all.iter_mut().zip(self.valid.slice(s![slice, band, .., ..])) {
                *all &= valid;
            }
        }
        all
    }
}

/// Reads scenes into one array.
pub(super) fn assemble(
    scenes: &[Scene],
    bands: Vec<String>,
    readers: &Readers,
    options: ReadOptions,
) -> Result<AreaArray> {
    let started = Instant::now();
    let layout = Layout::new(scenes, options)?;
    let files = open_files(scenes)?;
    let mut reads = FileReads::plan(scenes, &files, readers, &layout)?;
    let mut pixels = PixelArray::zeros(layout.dtype, layout.shape);
    let mut valid = Array4::from_elem(layout.shape, true);

    let plane_bytes = layout.plane_pixels() * layout.dtype.size();
    let width = layout.shape[3] as u32;
    {
        let mut planes: Vec<Mutex<Plane<'_>>> = Vec::new();
        let outputs = pixels.as_bytes_mut().chunks_exact_mut(plane_bytes);
        let validity = reads.validity.iter_mut().map(|validity| validity.samples.as_mut_slice());
        planes.extend(outputs.chain(validity).map(|bytes| Mutex::new(Plane { width, bytes })));
        execute(&reads.images, &planes)?;
    }
    let masks: Vec<Mask> =
        scenes.par_iter().map(|scene| outline(scene, options.all_touched)).collect::<Result<_>>()?;
    let valid_planes = valid.as_slice_mut().unwrap_or_default().par_chunks_exact_mut(layout.plane_pixels());
    pixels.as_bytes_mut().par_chunks_exact_mut(plane_bytes).zip(valid_planes).enumerate().for_each(
        |(plane, (pixels, valid))| {
            let scene = plane / bands.len();
            let (dtype, values) = (layout.dtype, layout.planes[plane]);
            let mut finish = Finish { dtype, width: width as usize, values, pixels, valid };
            finish.mark_valid(reads.validity_of(plane));
            finish.fill_sparse(reads.sparse_of(plane));
            finish.fill_outside(&masks[scene]);
            if scenes[scene].transform.is_south_up() {
                finish.turn_over();
            }
        },
    );
    let statistics = ReadStatistics { seconds: started.elapsed().as_secs_f64(), ..reads_statistics(&reads) };
    let slices = scenes.iter().map(slice).collect();
    Ok(AreaArray { pixels, valid, bands, slices, crs: layout.crs, nodata: layout.nodata, statistics })
}

fn window_transform(scene: &Scene) -> Geotransform {
    scene.transform.translated(scene.window.column.into(), scene.window.row.into())
}

fn outline(scene: &Scene, all_touched: bool) -> Result<Mask> {
    let (width, height) = (scene.window.width, scene.window.height);
    Ok(Mask::new(&scene.geometry, &window_transform(scene), width, height, all_touched)?)
}

fn slice(scene: &Scene) -> Slice {
    let transform = window_transform(scene);
    let transform = if transform.is_south_up() {
        let (_, north) = transform.apply(0.0, scene.window.height.into());
        Geotransform { e: -transform.e, f: north, ..transform }
    } else {
        transform
    };
    Slice {
        record_id: scene.record_id.clone(),
        datetime: scene.datetime,
        geometry_index: scene.geometry_index,
        transform,
    }
}

fn reads_statistics(reads: &FileReads<'_>) -> ReadStatistics {
    let tiles = || reads.images.iter().flat_map(|read| &read.tiles);
    let bytes = tiles().map(|tile| tile.bytes.end - tile.bytes.start).sum();
    ReadStatistics { tiles: tiles().count() as u64, bytes, seconds: 0.0 }
}
