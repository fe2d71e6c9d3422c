//! From records and areas to windows of rasters.

use super::area::Area;
use super::window::geometry_window;
use crate::build::footprint::footprint;
use crate::collection::Collection;
use crate::crs::vertices::for_each_vertex;
use crate::error::{Error, Location, Result};
use crate::store::{Collection as StoredCollection, Snapshot, StoredHeader};
use geo_types::Geometry;
use rasteret_schema::{BoundingBox, Crs, Geotransform, Record, Window};
use std::collections::HashMap;
use std::sync::Arc;

/// One record and one geometry of the area: a row of the result.
pub struct Scene {
    /// Id of the record.
    pub record_id: String,
    /// Acquisition time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// Which geometry of the area.
    pub geometry_index: usize,
    /// The geometry in the raster's CRS.
    pub geometry: Arc<Geometry<f64>>,
    /// The raster's CRS.
    pub crs: Crs,
    /// Geotransform of the whole raster, the same for all bands.
    pub transform: Geotransform,
    /// Pixels of the raster that the geometry covers, the same for all bands.
    pub window: Window,
    /// In the order that was asked for. The rows of one record share them.
    pub bands: Arc<[Arc<SceneBand>]>,
}

/// One band of a record: its raster, and which sample of it.
#[derive(Debug)]
pub struct SceneBand {
    /// File, record, band.
    pub location: Location,
    /// The file's header.
    pub header: StoredHeader,
    /// Sample of the file's pixels.
    pub sample: u16,
}

/// The scenes of a collection that an area touches, by time, then id, then geometry, and their bands:
/// those that were asked for, else those of the first record.
///
/// # Errors
///
/// If there are none, or one of them lacks a band or its header, or has bands on different grids.
pub fn select_scenes(
    collection: &Collection,
    snapshot: &Snapshot,
    area: &Area,
    bands: &[String],
) -> Result<(Vec<Scene>, Vec<String>)> {
    let stored = snapshot.collection(collection.name())?;
    let filter = collection.filter().clone().intersecting(bounds(area)?);
    let records = crate::query::records(&stored, &filter)?;
    let selected = records.len();
    let bands = match records.first() {
        Some((_, first)) if bands.is_empty() => first.assets.iter().map(|asset| asset.band.clone()).collect(),
        _ => bands.to_vec(),
    };
    let mut projected: HashMap<Crs, Vec<Arc<Geometry<f64>>>> = HashMap::new();
    let mut scenes = Vec::new();
    for (number, record) in records {
        let rasters: Arc<[Arc<SceneBand>]> = bands
            .iter()
            .map(|band| scene_band(&stored, number, &record, band).map(Arc::new))
            .collect::<Result<_>>()?;
        let grid = common_grid(&rasters)?;
        let geometries = match projected.get(&grid.crs) {
            Some(geometries) => geometries,
            None => {
                let geometries = area.to_crs(&grid.crs)?.into_iter().map(Arc::new).collect();
                projected.entry(grid.crs.clone()).or_insert(geometries)
            }
        };
        for (geometry_index, geometry) in geometries.iter().enumerate() {
            let Some(window) = geometry_window(geometry, &grid.transform, grid.width, grid.height)? else {
                continue;
            };
            scenes.push(Scene {
                record_id: record.id.clone(),
                datetime: record.datetime,
                geometry_index,
                geometry: geometry.clone(),
                crs: grid.crs.clone(),
                transform: grid.transform,
                window,
                bands: rasters.clone(),
            });
        }
    }
    if scenes.is_empty() {
        return Err(Error::NothingSelected(match selected {
            0 => "no record matches the filters and touches the area".to_owned(),
            n => format!("the footprints of {n} records touch the area, but none of their pixels do"),
        }));
    }
    scenes.sort_by(|a, b| {
        (a.datetime, &a.record_id, a.geometry_index).cmp(&(b.datetime, &b.record_id, b.geometry_index))
    });
    Ok((scenes, bands))
}

