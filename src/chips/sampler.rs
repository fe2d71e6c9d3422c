//! Where chips lie: pure functions of extents and options.
//!
//! The rules are those of TorchGeo's `RandomGeoSampler`, `GridGeoSampler` and `PreChippedGeoSampler`
//! (`torchgeo/samplers/single.py`, `tile_to_chips` and `get_random_bounding_box` in
//! `torchgeo/samplers/utils.py`), counted in whole pixels.

mod places;

pub use places::Places;

use super::random::Random;
use crate::error::{Error, Result};
use crate::read::area::Area;
use places::Draw;
use std::ops::Range;

/// Height and width of a chip, or steps between chips, in pixels. A number is both.
///
/// ```
/// use rasteret::chips::ChipSize;
/// assert_eq!(ChipSize::from(256), ChipSize { height: 256, width: 256 });
/// assert_eq!(ChipSize::from((128, 256)), ChipSize { height: 128, width: 256 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChipSize {
    /// Rows.
    pub height: u32,
    /// Columns.
    pub width: u32,
}

impl From<u32> for ChipSize {
    fn from(size: u32) -> Self {
        ChipSize { height: size, width: size }
    }
}

impl From<(u32, u32)> for ChipSize {
    /// Height, then width.
    fn from((height, width): (u32, u32)) -> Self {
        ChipSize { height, width }
    }
}

/// What decides which chips there are, and their order.
///
/// All is decided by the extents, the options, the seed and the epoch, and stays the same in later versions:
/// random numbers are SplitMix64's.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampler {
    pub(super) kind: Kind,
    seed: u64,
    epoch: u64,
    shuffle: bool,
    shard: (u64, u64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Random { size: ChipSize, length: Option<u64> },
    Grid { size: ChipSize, stride: ChipSize },
    Records,
    Geometries { area: Area, size: Option<ChipSize> },
}

/// Where chips may lie: a rectangle in pixels of a lattice, which counts columns eastwards and rows southwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// From the western edge to the eastern.
    pub columns: (f64, f64),
    /// From the northern edge to the southern.
    pub rows: (f64, f64),
}

/// Where one chip lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its position in the order of the epoch, other shards' chips counted.
    pub index: u64,
    /// Which extent it is of.
    pub extent: usize,
    /// Its first column, in pixels of the extent's lattice.
    pub column: i64,
    /// Its first row.
    pub row: i64,
    /// Rows and columns.
    pub size: ChipSize,
}

impl Kind {
    /// How far a chip may reach beyond what it is taken from.
    pub fn reach(&self) -> Option<ChipSize> {
        match self {
            Kind::Random { size, .. } | Kind::Grid { size, .. } => Some(*size),
            Kind::Geometries { size, .. } => *size,
            Kind::Records => None,
        }
    }
}

impl Sampler {
    fn new(kind: Kind) -> Sampler {
        Sampler { kind, seed: 0, epoch: 0, shuffle: false, shard: (0, 1) }
    }

    /// Chips at random places, which may overlap, as of TorchGeo's `RandomGeoSampler`: an extent is chosen with
    /// a probability in proportion to its area, then a place in it, in whole pixels from its lower left
    /// corner: `floor(u · (extent − size))` for a random u in `0..1`. Extents smaller than a chip are left
    /// out. Without a length, an epoch has as many chips as a grid of chips side by side.
    pub fn random(size: impl Into<ChipSize>, length: Option<u64>, seed: u64) -> Sampler {
        Sampler::new(Kind::Random { size: size.into(), length }).seed(seed)
    }

    /// Chips in rows and columns, as of TorchGeo's `GridGeoSampler`: from the lower left corner of each extent,
    /// row by row northwards, `ceil((extent − size) / stride) + 1` in each direction, so that the last may
    /// reach beyond the extent. Extents smaller than a chip are left out.
    pub fn grid(size: impl Into<ChipSize>, stride: impl Into<ChipSize>) -> Sampler {
        Sampler::new(Kind::Grid { size: size.into(), stride: stride.into() })
    }

    /// The whole raster of each record, as of TorchGeo's `PreChippedGeoSampler`: for collections of files that
    /// are chips already.
    pub fn records() -> Sampler {
        Sampler::new(Kind::Records)
    }

