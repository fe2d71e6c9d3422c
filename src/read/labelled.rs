//! Labelled datasets out of arrays.

use super::band::SceneBand;
use super::confirm::confirmed;
use super::layout::same_nodata;
use super::request::{ReadRequest, crs_of_most};
use super::scene::native_scenes;
use super::select::Selection;
use super::target::Target;
use crate::cpu;
use crate::dataset::{BandProperties, Dataset, DatasetOptions, Mosaic};
use crate::error::{Error, Result};
use rasteret_schema::{BandMetadata, DataType};
use std::sync::Arc;

impl ReadRequest {
    /// Reads labelled bands, each `(time, geometry, y, x)`; records of one time are combined.
    ///
    /// Rasters that do not lie on one grid, or are in several CRSs, are brought to the grid of the finest
    /// of those that are in the CRS of most. Bands may be of different data types.
    ///
    /// # Errors
    ///
    /// If nothing matches, the result is too large, or a raster cannot be read.
    pub async fn dataset(self, mosaic: Mosaic) -> Result<Dataset> {
        confirmed(|found| self.clone().found(found).try_dataset(mosaic)).await
    }

    async fn try_dataset(self, mosaic: Mosaic) -> Result<Dataset> {
        let selection = self.select().await?;
        let request = self.clone();
        let (selection, target, groups) = cpu::run(move || {
            let (target, groups) = request.plan_dataset(&selection)?;
            Ok::<_, Error>((selection, target, groups))
        })
        .await?;
        let mut dataset: Option<Dataset> = None;
        for BandGroup { bands, properties, .. } in groups {
            let options = DatasetOptions {
                mosaic,
                fill_value: self.options.fill_value,
                bands: properties,
                memory_limit: self.options.memory_limit,
            };
            let request = ReadRequest { target: target.clone(), ..self.clone() };
            let array = request.array_of(selection.of_bands(&bands)).await?;
            let of_group = cpu::run(move || Dataset::from_array(&array, &options)).await?;
            dataset = Some(match dataset {
                Some(dataset) => dataset.join(of_group)?,
                None => of_group,
            });
        }
        dataset.ok_or_else(|| Error::NothingSelected("no band was asked for".to_owned()))
    }

    /// The grid that all bands are read on, and the bands that one array can hold.
    fn plan_dataset(&self, selection: &Selection) -> Result<(Target, Vec<BandGroup>)> {
        let mut target = self.target.clone();
        if target.is_native() && !self.lies_on_one_grid(selection)? {
            target.crs = crs_of_most(selection);
        }
        let mut groups: Vec<BandGroup> = Vec::new();
        for index in 0..selection.bands.len() {
            let of_band: Vec<&Arc<SceneBand>> =
                selection.records.iter().filter_map(|record| record.bands.get(index)).collect();
            let Some(dtype) = of_band.first().map(|band| band.dtype) else { continue };
            let properties = properties(&of_band)?;
            let group = groups.iter().position(|group| group.dtype == dtype).unwrap_or_else(|| {
                groups.push(BandGroup { dtype, bands: Vec::new(), properties: Vec::new() });
                groups.len() - 1
            });
            groups[group].bands.push(index);
            groups[group].properties.push(properties);
        }
        Ok((target, groups))
    }

    /// Whether the rasters' own pixels do: each row of the result has the same of them.
    fn lies_on_one_grid(&self, selection: &Selection) -> Result<bool> {
        match native_scenes(&selection.records, &self.area) {
            Ok(scenes) => Ok(scenes.windows(2).all(|pair| pair[0].grid == pair[1].grid)),
            Err(Error::GridMismatch { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Bands of one data type.
struct BandGroup {
    dtype: DataType,
    /// Places among the bands of the read.
    bands: Vec<usize>,
    properties: Vec<BandProperties>,
}

/// What the headers of a band's rasters say of it, where they agree.
fn properties(rasters: &[&Arc<SceneBand>]) -> Result<BandProperties> {
    let mut common: Option<BandProperties> = None;
    for raster in rasters {
        let metadata = raster.header.get()?.band_metadata(raster.sample)?;
        let own = BandProperties { nodata: raster.nodata, metadata };
        common = Some(match common {
            None => own,
            Some(common) => BandProperties {
                nodata: common.nodata.filter(|_| same_nodata(common.nodata, own.nodata)),
                metadata: if common.metadata == own.metadata {
                    own.metadata
                } else {
                    BandMetadata::default()
                },
            },
        });
    }
    Ok(common.unwrap_or_default())
}
