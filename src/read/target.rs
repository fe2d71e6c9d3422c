//! The grid that a result has, where it is not the rasters' own.

use super::area::Area;
use super::band::SceneBand;
use super::bounds::vertex_box;
use super::scene::{BandRead, Scene};
use super::select::SceneRecord;
use super::window::geometry_window;
use crate::crs::Transformer;
use crate::error::{Error, Result};
use crate::warp::{Grid, Method, Suggestion, Warp, suggested_grid};
use geo_types::Geometry;
use rasteret_schema::{ArchivedRasterHeader, BoundingBox, Crs, Geotransform, Window};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of source pixels that a part of a target is computed from, at most: a target that needs more is
/// computed in parts, so that memory is bounded however much larger the source is.
const MOST_SOURCE_BYTES: u64 = 64 << 20;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Target {
    /// The CRS; that of most records unless given.
    pub crs: Option<Crs>,
    /// The pixels.
    pub pixels: TargetPixels,
    /// How values are found.
    pub method: Method,
}

/// The pixels that were asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum TargetPixels {
    /// As large as those of the rasters.
    #[default]
    Native,
    /// Width and height of a pixel.
    Resolution(f64, f64),
    /// The same, and a point that is a corner of pixels.
    Aligned { resolution: (f64, f64), origin: (f64, f64) },
    /// Rows and columns.
    Shape(u32, u32),
    /// These.
    Grid(Grid),
}

impl Target {
    /// Whether the rasters' own pixels will do.
    pub fn is_native(&self) -> bool {
        self.crs.is_none() && self.pixels == TargetPixels::Native
    }

    /// The rows of the result: one for each record and geometry that meet. All lie on one grid.
    ///
    /// # Errors
    ///
    /// If a CRS is unknown, or a grid cannot be.
    pub fn scenes(&self, records: &[Arc<SceneRecord>], area: &Area) -> Result<Vec<Scene>> {
        let mut projected = Projected { area, by_crs: HashMap::new() };
        let touching = touching(records, &mut projected)?;
        if touching.is_empty() {
            return Ok(Vec::new());
        }
        let crs = self.crs(records)?;
        let grid = self.grid(&touching, &crs, &mut projected)?;
        let geometries = projected.in_crs(&crs)?;
        let mut scenes = Vec::new();
        for (record, of_record) in touching {
            let bands: Vec<Vec<BandRead>> =
                record.bands.iter().map(|band| self.band(band, &grid)).collect::<Result<_>>()?;
            for geometry_index in of_record {
                scenes.push(Scene {
                    record: Arc::clone(record),
                    geometry_index,
                    geometry: Arc::clone(&geometries[geometry_index]),
                    grid: grid.clone(),
                    bands: bands.clone(),
                });
            }
        }
        Ok(scenes)
    }

    fn crs(&self, records: &[Arc<SceneRecord>]) -> Result<Crs> {
        if let TargetPixels::Grid(grid) = &self.pixels {
            if self.crs.as_ref().is_some_and(|crs| *crs != grid.crs) {
                return Err(Error::InvalidArgument(
                    "the target grid has another CRS than the target".to_owned(),
                ));
            }
            return Ok(grid.crs.clone());
        }
        if let Some(crs) = &self.crs {
            return Ok(crs.clone());
        }
        most_frequent_crs(records).ok_or_else(|| Error::NothingSelected("no record was selected".to_owned()))
    }

    /// The grid of the result: that of a raster around the area, brought to the target's CRS. Of rasters
    /// of several CRSs, the first that is in the target's gives the grid, so that its pixels stay where
    /// they are.
    fn grid(
        &self,
        touching: &[(&Arc<SceneRecord>, Vec<usize>)],
        crs: &Crs,
        projected: &mut Projected<'_>,
    ) -> Result<Grid> {
        let suggestion = match &self.pixels {
            TargetPixels::Grid(grid) => return Ok(grid.clone()),
            TargetPixels::Native => Suggestion::Default,
            TargetPixels::Resolution(x, y) => Suggestion::Resolution(*x, *y),
            TargetPixels::Aligned { resolution, origin } => {
                Suggestion::Aligned { resolution: *resolution, origin: *origin }
            }
            TargetPixels::Shape(rows, columns) => Suggestion::Shape(*columns, *rows),
        };
        let bands = || touching.iter().flat_map(|(record, _)| &record.bands);
        let pixel = |band: &&Arc<SceneBand>| band.grid.transform.a.abs();
        let reference = bands()
            .filter(|band| band.grid.crs == *crs)
            .min_by(|a, b| pixel(a).total_cmp(&pixel(b)))
            .or_else(|| bands().next())
            .ok_or_else(|| Error::InvalidArgument("no band was asked for".to_owned()))?;
        let around = grid_around(&projected.in_crs(&reference.grid.crs)?, &reference.grid)?;
        Ok(suggested_grid(&around, crs, suggestion)?)
    }