    /// One chip for each geometry: the pixels that its bounding box spans. Geometries that touch no record
    /// are left out.
    pub fn prechipped(geometries: Area) -> Sampler {
        Sampler::new(Kind::Geometries { area: geometries, size: None })
    }

    /// One chip of a size for each geometry, around the centre of its bounding box.
    pub fn centered(geometries: Area, size: impl Into<ChipSize>) -> Sampler {
        Sampler::new(Kind::Geometries { area: geometries, size: Some(size.into()) })
    }

    /// Where random numbers start; 0 unless given.
    pub fn seed(self, seed: u64) -> Sampler {
        Sampler { seed, ..self }
    }

    /// Another pass over the data: random places and the order of a shuffle are others.
    pub fn epoch(self, epoch: u64) -> Sampler {
        Sampler { epoch, ..self }
    }

    /// Whether chips that are not at random places come in random order, another in each epoch.
    pub fn shuffle(self, shuffle: bool) -> Sampler {
        Sampler { shuffle, ..self }
    }

    /// The share of one of several workers: every `count`th chip, from the `index`th. The shares have no
    /// chip in common, are all chips together, and differ by one chip at most.
    pub fn shard(self, index: u64, count: u64) -> Sampler {
        Sampler { shard: (index, count), ..self }
    }

    /// The chips of an epoch.
    ///
    /// ```
    /// use rasteret::chips::{Extent, Sampler};
    /// let extent = Extent { columns: (0.0, 1000.0), rows: (0.0, 500.0) };
    /// let places = Sampler::grid(256, 256).places(&[extent])?;
    /// assert_eq!(places.len(), 8);
    /// let first = places.get(0).unwrap();
    /// assert_eq!((first.column, first.row), (0, 244)); // the lower left corner
    /// # Ok::<(), rasteret::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a size or stride is 0, the shard is none, no extent has a chip, or there are more than 2³² chips to
    /// be shuffled.
    pub fn places(&self, extents: &[Extent]) -> Result<Places> {
        let (shard, of) = self.shard;
        if shard >= of {
            return Err(Error::InvalidArgument(format!("there is no shard {shard} of {of}, counted from 0")));
        }
        let tiles = self.tiles(extents)?;
        let too_many = || Error::InvalidArgument("there are more than 2⁶⁴ chips".to_owned());
        let mut ends = Vec::with_capacity(tiles.len());
        let mut total = 0_u64;
        for tile in &tiles {
            total = total.checked_add(tile.chips(&self.kind).ok_or_else(too_many)?).ok_or_else(too_many)?;
            ends.push(total);
        }
        let draw = match &self.kind {
            Kind::Random { length, .. } => {
                total = length.unwrap_or(total);
                Draw::Random(areas(&tiles))
            }
            _ if self.shuffle => Draw::Shuffled(ends, permutation(total, self.seed, self.epoch)?),
            _ => Draw::InOrder(ends),
        };
        let len = (total.saturating_sub(shard)).div_ceil(of);
        Ok(Places { sampler: self.clone(), tiles, draw, len })
    }

    fn tiles(&self, extents: &[Extent]) -> Result<Vec<Tile>> {
        let needed = match &self.kind {
            Kind::Random { size, .. } => Some(*size),
            Kind::Grid { size, stride } => {
                not_zero(*stride, "stride")?;
                Some(*size)
            }
            Kind::Geometries { size: Some(size), .. } => {
                not_zero(*size, "size")?;
                None
            }
            Kind::Geometries { .. } | Kind::Records => None,
        };
        if let Some(size) = needed {
            not_zero(size, "size")?;
        }
        let mut tiles = Vec::with_capacity(extents.len());
        for (extent, Extent { columns, rows }) in extents.iter().enumerate() {
            let whole = match &self.kind {
                Kind::Geometries { .. } => spanned,
                _ => centred,
            };
            let tile = Tile { extent, columns: whole(*columns)?, rows: whole(*rows)? };
            let is_enough = match needed {
                Some(size) => {
                    tile.width() >= u64::from(size.width) && tile.height() >= u64::from(size.height)
                }
                None => tile.width() > 0 && tile.height() > 0,
            };
            if is_enough {
                tiles.push(tile);
            }
        }
        if tiles.is_empty() {
            return Err(Error::NothingSelected(match needed {
                Some(ChipSize { height, width }) => {
                    format!(
                        "none of {} extents is as large as a chip of {height} × {width} pixels",
                        extents.len()
                    )
                }
                None => "no extent has a pixel".to_owned(),
            }));
        }
        Ok(tiles)
    }
}

