//! From records and geometries to windows of rasters: the rows of a result.

use super::area::Area;
use super::band::SceneBand;
use super::select::SceneRecord;
use super::window::geometry_window;
use crate::error::{Error, Result};
use crate::warp::{Grid, Warp};
use geo_types::Geometry;
use rasteret_schema::{Crs, Window};
use std::collections::HashMap;
use std::sync::Arc;

/// One record and one geometry of the area: a row of the result.
pub struct Scene {
    /// The record.
    pub record: Arc<SceneRecord>,
    /// Which geometry of the area.
    pub geometry_index: usize,
    /// The geometry in the grid's CRS.
    pub geometry: Arc<Geometry<f64>>,
    /// The pixels of the row. Where they are a raster's own, their rows may run from south to north.
    pub grid: Grid,
    /// How the pixels of each band are had; where there is nothing to read, the band does not reach the grid.
    pub bands: Vec<Vec<BandRead>>,
}

/// Pixels of a raster, and how they become pixels of the result.
#[derive(Clone)]
pub enum BandRead {
    /// They are those of the result.
    Native {
        /// Pixels of the raster at full resolution.
        window: Window,
    },
    /// They are those of a part of the result.
    Part {
        /// Pixels of the result.
        part: Window,
        /// As many pixels of the raster at full resolution.
        window: Window,
    },
    /// They are resampled.
    Warped {
        /// Pixels of the result.
        part: Window,
        /// Level of resolution of the raster.
        level: usize,
        /// Pixels of the raster at that level.
        window: Window,
        /// From there to the pixels of the result.
        warp: Arc<Warp>,
    },
}

/// The rows whose pixels are the rasters' own: one for each record and geometry that meet.
///
/// # Errors
///
/// If the bands of a record lie on several grids, or a geometry cannot be placed on a raster.
pub fn native_scenes(records: &[Arc<SceneRecord>], area: &Area) -> Result<Vec<Scene>> {
    let mut projected: HashMap<&Crs, Vec<Arc<Geometry<f64>>>> = HashMap::new();
    let mut scenes = Vec::new();
    for record in records {
        let Grid { transform, width, height, crs } = common_grid(record)?;
        let geometries = match projected.get(crs) {
            Some(geometries) => geometries,
            None => {
                let geometries = area.to_crs(crs)?.into_iter().map(Arc::new).collect();
                projected.entry(crs).or_insert(geometries)
            }
        };
        for (geometry_index, geometry) in geometries.iter().enumerate() {
            let Some(window) = geometry_window(geometry, transform, *width, *height)? else { continue };
            scenes.push(Scene {
                record: Arc::clone(record),
                geometry_index,
                geometry: Arc::clone(geometry),
                grid: Grid::new(*transform, *width, *height, crs.clone()).window(window),
                bands: vec![vec![BandRead::Native { window }]; record.bands.len()],
            });
        }
    }
    Ok(scenes)
}

/// The grid that all bands of a record have.
fn common_grid(record: &SceneRecord) -> Result<&Grid> {
    let Some(first) = record.bands.first() else {
        return Err(Error::InvalidArgument("no band was asked for".to_owned()));
    };
    if record.bands.iter().any(|band| band.grid != first.grid) {
        let resolution = |band: &Arc<SceneBand>| {
            let (x, y) = band.grid.transform.pixel_size();
            format!("{} {x} × {y}", band.location.band)
        };
        return Err(Error::GridMismatch {
            record: record.id.clone(),
            resolutions: record.bands.iter().map(resolution).collect::<Vec<_>>().join(", "),
        });
    }
    Ok(&first.grid)
}
