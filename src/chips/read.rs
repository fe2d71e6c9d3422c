//! Reads one chip.
//!
//! The records of one time are combined as TorchGeo does with `rasterio.merge`: of each pixel of each band, the
//! first valid one wins. A record is read only where those before it leave pixels without data.

use super::canvas::Canvas;
use super::chip::Chip;
use super::sampler::Place;
use super::set::Shared;
use crate::cpu;
use crate::error::Result;
use crate::read::aligned::aligned;
use crate::read::confirm::confirmed;
use crate::read::layout::within_memory;
use crate::read::planes::{OnPlane, read_planes};
use crate::read::scene::{BandRead, Scene};
use crate::read::select::SceneRecord;
use crate::read::target::{Target, TargetPixels};
use crate::warp::Grid;
use geo_types::{Geometry, Rect};
use ndarray::Array4;
use rasteret_schema::BoundingBox;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Reads the chip at a place.
///
/// # Errors
///
/// If it is too large, or a raster cannot be read.
pub(super) async fn read_chip(shared: Arc<Shared>, place: Place) -> Result<Chip> {
    // What was found out is known to the records' bands, those of other chips too.
    confirmed(|_| try_chip(Arc::clone(&shared), place)).await
}

async fn try_chip(shared: Arc<Shared>, place: Place) -> Result<Chip> {
    let planned = Arc::clone(&shared);
    let (mut plan, mut layer) = cpu::run(move || {
        let mut plan = Plan::new(&planned, &place);
        plan.grid.check()?;
        let layer = plan.first_layer(&planned)?;
        Ok::<_, crate::Error>((plan, layer))
    })
    .await?;
    let shape = [plan.steps.len(), shared.bands.len(), place.size.height as usize, place.size.width as usize];
    let bytes = shape.iter().try_fold(shared.dtype.size() as u64 + 1, |n, of| n.checked_mul(*of as u64));
    within_memory(bytes, &shared.options)?;
    let mut canvas = Canvas::new(shared.dtype, shape);
    while !layer.scenes.is_empty() {
        canvas = paint(&shared, canvas, layer).await?;
        let for_next = Arc::clone(&shared);
        (plan, canvas, layer) = cpu::run(move || {
            let layer = plan.next_layer(&for_next, |step| !canvas.is_complete(step))?;
            Ok::<_, crate::Error>((plan, canvas, layer))
        })
        .await?;
    }
    let Canvas { pixels, valid, records, .. } = canvas;
    let ids =
        |of_step: Vec<usize>| of_step.into_iter().map(|record| shared.records[record].id.clone()).collect();
    Ok(Chip {
        pixels,
        // As long as the shape says.
        valid: Array4::from_shape_vec(shape, valid).unwrap_or_default(),
        grid: plan.grid,
        times: plan.steps.iter().map(|step| step.datetime).collect(),
        records: records.into_iter().map(ids).collect(),
        label: shared.labels.as_ref().map(|labels| labels.slice(place.extent, 1)),
        geometry_index: shared.sources[place.extent].geometry,
        index: place.index,
    })
}

/// Reads a layer onto what there is.
async fn paint(shared: &Shared, canvas: Canvas, Layer { scenes, of }: Layer) -> Result<Canvas> {
    let canvas = Arc::new(Mutex::new(canvas));
    let on_plane: OnPlane = {
        let canvas = Arc::clone(&canvas);
        Box::new(move |scene, band, plane| {
            let (step, record) = of[scene];
            canvas.lock().unwrap_or_else(PoisonError::into_inner).paint(step, band, record, &plane);
            Ok(())
        })
    };
    read_planes(&shared.pipeline, scenes.into(), shared.options, on_plane).await?;
    let nothing = Canvas::new(shared.dtype, [0; 4]);
    Ok(std::mem::replace(&mut *canvas.lock().unwrap_or_else(PoisonError::into_inner), nothing))
}

/// The pixels of a chip, and the records of each of its times.
struct Plan {
    grid: Grid,
    geometry: Arc<Geometry<f64>>,
    steps: Vec<Step>,
}

/// One of the times of a chip.
struct Step {
    datetime: i64,
    /// The records that have not been read, best first.
    waiting: VecDeque<usize>,
}

