//! Arrays out of scenes.

use super::finish::{fill_outside, turn_over};
use super::layout::Layout;
use super::mask::{Mask, MaskError};
use super::pipeline::{OnWindow, Pipeline, ReadStatistics, WindowPixels};
use super::pixels::PixelArray;
use super::request::ReadOptions;
use super::scene::Scene;
use super::windows::WindowRequest;
use crate::error::Result;
use ndarray::{Array4, s};
use rasteret_schema::{Crs, Geotransform, PixelValue};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
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
pub(super) async fn read_array(
    pipeline: &Pipeline,
    scenes: Vec<Scene>,
    bands: Vec<String>,
    options: ReadOptions,
) -> Result<AreaArray> {
    let started = Instant::now();
    let layout = Layout::new(&scenes, options)?;
    let requests = scenes
        .iter()
        .flat_map(|scene| scene.bands.iter().map(move |band| (scene, band)))
        .zip(&layout.planes)
        .map(|((scene, band), values)| WindowRequest {
            band: Arc::clone(band),
            level: 0,
            window: scene.window,
            fill: values.fill,
        })
        .collect();
    let output = Arc::new(Output::new(scenes, layout, options.all_touched));
    let on_window: OnWindow = {
        let output = Arc::clone(&output);
        Arc::new(move |plane, window| output.place(plane, window))
    };
    let statistics = pipeline.read(requests, on_window).await?;
    let (pixels, valid) = output.take();
    Ok(AreaArray {
        pixels,
        valid,
        bands,
        slices: output.scenes.iter().map(slice).collect(),
        crs: output.layout.crs.clone(),
        nodata: output.layout.nodata,
        statistics: ReadStatistics { seconds: started.elapsed().as_secs_f64(), ..statistics },
    })
}

/// The array while its windows come in.
struct Output {
    scenes: Vec<Scene>,
    /// Of each scene, made when its first window is there.
    masks: Vec<OnceLock<Result<Mask, MaskError>>>,
    layout: Layout,
    all_touched: bool,
    array: Mutex<(PixelArray, Array4<bool>)>,
}

impl Output {
    fn new(scenes: Vec<Scene>, layout: Layout, all_touched: bool) -> Self {
        let mut masks = Vec::new();
        masks.resize_with(scenes.len(), OnceLock::new);
        let array = (PixelArray::zeros(layout.dtype, layout.shape), Array4::from_elem(layout.shape, false));
        Output { scenes, masks, layout, all_touched, array: Mutex::new(array) }
    }

    fn place(&self, plane: usize, WindowPixels { mut pixels, mut valid }: WindowPixels) -> Result<()> {
        let [_, bands, _, width] = self.layout.shape;
        let scene = &self.scenes[plane / bands];
        let mask = self.masks[plane / bands].get_or_init(|| outline(scene, self.all_touched));
        let mask = mask.as_ref().map_err(Clone::clone)?;
        fill_outside(mask, self.layout.planes[plane].fill, &mut pixels, &mut valid);
        if scene.transform.is_south_up() {
            turn_over(width, &mut pixels, &mut valid);
        }
        let (samples, len) = (pixels.to_bytes(), valid.len());
        let mut array = self.array.lock().unwrap_or_else(PoisonError::into_inner);
        let (all_pixels, all_valid) = &mut *array;
        all_pixels.as_bytes_mut()[plane * samples.len()..][..samples.len()].copy_from_slice(&samples);
        if let Some(all_valid) = all_valid.as_slice_mut() {
            all_valid[plane * len..][..len].copy_from_slice(&valid);
        }
        Ok(())
    }

    fn take(&self) -> (PixelArray, Array4<bool>) {
        let mut array = self.array.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(
            &mut *array,
            (PixelArray::zeros(self.layout.dtype, [0; 4]), Array4::default([0; 4])),
        )
    }
}

fn window_transform(scene: &Scene) -> Geotransform {
    scene.transform.translated(scene.window.column.into(), scene.window.row.into())
}

fn outline(scene: &Scene, all_touched: bool) -> Result<Mask, MaskError> {
    let (width, height) = (scene.window.width, scene.window.height);
    Mask::new(&scene.geometry, &window_transform(scene), width, height, all_touched)
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
