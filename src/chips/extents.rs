//! Where the records of a collection lie, in the CRS and the pixels of its chips.

use super::roi::clipped;
use super::sampler::{ChipSize, Extent};
use crate::error::{Error, Result};
use crate::read::area::{Aoi, Area};
use crate::read::bounds::vertex_box;
use crate::read::select::SceneRecord;
use crate::read::target::{most_frequent_crs, north_up};
use crate::warp::{Grid, Suggestion, suggested_grid};
use geo_types::{Geometry, Rect};
use rasteret_schema::{BoundingBox, Crs, Geotransform};
use std::collections::HashMap;
use std::sync::Arc;

/// The pixels of all chips.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pixels {
    pub crs: Crs,
    /// Width and height of a pixel.
    pub resolution: (f64, f64),
}

impl Pixels {
    /// What was asked for; else the CRS of most records, and the finest resolution of those that are in it.
    pub fn new(
        records: &[Arc<SceneRecord>],
        crs: Option<Crs>,
        resolution: Option<(f64, f64)>,
    ) -> Result<Pixels> {
        let none = || Error::InvalidArgument("no band was asked for".to_owned());
        let crs = crs.or_else(|| most_frequent_crs(records)).ok_or_else(none)?;
        if let Some((x, y)) = resolution {
            if !(x > 0.0 && y > 0.0 && x.is_finite() && y.is_finite()) {
                return Err(Error::InvalidArgument(format!("pixels cannot be {x} × {y}")));
            }
            return Ok(Pixels { crs, resolution: (x, y) });
        }
        let bands = || records.iter().flat_map(|record| &record.bands);
        let finest = bands()
            .filter(|band| band.grid.crs == crs)
            .map(|band| band.grid.transform.pixel_size())
            .min_by(|a, b| (a.0 * a.1).total_cmp(&(b.0 * b.1)));
        let resolution = match finest {
            Some(finest) => finest,
            None => suggested_grid(&bands().next().ok_or_else(none)?.grid, &crs, Suggestion::Default)?
                .transform
                .pixel_size(),
        };
        Ok(Pixels { crs, resolution })
    }

    /// The boxes around the parts of a region, with what lies up to a chip's size around them.
    pub fn around(&self, region: &Area, reach: ChipSize) -> Result<Area> {
        let x = f64::from(reach.width) * self.resolution.0;
        let y = f64::from(reach.height) * self.resolution.1;
        let grown = |geometry: &Geometry<f64>| {
            let BoundingBox { xmin, ymin, xmax, ymax } = vertex_box(geometry);
            Aoi::new(Rect::new((xmin - x, ymin - y), (xmax + x, ymax + y)))
        };
        let boxes = region.to_crs(&self.crs)?.iter().map(grown).collect();
        Ok(Area::new(boxes).with_crs(self.crs.clone()))
    }
}

/// Where a record's pixels lie.
#[derive(Debug, Clone)]
pub(super) struct Footprint {
    /// In the chips' CRS.
    pub bounds: BoundingBox,
    /// Pixels of the chips, from their upper left corner: the record's own where these are as large.
    pub lattice: Geotransform,
    /// Whether the pixels of the lattice are the record's own.
    pub is_own: bool,
}

impl Footprint {
    /// In another CRS than the raster's, its bounds are those of GDAL's warped raster.
    pub fn new(record: &SceneRecord, pixels: &Pixels) -> Result<Footprint> {
        let (width, height) = pixels.resolution;
        let area = |grid: &Grid| grid.transform.pixel_size().0 * grid.transform.pixel_size().1;
        let grids = record.bands.iter().map(|band| &band.grid);
        let finest = grids.min_by(|a, b| area(a).total_cmp(&area(b)));
        let finest = finest.ok_or_else(|| Error::InvalidArgument("no band was asked for".to_owned()))?;
        let grid = match finest.crs == pixels.crs {
            true => Grid { transform: north_up(finest.transform, finest.height), ..finest.clone() },
            false => suggested_grid(finest, &pixels.crs, Suggestion::Default)?,
        };
        let Geotransform { a, c, e, f, .. } = grid.transform;
        let bounds = BoundingBox::new(c, f + e * f64::from(grid.height), c + a * f64::from(grid.width), f);
        let is =
            |own: f64, asked: f64| (own / asked - 1.0).abs() * f64::from(grid.width.max(grid.height)) < 1e-6;
        let is_as_large = is(a, width) && is(-e, height);
        let lattice = match is_as_large {
            true => grid.transform,
            // From the lower left corner, where TorchGeo begins.
            false => {
                let rows = ((bounds.ymax - bounds.ymin) / height - 1e-6).ceil();
                Geotransform::new(width, 0.0, c, 0.0, -height, bounds.ymin + rows * height)
            }
        };
        Ok(Footprint { bounds, lattice, is_own: is_as_large && finest.crs == pixels.crs })
    }
}

/// A box in pixels of a lattice.
pub(super) fn extent(bounds: &BoundingBox, lattice: &Geotransform) -> Extent {
    let Geotransform { a, c, e, f, .. } = *lattice;
    Extent {
        columns: ((bounds.xmin - c) / a, (bounds.xmax - c) / a),
        rows: ((bounds.ymax - f) / e, (bounds.ymin - f) / e),
    }
}

/// A box that chips are taken from, and what they are of.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub lattice: Geotransform,
    pub extent: Extent,
    /// The record that it is of, or that gives it its lattice.
    pub record: usize,
    /// The geometry that it is of.
    pub geometry: Option<usize>,
}

/// Each record. Where a chip is of all records at its place, those that lie where another does give nothing new.
pub(super) fn of_records(
    footprints: &[Footprint],
    distinct: bool,
    roi: Option<&[Geometry<f64>]>,
) -> Vec<Source> {
    let mut seen = HashMap::new();
    let mut sources = Vec::new();
    for (record, Footprint { bounds, lattice, .. }) in footprints.iter().enumerate() {
        let corners = [bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax].map(f64::to_bits);
        if distinct && seen.insert(corners, record).is_some() {
            continue;
        }
        let Some(bounds) = clipped(bounds, roi) else { continue };
        let extent = extent(&bounds, lattice);
        sources.push(Source { lattice: *lattice, extent, record, geometry: None });
    }
    sources
}

/// Each geometry that touches a record; `touching` finds those in a box. Its lattice is that of the first whose own
/// pixels the chips' are, else of the first.
pub(super) fn of_geometries(
    geometries: &[Geometry<f64>],
    footprints: &[Footprint],
    touching: impl Fn(&BoundingBox) -> Vec<usize>,
    roi: Option<&[Geometry<f64>]>,
) -> Vec<Source> {
    let mut sources = Vec::new();
    for (index, geometry) in geometries.iter().enumerate() {
        let Some(bounds) = clipped(&vertex_box(geometry), roi) else { continue };
        let records = touching(&bounds);
        let own = records.iter().copied().find(|record| footprints[*record].is_own);
        let Some(record) = own.or_else(|| records.first().copied()) else { continue };
        let lattice = footprints[record].lattice;
        let extent = extent(&bounds, &lattice);
        sources.push(Source { lattice, extent, record, geometry: Some(index) });
    }
    if sources.len() < geometries.len() {
        let n = geometries.len() - sources.len();
        tracing::warn!("{n} of {} geometries touch no record, and give no chip", geometries.len());
    }
    sources
}
