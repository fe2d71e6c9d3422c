//! Tables out of planes.

use super::confirm::confirmed;
use super::layout::{data_type, within_memory};
use super::pipeline::WindowPixels;
use super::planes::{OnPlane, read_planes};
use super::request::{ReadOptions, ReadRequest};
use super::scene::Scene;
use super::select::MissingBands;
use super::target::north_up;
use crate::cpu;
use crate::error::Result;
use crate::output::{TableBuilder, TableRow};
use arrow_array::RecordBatch;
use rasteret_schema::DataType;
use std::sync::{Arc, Mutex, PoisonError};

impl ReadRequest {
    /// Reads a table: a row for each record, geometry and band, by time, then id, then geometry, then band.
    /// Each row has an array of its own shape in its raster's own CRS, unless a target is given. The columns
    /// are those of [`TableBuilder`], with the geometries in the area's CRS.
    ///
    /// # Errors
    ///
    /// If nothing matches, the bands are not of one data type, a column of the area has the name of one of
    /// the table, the result is too large, or a raster cannot be read.
    pub async fn table(mut self) -> Result<RecordBatch> {
        if self.request.bands.missing == MissingBands::SkipRecord {
            self.request.bands.missing = MissingBands::SkipBand;
        }
        confirmed(|found| self.clone().found(found).try_table()).await
    }

    async fn try_table(self) -> Result<RecordBatch> {
        let (pipeline, options, area) = (self.request.pipeline.clone(), self.options, self.area.clone());
        let selection = self.select().await?;
        let (scenes, _) = self.planned(selection, ReadRequest::scenes).await?;
        let (scenes, dtype) = cpu::run(move || of_one_type(scenes, &options)).await?;
        // Scenes need not have all the bands.
        let starts: Vec<usize> = scenes
            .iter()
            .scan(0, |next, scene| Some(std::mem::replace(next, *next + scene.bands.len())))
            .collect();
        let count = scenes.iter().map(|scene| scene.bands.len()).sum();
        let planes: Arc<Mutex<Vec<Option<Vec<u8>>>>> = Arc::new(Mutex::new(vec![None; count]));
        let on_plane: OnPlane = {
            let planes = Arc::clone(&planes);
            Box::new(move |scene, band, WindowPixels { pixels, .. }| {
                let mut planes = planes.lock().unwrap_or_else(PoisonError::into_inner);
                planes[starts[scene] + band] = Some(pixels.to_bytes().into_owned());
                Ok(())
            })
        };
        read_planes(&pipeline, Arc::clone(&scenes), options, on_plane).await?;
        let planes = std::mem::take(&mut *planes.lock().unwrap_or_else(PoisonError::into_inner));
        cpu::run(move || {
            let mut table = TableBuilder::new(&area, area.crs(), dtype)?;
            let bands =
                scenes.iter().flat_map(|scene| scene.record.bands.iter().map(move |band| (scene, band)));
            for ((scene, band), samples) in bands.zip(planes) {
                table.push(&row(scene, &band.name), &samples.unwrap_or_default())?;
            }
            table.finish()
        })
        .await
    }
}

fn of_one_type(scenes: Vec<Scene>, options: &ReadOptions) -> Result<(Arc<[Scene]>, DataType)> {
    let dtype = data_type(scenes.iter().flat_map(|scene| &scene.record.bands), options)?;
    let samples = scenes.iter().try_fold(0_u64, |sum, scene| {
        let pixels = u64::from(scene.grid.width).checked_mul(scene.grid.height.into())?;
        sum.checked_add(pixels.checked_mul(scene.bands.len() as u64)?)
    });
    // The samples are copied once, into the table.
    let bytes = samples.and_then(|samples| samples.checked_mul(2 * dtype.size() as u64));
    within_memory(bytes, options)?;
    Ok((scenes.into(), dtype))
}

fn row<'a>(scene: &'a Scene, band: &'a str) -> TableRow<'a> {
    TableRow {
        record_id: &scene.record.id,
        datetime: scene.record.datetime,
        cloud_cover: scene.record.cloud_cover,
        collection: scene.record.collection.as_deref(),
        geometry_index: scene.geometry_index,
        band,
        shape: [scene.grid.height, scene.grid.width],
        transform: north_up(scene.grid.transform, scene.grid.height),
    }
}
