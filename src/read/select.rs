//! From filters and areas to records and their rasters.

use super::area::Area;
use crate::build::footprint::footprint;
use crate::collection::Collection;
use crate::crs::vertices::for_each_vertex;
use crate::error::{Error, Location, Result};
use crate::io::without_secrets;
use crate::query::MatchingRecord;
use crate::store::{Collection as StoredCollection, Snapshot, StoredHeader};
use crate::warp::Grid;
use geo_types::Geometry;
use rasteret_schema::{BoundingBox, Crs, DataType, Geotransform, PixelValue};
use std::sync::Arc;

/// A record, with the bands that are wanted of it.
#[derive(Debug)]
pub struct SceneRecord {
    /// Its id.
    pub id: String,
    /// Acquisition time in microseconds since 1970, UTC.
    pub datetime: i64,
    /// How much of it clouds cover, in per cent.
    pub cloud_cover: Option<f64>,
    /// The source collection that it comes from.
    pub collection: Option<String>,
    /// In the order that was asked for.
    pub bands: Vec<Arc<SceneBand>>,
}

/// One band of a record: its raster, and which sample of it.
#[derive(Debug)]
pub struct SceneBand {
    /// The file, with what may be secret in it.
    pub href: String,
    /// File, record, band, as they may be shown.
    pub location: Location,
    /// The file's header.
    pub header: StoredHeader,
    /// Sample of the file's pixels.
    pub sample: u16,
    /// Where the pixels of the full resolution lie.
    pub grid: Grid,
    /// Of the samples.
    pub dtype: DataType,
    /// The raster's nodata value, where its data type has it.
    pub nodata: Option<PixelValue>,
}

/// The records of a read.
#[derive(Debug)]
pub struct Selection {
    /// By time, then id.
    pub records: Vec<Arc<SceneRecord>>,
    /// Names of the bands: those that were asked for, else those of the first record.
    pub bands: Vec<String>,
}

/// The records of a collection whose footprint's box touches an area, or all of them.
///
/// # Errors
///
/// If there are none, or one of them lacks a band or its header.
pub fn select(
    collection: &Collection,
    snapshot: &Snapshot,
    within: Option<BoundingBox>,
    bands: &[String],
) -> Result<Selection> {
    for (index, band) in bands.iter().enumerate() {
        if bands[..index].contains(band) {
            return Err(Error::InvalidArgument(format!("band {band:?} was asked for twice")));
        }
    }
    let stored = snapshot.collection(collection.name())?;
    let filter = collection.filter().clone();
    let filter = match within {
        Some(within) => filter.intersecting(within),
        None => filter,
    };
    let records = crate::query::records(&stored, &filter)?;
    let bands = match records.first() {
        Some(first) if bands.is_empty() => {
            first.record.assets.iter().map(|asset| asset.band.clone()).collect()
        }
        _ => bands.to_vec(),
    };
    let records = records
        .into_iter()
        .map(|matching| scene_record(&stored, matching, &bands).map(Arc::new))
        .collect::<Result<Vec<_>>>()?;
    if records.is_empty() {
        return Err(Error::NothingSelected("no record matches the filters and touches the area".to_owned()));
    }
    Ok(Selection { records, bands })
}

/// A box in longitudes and latitudes around an area.
///
/// # Errors
///
/// If it is none, or lies where its CRS has no longitudes and latitudes.
pub fn bounds(area: &Area) -> Result<BoundingBox> {
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
                // A point, or a line along an axis, gets a width that is too small to matter.
                let side = |from: f64, to: f64| (to - from).max(from.abs().max(1.0) * 1e-9);
                let (width, height) = (side(bbox.xmin, bbox.xmax), side(bbox.ymin, bbox.ymax));
                let transform = Geotransform::new(width, 0.0, bbox.xmin, 0.0, -height, bbox.ymax);
                footprint(&transform, 1, 1, area.crs())?.bbox
            });
        }
    }
    BoundingBox::around(&boxes).ok_or_else(|| Error::NothingSelected("the area is empty".to_owned()))
}

/// The box around the vertices of a geometry.
pub fn vertex_box(geometry: &Geometry<f64>) -> BoundingBox {
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

fn scene_record(
    stored: &StoredCollection,
    matching: MatchingRecord,
    bands: &[String],
) -> Result<SceneRecord> {
    let bands =
        bands.iter().map(|band| scene_band(stored, &matching, band).map(Arc::new)).collect::<Result<_>>()?;
    let MatchingRecord { record, cloud_cover, .. } = matching;
    let (id, datetime, collection) = (record.id, record.datetime, record.collection);
    Ok(SceneRecord { id, datetime, cloud_cover, collection, bands })
}

fn scene_band(
    stored: &StoredCollection,
    MatchingRecord { number, record, .. }: &MatchingRecord,
    band: &str,
) -> Result<SceneBand> {
    let asset = record.assets.iter().find(|asset| asset.band == band).ok_or_else(|| Error::NoSuchBand {
        record: record.id.clone(),
        band: band.to_owned(),
        available: record.assets.iter().map(|asset| asset.band.clone()).collect(),
    })?;
    let href = asset.href.clone();
    let location =
        Location { href: without_secrets(&href), record: record.id.clone(), band: band.to_owned() };
    let stored = stored.header(*number, stored.band(band)?)?;
    let header = stored.get()?;
    let located = |source| Error::Raster { location: Box::new(location.clone()), source };
    let (dtype, samples, size) = header
        .image(0)
        .map(|image| (image.dtype, image.samples_per_pixel, (image.width, image.height)))
        .ok_or_else(|| located(rasteret_schema::RasterError::CorruptHeader("it has no image".to_owned())))?;
    let sample = u16::try_from(asset.band_index.unwrap_or(0)).ok().filter(|sample| *sample < samples);
    let Some(sample) = sample else {
        return Err(Error::InvalidArgument(format!(
            "{location}: band_index is {:?}, and the file has {samples} samples",
            asset.band_index
        )));
    };
    let georeference = header.georeference()?;
    let (transform, crs) = georeference.grid().map_err(located)?;
    let grid = Grid::new(transform, size.0, size.1, crs.clone());
    let nodata = header.nodata()?.filter(|value| value.fits(dtype));
    Ok(SceneBand { href, location, sample, grid, dtype, nodata, header: stored })
}
