//! From points to pixels.

use crate::crs::{CrsError, Transformer};
use crate::read::window::WindowError;
use rasteret_schema::{Geotransform, Window};
use rayon::prelude::*;

/// Points that one thread transforms at once: enough that starting is nothing, few enough to share.
const CHUNK: usize = 4096;

/// Coordinates in the CRS of a raster; NaN where they cannot be transformed.
///
/// # Errors
///
/// If PROJ cannot be used.
///
/// # Panics
///
/// If there are more xs than ys, or fewer.
pub fn project(transformer: &Transformer, xs: &[f64], ys: &[f64]) -> Result<(Vec<f64>, Vec<f64>), CrsError> {
    let (mut xs, mut ys) = (xs.to_vec(), ys.to_vec());
    assert_eq!(xs.len(), ys.len(), "as many xs as ys");
    xs.par_chunks_mut(CHUNK)
        .zip(ys.par_chunks_mut(CHUNK))
        .try_for_each(|(xs, ys)| transformer.transform_where_possible(xs, ys).map(|_| ()))?;
    Ok((xs, ys))
}

/// The pixels of a raster, and the tiles that they are stored in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleGrid {
    /// From pixel to CRS coordinates; rows and columns are parallel to the axes.
    pub transform: Geotransform,
    /// Number of columns.
    pub width: u32,
    /// Number of rows.
    pub height: u32,
    /// Columns of a tile.
    pub tile_width: u32,
    /// Rows of a tile.
    pub tile_height: u32,
}

/// A point on a raster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelPoint {
    /// Which of the points.
    pub point: u32,
    /// Column of the pixel that contains it.
    pub column: u32,
    /// Row of that pixel.
    pub row: u32,
    /// Where it lies, in columns from the raster's left edge.
    pub x: f64,
    /// Where it lies, in rows from the raster's first edge.
    pub y: f64,
}

impl SampleGrid {
    /// The points that lie on the raster, in their order, each with the pixel that contains it: the floor of the
    /// inverse transform, as in `rasterio.sample`. Coordinates are in the raster's CRS.
    ///
    /// ```
    /// use rasteret::sample::SampleGrid;
    /// use rasteret::schema::Geotransform;
    /// let transform = Geotransform::new(10.0, 0.0, 500_000.0, 0.0, -10.0, 1_500_000.0);
    /// let grid = SampleGrid { transform, width: 100, height: 50, tile_width: 16, tile_height: 16 };
    /// let points = grid.locate(&[500_025.0, 499_999.0], &[1_499_990.0, 1_499_990.0])?;
    /// assert_eq!((points.len(), points[0].column, points[0].row), (1, 2, 1));
    /// # Ok::<(), rasteret::read::window::WindowError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the geotransform cannot be inverted.
    pub fn locate(&self, xs: &[f64], ys: &[f64]) -> Result<Vec<PixelPoint>, WindowError> {
        let to_pixel = self.transform.inverse().ok_or(WindowError::SingularTransform(self.transform))?;
        let pixel = |position: f64, size: u32| {
            // NaN is in no range.
            let pixel = position.floor();
            (pixel >= 0.0 && pixel < f64::from(size)).then_some(pixel as u32)
        };
        let points = xs.iter().zip(ys).zip(0..).filter_map(|((&x, &y), point)| {
            let (x, y) = to_pixel.apply(x, y);
            Some(PixelPoint { point, column: pixel(x, self.width)?, row: pixel(y, self.height)?, x, y })
        });
        Ok(points.collect())
    }

    /// The pixels not more than `radius` rows and columns away from that of a point.
    pub(super) fn around(&self, point: &PixelPoint, radius: u32) -> Window {
        let range = |centre: u32, size: u32| {
            let start = centre.saturating_sub(radius);
            (start, centre.saturating_add(radius).saturating_add(1).min(size) - start)
        };
        let (column, width) = range(point.column, self.width);
        let (row, height) = range(point.row, self.height);
        Window { column, row, width, height }
    }

    /// Row and column of the tile that holds a pixel.
    pub(super) fn tile_of(&self, column: u32, row: u32) -> (u32, u32) {
        (row / self.tile_height.max(1), column / self.tile_width.max(1))
    }

    /// The parts of a window by the tiles in which they lie.
    pub(super) fn parts(&self, window: Window) -> impl Iterator<Item = ((u32, u32), Window)> {
        let (tile_width, tile_height) = (self.tile_width.max(1), self.tile_height.max(1));
        let rows = window.row / tile_height..window.row_end().div_ceil(tile_height);
        let columns = window.column / tile_width..window.column_end().div_ceil(tile_width);
        rows.flat_map(move |row| columns.clone().map(move |column| (row, column))).filter_map(
            move |(row, column)| {
                // A tile that holds a pixel starts within the raster.
                let tile = Window::new(column * tile_width, row * tile_height, tile_width, tile_height);
                Some(((row, column), window.intersection(&tile)?))
            },
        )
    }
}
