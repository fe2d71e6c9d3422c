//! Where pixels lie.

use super::WarpError;
use rasteret_schema::{Crs, Geotransform, Window};

/// A raster without its values: pixels of one size in rows and columns, and the CRS that they lie in.
///
/// ```
/// use rasteret::schema::{Crs, Geotransform};
/// use rasteret::warp::Grid;
///
/// let full = Grid::new(Geotransform::new(10.0, 0.0, 600_000.0, 0.0, -10.0, 1_500_000.0), 10980, 10980, Crs::from_epsg(32643));
/// let overview = full.resized(5490, 5490);
/// assert_eq!(overview.transform.a, 20.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// From pixel coordinates to those of the CRS, which it counts from the upper left corner of the first pixel.
    pub transform: Geotransform,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The CRS.
    pub crs: Crs,
}

impl Grid {
    /// A grid from its parts.
    pub const fn new(transform: Geotransform, width: u32, height: u32, crs: Crs) -> Self {
        Grid { transform, width, height, crs }
    }

    /// The same extent in another number of pixels: the grid of an overview.
    pub fn resized(&self, width: u32, height: u32) -> Grid {
        let factor = |old: u32, new: u32| f64::from(old) / f64::from(new.max(1));
        Grid {
            transform: self.transform.scaled(factor(self.width, width), factor(self.height, height)),
            width,
            height,
            crs: self.crs.clone(),
        }
    }

    /// The grid of a part of its pixels.
    pub fn window(&self, window: Window) -> Grid {
        Grid {
            transform: self.transform.translated(f64::from(window.column), f64::from(window.row)),
            width: window.width,
            height: window.height,
            crs: self.crs.clone(),
        }
    }

    /// GDAL counts pixels of a raster's side in 31 bits, and so do kernels here.
    pub(crate) fn check(&self) -> Result<(), WarpError> {
        let fits = |size: u32| size > 0 && i32::try_from(size).is_ok();
        if fits(self.width) && fits(self.height) {
            return Ok(());
        }
        Err(WarpError::GridSize { width: f64::from(self.width), height: f64::from(self.height) })
    }

    pub(super) fn whole(&self) -> Window {
        Window::new(0, 0, self.width, self.height)
    }
}
