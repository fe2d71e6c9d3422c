//! From windows of rasters to the planes of a result: resampled where asked, cut to the area, north up.
//!
//! A plane is one band of one row of a result. It is handed over as soon as the windows that it is made
//! of are there.

use super::band::SceneBand;
use super::finish::{fill, fill_outside, turn_over};
use super::limits::ReadStatistics;
use super::mask::{Mask, MaskError};
use super::pipeline::{OnWindow, Pipeline, WindowPixels};
use super::pixels::PixelArray;
use super::request::ReadOptions;
use super::scene::{BandRead, Scene};
use super::windows::WindowRequest;
use crate::cpu;
use crate::error::Result;
use crate::warp::{Source, Warp};
use ndarray::Array4;
use rasteret_schema::{DataType, PixelValue, Window};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Receives the planes of a read, by scene and band, in any order, on threads of the pool.
pub type OnPlane = Box<dyn Fn(usize, usize, WindowPixels) -> Result<()> + Send + Sync>;

/// The value of a band's pixels without data.
pub fn fill_value(band: &SceneBand, options: &ReadOptions) -> PixelValue {
    options.fill_value.or(band.nodata).unwrap_or(PixelValue::Integer(0))
}

/// Reads the planes of scenes, each of which is handed to `on_plane` once: `[1, 1, H, W]`, and which
/// pixels are valid.
///
/// # Errors
///
/// As [`Pipeline::read`].
pub async fn read_planes(
    pipeline: &Pipeline,
    scenes: Arc<[Scene]>,
    options: ReadOptions,
    on_plane: OnPlane,
) -> Result<ReadStatistics> {
    let mut planes = Vec::new();
    let mut reads = Vec::new();
    let mut requests = Vec::new();
    for (scene_index, scene) in scenes.iter().enumerate() {
        for (band_index, (band, of_band)) in scene.record.bands.iter().zip(&scene.bands).enumerate() {
            for read in of_band {
                let (level, window) = match read {
                    BandRead::Native { window } | BandRead::Part { window, .. } => (0, *window),
                    BandRead::Warped { level, window, .. } => (*level, *window),
                };
                let fill = fill_value(band, &options);
                requests.push(WindowRequest {
                    band: Arc::clone(band),
                    level,
                    window,
                    fill,
                    finds_nodata: true,
                });
                reads.push((planes.len(), read.clone()));
            }
            let parts = Mutex::new(Parts { plane: None, missing: of_band.len() });
            planes.push(Plane { scene: scene_index, band: band_index, parts });
        }
    }
    let masks = scenes.iter().map(|_| OnceLock::new()).collect();
    let read = Arc::new(PlaneRead { scenes, masks, planes, reads, options, on_plane });
    cpu::run({
        let read = Arc::clone(&read);
        move || read.finish_unreached()
    })
    .await?;
    let on_window: OnWindow = Arc::new(move |index, pixels| read.place(index, pixels));
    pipeline.read(requests, on_window).await
}

struct PlaneRead {
    scenes: Arc<[Scene]>,
    /// Of each scene, made when its first plane is there.
    masks: Vec<OnceLock<Result<Mask, MaskError>>>,
    planes: Vec<Plane>,
    /// For each window, which plane it belongs to, and how.
    reads: Vec<(usize, BandRead)>,
    options: ReadOptions,
    on_plane: OnPlane,
}

struct Plane {
    scene: usize,
    band: usize,
    parts: Mutex<Parts>,
}

/// A plane that is made of several windows.
struct Parts {
    plane: Option<WindowPixels>,
    missing: usize,
}

impl PlaneRead {
    /// Planes of bands that do not reach their grid.
    fn finish_unreached(&self) -> Result<()> {
        for plane in &self.planes {
            if self.scenes[plane.scene].bands[plane.band].is_empty() {
                self.finish(plane, self.empty(plane))?;
            }
        }
        Ok(())
    }