    /// What to read of a band for the target.
    pub fn band(&self, band: &Arc<SceneBand>, target: &Grid) -> Result<Vec<BandRead>> {
        let header = band.header.get()?;
        let level = level_for(header, source_pixels_per_target_pixel(&band.grid, target)?);
        let source = match header.image(level) {
            Some(image) => band.grid.resized(image.width, image.height),
            None => band.grid.clone(),
        };
        let mut reads = Vec::new();
        let mut parts = vec![Window::new(0, 0, target.width, target.height)];
        while let Some(part) = parts.pop() {
            let warp = Warp::new(&source, &target.window(part), self.method)?;
            let Some(window) = warp.source_window()? else { continue };
            let bytes = window.pixels().saturating_mul(band.dtype.size() as u64);
            match halves(part).filter(|_| bytes > MOST_SOURCE_BYTES) {
                Some(halves) => parts.extend(halves),
                None => reads.push(BandRead::Warped { part, level, window, warp: Arc::new(warp) }),
            }
        }
        Ok(reads)
    }
}

/// The CRS that most records are in; of several, the first.
pub fn most_frequent_crs(records: &[Arc<SceneRecord>]) -> Option<Crs> {
    let mut counts: Vec<(&Crs, usize)> = Vec::new();
    for crs in records.iter().filter_map(|record| Some(&record.bands.first()?.grid.crs)) {
        match counts.iter_mut().find(|(other, _)| *other == crs) {
            Some((_, count)) => *count += 1,
            None => counts.push((crs, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(crs, _)| crs.clone())
}

/// The geometries of an area in the CRSs that they are needed in.
struct Projected<'a> {
    area: &'a Area,
    by_crs: HashMap<Crs, Arc<[Arc<Geometry<f64>>]>>,
}

impl Projected<'_> {
    fn in_crs(&mut self, crs: &Crs) -> Result<Arc<[Arc<Geometry<f64>>]>> {
        if let Some(geometries) = self.by_crs.get(crs) {
            return Ok(Arc::clone(geometries));
        }
        let geometries: Arc<[_]> = self.area.to_crs(crs)?.into_iter().map(Arc::new).collect();
        self.by_crs.insert(crs.clone(), Arc::clone(&geometries));
        Ok(geometries)
    }
}

/// The records that have pixels in any of the geometries, and in which.
fn touching<'a>(
    records: &'a [Arc<SceneRecord>],
    projected: &mut Projected<'_>,
) -> Result<Vec<(&'a Arc<SceneRecord>, Vec<usize>)>> {
    let mut touching = Vec::new();
    for record in records {
        let Some(Grid { transform, width, height, crs }) = record.bands.first().map(|band| &band.grid) else {
            continue;
        };
        let mut of_record = Vec::new();
        for (index, geometry) in projected.in_crs(crs)?.iter().enumerate() {
            if geometry_window(geometry, transform, *width, *height)?.is_some() {
                of_record.push(index);
            }
        }
        if !of_record.is_empty() {
            touching.push((record, of_record));
        }
    }
    Ok(touching)
}

/// The pixels of a grid that geometries span, those beyond its edges too.
fn grid_around(geometries: &[Arc<Geometry<f64>>], grid: &Grid) -> Result<Grid> {
    let bbox = geometries.iter().map(|geometry| vertex_box(geometry)).reduce(|a, b| {
        BoundingBox::new(a.xmin.min(b.xmin), a.ymin.min(b.ymin), a.xmax.max(b.xmax), a.ymax.max(b.ymax))
    });
    let bbox = bbox.ok_or_else(|| Error::NothingSelected("the area is empty".to_owned()))?;
    let inverse = grid.transform.inverse().ok_or_else(|| {
        Error::InvalidArgument(format!("the geotransform {:?} cannot be inverted", grid.transform))
    })?;
    let (a, b) = (inverse.apply(bbox.xmin, bbox.ymin), inverse.apply(bbox.xmax, bbox.ymax));
    let (left, right) = (a.0.min(b.0).floor(), a.0.max(b.0).ceil());
    let (top, bottom) = (a.1.min(b.1).floor(), a.1.max(b.1).ceil());
    let size = |extent: f64| {
        (extent <= f64::from(i32::MAX)).then_some(extent.max(1.0) as u32).ok_or_else(|| {
            Error::InvalidArgument(format!("the area spans {extent} pixels of the raster: it is too large"))
        })
    };
    Ok(Grid::new(
        grid.transform.translated(left, top),
        size(right - left)?,
        size(bottom - top)?,
        grid.crs.clone(),
    ))
}

