//! Tables out of planes.

use super::layout::{data_type, within_memory};
use super::pipeline::WindowPixels;
use super::planes::{OnPlane, read_planes};
use super::request::ReadRequest;
use super::scene::Scene;
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
    pub async fn table(self) -> Result<RecordBatch> {
        let (pipeline, options, area) = (self.pipeline.clone(), self.options, self.area.clone());
        let (scenes, bands, dtype) = cpu::run(move || self.scenes_of_one_type()).await?;
        let planes: Arc<Mutex<Vec<Option<Vec<u8>>>>> =
            Arc::new(Mutex::new(vec![None; scenes.len() * bands.len()]));
        let on_plane: OnPlane = {
            let (planes, bands) = (Arc::clone(&planes), bands.len());
            Box::new(move |scene, band, WindowPixels { pixels, .. }| {
                let mut planes = planes.lock().unwrap_or_else(PoisonError::into_inner);
                planes[scene * bands + band] = Some(pixels.to_bytes().into_owned());
                Ok(())
            })
        };
        read_planes(&pipeline, Arc::clone(&scenes), options, on_plane).await?;
        let planes = std::mem::take(&mut *planes.lock().unwrap_or_else(PoisonError::into_inner));
        cpu::run(move || {
            let mut table = TableBuilder::new(&area, area.crs(), dtype)?;
            let rows = scenes.iter().flat_map(|scene| bands.iter().map(move |band| (scene, band)));
            for ((scene, band), samples) in rows.zip(planes) {
                table.push(&row(scene, band), &samples.unwrap_or_default())?;
            }
            table.finish()
        })
        .await
    }

    fn scenes_of_one_type(self) -> Result<(Arc<[Scene]>, Vec<String>, DataType)> {
        let selection = self.select()?;
        let scenes = self.scenes(&selection)?;
        let dtype = data_type(scenes.iter().flat_map(|scene| &scene.record.bands), &self.options)?;
        let pixels = scenes.iter().map(|scene| u64::from(scene.grid.width) * u64::from(scene.grid.height));
        let samples = pixels.sum::<u64>().saturating_mul(selection.bands.len() as u64);
        // The samples are copied once, into the table.
        within_memory(Some(samples.saturating_mul(2 * dtype.size() as u64)), &self.options)?;
        Ok((scenes.into(), selection.bands, dtype))
    }
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
