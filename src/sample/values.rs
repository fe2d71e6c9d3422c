//! The values of points on rasters: what samplers need is read, until they need no more.

use super::request::{LookUp, RasterPoints, grid_of};
use super::{PixelPoint, SampleOptions, SampleSource, Sampler, Samples};
use crate::cpu;
use crate::error::Result;
use crate::geometry::PointBatch;
use crate::read::pipeline::{OnWindow, Pipeline};
use crate::read::windows::WindowRequest;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_select::concat::concat;
use arrow_select::take::take;
use rasteret_schema::PixelValue;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of pixels that are held for the points of one raster.
const PIXELS_AT_ONCE: u64 = 32 << 20;

/// The rows of some rasters.
pub(super) async fn values_of(
    look_up: &Arc<LookUp>,
    points: Arc<PointBatch>,
    rasters: Vec<RasterPoints>,
) -> Result<VecDeque<RecordBatch>> {
    let options = look_up.options;
    let (rasters, mut samplers) = cpu::run(move || {
        let samplers = samplers(&rasters, options);
        samplers.map(|samplers| (rasters, samplers))
    })
    .await?;
    // A sampler asks again where the pixels of its points have no data.
    loop {
        let needs: Vec<(usize, WindowRequest)> = samplers
            .iter()
            .enumerate()
            .flat_map(|(index, group)| {
                let band = &rasters[group.raster].record.bands[rasters[group.raster].band];
                let needs = group.sampler.as_ref().map(Sampler::needs).unwrap_or_default();
                needs.into_iter().map(move |window| {
                    let fill = band.nodata.unwrap_or(PixelValue::Integer(0));
                    (
                        index,
                        WindowRequest { band: Arc::clone(band), level: 0, window, fill, finds_nodata: false },
                    )
                })
            })
            .collect();
        if needs.is_empty() {
            break;
        }
        samplers = provide(&look_up.request.pipeline, samplers, needs).await?;
    }
    let look_up = Arc::clone(look_up);
    cpu::run(move || {
        let mut of_raster: Vec<Vec<Samples>> = Vec::new();
        of_raster.resize_with(rasters.len(), Vec::new);
        for group in samplers {
            match (group.samples, group.sampler) {
                (Some(samples), _) => of_raster[group.raster].push(samples),
                (None, Some(sampler)) => of_raster[group.raster].push(sampler.finish()?),
                (None, None) => {}
            }
        }
        rasters
            .iter()
            .zip(of_raster)
            .map(|(raster, samples)| look_up.batch(&points, raster, samples))
            .collect()
    })
    .await
}

/// Points of one raster, as many as can be looked up at once.
struct Group {
    /// Which of the rasters.
    raster: usize,
    /// `None` once there are its samples.
    sampler: Option<Sampler>,
    samples: Option<Samples>,
    /// Windows that are on their way.
    missing: usize,
}

fn samplers(rasters: &[RasterPoints], options: SampleOptions) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for (raster, RasterPoints { record, band, points }) in rasters.iter().enumerate() {
        let band = &record.bands[*band];
        let grid = grid_of(band)?;
        let tile_of = |point: &PixelPoint| (point.row / grid.tile_height, point.column / grid.tile_width);
        let tile_bytes = u64::from(grid.tile_width) * u64::from(grid.tile_height) * band.dtype.size() as u64;
        let tiles_at_once = usize::try_from(PIXELS_AT_ONCE / tile_bytes.max(1)).unwrap_or(usize::MAX).max(1);
        let mut points = points.clone();
        points.sort_by_key(|point| (tile_of(point), point.point));
        let tiles: Vec<&[PixelPoint]> = points.chunk_by(|a, b| tile_of(a) == tile_of(b)).collect();
        for tiles in tiles.chunks(tiles_at_once) {
            let sampler = Sampler::new(grid, tiles.concat(), band.dtype, band.nodata, options)?;
            groups.push(Group { raster, sampler: Some(sampler), samples: None, missing: 0 });
        }
    }
    Ok(groups)
}

/// Reads what samplers need. Those that need no more let go of their pixels.
async fn provide(
    pipeline: &Pipeline,
    mut groups: Vec<Group>,
    needs: Vec<(usize, WindowRequest)>,
) -> Result<Vec<Group>> {
    for (group, _) in &needs {
        groups[*group].missing += 1;
    }
    let groups: Arc<Vec<Mutex<Group>>> = Arc::new(groups.into_iter().map(Mutex::new).collect());
    let (wanted, requests): (Vec<_>, Vec<_>) =
        needs.into_iter().map(|(group, request)| ((group, request.window), request)).unzip();
    let on_window: OnWindow = {
        let groups = Arc::clone(&groups);
        Arc::new(move |index, pixels| {
            let (group, window) = wanted[index];
            let mut group = groups[group].lock().unwrap_or_else(PoisonError::into_inner);
            group.missing -= 1;
            let is_last = group.missing == 0;
            if let Some(sampler) = &mut group.sampler {
                let valid = Some(pixels.valid).filter(|valid| !valid.is_empty());
                sampler.provide(window, pixels.pixels.to_bytes().into_owned(), valid)?;
            }
            if let Some(sampler) = group.sampler.take_if(|sampler| is_last && sampler.needs().is_empty()) {
                group.samples = Some(sampler.finish()?);
            }
            Ok(())
        })
    };
    pipeline.read(requests, on_window).await?;
    let taken = groups.iter().map(|group| {
        let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = Group { raster: group.raster, sampler: None, samples: None, missing: 0 };
        std::mem::replace(&mut *group, nothing)
    });
    Ok(taken.collect())
}

impl LookUp {
    fn batch(
        &self,
        points: &PointBatch,
        raster: &RasterPoints,
        samples: Vec<Samples>,
    ) -> Result<RecordBatch> {
        let (record, band) = (&raster.record, &raster.record.bands[raster.band]);
        let source = SampleSource {
            record_id: &record.id,
            datetime: record.datetime,
            collection: record.collection.as_deref(),
            band: &band.name,
            raster_crs: &band.grid.crs,
        };
        self.table.batch(points, &source, in_order(samples)?)
    }
}

/// The samples of all groups of a raster, by point.
fn in_order(groups: Vec<Samples>) -> Result<Samples> {
    let points: Vec<u32> = groups.iter().flat_map(|group| group.points.iter().copied()).collect();
    let values: Vec<f64> = groups.iter().flat_map(|group| group.values.iter().copied()).collect();
    let mut order: Vec<u32> = (0..points.len() as u32).collect();
    order.sort_unstable_by_key(|&index| points[index as usize]);
    let lists: Vec<&dyn Array> = groups
        .iter()
        .filter_map(|group| group.neighbourhoods.as_ref())
        .map(|lists| lists as &dyn Array)
        .collect();
    let neighbourhoods = match lists.is_empty() {
        true => None,
        false => {
            Some(take(&concat(&lists)?, &UInt32Array::from(order.clone()), None)?.as_list::<i32>().clone())
        }
    };
    Ok(Samples {
        points: order.iter().map(|&index| points[index as usize]).collect(),
        values: order.iter().map(|&index| values[index as usize]).collect(),
        neighbourhoods,
    })
}