/// A box in longitudes and latitudes around an area.
fn bounds(area: &Area) -> Result<BoundingBox> {
    let is_wgs84 = area.crs().epsg() == Some(4326) || *area.crs() == Crs::crs84();
    let mut boxes = Vec::new();
    for geometry in area.geometries()? {
        // An area across the antimeridian is one polygon on each side of it.
        let parts = match geometry {
            Geometry::MultiPolygon(polygons) => polygons.into_iter().map(Geometry::Polygon).collect(),
            other => vec![other],
        };
        for part in parts {
            let bbox = vertex_box(&part);
            boxes.push(if is_wgs84 {
                bbox
            } else {
                // What is straight in the area's CRS may be curved in degrees: the box's edges say how far.
                let (width, height) = (bbox.xmax - bbox.xmin, bbox.ymax - bbox.ymin);
                let transform = Geotransform::new(width, 0.0, bbox.xmin, 0.0, -height, bbox.ymax);
                footprint(&transform, 1, 1, area.crs())?.bbox
            });
        }
    }
    BoundingBox::around(&boxes).ok_or_else(|| Error::NothingSelected("the area is empty".to_owned()))
}

fn vertex_box(geometry: &Geometry<f64>) -> BoundingBox {
    const EMPTY: BoundingBox =
        BoundingBox::new(f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    let mut bbox = EMPTY;
    for_each_vertex(geometry, &mut |vertex| {
        bbox.xmin = bbox.xmin.min(vertex.x);
        bbox.ymin = bbox.ymin.min(vertex.y);
        bbox.xmax = bbox.xmax.max(vertex.x);
        bbox.ymax = bbox.ymax.max(vertex.y);
    });
    bbox
}

fn scene_band(stored: &StoredCollection, number: u64, record: &Record, band: &str) -> Result<SceneBand> {
    let asset = record.assets.iter().find(|asset| asset.band == band).ok_or_else(|| Error::NoSuchBand {
        record: record.id.clone(),
        band: band.to_owned(),
        available: record.assets.iter().map(|asset| asset.band.clone()).collect(),
    })?;
    let location = Location { href: asset.href.clone(), record: record.id.clone(), band: band.to_owned() };
    let header = stored.header(number, stored.band(band)?)?;
    let samples = header.get()?.image(0).map_or(0, |image| image.samples_per_pixel);
    let sample = u16::try_from(asset.band_index.unwrap_or(0)).ok().filter(|sample| *sample < samples);
    let Some(sample) = sample else {
        return Err(Error::InvalidArgument(format!(
            "{location}: band_index is {:?}, and the file has {samples} samples",
            asset.band_index
        )));
    };
    Ok(SceneBand { location, header, sample })
}

#[derive(PartialEq)]
struct Grid {
    transform: Geotransform,
    crs: Crs,
    width: u32,
    height: u32,
}

/// The grid that all bands of a record have.
fn common_grid(bands: &[Arc<SceneBand>]) -> Result<Grid> {
    let mut grids = bands.iter().map(|band| grid(band));
    let first = grids.next().ok_or_else(|| Error::InvalidArgument("no band was asked for".to_owned()))??;
    for other in grids {
        if other? != first {
            let resolutions: Vec<String> = bands
                .iter()
                .map(|band| {
                    let (x, y) = grid(band)?.transform.pixel_size();
                    Ok(format!("{} {x} × {y}", band.location.band))
                })
                .collect::<Result<_>>()?;
            return Err(Error::GridMismatch {
                record: bands[0].location.record.clone(),
                resolutions: resolutions.join(", "),
            });
        }
    }
    Ok(first)
}

fn grid(band: &SceneBand) -> Result<Grid> {
    let located = |source| Error::Raster { location: Box::new(band.location.clone()), source };
    let header = band.header.get()?;
    let georeference = header.georeference()?;
    let (transform, crs) = georeference.grid().map_err(located)?;
    // Access to the header has checked that there is an image.
    let (width, height) = header.image(0).map_or((0, 0), |image| (image.width, image.height));
    Ok(Grid { transform, crs: crs.clone(), width, height })
}
