//! Arrays out of scenes.

use super::layout::Layout;
use super::limits::ReadStatistics;
use super::pipeline::{Pipeline, WindowPixels};
use super::pixels::PixelArray;
use super::planes::{OnPlane, read_planes};
use super::request::ReadOptions;
use super::scene::Scene;
use super::target::north_up;
use crate::error::Result;
use ndarray::{Array4, s};
use rasteret_schema::{Crs, Geotransform, PixelValue};
use std::sync::{Arc, Mutex, PoisonError};
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
    let layout = Layout::new(&scenes, &options)?;
    let scenes: Arc<[Scene]> = scenes.into();
    let array = Arc::new(Mutex::new((
        PixelArray::zeros(layout.dtype, layout.shape),
        Array4::from_elem(layout.shape, false),
    )));
    let on_plane: OnPlane = {
        let (array, bands) = (Arc::clone(&array), bands.len());
        Box::new(move |scene, band, plane| {
            place(scene * bands + band, &plane, &mut array.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(())
        })
    };
    let statistics = read_planes(pipeline, Arc::clone(&scenes), options, on_plane).await?;
    let nothing = (PixelArray::zeros(layout.dtype, [0; 4]), Array4::default([0; 4]));
    let (pixels, valid) =
        std::mem::replace(&mut *array.lock().unwrap_or_else(PoisonError::into_inner), nothing);
    Ok(AreaArray {
        pixels,
        valid,
        bands,
        slices: scenes.iter().map(slice).collect(),
        crs: layout.crs,
        nodata: layout.nodata,
        statistics: ReadStatistics { seconds: started.elapsed().as_secs_f64(), ..statistics },
    })
}

fn place(plane: usize, from: &WindowPixels, (pixels, valid): &mut (PixelArray, Array4<bool>)) {
    let (samples, len) = (from.pixels.to_bytes(), from.valid.len());
    pixels.as_bytes_mut()[plane * samples.len()..][..samples.len()].copy_from_slice(&samples);
    if let Some(valid) = valid.as_slice_mut() {
        valid[plane * len..][..len].copy_from_slice(&from.valid);
    }
}

fn slice(scene: &Scene) -> Slice {
    Slice {
        record_id: scene.record.id.clone(),
        datetime: scene.record.datetime,
        geometry_index: scene.geometry_index,
        transform: north_up(scene.grid.transform, scene.grid.height),
    }
}