/// How many pixels of a source lie along a side of a target's pixel: the least of what is found at five
/// places and along both sides, so that no detail is lost anywhere.
fn source_pixels_per_target_pixel(source: &Grid, target: &Grid) -> Result<f64> {
    let transformer = Transformer::new(&target.crs, &source.crs)?;
    let Some(to_pixel) = source.transform.inverse() else { return Ok(1.0) };
    let (width, height) = (f64::from(target.width), f64::from(target.height));
    let mut least = f64::INFINITY;
    for (x, y) in [(0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
        let (column, row) = (x * width, y * height);
        let corners = [(column, row), (column + 1.0, row), (column, row + 1.0)];
        let points = corners.map(|(column, row)| target.transform.apply(column, row));
        let (mut xs, mut ys) = (points.map(|point| point.0), points.map(|point| point.1));
        transformer.transform_where_possible(&mut xs, &mut ys)?;
        let pixel = |i: usize| to_pixel.apply(xs[i], ys[i]);
        let length = |i: usize| (pixel(i).0 - pixel(0).0).hypot(pixel(i).1 - pixel(0).1);
        // Not a number beyond the edge of a projection, which `min` passes over.
        least = least.min(length(1)).min(length(2));
    }
    Ok(if least.is_finite() { least } else { 1.0 })
}

/// Whether a target may be made from an overview of a raster, whose overviews are not known. The finest that there
/// can be has half the columns and rows, rounded up: GDAL makes none that is finer.
pub fn may_use_overview(source: &Grid, target: &Grid) -> Result<bool> {
    Ok(may_use_overview_at(source, source_pixels_per_target_pixel(source, target)?))
}

/// The same for a target of whose pixels' sides each is so many pixels of the raster long.
pub fn may_use_overview_at(source: &Grid, factor: f64) -> bool {
    let is_fine_enough = |full: u32| is_fine_enough(full, full.div_ceil(2), factor);
    is_fine_enough(source.width) && is_fine_enough(source.height)
}

/// Whether the pixels of an overview, along a side that has `size` instead of `full`, are not larger than `factor`
/// pixels of full resolution.
fn is_fine_enough(full: u32, size: u32, factor: f64) -> bool {
    f64::from(full) / f64::from(size) <= factor * (1.0 + 1e-9)
}

/// The coarsest level whose pixels are not larger than `factor` pixels of full resolution. An overview
/// without the mask that the full resolution has is not taken.
fn level_for(header: &ArchivedRasterHeader, factor: f64) -> usize {
    let Some(full) = header.image(0) else { return 0 };
    let has_mask = header.mask(0).is_some();
    let is_taken = |level: usize| {
        header.image(level).is_some_and(|image| {
            is_fine_enough(full.width, image.width, factor)
                && is_fine_enough(full.height, image.height, factor)
                && (header.mask(level).is_some() || !has_mask)
        })
    };
    (1..header.images.len()).filter(|level| is_taken(*level)).max().unwrap_or(0)
}

/// The two halves of a window of more than one pixel, cut across its longer side.
fn halves(window: Window) -> Option<[Window; 2]> {
    let Window { column, row, width, height } = window;
    if width.max(height) < 2 {
        return None;
    }
    Some(if width >= height {
        let half = width / 2;
        [Window::new(column, row, half, height), Window::new(column + half, row, width - half, height)]
    } else {
        let half = height / 2;
        [Window::new(column, row, width, half), Window::new(column, row + half, width, height - half)]
    })
}

/// A geotransform whose rows run from north to south, of the same pixels.
pub fn north_up(transform: Geotransform, height: u32) -> Geotransform {
    if !transform.is_south_up() {
        return transform;
    }
    let (_, north) = transform.apply(0.0, height.into());
    Geotransform { e: -transform.e, f: north, ..transform }
}