    fn place(&self, index: usize, pixels: WindowPixels) -> Result<()> {
        let (plane, read) = &self.reads[index];
        let plane = &self.planes[*plane];
        let (part, of_part) = match read {
            BandRead::Native { .. } => return self.finish(plane, pixels),
            BandRead::Part { part, .. } => (part, pixels),
            BandRead::Warped { part, window, warp, .. } => (part, self.warped(plane, warp, *window, pixels)?),
        };
        let mut parts = plane.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let grid = &self.scenes[plane.scene].grid;
        if *part == Window::new(0, 0, grid.width, grid.height) {
            parts.plane = Some(of_part);
        } else {
            let whole = parts.plane.get_or_insert_with(|| self.empty(plane));
            copy_part(&of_part, *part, whole, grid.width);
        }
        parts.missing -= 1;
        let whole = if parts.missing == 0 { parts.plane.take() } else { None };
        drop(parts);
        match whole {
            Some(whole) => self.finish(plane, whole),
            None => Ok(()),
        }
    }

    fn warped(
        &self,
        plane: &Plane,
        warp: &Warp,
        window: Window,
        source: WindowPixels,
    ) -> Result<WindowPixels> {
        let band = self.band(plane);
        let all_valid = source.valid.iter().all(|valid| *valid);
        let valid = Array4::from_shape_vec(source.pixels.shape(), source.valid).ok();
        let source = Source {
            window,
            pixels: &source.pixels,
            valid: valid.as_ref().filter(|_| !all_valid),
            nodata: None,
            unified: false,
        };
        let warped = warp.warp(&source, self.options.fill_value.or(band.nodata))?;
        Ok(WindowPixels { pixels: warped.pixels, valid: warped.valid.into_raw_vec_and_offset().0 })
    }

    fn finish(&self, plane: &Plane, WindowPixels { mut pixels, mut valid }: WindowPixels) -> Result<()> {
        let scene = &self.scenes[plane.scene];
        let mask = self.masks[plane.scene].get_or_init(|| {
            let (grid, all_touched) = (&scene.grid, self.options.all_touched);
            Mask::new(&scene.geometry, &grid.transform, grid.width, grid.height, all_touched)
        });
        let mask = mask.as_ref().map_err(Clone::clone)?;
        fill_outside(mask, fill_value(self.band(plane), &self.options), &mut pixels, &mut valid);
        if scene.grid.transform.is_south_up() {
            turn_over(scene.grid.width as usize, &mut pixels, &mut valid);
        }
        (self.on_plane)(plane.scene, plane.band, WindowPixels { pixels, valid })
    }

    /// A plane without data.
    fn empty(&self, plane: &Plane) -> WindowPixels {
        let grid = &self.scenes[plane.scene].grid;
        let (height, width) = (grid.height as usize, grid.width as usize);
        let band = self.band(plane);
        let mut pixels = PixelArray::zeros(band.dtype, [1, 1, height, width]);
        fill(&mut pixels, 0..height * width, fill_value(band, &self.options));
        WindowPixels { pixels, valid: vec![false; height * width] }
    }

    fn band(&self, plane: &Plane) -> &SceneBand {
        &self.scenes[plane.scene].record.bands[plane.band]
    }
}

fn copy_part(from: &WindowPixels, part: Window, to: &mut WindowPixels, width: u32) {
    let dtype: DataType = from.pixels.dtype();
    let (size, len, stride) = (dtype.size(), part.width as usize, width as usize);
    let samples = from.pixels.to_bytes();
    let target = to.pixels.as_bytes_mut();
    for row in 0..part.height as usize {
        let source = row * len;
        let start = (part.row as usize + row) * stride + part.column as usize;
        target[start * size..(start + len) * size]
            .copy_from_slice(&samples[source * size..(source + len) * size]);
        to.valid[start..start + len].copy_from_slice(&from.valid[source..source + len]);
    }
}