/// Records that are read at once: at most one for each step.
#[derive(Default)]
struct Layer {
    scenes: Vec<Scene>,
    /// Step and record of each.
    of: Vec<(usize, usize)>,
}

impl Plan {
    fn new(shared: &Shared, place: &Place) -> Plan {
        let grid = shared.grid(place);
        let (west, north) = grid.transform.apply(0.0, 0.0);
        let (east, south) = grid.transform.apply(grid.width.into(), grid.height.into());
        let touching = shared.index.touching(&BoundingBox::new(west, south, east, north));
        let source = &shared.sources[place.extent];
        let time = |record: &usize| shared.records[*record].datetime;
        let own = time(&source.record);
        let step = |records: &[usize]| Step {
            datetime: records.first().map_or(own, time),
            waiting: records.iter().copied().collect(),
        };
        let steps = if shared.time_series {
            touching.chunk_by(|a, b| time(a) == time(b)).map(step).collect()
        } else if source.geometry.is_some() {
            vec![step(&touching)]
        } else {
            // The others of the record's time lie around it; its own pixels win.
            let others = touching.iter().filter(|record| **record != source.record && time(record) == own);
            let records: Vec<usize> = std::iter::once(&source.record).chain(others).copied().collect();
            vec![step(&records)]
        };
        let geometry = Arc::new(Geometry::from(Rect::new((west, south), (east, north)).to_polygon()));
        Plan { grid, geometry, steps }
    }

    /// The best record of each step. Steps of a time series that no record reaches are left out; a single
    /// one is all fill.
    fn first_layer(&mut self, shared: &Shared) -> Result<Layer> {
        let mut layer = Layer::default();
        let mut steps = Vec::new();
        for mut step in std::mem::take(&mut self.steps) {
            let first = step.waiting.front().copied();
            let (number, scene) = match self.next_reaching(shared, &mut step)? {
                Some(reaching) => reaching,
                None if shared.time_series => continue,
                None => match first {
                    Some(first) => {
                        let nothing = vec![Vec::new(); shared.bands.len()];
                        (first, self.scene(Arc::clone(&shared.records[first]), nothing))
                    }
                    None => continue,
                },
            };
            layer.push(scene, steps.len(), number);
            steps.push(step);
        }
        self.steps = steps;
        Ok(layer)
    }

    /// The next record of each step that is not complete.
    fn next_layer(&mut self, shared: &Shared, is_wanted: impl Fn(usize) -> bool) -> Result<Layer> {
        let mut layer = Layer::default();
        let mut steps = std::mem::take(&mut self.steps);
        for (index, step) in steps.iter_mut().enumerate() {
            if !step.waiting.is_empty()
                && is_wanted(index)
                && let Some((number, scene)) = self.next_reaching(shared, step)?
            {
                layer.push(scene, index, number);
            }
        }
        self.steps = steps;
        Ok(layer)
    }

    /// The next record that has pixels on the grid, and what to read of it.
    fn next_reaching(&self, shared: &Shared, step: &mut Step) -> Result<Option<(usize, Scene)>> {
        let target =
            Target { crs: None, pixels: TargetPixels::Grid(self.grid.clone()), method: shared.method };
        while let Some(number) = step.waiting.pop_front() {
            let record = shared.record(number)?;
            let bands = record.bands.iter();
            let reads: Vec<Vec<BandRead>> = bands
                .map(|band| match aligned(&band.grid, &self.grid) {
                    Some(reads) => Ok(reads),
                    None => target.band(band, &self.grid),
                })
                .collect::<Result<_>>()?;
            if reads.iter().any(|of_band| !of_band.is_empty()) {
                return Ok(Some((number, self.scene(record, reads))));
            }
        }
        Ok(None)
    }

    fn scene(&self, record: Arc<SceneRecord>, bands: Vec<Vec<BandRead>>) -> Scene {
        Scene {
            record,
            geometry_index: 0,
            geometry: Arc::clone(&self.geometry),
            grid: self.grid.clone(),
            bands,
        }
    }
}

impl Layer {
    fn push(&mut self, scene: Scene, step: usize, record: usize) {
        self.scenes.push(scene);
        self.of.push((step, record));
    }
}
