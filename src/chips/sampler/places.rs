//! From positions in the order to chips.

use super::{ChipSize, Kind, Place, Sampler, Tile};
use crate::chips::random::Random;
use std::ops::Range;

/// The chips of an epoch, or of a shard of it. Each is computed when it is asked for.
#[derive(Debug, Clone)]
pub struct Places {
    pub(super) sampler: Sampler,
    pub(super) tiles: Vec<Tile>,
    pub(super) draw: Draw,
    pub(super) len: u64,
}

/// From a position in the order to a chip.
#[derive(Debug, Clone)]
pub(super) enum Draw {
    /// By sums of areas.
    Random(Vec<f64>),
    /// By sums of numbers of chips.
    InOrder(Vec<u64>),
    /// The same, in another order.
    Shuffled(Vec<u64>, Vec<u32>),
}

impl Places {
    /// How many chips there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All chips, in order.
    pub fn iter(&self) -> impl Iterator<Item = Place> + '_ {
        (0..self.len).map_while(|position| self.get(position))
    }

    /// A chip by its position in the order of this shard; `None` beyond the last.
    pub fn get(&self, position: u64) -> Option<Place> {
        let (shard, of) = self.sampler.shard;
        let index = (position < self.len).then_some(position)?.checked_mul(of)?.checked_add(shard)?;
        match &self.draw {
            Draw::Random(areas) => self.random(areas, index),
            Draw::InOrder(ends) => self.in_order(ends, index, index),
            Draw::Shuffled(ends, order) => {
                self.in_order(ends, index, (*order.get(usize::try_from(index).ok()?)?).into())
            }
        }
    }

    fn random(&self, areas: &[f64], index: u64) -> Option<Place> {
        let Kind::Random { size, .. } = self.sampler.kind else { return None };
        let mut random = Random::new(self.sampler.seed, self.sampler.epoch, index);
        let at = random.unit() * areas.last()?;
        let tile = self.tiles.get(areas.partition_point(|sum| *sum <= at).min(self.tiles.len() - 1))?;
        let mut offset = |free: u64| (random.unit() * free as f64) as u64;
        let east = offset(tile.width() - u64::from(size.width));
        let north = offset(tile.height() - u64::from(size.height));
        Some(tile.place(index, east, north, size))
    }

    /// The `number`th chip in the order of extents, rows and columns.
    fn in_order(&self, ends: &[u64], index: u64, number: u64) -> Option<Place> {
        let at = ends.partition_point(|end| *end <= number);
        let tile = self.tiles.get(at)?;
        match &self.sampler.kind {
            Kind::Grid { size, stride } => {
                let in_tile = number - at.checked_sub(1).map_or(0, |before| ends[before]);
                let across = tile.across(*size, *stride);
                let east = in_tile % across * u64::from(stride.width);
                let north = in_tile / across * u64::from(stride.height);
                Some(tile.place(index, east, north, *size))
            }
            Kind::Geometries { size: Some(size), .. } => {
                let start = |range: &Range<i64>, size: u32| {
                    range.start + (range.end - range.start - i64::from(size)).div_euclid(2)
                };
                let (column, row) = (start(&tile.columns, size.width), start(&tile.rows, size.height));
                Some(Place { index, extent: tile.extent, column, row, size: *size })
            }
            _ => {
                let size = ChipSize {
                    height: u32::try_from(tile.height()).unwrap_or(u32::MAX),
                    width: u32::try_from(tile.width()).unwrap_or(u32::MAX),
                };
                Some(tile.place(index, 0, 0, size))
            }
        }
    }
}