fn not_zero(size: ChipSize, what: &str) -> Result<()> {
    if size.height == 0 || size.width == 0 {
        return Err(Error::InvalidArgument(format!("the {what} of chips is 0")));
    }
    Ok(())
}

/// How far from a whole pixel, or from a pixel's centre, an edge may lie by rounding.
const EPSILON: f64 = 1e-6;

/// Positions are counted exactly up to here.
const FARTHEST: f64 = (1_u64 << 40) as f64;

/// The pixels whose centres lie between two edges.
fn centred((start, end): (f64, f64)) -> Result<Range<i64>> {
    whole((start - 0.5 - EPSILON).ceil(), (end - 0.5 - EPSILON).ceil())
}

/// The pixels that lie between two edges, those that do so in part included.
fn spanned((start, end): (f64, f64)) -> Result<Range<i64>> {
    whole((start + EPSILON).floor(), (end - EPSILON).ceil().max((start + EPSILON).floor() + 1.0))
}

fn whole(start: f64, end: f64) -> Result<Range<i64>> {
    if !(start.abs() < FARTHEST && end.abs() < FARTHEST) {
        return Err(Error::InvalidArgument(format!("an extent from pixel {start} to {end} is too large")));
    }
    Ok(start as i64..(end as i64).max(start as i64))
}

/// An extent in whole pixels.
#[derive(Debug, Clone)]
struct Tile {
    extent: usize,
    columns: Range<i64>,
    rows: Range<i64>,
}

impl Tile {
    fn width(&self) -> u64 {
        self.columns.end.abs_diff(self.columns.start)
    }

    fn height(&self) -> u64 {
        self.rows.end.abs_diff(self.rows.start)
    }

    /// How many chips a sampler takes of it; at random places, as many as lie side by side.
    fn chips(&self, kind: &Kind) -> Option<u64> {
        match kind {
            Kind::Random { size, .. } => self.across(*size, *size).checked_mul(self.down(*size, *size)),
            Kind::Grid { size, stride } => self.across(*size, *stride).checked_mul(self.down(*size, *stride)),
            Kind::Records | Kind::Geometries { .. } => Some(1),
        }
    }

    fn across(&self, size: ChipSize, stride: ChipSize) -> u64 {
        (self.width() - u64::from(size.width)).div_ceil(stride.width.into()) + 1
    }

    fn down(&self, size: ChipSize, stride: ChipSize) -> u64 {
        (self.height() - u64::from(size.height)).div_ceil(stride.height.into()) + 1
    }

    /// A chip whose lower left corner lies some pixels to the east and to the north of the extent's.
    fn place(&self, index: u64, east: u64, north: u64, size: ChipSize) -> Place {
        Place {
            index,
            extent: self.extent,
            column: self.columns.start.saturating_add_unsigned(east),
            row: self.rows.end.saturating_sub_unsigned(north) - i64::from(size.height),
            size,
        }
    }
}

/// Sums of areas up to each tile.
fn areas(tiles: &[Tile]) -> Vec<f64> {
    let sum = |sum: &mut f64, tile: &Tile| {
        *sum += tile.width() as f64 * tile.height() as f64;
        Some(*sum)
    };
    tiles.iter().scan(0.0, sum).collect()
}

/// A shuffle of `0..len` by Fisher and Yates.
fn permutation(len: u64, seed: u64, epoch: u64) -> Result<Vec<u32>> {
    let Ok(end) = u32::try_from(len) else {
        return Err(Error::InvalidArgument(format!("{len} chips are too many to be shuffled")));
    };
    let mut random = Random::new(seed, epoch, 0);
    let mut order: Vec<u32> = (0..end).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last as u64 + 1) as usize);
    }
    Ok(order)
}

#[cfg(test)]
mod tests;
