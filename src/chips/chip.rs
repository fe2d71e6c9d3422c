//! One chip.

use crate::read::PixelArray;
use crate::warp::Grid;
use arrow_array::ArrayRef;
use ndarray::Array4;

/// The pixels of one place, for a model to train on.
#[derive(Debug, Clone)]
pub struct Chip {
    /// `[T, C, H, W]`: T times (one unless a time series was asked for), C bands, H rows from north to south,
    /// W columns from west to east, in the rasters' own data type.
    pub pixels: PixelArray,
    /// Of the same shape: false where no raster has data.
    pub valid: Array4<bool>,
    /// Where the pixels lie: geotransform, size and CRS.
    pub grid: Grid,
    /// Of each of the T, in microseconds since 1970, UTC.
    pub times: Vec<i64>,
    /// Of each of the T, the ids of the records that its pixels come from, those first that win.
    pub records: Vec<Vec<String>>,
    /// The label: an array of one value of the column's own type.
    pub label: Option<ArrayRef>,
    /// Which geometry of the sampler's it is of.
    pub geometry_index: Option<usize>,
    /// Its position in the order of the epoch, other shards' chips counted.
    pub index: u64,
}

impl Chip {
    /// West, south, east, north in the CRS of the chip.
    pub fn bounds(&self) -> [f64; 4] {
        let (west, north) = self.grid.transform.apply(0.0, 0.0);
        let (east, south) = self.grid.transform.apply(self.grid.width.into(), self.grid.height.into());
        [west, south, east, north]
    }
}
